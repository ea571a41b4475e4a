//! The flags of the token, and of the way to a host.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

/// The token of the deliveries, and the way to a host.
#[derive(Debug, Args)]
#[command(next_help_heading = "Destination")]
pub struct HostArgs {
    /// File that holds the token (mode 600); without it `CAPTURI_API_TOKEN` is read.
    #[arg(long, value_name = "FILE", env = "CAPTURI_TOKEN_FILE")]
    pub token_file: Option<PathBuf>,
    /// Program that writes the token, such as that of a keyring; started without a shell.
    #[arg(long, value_name = "COMMAND", env = "CAPTURI_TOKEN_COMMAND")]
    pub token_command: Option<String>,
    /// Send the token over plain HTTP to another machine.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_ALLOW_HTTP")]
    pub allow_http: bool,
    /// PEM certificates to trust instead of the system's.
    #[arg(long, value_name = "FILE", env = "CAPTURI_CA_BUNDLE")]
    pub ca_bundle: Option<PathBuf>,
}
