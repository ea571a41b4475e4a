//! The flags of `run` about sending: where, how fast, at which hours, and how hard to try.

use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::{Args, ValueEnum};

use super::base_url::{SANDBOX, destination_name};
use super::host_args::HostArgs;
use super::read_api_args::ReadApiArgs;
use super::v2_page_arg::V2PageArg;
use super::{Error, units};
use crate::delivery::{Bandwidth, Hours, time_of_day};
use crate::domain::{ChangedRecord, ExistingConversation};

/// How fast to go.
#[derive(Debug, Args)]
pub struct PaceArgs {
    /// Requests a second, creates and uploads together; 0 for no limit.
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value = "20", value_parser = units::rate, env = "CAPTURI_RATE")]
    pub rate: f64,
    /// Bytes a second for recordings, with a unit: 10MB, or by the hour: 08:00-18:00=2MB,20MB.
    #[arg(long, value_name = "BYTES", value_parser = units::bandwidth, env = "CAPTURI_BANDWIDTH")]
    pub bandwidth: Option<Bandwidth>,
}

impl PaceArgs {
    /// Bytes a second at the usual hours, for estimates.
    pub fn usual_bandwidth(&self) -> Option<u64> {
        self.bandwidth.as_ref()?.usual
    }
}

/// Where to send.
#[derive(Debug, Args)]
#[command(next_help_heading = "Destination")]
pub struct DestinationArgs {
    /// Send to a pretend server inside this process: a rehearsal that starts from nothing, needs no
    /// token and overrides --base-url.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_SANDBOX")]
    pub sandbox: bool,
    /// What asks for the sandbox, if that is not the command line.
    #[arg(skip)]
    pub sandbox_origin: Option<&'static str>,
    /// Faults of the sandbox (TOML); needs --sandbox.
    #[arg(long, value_name = "FILE", env = "CAPTURI_FAULTS")]
    pub faults: Option<PathBuf>,
    /// Page of version 2 that the sandbox keeps to; needs --sandbox. Fields that the page lacks are dropped
    /// and reported.
    #[arg(long, value_enum, default_value_t, env = "CAPTURI_V2_PAGE")]
    pub v2_page: V2PageArg,
    /// The destination.
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://integrations.capturi.ai",
        env = "CAPTURI_BASE_URL"
    )]
    pub base_url: String,
    /// Shape of the conversation endpoint.
    #[arg(long, value_enum, default_value_t, env = "CAPTURI_API_VERSION")]
    pub api_version: ApiVersionArg,
    /// The token and the way to the host.
    #[command(flatten)]
    pub host: HostArgs,
    /// The read API, where uploads whose answers were lost are looked up.
    #[command(flatten)]
    pub read: ReadApiArgs,
}

impl DestinationArgs {
    /// By which a ledger knows the destination.
    pub fn name(&self) -> Result<String, Error> {
        if self.sandbox {
            return Ok(SANDBOX.to_owned());
        }
        destination_name(&self.base_url)
    }

    /// The read API as it may be told, if one is asked.
    pub fn read_api(&self) -> Result<Option<String>, Error> {
        let url = self.read.url.as_ref().filter(|_| !self.sandbox);
        url.map(|url| destination_name(url)).transpose()
    }
}

/// Shape of the conversation endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ApiVersionArg {
    /// `POST /v2/conversation`.
    #[default]
    V2,
    /// `POST /v3/conversation`.
    V3,
}

