//! The flags of `verify`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::host_args::HostArgs;
use super::ledger_args::LedgerArgs;
use super::output_args::OutputArgs;
use super::read_api_args::ReadApiArgs;
use super::units;

/// Arguments of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  capturi-import verify --out out                 what Capturi has of every call that was sent
  capturi-import verify --wait 6h                 wait until Capturi has worked on all of them
  capturi-import verify --only missing --repair   plan what to send again; with --yes the next run sends it

Exit codes: 0 all verified · 3 some are not · 4 token refused · 5 a run holds the ledger ·
6 the read API could not be read · 130 interrupted, the same command goes on.")]
pub struct VerifyArgs {
    /// The ledger.
    #[command(flatten)]
    pub ledger: LedgerArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
    /// Wait at most this long until the destination has processed all calls.
    #[arg(long, value_name = "DURATION", default_value = "0s", value_parser = units::duration)]
    pub wait: Duration,
    /// Only calls that took place on this day or later, such as 2026-11-01.
    #[arg(long, value_name = "DATE")]
    pub since: Option<jiff::civil::Date>,
    /// Only calls of this outcome, as verify last saw them: verified, waiting, missing, different,
    /// failed-there or not-readable. Or a file with one id on each line, or a list of this program.
    #[arg(long, value_name = "FILTER")]
    pub only: Option<PathBuf>,
    /// Plan what to send again: conversations that are gone, recordings that are not there. Changes nothing
    /// without --yes.
    #[arg(long)]
    pub repair: bool,
    /// Open these calls in the ledger, so that the next run sends them; needs --repair.
    #[arg(long, requires = "repair")]
    pub yes: bool,
    /// How the read API is reached.
    #[command(flatten)]
    pub read: ReadArgs,
}

/// How the read API is reached and asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "Destination")]
pub struct ReadArgs {
    /// The destination that the ledger belongs to.
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://integrations.capturi.ai",
        env = "CAPTURI_BASE_URL"
    )]
    pub base_url: String,
    /// The token and the way to the host.
    #[command(flatten)]
    pub host: HostArgs,
    /// The read API.
    #[command(flatten)]
    pub api: ReadApiArgs,
    /// Requests a second; 0 for no limit.
    #[arg(long, value_name = "N", allow_negative_numbers = true, default_value = "20", value_parser = units::rate, env = "CAPTURI_RATE")]
    pub rate: f64,
    /// Further tries of a request after the first.
    #[arg(long, value_name = "N", default_value_t = 8, env = "CAPTURI_RETRIES")]
    pub retries: u32,
    /// Give up with exit code 6 when the read API has been unavailable for this long.
    #[arg(long, value_name = "DURATION", default_value = "30m", value_parser = units::span, env = "CAPTURI_MAX_OUTAGE")]
    pub max_outage: Duration,
    /// Obey a pause that the server asks for up to this long, else stop with exit code 6.
    #[arg(long, value_name = "DURATION", default_value = "2h", value_parser = units::duration, env = "CAPTURI_MAX_WAIT")]
    pub max_wait: Duration,
    /// Abort a request after this long.
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = units::span, env = "CAPTURI_TIMEOUT")]
    pub timeout: Duration,
}
