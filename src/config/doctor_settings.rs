//! The flags of `doctor`, resolved one by one: what is wrong with one hides nothing of the others.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::base_url::destination_name;
use super::destination::{RouteFlags, base_and_route};
use super::doctor_args::DoctorArgs;
use super::program_environment::{for_programs, for_ssh};
use super::verify_settings::read_address;
use super::{Error, token};
use crate::api::{HttpOptions, ReadConnection};
use crate::recordings::ProgramEnvironment;
use crate::stores::SshSettings;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// All that `doctor` looks at.
#[derive(Debug)]
pub struct DoctorSettings {
    /// The token, and in a sentence where it is.
    pub token: Result<(SecretString, String), Error>,
    /// Where calls would be sent.
    pub destination: Result<(Url, HttpOptions), Error>,
    /// By which the ledger knows it.
    pub name: Result<String, Error>,
    /// The read API; `None` where none is named.
    pub read_api: Option<Result<ReadConnection, Error>>,
    /// The ledger file.
    pub ledger: PathBuf,
    /// The proxies of the environment, without their passwords.
    pub proxies: Vec<String>,
    /// What a program such as `ffmpeg` may see.
    pub programs: ProgramEnvironment,
    /// How `ssh` is started.
    pub ssh: SshSettings,
}

impl DoctorSettings {
    /// Resolves the flags; reads the token and the certificates.
    pub fn resolve(arguments: &DoctorArgs) -> DoctorSettings {
        let host = &arguments.host;
        let token = token::read(host.token_file.as_deref(), host.token_command.as_deref());
        let token = token.map_err(Error::from).map(|token| {
            let place = token::place(host.token_file.as_deref(), host.token_command.as_deref());
            (token, place)
        });
        let flags = RouteFlags::of(host, PATIENCE);
        DoctorSettings {
            read_api: read_api(arguments, token.as_ref().ok().map(|(token, _)| token)),
            token,
            destination: base_and_route(&arguments.base_url, flags),
            name: destination_name(&arguments.base_url),
            ledger: arguments.ledger.ledger.clone(),
            proxies: proxies(),
            programs: for_programs(),
            ssh: SshSettings {
                environment: for_ssh(),
                ..SshSettings::default()
            },
        }
    }
}

/// The read API that is named or usual, if there is a token for it; that there is none is told of the token.
fn read_api(
    arguments: &DoctorArgs,
    of_deliveries: Option<&SecretString>,
) -> Option<Result<ReadConnection, Error>> {
    let destination = destination_name(&arguments.base_url).ok()?;
    let read = &arguments.read;
    let url = read_address(read, &destination)?;
    let token = match token::read_for_reading(read.token_file.as_deref()) {
        Ok(own) => own.or_else(|| of_deliveries.cloned())?,
        Err(error) => return Some(Err(error.into())),
    };
    let reached = base_and_route(url, RouteFlags::of(&arguments.host, PATIENCE));
    Some(reached.map(|(base, route)| ReadConnection {
        base,
        version: read.version.clone(),
        token,
        route,
    }))
}

/// The variables of proxies that are set, with host and port alone: an address may hold a password.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn proxies() -> Vec<String> {
    const NAMES: [&str; 7] = [
        "HTTPS_PROXY",
        "https_proxy",
        "HTTP_PROXY",
        "http_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
    ];
    let set = NAMES.into_iter().filter_map(|name| {
        let value = std::env::var(name).ok().filter(|value| !value.is_empty())?;
        Some(shown_proxy(name, &value))
    });
    set.collect()
}

fn shown_proxy(name: &str, value: &str) -> String {
    if name == "NO_PROXY" {
        return name.to_owned();
    }
    let url = Url::parse(value).ok().filter(Url::has_host);
    let url = match url {
        None if !value.contains("://") => Url::parse(&format!("http://{value}")).ok(),
        url => url,
    };
    let host = url.as_ref().and_then(Url::host_str);
    let port = url.as_ref().and_then(Url::port);
    match (host, port) {
        (Some(host), Some(port)) => format!("{name} ({host}:{port})"),
        (Some(host), None) => format!("{name} ({host})"),
        (None, _) => format!("{name} (no address)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_told_without_its_password() {
        for (value, shown) in [
            (
                "http://u:hush@proxy.example.com:3128",
                "X (proxy.example.com:3128)",
            ),
            (
                "u:hush@proxy.example.com:3128",
                "X (proxy.example.com:3128)",
            ),
            ("proxy.example.com", "X (proxy.example.com)"),
            ("http://", "X (no address)"),
        ] {
            assert_eq!(shown_proxy("X", value), shown);
        }
    }
}
