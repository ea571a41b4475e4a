//! How stores of recordings are reached: the variables and profiles that the clouds' own tools read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::SecretString;

use super::program_environment::for_ssh;
use super::small_file::{self, LONGEST_BUNDLE, LONGEST_TEXT};
use super::{Error, StoreArgs, token};
use crate::api::{HttpOptions, ProxyUse};
use crate::mapping::{FetchAuth, FetchSection};
use crate::stores::{
    FetchSecret, FetchSettings, OutagePolicy, SshSettings, StoreLine, StoreSettings, StoreVariable,
    WebLogin,
};

/// How the names of the clouds' variables begin.
const PREFIXES: [&str; 5] = ["AWS_", "GOOGLE_", "GCE_", "AZURE_", "IDENTITY_"];
/// Recordings that are fetched by URL at once, where the mapping does not say.
const USUAL_PARALLEL: usize = 8;
/// The variable that holds a name for web servers.
pub(super) const STORE_USER: &str = "CAPTURI_STORE_USER";
/// The variable that holds the password of that name.
pub(super) const STORE_PASSWORD: &str = "CAPTURI_STORE_PASSWORD";
const AWS_KEY: &str = "AWS_ACCESS_KEY_ID";
/// What belongs together.
const AWS_KEYS: [&str; 3] = [AWS_KEY, "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"];
/// How long a connection may stand still.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How recordings are fetched that the export names by URL; nothing where the mapping leaves it to
/// whether its secret is given, and it is not.
pub fn fetch_settings(
    arguments: &StoreArgs,
    section: &FetchSection,
) -> Result<Option<FetchSettings>, Error> {
    let (file, command) = (
        &arguments.fetch_secret_file,
        &arguments.fetch_secret_command,
    );
    let secret = match &section.auth {
        None => None,
        Some(auth) => {
            let secret = token::read_for_fetching(file.as_deref(), command.as_deref())?;
            if secret.is_none() && section.is_optional {
                return Ok(None);
            }
            let secret = secret.ok_or(Error::NoFetchSecret)?;
            Some(match auth {
                FetchAuth::Basic => FetchSecret::Basic(secret),
                FetchAuth::Bearer => FetchSecret::Bearer(secret),
                FetchAuth::Header(name) => FetchSecret::Header {
                    name: name.clone(),
                    value: secret,
                },
            })
        }
    };
    let narrow = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
    Ok(Some(FetchSettings {
        then: section.then.clone(),
        secret,
        hosts: section.hosts.clone(),
        rate: section.rate,
        retries: section.retries.map(narrow),
        parallel: section
            .parallel
            .map_or(USUAL_PARALLEL, |count| narrow(count) as usize),
        may_be_private: arguments.allow_private,
    }))
}

/// What is needed to reach the stores.
pub fn store_settings(arguments: &StoreArgs, outage: OutagePolicy) -> Result<StoreSettings, Error> {
    let ca_bundle = arguments.store_ca_bundle.as_deref().map(|path| {
        small_file::read(path, LONGEST_BUNDLE).map_err(|source| {
            let path = path.to_owned();
            Error::CaBundle { path, source }
        })
    });
    let mut variables = variables();
    let aws_profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let has_keys = variables.iter().any(|one| one.name == AWS_KEY);
    let of_profile = aws_settings(&aws_profile).into_iter();
    // Half of one pair of keys and half of another are no keys.
    variables.extend(of_profile.filter(|one| !has_keys || !AWS_KEYS.contains(&&*one.name)));
    Ok(StoreSettings {
        route: HttpOptions {
            timeout: TIMEOUT,
            proxy: ProxyUse::FromEnvironment,
            ca_bundle: ca_bundle.transpose()?,
        },
        variables,
        ssh: SshSettings {
            environment: for_ssh(),
            config: arguments.ssh_config.clone(),
            asks_for_password: variable("SSH_ASKPASS").is_some()
                && variable("SSH_ASKPASS_REQUIRE").as_deref() == Some("force"),
        },
        logins: web_logins(),
        aws_profile,
        outage,
        line: StoreLine::new(arguments.read_bandwidth),
    })
}

