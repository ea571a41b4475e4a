//! A run as others see it: metrics for Prometheus over HTTP or in a file, and its status.
//!
//! The run publishes its figures a few times a second and never waits for anybody here: whoever asks gets
//! the newest ones. All of this lives on one thread of its own, so a slow reader slows no request. Figures hold no
//! ids, people, values or files, and neither do the labels made of them.

mod access;
mod answer;
mod board;
mod error;
mod families;
mod metrics_file;
mod monitor;
mod options;
mod server;
mod status_view;

pub use board::{LedgerAtStart, RunBoard};
pub use error::MonitoringError;
pub use monitor::Monitor;
pub use options::MonitoringOptions;
