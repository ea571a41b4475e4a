//! The flags by which recordings and exports in other places than a folder are reached.

use std::path::PathBuf;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::units;

/// How stores are reached.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// Trust the certificates of this PEM file, and no others, for stores.
    #[arg(long, value_name = "FILE", env = "CAPTURI_STORE_CA_BUNDLE")]
    pub store_ca_bundle: Option<PathBuf>,
    /// Configuration file for `ssh` to reach an SFTP server; the user's own otherwise.
    #[arg(long, value_name = "FILE", env = "CAPTURI_SSH_CONFIG")]
    pub ssh_config: Option<PathBuf>,
    /// Bytes a second to read from stores, with a unit: 10MB. --bandwidth limits what is sent.
    #[arg(long, value_name = "BYTES", value_parser = units::bytes, env = "CAPTURI_READ_BANDWIDTH")]
    pub read_bandwidth: Option<u64>,
}

/// How recordings are fetched that the export names by URL.
#[derive(Debug, Clone, Default, Args)]
pub struct FetchArgs {
    /// File with the secret for `[audio.fetch]` of the mapping; without it `CAPTURI_FETCH_SECRET`.
    #[arg(long, value_name = "FILE", env = "CAPTURI_FETCH_SECRET_FILE")]
    pub fetch_secret_file: Option<PathBuf>,
    /// Program that prints the secret for `[audio.fetch]`, such as "pass show dialer".
    #[arg(long, value_name = "COMMAND", env = "CAPTURI_FETCH_SECRET_COMMAND")]
    pub fetch_secret_command: Option<String>,
    /// Allow URLs of the export to lead to this machine and to private networks.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_ALLOW_PRIVATE")]
    pub allow_private: bool,
}
