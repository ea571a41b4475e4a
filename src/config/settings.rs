//! Flags resolved into the plain values that the folders ask for.

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;
use secrecy::SecretString;
use url::Url;

use super::args::{Arguments, LogFormat, RunArgs};
use super::export_args::{CheckAudio, ExportArgs, MissingAudio};
use super::ledger_args::RebuildArgs;
use super::output_args::ListsArg;
use super::sending_args::{
    self, ApiVersionArg, DestinationArgs, EffortArgs, OutsideWindowArg, PaceArgs,
};
use super::small_file::{self, LONGEST_BUNDLE};
use super::v2_page_arg::V2PageArg;
use super::{Error, token};
use crate::api::{ApiVersion, Connection, HttpOptions, ProxyUse, ReadConnection};
use crate::delivery::{FailureBudget, OutsideWindow, RateLimits, RetryLimits, Schedule};
use crate::domain::{ExistingConversation, MissingRecording};
use crate::report::{ListForm, Style};
use crate::targets::{InspectionOptions, OddFormats};

/// The ledger when none is named.
const LEDGER: &str = "capturi-import.db";
/// The ledger of a rehearsal: never the real one.
pub const SANDBOX_LEDGER: &str = "capturi-import-sandbox.db";
/// The ledgers that nobody named.
pub const LEDGERS: [&str; 2] = [LEDGER, SANDBOX_LEDGER];

/// Where a run sends to.
#[derive(Debug)]
pub enum Destination {
    /// A server that can be reached at an address.
    Server(Box<Connection>),
    /// The pretend server inside this process.
    Sandbox {
        /// TOML of the faults that it plays.
        faults: Option<PathBuf>,
        /// The page of version 2 that it keeps to.
        v2_page: V2PageArg,
    },
}

/// Where and how uploads in doubt are looked up.
#[derive(Debug, Clone)]
pub struct ReadApiSettings {
    /// The read API.
    pub connection: ReadConnection,
    /// How long after a lost answer it is believed that a recording is not there.
    pub settle: Duration,
}

/// What a run needs beyond its export.
#[derive(Debug)]
pub struct RunSettings {
    /// Where to send.
    pub destination: Destination,
    /// Where uploads in doubt are looked up.
    pub reading: Option<ReadApiSettings>,
    /// The shape of the conversation endpoint.
    pub version: ApiVersion,
    /// How fast.
    pub pace: RateLimits,
    /// When, until when, and at how many bytes a second.
    pub schedule: Schedule,
    /// How hard to try.
    pub limits: RetryLimits,
    /// How long a request may stand still.
    pub timeout: Duration,
    /// The ledger file.
    pub ledger: PathBuf,
}

