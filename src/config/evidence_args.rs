//! The flags of `evidence`.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::StoreArgs;
use super::ledger_args::LedgerArgs;

/// Arguments of `evidence`.
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true,
    after_help = "\
Examples:
  capturi-import evidence --out evidence-2026-11
  capturi-import evidence --out evidence-2026-11 --sign key.pem     key: openssl genpkey -algorithm ed25519
  capturi-import evidence check evidence-2026-11 calls.csv --audio recordings
  capturi-import evidence show evidence-2026-11 call-4711 > call-4711.json
  capturi-import evidence check call-4711.json

The folder holds ids, hashes and times, and neither names nor phone numbers."
)]
pub struct EvidenceArgs {
    /// What to do instead of writing evidence.
    #[command(subcommand)]
    pub command: Option<EvidenceCommand>,
    /// New folder for the evidence.
    #[arg(short, long, value_name = "DIR", required = true)]
    pub out: Option<PathBuf>,
    /// Private Ed25519 key (PEM) that signs the root.
    #[arg(long, value_name = "FILE")]
    pub sign: Option<PathBuf>,
    /// The ledger.
    #[command(flatten)]
    pub ledger: LedgerArgs,
}

/// What can be done with evidence.
#[derive(Debug, Subcommand)]
pub enum EvidenceCommand {
    /// Check evidence on any machine, without a ledger and without Capturi.
    Check(EvidenceCheckArgs),
    /// Print the proof that one call is in the evidence; it shows nothing of other calls.
    Show(EvidenceShowArgs),
}

/// Arguments of `evidence check`.
#[derive(Debug, Args)]
pub struct EvidenceCheckArgs {
    /// Folder of evidence, or the proof of one call.
    #[arg(value_name = "EVIDENCE")]
    pub evidence: PathBuf,
    /// Exports of which the calls were made: their records are found again.
    #[arg(value_name = "EXPORT")]
    pub exports: Vec<OsString>,
    /// Folder of the recordings: their bytes are found again.
    #[arg(short, long, value_name = "DIR")]
    pub audio: Option<PathBuf>,
    /// Public Ed25519 key (PEM or DER) that must have signed.
    #[arg(long, value_name = "FILE")]
    pub key: Option<PathBuf>,
    /// Mapping file or preset that says how the exports are read.
    #[arg(short, long, value_name = "M", default_value = "capturi-v1")]
    pub mapping: String,
    /// How stores are reached.
    #[command(flatten)]
    pub stores: StoreArgs,
}

/// Arguments of `evidence show`.
#[derive(Debug, Args)]
pub struct EvidenceShowArgs {
    /// Folder of evidence.
    #[arg(value_name = "DIR")]
    pub evidence: PathBuf,
    /// The `externalIdentity` of the call.
    #[arg(value_name = "ID")]
    pub id: String,
}
