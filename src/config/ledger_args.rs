//! The flags of the commands that look at the ledger or look after it.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};

use super::base_url::destination_name;
use super::output_args::ListsArg;
use super::{Error, units};
use crate::domain::Shard;

/// The ledger.
#[derive(Debug, Args)]
pub struct LedgerArgs {
    /// The ledger of the migration.
    #[arg(
        long,
        value_name = "FILE",
        default_value = "capturi-import.db",
        env = "CAPTURI_LEDGER"
    )]
    pub ledger: PathBuf,
}

/// Arguments of `status`.
#[derive(Debug, Args)]
pub struct StatusArgs {
    /// The ledger.
    #[command(flatten)]
    pub ledger: LedgerArgs,
    /// Hold the ledgers of all shards against each other, and tell of them as one; --ledger is not read.
    #[arg(long, value_name = "LEDGER", num_args = 1..)]
    pub merge: Vec<PathBuf>,
    /// Print JSON.
    #[arg(long)]
    pub json: bool,
}

/// Arguments of `report`.
#[derive(Debug, Args)]
pub struct ReportArgs {
    /// The ledger.
    #[command(flatten)]
    pub ledger: LedgerArgs,
    /// Make one report of the ledgers of all shards; --ledger is not read. Exit 3 when a shard is missing.
    #[arg(long, value_name = "LEDGER", num_args = 1..)]
    pub merge: Vec<PathBuf>,
    /// Folder for the files.
    #[arg(
        short,
        long,
        value_name = "DIR",
        default_value = "out",
        env = "CAPTURI_OUT"
    )]
    pub out: PathBuf,
    /// Form of the lists.
    #[arg(
        long,
        value_enum,
        value_name = "FORM",
        default_value_t,
        env = "CAPTURI_LISTS"
    )]
    pub lists: ListsArg,
}

/// Commands on ledgers.
#[derive(Debug, Subcommand)]
pub enum LedgerCommand {
    /// Read every page, index and call, and say whether the ledger is whole.
    Check(LedgerArgs),
    /// Make a ledger from the accepted.csv of earlier runs, if it was lost or damaged.
    Rebuild(RebuildArgs),
    /// Forget everything about what is done but ids and hashes, which prevent doubles.
    Purge(LedgerArgs),
    /// Forget calls and cases that were deleted in Capturi, so that a run sends them again.
    Forget(ForgetArgs),
    /// Divide the ledgers of all shards anew, or that of a whole export.
    Reshard(ReshardArgs),
    /// Drop held records that no export has any more, so that runs stop telling of them.
    ForgetHeld(ForgetHeldArgs),
}

/// Arguments of `ledger forget-held`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("which").required(true).args(["ids", "older_than"])))]
#[command(after_help = "\
Examples:
  capturi-import ledger forget-held call-4711
  capturi-import ledger forget-held --older-than 30d

A record that a later export has again is treated as a new one. Ids of conversations that may exist are kept.")]
pub struct ForgetHeldArgs {
    /// Drop the held calls and messages of these ids.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// Drop all that have been held for longer than this and that the last run did not find.
    #[arg(long, value_name = "TIME", value_parser = units::duration)]
    pub older_than: Option<Duration>,
    /// The ledger.
    #[command(flatten)]
    pub ledger: LedgerArgs,
}

/// Arguments of `ledger forget`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("named").required(true).multiple(true).args(["ids", "from"])))]
#[command(after_help = "\
Examples:
  capturi-import ledger forget call-4711 call-4712
  capturi-import ledger forget --from trial.txt

Delete the calls in Capturi first. A call that is still there keeps its conversation, and the next run may
send its recording a second time.")]
pub struct ForgetArgs {
    /// Forget the calls and cases with these ids.
    #[arg(value_name = "ID")]
    pub ids: Vec<String>,
    /// File with ids: one on each line, or a list of this program, such as accepted.csv.
    #[arg(long, value_name = "FILE")]
    pub from: Option<PathBuf>,
    /// The ledger.
    #[command(flatten)]
    pub ledger: LedgerArgs,
}

/// Arguments of `ledger reshard`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  capturi-import ledger reshard shard-*.db --into 8 --to eight
  capturi-import ledger reshard shard-*.db --into 1 --to joined

The ledgers stay as they are. The new ones are counted again before the command ends; do not go on with both.")]
pub struct ReshardArgs {
    /// The ledgers of all shards, or one of a whole export.
    #[arg(value_name = "LEDGER", required = true)]
    pub ledgers: Vec<PathBuf>,
    /// How many there are to be; 1 makes the ledger of a whole export.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=i64::from(Shard::MOST)))]
    pub into: u32,
    /// Folder for the new ledgers.
    #[arg(long, value_name = "DIR", default_value = "resharded")]
    pub to: PathBuf,
}

/// Arguments of `ledger rebuild`.
#[derive(Debug, Args)]
#[command(after_help = "\
Example:
  capturi-import ledger rebuild --from 'out/*/accepted*.csv'

Calls that are not in the files are tried by the next run; the destination answers that it has them
already, and --existing says what then.")]
pub struct RebuildArgs {
    /// The accepted.csv of all runs to this destination: files, globs, or folders that hold such files.
    #[arg(long, value_name = "FILE", num_args = 1.., required = true)]
    pub from: Vec<OsString>,
    /// The ledger; it must not be there.
    #[command(flatten)]
    pub ledger: LedgerArgs,
    /// The destination that the runs sent to.
    #[arg(
        long,
        value_name = "URL",
        default_value = "https://integrations.capturi.ai",
        env = "CAPTURI_BASE_URL"
    )]
    pub base_url: String,
}

impl RebuildArgs {
    /// The destination as a run writes it into its ledger.
    pub fn destination(&self) -> Result<String, Error> {
        destination_name(&self.base_url)
    }
}
