//! The arguments of `control`.

use clap::{Args, Subcommand};

use super::ledger_args::LedgerArgs;
use super::units;
use crate::monitoring::ControlOrder;

/// Arguments of `control`.
#[derive(Debug, Args)]
pub struct ControlArgs {
    /// What to do.
    #[command(subcommand)]
    pub order: OrderArg,
    /// The ledger, by which the run is found.
    #[command(flatten)]
    pub ledger: LedgerArgs,
}

/// What to do.
#[derive(Debug, Clone, Copy, Subcommand)]
pub enum OrderArg {
    /// Send no new request; those in flight are finished.
    Pause,
    /// Send requests again.
    Resume,
    /// Finish what is under way and end the run (exit 130), as Ctrl-C does.
    Drain,
    /// Change --rate until the run ends.
    Rate {
        /// Requests a second; 0 for no limit.
        #[arg(value_name = "N", value_parser = units::rate)]
        rate: f64,
    },
    /// Change --bandwidth until the run ends, at all hours.
    Bandwidth {
        /// Bytes a second with a unit, such as 2MB; 0 for no limit.
        #[arg(value_name = "BYTES", value_parser = units::bytes)]
        bytes: u64,
    },
    /// Print how far the run is, as JSON.
    Status,
}

impl OrderArg {
    /// As the run takes it.
    pub fn order(self) -> ControlOrder {
        match self {
            OrderArg::Pause => ControlOrder::Pause,
            OrderArg::Resume => ControlOrder::Resume,
            OrderArg::Drain => ControlOrder::Drain,
            OrderArg::Rate { rate } => ControlOrder::Rate(rate),
            OrderArg::Bandwidth { bytes } => ControlOrder::Bandwidth(bytes),
            OrderArg::Status => ControlOrder::Status,
        }
    }
}
