//! The arguments of `run`.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use clap::builder::BoolishValueParser;

use super::export_args::{ExportArgs, SelectionArgs};
use super::monitoring_args::MonitoringArgs;
use super::output_args::OutputArgs;
use super::sending_args::{ApiVersionArg, DestinationArgs, EffortArgs, PaceArgs};
use super::shard_args::ShardArgs;
use super::units;
use crate::api::ApiVersion;

/// What the age of files means for a nightly run.
#[derive(Debug, Args)]
pub struct AgeArgs {
    /// End with exit code 3 when no file of the export was written within this time, such as 1d.
    #[arg(long, value_name = "DURATION", value_parser = units::span, env = "CAPTURI_EXPECT_NEW")]
    pub expect_new: Option<Duration>,
    /// After a run, delete the reports in folders beside --out that are named by an older date, such as 90d;
    /// accepted.csv stays.
    #[arg(long, value_name = "DURATION", value_parser = units::span, env = "CAPTURI_KEEP")]
    pub keep: Option<Duration>,
}

/// Who must have approved a run.
#[derive(Debug, Args)]
pub struct ApprovalArgs {
    /// Send nothing unless a person has approved a canary of this mapping and destination.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_REQUIRE_CANARY")]
    pub require_canary: bool,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  capturi-import run calls.csv --audio recordings --sandbox --out rehearsal
  capturi-import run 'exports/*.csv.gz' --audio /srv/recordings --rate 10 --bandwidth 5MB
  capturi-import run calls.csv --audio recordings --only trial.txt --label import:2026-11
  capturi-import run nightly.ndjson --audio recordings --token-file /etc/capturi.token --quiet")]
pub struct RunArgs {
    /// The export.
    #[command(flatten)]
    pub export: ExportArgs,
    /// Which records.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Put this label on every call that the run creates, such as import:2026-11.
    #[arg(long, value_name = "LABEL", value_parser = units::label, env = "CAPTURI_LABEL")]
    pub label: Option<String>,
    /// Keep the SHA-256 of each recording as well, for `evidence`.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_SHA256")]
    pub sha256: bool,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How long old reports stay, and how new the export must be.
    #[command(flatten)]
    pub age: AgeArgs,
    /// How fast to go.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// The ledger [default: capturi-import.db; with --sandbox capturi-import-sandbox.db, made anew
    /// for each rehearsal, unless another is typed].
    #[arg(long, value_name = "FILE", env = "CAPTURI_LEDGER")]
    pub ledger: Option<PathBuf>,
    /// Who must have approved it.
    #[command(flatten)]
    pub approval: ApprovalArgs,
    /// Do everything but send.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_DRY_RUN")]
    pub dry_run: bool,
    /// At the end, compare the calls of this run with the destination, as `verify` does. Wait at most this
    /// long until they are processed. Needs --read-url.
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true, default_missing_value = "0s", value_parser = units::duration, env = "CAPTURI_VERIFY")]
    pub verify: Option<Duration>,
    /// Where to send.
    #[command(flatten)]
    pub destination: DestinationArgs,
    /// Which part of the export.
    #[command(flatten)]
    pub share: ShardArgs,
    /// How hard to try.
    #[command(flatten)]
    pub effort: EffortArgs,
    /// Who may watch it.
    #[command(flatten)]
    pub monitoring: MonitoringArgs,
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
