//! The flags of the read API, the same for a run and for a comparison.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::units;

/// How the read API is reached.
#[derive(Debug, Args)]
#[command(next_help_heading = "Destination")]
pub struct ReadApiArgs {
    /// The read API, such as <https://api.capturi.ai/audio>. Before `run` repeats an upload whose answer was
    /// lost, it looks there. For the usual destination, `verify` uses this address by default.
    #[arg(
        id = "read_url",
        long = "read-url",
        value_name = "URL",
        env = "CAPTURI_READ_URL"
    )]
    pub url: Option<String>,
    /// File with the token of the read API; without it `CAPTURI_READ_TOKEN`, else the token of the deliveries.
    #[arg(
        id = "read_token_file",
        long = "read-token-file",
        value_name = "FILE",
        env = "CAPTURI_READ_TOKEN_FILE"
    )]
    pub token_file: Option<PathBuf>,
    /// The `api-version` of the read API [default: 2.0, or 1.0 if the server refuses it].
    #[arg(
        id = "read_api_version",
        long = "read-api-version",
        value_name = "VERSION",
        env = "CAPTURI_READ_API_VERSION"
    )]
    pub version: Option<String>,
    /// Wait this long before trusting the read API that a recording is missing.
    #[arg(id = "read_settle", long = "read-settle", value_name = "DURATION", default_value = "10s", value_parser = units::duration, env = "CAPTURI_READ_SETTLE")]
    pub settle: Duration,
}