fn variables() -> Vec<StoreVariable> {
    let all = std::env::vars_os().filter_map(|(name, value)| {
        let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
        let is_known = PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        (is_known && !value.is_empty()).then(|| StoreVariable {
            name,
            value: SecretString::from(value),
        })
    });
    all.collect()
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn home() -> Option<PathBuf> {
    let home = variable("HOME").or_else(|| variable("USERPROFILE"));
    home.map(PathBuf::from)
}

/// The login of the two variables, then those of the file that `curl` and `ftp` read.
fn web_logins() -> Vec<WebLogin> {
    let of_variables = || {
        Some(WebLogin {
            host: None,
            user: variable(STORE_USER)?,
            password: variable(STORE_PASSWORD)?.into(),
        })
    };
    let named = variable("NETRC").map(PathBuf::from);
    let path = named.or_else(|| Some(home()?.join(".netrc")));
    let text = path.and_then(|path| read(&path)).unwrap_or_default();
    of_variables().into_iter().chain(of_netrc(&text)).collect()
}

/// The entries of a `.netrc`: `machine HOST login NAME password SECRET`, and `default` for any host.
fn of_netrc(text: &str) -> Vec<WebLogin> {
    let mut logins = Vec::new();
    let mut words = text.split_whitespace();
    let mut login: Option<WebLogin> = None;
    while let Some(word) = words.next() {
        match (word, &mut login) {
            ("machine" | "default", login) => {
                logins.extend(login.take());
                *login = Some(WebLogin {
                    host: Some(match word {
                        "machine" => words.next().unwrap_or_default().to_owned(),
                        _ => "*".to_owned(),
                    }),
                    user: String::new(),
                    password: SecretString::default(),
                });
            }
            ("login", Some(login)) => words.next().unwrap_or_default().clone_into(&mut login.user),
            ("password", Some(login)) => login.password = words.next().unwrap_or_default().into(),
            _ => {}
        }
    }
    logins.extend(login);
    logins
}

/// What the profile says in the two files of the AWS tools, in the words of their variables.
fn aws_settings(profile: &str) -> Vec<StoreVariable> {
    let below_home = |name: &str| Some(home()?.join(".aws").join(name));
    let file = |variable_name: &str, name: &str| {
        let named = variable(variable_name).map(PathBuf::from);
        read(&named.or_else(|| below_home(name))?)
    };
    let credentials = file("AWS_SHARED_CREDENTIALS_FILE", "credentials");
    let config = file("AWS_CONFIG_FILE", "config");
    let of_credentials = credentials.iter().flat_map(|text| section(text, profile));
    // In `config` every profile but the first has the word before its name.
    let title = match profile {
        "default" => "default".to_owned(),
        other => format!("profile {other}"),
    };
    let of_config = config.iter().flat_map(|text| section(text, &title));
    of_credentials.chain(of_config).collect()
}

fn read(path: &Path) -> Option<String> {
    small_file::read_text(path, LONGEST_TEXT).ok()
}

/// The settings of a section that have a variable of the same meaning.
fn section(text: &str, title: &str) -> Vec<StoreVariable> {
    let mut is_inside = false;
    let mut found = Vec::new();
    for line in text.lines().map(str::trim) {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|line| line.strip_suffix(']'))
        {
            is_inside = name.split_whitespace().eq(title.split_whitespace());
        } else if is_inside
            && !line.starts_with(['#', ';'])
            && let Some((key, value)) = line.split_once('=')
            && let Some(name) = variable_of(key.trim())
        {
            found.push(StoreVariable {
                name: name.to_owned(),
                value: SecretString::from(value.trim().to_owned()),
            });
        }
    }
    found
}

fn variable_of(key: &str) -> Option<&'static str> {
    Some(match key.to_ascii_lowercase().as_str() {
        "aws_access_key_id" => AWS_KEY,
        "aws_secret_access_key" => "AWS_SECRET_ACCESS_KEY",
        "aws_session_token" => "AWS_SESSION_TOKEN",
        "region" => "AWS_REGION",
        "endpoint_url" => "AWS_ENDPOINT_URL",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_netrc_has_a_login_for_each_host() {
        let text = "machine a.example.com login ann password one\nmachine b.example.com\n\
                    login ben\n password two\ndefault login any password three";
        let logins = of_netrc(text);
        let shown: Vec<_> = logins
            .iter()
            .map(|one| {
                (
                    one.host.as_deref(),
                    &*one.user,
                    one.password.expose_secret(),
                )
            })
            .collect();
        assert_eq!(
            shown,
            [
                (Some("a.example.com"), "ann", "one"),
                (Some("b.example.com"), "ben", "two"),
                (Some("*"), "any", "three"),
            ]
        );
    }

    #[test]
    fn a_profile_is_the_section_of_its_name() {
        let text = "[default]\nregion = eu-west-1\n# aws_access_key_id = old\n\
                    [ archive ]\naws_access_key_id=A\nAWS_SECRET_ACCESS_KEY = B=C\noutput = json\n\
                    [other]\nregion = us-east-1";
        let found = section(text, "archive");
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_str(), one.value.expose_secret()))
            .collect();
        assert_eq!(
            shown,
            [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "B=C")]
        );
        assert!(section(text, "nobody").is_empty());
    }
}