/// How hard to try.
#[derive(Debug, Args)]
#[command(next_help_heading = "Effort")]
pub struct EffortArgs {
    /// Requests in flight at once.
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024), env = "CAPTURI_CONCURRENCY")]
    pub concurrency: u16,
    /// Further tries of a request after the first.
    #[arg(long, value_name = "N", default_value_t = 8, env = "CAPTURI_RETRIES")]
    pub retries: u32,
    /// Stop with exit code 6 after this many failed calls.
    #[arg(long, value_name = "N", env = "CAPTURI_MAX_ERRORS")]
    pub max_errors: Option<u64>,
    /// Stop with exit code 6 when more than this share of calls failed, such as 5%. Checked after 100
    /// calls.
    #[arg(long, value_name = "SHARE", value_parser = units::share, env = "CAPTURI_MAX_ERROR_RATE")]
    pub max_error_rate: Option<f64>,
    /// Stop with exit code 6 when this many calls in a row failed with the same error.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), env = "CAPTURI_MAX_SAME_ERROR")]
    pub max_same_error: Option<u64>,
    /// Give up with exit code 6 when the destination has been unavailable for this long.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = units::span, env = "CAPTURI_MAX_OUTAGE")]
    pub max_outage: Duration,
    /// Obey a pause that the server asks for up to this long, else stop with exit code 6.
    #[arg(long, value_name = "DURATION", default_value = "2h", value_parser = units::duration, env = "CAPTURI_MAX_WAIT")]
    pub max_wait: Duration,
    /// Abort a request that makes no progress for this long.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = units::span, env = "CAPTURI_TIMEOUT")]
    pub timeout: Duration,
    /// What to do with a conversation that this ledger did not create.
    #[arg(long, value_enum, default_value_t, env = "CAPTURI_EXISTING")]
    pub existing: ExistingArg,
    /// What to do with a call whose record changed after it was sent.
    #[arg(
        long,
        value_enum,
        value_name = "WHAT",
        default_value_t,
        env = "CAPTURI_CHANGED"
    )]
    pub changed: ChangedArg,
    /// It was typed, and not taken from a variable, the settings or the defaults.
    #[arg(skip)]
    pub is_existing_typed: bool,
    /// Send at most this many calls, then stop with exit code 7.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..), env = "CAPTURI_LIMIT")]
    pub limit: Option<u64>,
    /// Stop gracefully at this time of day, such as 06:00 (exit code 7).
    #[arg(long, value_name = "TIME", value_parser = time_of_day, env = "CAPTURI_UNTIL")]
    pub until: Option<jiff::civil::Time>,
    /// Send only at these hours, such as 20:00-06:00.
    #[arg(long, value_name = "HOURS", value_parser = Hours::parse, env = "CAPTURI_WINDOW")]
    pub window: Option<Hours>,
    /// What to do outside the window.
    #[arg(long, value_enum, default_value_t, env = "CAPTURI_OUTSIDE_WINDOW")]
    pub outside_window: OutsideWindowArg,
    /// Zone of the hours of --until, --window and --bandwidth [default: that of this machine].
    #[arg(long, value_name = "ZONE", value_parser = units::zone, env = "CAPTURI_HOURS_ZONE")]
    pub hours_zone: Option<jiff::tz::TimeZone>,
    /// Stop gracefully after this time (exit code 7).
    #[arg(long, value_name = "DURATION", value_parser = units::span, env = "CAPTURI_MAX_DURATION")]
    pub max_duration: Option<Duration>,
}

impl EffortArgs {
    /// What to do with somebody else's conversation.
    pub fn existing(&self) -> ExistingConversation {
        match self.existing {
            ExistingArg::Adopt => ExistingConversation::Adopt,
            ExistingArg::Skip => ExistingConversation::Skip,
        }
    }

    /// What to do with a call whose record changed after it was sent.
    pub fn changed(&self) -> ChangedRecord {
        match self.changed {
            ChangedArg::Report => ChangedRecord::Report,
            ChangedArg::Send => ChangedRecord::Send,
        }
    }
}

/// What to do with a conversation that somebody else made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ExistingArg {
    /// Take it over: the recording is still uploaded.
    #[default]
    Adopt,
    /// Leave it alone.
    Skip,
}

/// What to do outside the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum OutsideWindowArg {
    /// Wait until it opens, and go on.
    #[default]
    Wait,
    /// Stop with exit code 7.
    Stop,
}

/// What to do with a call whose record changed after it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ChangedArg {
    /// Tell which fields changed (changed-since-sent).
    #[default]
    Report,
    /// Send the custom properties where only these changed, by the read API; tell the rest.
    Send,
}
