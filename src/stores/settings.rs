//! What is needed to reach stores, as `config` found it.

use std::fmt;

use secrecy::{ExposeSecret as _, SecretString};

use super::ssh::SshSettings;
use super::store_line::StoreLine;
use crate::api::HttpOptions;

/// A setting of a cloud's own tools, such as `AWS_REGION`.
#[derive(Debug, Clone)]
pub struct StoreVariable {
    /// Its name, in capitals.
    pub name: String,
    /// Its value, which may be a secret.
    pub value: SecretString,
}

/// A name and a password for a web server.
#[derive(Debug, Clone)]
pub struct WebLogin {
    /// For which host; `*` for all that have none of their own. Without one it is for the only host of
    /// the command.
    pub host: Option<String>,
    /// Who logs in.
    pub user: String,
    /// With what.
    pub password: SecretString,
}

/// What becomes of a store that has given nothing for several requests in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OutagePolicy {
    /// It is asked again now and then.
    Probe,
    /// It is not asked again.
    GiveUp,
}

/// How stores are reached and who asks.
#[derive(Clone)]
pub struct StoreSettings {
    /// How a host is reached.
    pub route: HttpOptions,
    /// What the environment and the profiles of the clouds' own tools say. The first of a name counts.
    pub variables: Vec<StoreVariable>,
    /// How `ssh` is started.
    pub ssh: SshSettings,
    /// Name and password for a web server, for the hosts that they are for.
    pub logins: Vec<WebLogin>,
    /// The AWS profile that was looked at, for messages.
    pub aws_profile: String,
    /// What becomes of a store that is down.
    pub outage: OutagePolicy,
    /// What all reading shares.
    pub line: StoreLine,
}

impl StoreSettings {
    /// The login for a host.
    pub(super) fn login(&self, host: &str) -> Option<&WebLogin> {
        let of = |wanted: Option<&str>| {
            let mut logins = self.logins.iter();
            logins.find(|login| login.host.as_deref() == wanted)
        };
        of(Some(host))
            .or_else(|| of(None))
            .or_else(|| of(Some("*")))
    }

    /// The value of a setting; nothing where it is empty.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self.variables.iter().find(|one| one.name == name)?;
        Some(found.value.expose_secret()).filter(|value| !value.is_empty())
    }
}

impl fmt::Debug for StoreSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.variables.iter().map(|one| &one.name);
        formatter.debug_list().entries(names).finish()
    }
}
