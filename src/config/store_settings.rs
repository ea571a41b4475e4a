//! How stores of recordings are reached: the variables and profiles that the clouds' own tools read.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret as _, SecretString};

use super::program_environment::for_ssh;
use super::small_file::{self, LONGEST_BUNDLE, LONGEST_TEXT};
use super::{Error, FetchArgs, StoreArgs, file_trust, token, token_command};
use crate::api::{HttpOptions, ProxyUse};
use crate::mapping::{FetchAuth, FetchSection};
use crate::stores::{
    FetchSecret, FetchSettings, OutagePolicy, SshSettings, StoreAddress, StoreLine, StoreSettings,
    StoreVariable, WebLogin,
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
/// The file with the identity of a workload, which gives keys.
const AWS_TOKEN_FILE: &str = "AWS_WEB_IDENTITY_TOKEN_FILE";
/// The setting of a profile that names a program for its keys.
const AWS_PROCESS: &str = "credential_process";
/// How long a connection may stand still.
const TIMEOUT: Duration = Duration::from_secs(60);

/// How recordings are fetched that the export names by URL; nothing where the mapping leaves it to
/// whether its secret is given, and it is not.
pub fn fetch_settings(
    arguments: &FetchArgs,
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
pub fn store_settings(
    arguments: &StoreArgs,
    places: &[StoreAddress],
    outage: OutagePolicy,
) -> Result<StoreSettings, Error> {
    let ca_bundle = arguments.store_ca_bundle.as_deref().map(|path| {
        small_file::read(path, LONGEST_BUNDLE).map_err(|source| {
            let path = path.to_owned();
            Error::CaBundle { path, source }
        })
    });
    let mut variables = variables();
    let aws_profile = variable("AWS_PROFILE").unwrap_or_else(|| "default".to_owned());
    let has_keys = variables.iter().any(|one| one.name == AWS_KEY);
    let files = aws_files(&aws_profile);
    let of_profile = files.iter().flat_map(AwsFile::settings);
    // Half of one pair of keys and half of another are no keys.
    variables.extend(of_profile.filter(|one| !has_keys || !AWS_KEYS.contains(&&*one.name)));
    let asks_s3 = places
        .iter()
        .any(|place| matches!(place, StoreAddress::S3(_)));
    let has_others = |one: &StoreVariable| [AWS_KEY, AWS_TOKEN_FILE].contains(&&*one.name);
    if asks_s3 && !variables.iter().any(has_others) {
        for file in &files {
            variables.extend(file.keys_of_program(&aws_profile)?);
        }
    }
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

/// A file of the AWS tools, and the title of the profile in it.
struct AwsFile {
    path: PathBuf,
    text: String,
    title: String,
}

/// The two files of the AWS tools, those that are there.
fn aws_files(profile: &str) -> Vec<AwsFile> {
    // In `config` every profile but the first has the word before its name.
    let in_config = match profile {
        "default" => "default".to_owned(),
        other => format!("profile {other}"),
    };
    let files = [
        (
            "AWS_SHARED_CREDENTIALS_FILE",
            "credentials",
            profile.to_owned(),
        ),
        ("AWS_CONFIG_FILE", "config", in_config),
    ];
    let found = files.into_iter().filter_map(|(named, name, title)| {
        let below_home = || Some(home()?.join(".aws").join(name));
        let path = variable(named).map(PathBuf::from).or_else(below_home)?;
        let text = read(&path)?;
        Some(AwsFile { path, text, title })
    });
    found.collect()
}

impl AwsFile {
    /// What the profile says, in the words of the variables.
    fn settings(&self) -> Vec<StoreVariable> {
        section(&self.text, &self.title, variable_of)
    }

    /// The keys of the program that the profile names, if it names one. It is started as `--token-command`
    /// is, and only where nobody else could have named it.
    fn keys_of_program(&self, profile: &str) -> Result<Vec<StoreVariable>, Error> {
        let named = section(&self.text, &self.title, |key| {
            (key == AWS_PROCESS).then_some(AWS_PROCESS)
        });
        let Some(line) = named.first() else {
            return Ok(Vec::new());
        };
        let wrong = |why: String| Error::AwsProcess {
            path: self.path.clone(),
            profile: profile.to_owned(),
            why,
        };
        if let Some(doubt) = file_trust::doubt(&self.path) {
            let why =
                format!("it is not started, since {doubt}; take that right away (chmod go-w)");
            return Err(wrong(why));
        }
        let text = token_command::run_whole(line.value.expose_secret()).map_err(wrong)?;
        let keys = process_keys(&text);
        keys.ok_or_else(|| wrong("it printed no credentials of version 1".to_owned()))
    }
}

/// What a program for credentials prints: the AWS guide, "Sourcing credentials with an external process".
fn process_keys(text: &str) -> Option<Vec<StoreVariable>> {
    let answer: serde_json::Value = serde_json::from_str(text).ok()?;
    if answer["Version"] != 1 {
        return None;
    }
    let of = |name: &str, key: &str| {
        let value = answer[key].as_str().filter(|value| !value.is_empty())?;
        Some(StoreVariable {
            name: name.to_owned(),
            value: SecretString::from(value),
        })
    };
    let [id, secret, token] = AWS_KEYS;
    let mut keys = vec![of(id, "AccessKeyId")?, of(secret, "SecretAccessKey")?];
    keys.extend(of(token, "SessionToken"));
    Some(keys)
}

fn read(path: &Path) -> Option<String> {
    small_file::read_text(path, LONGEST_TEXT).ok()
}

/// The settings of a section that have a name of the same meaning.
fn section(
    text: &str,
    title: &str,
    name_of: impl Fn(&str) -> Option<&'static str>,
) -> Vec<StoreVariable> {
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
            && let Some(name) = name_of(&key.trim().to_ascii_lowercase())
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
    Some(match key {
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
    use super::*;

    #[test]
    fn a_program_prints_keys_of_version_1() {
        let printed = r#"{"Version": 1, "AccessKeyId": "A", "SecretAccessKey": "S",
            "SessionToken": "T", "Expiration": "2024-05-01T10:00:00Z"}"#;
        let keys = process_keys(printed).unwrap();
        let keys: Vec<_> = keys
            .iter()
            .map(|one| (&*one.name, one.value.expose_secret()))
            .collect();
        let [id, secret, token] = AWS_KEYS;
        assert_eq!(keys, [(id, "A"), (secret, "S"), (token, "T")]);
        for other in [
            "",
            "A S",
            r#"{"AccessKeyId": "A", "SecretAccessKey": "S"}"#,
            r#"{"Version": 2, "AccessKeyId": "A", "SecretAccessKey": "S"}"#,
            r#"{"Version": 1, "AccessKeyId": "A"}"#,
        ] {
            assert!(process_keys(other).is_none(), "{other}");
        }
    }

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
        let found = section(text, "archive", variable_of);
        let shown: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_str(), one.value.expose_secret()))
            .collect();
        assert_eq!(
            shown,
            [("AWS_ACCESS_KEY_ID", "A"), ("AWS_SECRET_ACCESS_KEY", "B=C")]
        );
        assert!(section(text, "nobody", variable_of).is_empty());
    }
}
