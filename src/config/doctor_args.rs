//! The flags of `doctor`.

use clap::Args;

use super::host_args::HostArgs;
use super::ledger_args::LedgerArgs;
use super::read_api_args::ReadApiArgs;

/// Arguments of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  capturi-import doctor                           all that a run in this folder would use
  capturi-import doctor --token-file token --read-url https://api.capturi.ai/audio

Exit codes: 0 a run can work, perhaps with warnings · 2 it cannot.")]
pub struct DoctorArgs {
    /// The ledger.
    #[command(flatten)]
    pub ledger: LedgerArgs,
    /// The destination.
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://integrations.capturi.ai",
        env = "CAPTURI_BASE_URL",
        help_heading = "Destination"
    )]
    pub base_url: String,
    /// The token and the way to the host.
    #[command(flatten)]
    pub host: HostArgs,
    /// The read API.
    #[command(flatten)]
    pub read: ReadApiArgs,
}
