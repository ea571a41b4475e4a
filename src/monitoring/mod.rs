//! A run as others see it, and as its operator steers it: metrics for Prometheus over HTTP or in a file, its
//! status, messages about its end, and orders over a socket.
//!
//! The run publishes its figures a few times a second and never waits for anybody here: whoever asks gets
//! the newest ones. All of this lives on one thread of its own, so a slow reader slows no request. Figures hold no
//! ids, people, values or files, and neither do the labels made of them.

mod access;
mod answer;
mod board;
mod control_error;
mod control_order;
#[cfg(unix)]
mod control_server;
#[cfg(unix)]
mod control_socket;
mod error;
mod events_stream;
mod families;
mod history;
mod metrics_file;
mod monitor;
#[cfg(not(unix))]
mod no_control;
mod notification;
mod notifier;
mod options;
mod pace_text;
mod server;
mod status_view;

pub use board::{EndNotes, LedgerAtStart, RunBoard};
pub use control_error::ControlError;
pub use control_order::{ControlOrder, ControlledRun};
#[cfg(unix)]
pub use control_socket::{ControlSocket, ask as ask_run};
pub use error::MonitoringError;
pub use monitor::Monitor;
#[cfg(not(unix))]
pub use no_control::ask as ask_run;
pub use notifier::{NotifyAddress, NotifyOptions, NotifyTarget};
pub use options::MonitoringOptions;