impl Arguments {
    /// In which form things are told.
    pub fn style(&self) -> Style {
        match self.log_format {
            LogFormat::Human => Style::Human,
            LogFormat::Json => Style::Json,
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

impl ListsArg {
    /// The form in which lists are written.
    pub fn form(self) -> ListForm {
        match self {
            ListsArg::Plain => ListForm::Plain,
            ListsArg::Excel => ListForm::Excel,
        }
    }
}

impl ExportArgs {
    /// What to do with a call whose recording is missing.
    pub fn missing(&self) -> MissingRecording {
        match self.missing_audio {
            MissingAudio::Hold => MissingRecording::Hold,
            MissingAudio::Create => MissingRecording::Create,
            MissingAudio::Refuse => MissingRecording::Refuse,
        }
    }

    /// How far recordings are looked into, and what becomes of those that the API may not take;
    /// whether an `ffmpeg` is there is left to be seen.
    pub fn listening(&self) -> InspectionOptions {
        InspectionOptions {
            doubtful: if self.transcode {
                OddFormats::Convert
            } else {
                OddFormats::Send
            },
            has_ffmpeg: false,
            for_silence: self.check_audio == CheckAudio::Silence,
            min_age: self.min_age,
        }
    }
}

impl RunArgs {
    /// The shape of the conversation endpoint.
    pub fn version(&self) -> ApiVersion {
        match self.destination.api_version {
            ApiVersionArg::V2 => ApiVersion::V2,
            ApiVersionArg::V3 => ApiVersion::V3,
        }
    }
}

impl PaceArgs {
    /// Bytes a second at the usual hours, for estimates.
    pub fn usual_bandwidth(&self) -> Option<u64> {
        self.bandwidth.as_ref()?.usual
    }
}

impl RebuildArgs {
    /// The destination as a run writes it into its ledger.
    pub fn destination(&self) -> Result<String, Error> {
        Ok(destination_name(&base_url(&self.base_url)?))
    }
}

impl DestinationArgs {
    /// By which a ledger knows the destination.
    pub fn name(&self) -> Result<String, Error> {
        if self.sandbox {
            return Ok(SANDBOX.to_owned());
        }
        Ok(destination_name(&base_url(&self.base_url)?))
    }
}

/// By which a ledger knows the server inside this process.
pub const SANDBOX: &str = "sandbox";

/// With and without the last slash it is one destination.
fn destination_name(base: &Url) -> String {
    base.as_str().trim_end_matches('/').to_owned()
}

impl DestinationArgs {
    /// The read API as it may be told, if one is asked.
    pub fn read_api(&self) -> Result<Option<String>, Error> {
        let url = self.read_url.as_ref().filter(|_| !self.sandbox);
        url.map(|url| Ok(destination_name(&base_url(url)?)))
            .transpose()
    }
}

impl EffortArgs {
    /// What to do with somebody else's conversation.
    pub fn existing(&self) -> ExistingConversation {
        match self.existing {
            sending_args::ExistingArg::Adopt => ExistingConversation::Adopt,
            sending_args::ExistingArg::Skip => ExistingConversation::Skip,
        }
    }
}

/// Whether the operator wants no colours (<https://no-color.org>).
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
pub fn forbids_color() -> bool {
    std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty())
}

impl RunSettings {
    /// The ledger of a run: the one that is named, else the usual one.
    pub fn ledger_path(run: &RunArgs) -> PathBuf {
        let default = if run.destination.sandbox {
            SANDBOX_LEDGER
        } else {
            LEDGER
        };
        run.ledger.clone().unwrap_or_else(|| PathBuf::from(default))
    }

    /// Resolves the flags of a run; reads the token and the certificates.
    pub fn resolve(run: &RunArgs) -> Result<RunSettings, Error> {
        let RunArgs {
            destination,
            pace,
            effort,
            ..
        } = run;
        let version = run.version();
        let (destination, reading) = if destination.sandbox {
            let faults = destination.faults.clone();
            let v2_page = destination.v2_page;
            (Destination::Sandbox { faults, v2_page }, None)
        } else {
            let token = token::read(
                destination.token_file.as_deref(),
                destination.token_command.as_deref(),
            )?;
            let reading = reading(destination, effort, &token)?;
            let connection = connection(destination, effort, version, token)?;
            (Destination::Server(Box::new(connection)), reading)
        };
        Ok(RunSettings {
            destination,
            reading,
            version,
            pace: RateLimits {
                rate: (pace.rate > 0.0).then_some(pace.rate),
                width: usize::from(effort.concurrency),
                patience: effort.max_outage,
            },
            schedule: Schedule {
                zone: effort.hours_zone.clone().unwrap_or_else(TimeZone::system),
                window: effort.window,
                outside: match effort.outside_window {
                    OutsideWindowArg::Wait => OutsideWindow::Wait,
                    OutsideWindowArg::Stop => OutsideWindow::Stop,
                },
                until: effort.until,
                bandwidth: pace.bandwidth.clone().unwrap_or_default(),
            },
            limits: RetryLimits {
                retries: effort.retries,
                max_wait: effort.max_wait,
                failure_budget: FailureBudget {
                    errors: effort.max_errors,
                    rate: effort.max_error_rate,
                    same: effort.max_same_error,
                },
                limit: effort.limit,
                max_duration: effort.max_duration,
                hold_for: run.export.hold_for,
                existing: effort.existing(),
                is_existing_typed: effort.is_existing_typed,
            },
            timeout: effort.timeout,
            ledger: RunSettings::ledger_path(run),
        })
    }

    /// How to reach the server inside this process.
    pub fn sandbox_connection(&self, url: &str, token: &str) -> Result<Connection, Error> {
        Ok(Connection {
            base: base_url(url)?,
            version: self.version,
            token: SecretString::from(token),
            route: HttpOptions {
                timeout: self.timeout,
                proxy: ProxyUse::None,
                ca_bundle: None,
            },
        })
    }

    /// How uploads in doubt are looked up at the server inside this process, which has both APIs.
    pub fn sandbox_reading(run: &RunArgs, connection: &Connection) -> Option<ReadApiSettings> {
        let arguments = &run.destination;
        arguments.read_url.as_ref().map(|_| ReadApiSettings {
            connection: ReadConnection {
                base: connection.base.clone(),
                version: arguments.read_api_version.clone(),
                token: connection.token.clone(),
                route: connection.route.clone(),
            },
            settle: arguments.read_settle,
        })
    }
}

fn connection(
    arguments: &DestinationArgs,
    effort: &EffortArgs,
    version: ApiVersion,
    token: SecretString,
) -> Result<Connection, Error> {
    let (base, route) = reach(&arguments.base_url, arguments, effort)?;
    Ok(Connection {
        base,
        version,
        token,
        route,
    })
}

fn reading(
    arguments: &DestinationArgs,
    effort: &EffortArgs,
    token: &SecretString,
) -> Result<Option<ReadApiSettings>, Error> {
    let Some(url) = &arguments.read_url else {
        return Ok(None);
    };
    let (base, route) = reach(url, arguments, effort)?;
    let own = token::read_for_reading(arguments.read_token_file.as_deref())?;
    Ok(Some(ReadApiSettings {
        connection: ReadConnection {
            base,
            version: arguments.read_api_version.clone(),
            token: own.unwrap_or_else(|| token.clone()),
            route,
        },
        settle: arguments.read_settle,
    }))
}

/// An address that a token may be sent to, and how it is reached.
fn reach(
    url: &str,
    arguments: &DestinationArgs,
    effort: &EffortArgs,
) -> Result<(Url, HttpOptions), Error> {
    let base = base_url(url)?;
    let is_loopback = is_loopback(&base);
    if base.scheme() == "http" && !is_loopback && !arguments.allow_http {
        return Err(Error::PlainHttp(base.to_string()));
    }
    let ca_bundle = match &arguments.ca_bundle {
        Some(path) => Some(small_file::read(path, LONGEST_BUNDLE).map_err(|source| {
            let path = path.clone();
            Error::CaBundle { path, source }
        })?),
        None => None,
    };
    let proxy = if is_loopback {
        ProxyUse::None
    } else {
        ProxyUse::FromEnvironment
    };
    Ok((
        base,
        HttpOptions {
            timeout: effort.timeout,
            proxy,
            ca_bundle,
        },
    ))
}

fn base_url(value: &str) -> Result<Url, Error> {
    let refuse = |why: &str| Error::BaseUrl {
        value: beginning(value),
        why: why.to_owned(),
    };
    let url: Url = value
        .parse()
        .map_err(|error: url::ParseError| refuse(&error.to_string()))?;
    let refuse = |why: &str| Error::BaseUrl {
        // `user:password@host` reads as an address of its own kind, whose rest has no parts.
        value: if url.cannot_be_a_base() {
            beginning(value)
        } else {
            without_secrets(&url)
        },
        why: why.to_owned(),
    };
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

/// An address as it may be told: a token or a password may stand in the rest of it.
fn without_secrets(url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    // Fail only for addresses that can have neither.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.into()
}

/// As much of a text that is no address as can be told: where a password or a token begins in it, nobody
/// knows, but none does in letters, digits, dots and lines before any other sign.
fn beginning(text: &str) -> String {
    let (scheme, rest) = match text.split_once("://") {
        Some((scheme, rest)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
            (format!("{scheme}://"), rest)
        }
        _ => (String::new(), text),
    };
    // A token may have been typed in place of an address: a host has dots, and is written small.
    let is_host = text.contains('.') && !text.bytes().any(|byte| byte.is_ascii_uppercase());
    if scheme.is_empty() && !text.is_empty() && !is_host {
        return "…".to_owned();
    }
    let is_plain = |char: char| char.is_ascii_alphanumeric() || matches!(char, '.' | '-');
    let end = rest.find(|char| !is_plain(char)).unwrap_or(rest.len());
    if rest.contains('@') {
        return format!("{scheme}…");
    }
    let more = if end < rest.len() { "…" } else { "" };
    format!("{scheme}{}{more}", &rest[..end])
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
            "u:p@x",
            "https://x?a=b",
            "http://",
        ] {
            assert!(base_url(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_secret_in_an_address_is_not_repeated() {
        for text in [
            "https://u:s3cret@example.com/a",
            "https://s3cret@example.com/a",
            "https://example.com/a?api-token=s3cret",
            "https://example.com/a#s3cret",
        ] {
            let error = base_url(text).unwrap_err().to_string();
            assert!(error.starts_with("https://example.com/a is no"), "{error}");
            assert!(!error.contains("s3cret"), "{error}");
        }
    }

    #[test]
    fn of_an_address_that_cannot_be_read_only_the_beginning_is_told() {
        for (text, told) in [
            ("integrations.capturi.ai", "integrations.capturi.ai"),
            ("https://u:s3cret@exa mple.com", "https://…"),
            ("https://example.com:s3cret", "https://example.com…"),
            ("https://u:s3cret", "https://u…"),
            ("//u:s3cret@x", "…"),
            ("example.com?api-token=s3cret", "example.com…"),
            ("https://[s3cret", "https://…"),
            ("s3cret-4bf92f3577b3", "…"),
            ("eyJhbGciOi.eyJzdWIi.s3cret", "…"),
            ("u:s3cret@example.com", "…"),
            ("mailto:u:s3cret@example.com", "…"),
            ("u:s3cret@example.com:443/a?x", "…"),
            ("example.com:443", "example.com…"),
            ("", ""),
        ] {
            let error = base_url(text).unwrap_err().to_string();
            assert!(
                error.starts_with(&format!("{told} is not a base URL")),
                "{error}"
            );
            assert!(!error.contains("s3cret"), "{error}");
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
