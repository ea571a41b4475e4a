//! The arguments of `canary`.

use std::time::Duration;

use clap::Args;

use super::run_args::RunArgs;
use super::units;

/// Arguments of `canary`: those of `run`, and what is its own.
#[derive(Debug, Args)]
pub struct CanaryArgs {
    /// How it would be run.
    #[command(flatten)]
    pub run: RunArgs,
    /// Send so many calls.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(1..=200), help_heading = "Canary")]
    pub calls: u16,
    /// Pick other calls with another number; the same number picks the same calls.
    #[arg(long, value_name = "N", default_value_t = 1, help_heading = "Canary")]
    pub seed: u64,
    /// How long Capturi may take to work on the calls. Run the same command again to look once more.
    #[arg(long, value_name = "TIME", default_value = "30m", value_parser = units::duration, help_heading = "Canary")]
    pub wait: Duration,
    /// Pick new calls, although the last canary is not complete.
    #[arg(long, help_heading = "Canary")]
    pub new: bool,
    /// Approve the last canary in your name or with your initials, and send nothing.
    #[arg(long, value_name = "NAME", help_heading = "Canary")]
    pub approve: Option<String>,
}
