//! The flags by which recordings in other places than a folder are reached.

use std::path::PathBuf;

use clap::Args;

/// How stores of recordings are reached.
#[derive(Debug, Clone, Default, Args)]
pub struct StoreArgs {
    /// Trust the certificates of this PEM file, and no others, for stores of recordings.
    #[arg(long, value_name = "FILE", env = "CAPTURI_STORE_CA_BUNDLE")]
    pub store_ca_bundle: Option<PathBuf>,
    /// Configuration file for `ssh` to reach an SFTP server; the user's own otherwise.
    #[arg(long, value_name = "FILE", env = "CAPTURI_SSH_CONFIG")]
    pub ssh_config: Option<PathBuf>,
}
