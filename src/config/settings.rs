//! Flags resolved into the plain values that the rooms ask for.

use std::path::{Path, PathBuf};

use secrecy::SecretString;
use url::Url;

use super::args::{ApiVersion, Arguments, DestinationArgs, EffortArgs, LogFormat, PaceArgs};
use super::{Error, token};
use crate::api::{Connection, Proxy, Version};
use crate::delivery::Pace;

/// The ledger when none is named.
const LEDGER: &str = "capturi-import.db";
/// The ledger of a rehearsal: never the real one.
const SANDBOX_LEDGER: &str = "capturi-import-sandbox.db";

/// Where a run sends to.
#[derive(Debug)]
pub enum Destination {
    /// A server that can be reached at an address.
    Server(Box<Connection>),
    /// The pretend server inside this process.
    Sandbox {
        /// TOML of the faults that it plays.
        faults: Option<PathBuf>,
    },
}

/// What a run needs beyond its export.
#[derive(Debug)]
pub struct RunSettings {
    /// Where to send.
    pub destination: Destination,
    /// The shape of the conversation endpoint.
    pub version: Version,
    /// How fast.
    pub pace: Pace,
    /// The ledger file.
    pub ledger: PathBuf,
}

/// What the screen shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Screen {
    /// One JSON object a line instead of text.
    pub is_json: bool,
    /// Only errors and the final table.
    pub is_quiet: bool,
}

impl Arguments {
    /// What the screen shows.
    pub fn screen(&self) -> Screen {
        Screen {
            is_json: self.log_format == LogFormat::Json,
            is_quiet: self.quiet,
        }
    }

    /// The level of the log, as a filter of `tracing`.
    pub fn level(&self) -> &str {
        match (&self.log_level, self.quiet, self.verbose) {
            (Some(level), _, _) => level,
            (None, true, _) => "error",
            (None, false, 0) => "warn",
            (None, false, 1) => "info",
            (None, false, 2) => "debug",
            (None, false, _) => "trace",
        }
    }
}

impl RunSettings {
    /// Resolves the flags of a run; reads the token and the certificates.
    pub fn resolve(
        destination: &DestinationArgs,
        pace: &PaceArgs,
        effort: &EffortArgs,
        ledger: Option<&Path>,
    ) -> Result<RunSettings, Error> {
        let version = match destination.api_version {
            ApiVersion::V2 => Version::V2,
            ApiVersion::V3 => Version::V3,
        };
        let default = if destination.sandbox {
            SANDBOX_LEDGER
        } else {
            LEDGER
        };
        Ok(RunSettings {
            version,
            pace: Pace {
                rate: (pace.rate > 0.0).then_some(pace.rate),
                width: usize::from(effort.concurrency),
                patience: effort.max_outage,
            },
            ledger: ledger.map_or_else(|| PathBuf::from(default), Path::to_owned),
            destination: if destination.sandbox {
                Destination::Sandbox {
                    faults: destination.faults.clone(),
                }
            } else {
                let token = token::read(destination.token_file.as_deref())?;
                Destination::Server(Box::new(connection(destination, effort, version, token)?))
            },
        })
    }
}

fn connection(
    arguments: &DestinationArgs,
    effort: &EffortArgs,
    version: Version,
    token: SecretString,
) -> Result<Connection, Error> {
    let base = base_url(&arguments.base_url)?;
    let is_loopback = is_loopback(&base);
    if base.scheme() == "http" && !is_loopback && !arguments.allow_http {
        return Err(Error::PlainHttp(base.to_string()));
    }
    let ca_bundle = match &arguments.ca_bundle {
        Some(path) => Some(std::fs::read(path).map_err(|source| Error::CaBundle {
            path: path.clone(),
            source,
        })?),
        None => None,
    };
    Ok(Connection {
        base,
        version,
        token,
        timeout: effort.timeout,
        proxy: if is_loopback {
            Proxy::None
        } else {
            Proxy::FromEnvironment
        },
        ca_bundle,
    })
}

fn base_url(value: &str) -> Result<Url, Error> {
    let refuse = |why: &str| Error::BaseUrl {
        value: value.to_owned(),
        why: why.to_owned(),
    };
    let url: Url = value
        .parse()
        .map_err(|error: url::ParseError| refuse(&error.to_string()))?;
    match url.scheme() {
        "http" | "https" if url.host().is_none() => Err(refuse("it names no host")),
        "http" | "https" if !url.username().is_empty() || url.password().is_some() => {
            Err(refuse("a URL must not carry a password"))
        }
        "http" | "https" if url.query().is_some() || url.fragment().is_some() => {
            Err(refuse("it must end before ? or #"))
        }
        "http" | "https" => Ok(url),
        _ => Err(refuse("it must begin with https://")),
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        Some(url::Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_is_judged_before_anything_is_sent() {
        for good in [
            "https://integrations.capturi.ai",
            "http://127.0.0.1:8787",
            "https://x/base/",
        ] {
            assert!(base_url(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "integrations.capturi.ai",
            "ftp://x",
            "https://u:p@x",
            "https://x?a=b",
            "http://",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn loopback_is_told_from_other_hosts() {
        let loopback = |text: &str| is_loopback(&text.parse().unwrap());
        assert!(
            loopback("http://127.0.0.1")
                && loopback("http://[::1]")
                && loopback("http://localhost")
        );
        assert!(!loopback("http://localhost.example.com") && !loopback("http://10.0.0.1"));
    }
}
