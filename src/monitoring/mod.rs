//! A run as others see it, and as its operator steers it: metrics for Prometheus over HTTP or in a file, its
//! status, messages about its end, and orders over a socket.
//!
//! The run publishes its figures a few times a second and never waits for anybody here: whoever asks gets
//! the newest ones. All of this lives on one thread of its own, so a slow reader slows no request. Figures hold no
//! ids, people, values or files, and neither do the labels made of them.

mod access;
mod answer;
mod board;
mod control_order;
#[cfg(unix)]
mod control_server;
mod control_socket;
mod error;
mod families;
mod metrics_file;
mod monitor;
mod notification;
mod notifier;
mod options;
mod server;
mod status_view;

pub use board::{EndNotes, LedgerAtStart, RunBoard};
pub use control_order::{ControlOrder, ControlledRun};
#[cfg(unix)]
pub use control_socket::ControlSocket;
pub use control_socket::{ControlError, ask as ask_run};
pub use error::MonitoringError;
pub use monitor::Monitor;
pub use notifier::{NotifyAddress, NotifyOptions, NotifyTarget};
pub use options::MonitoringOptions;
