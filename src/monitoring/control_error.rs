//! Why a run cannot be steered.

use std::io;
use std::path::PathBuf;

/// Why a socket cannot be had or reached.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// No run listens.
    #[error("no run listens at {}: none goes on with this ledger", path.display())]
    NoRun {
        /// The socket.
        path: PathBuf,
    },
    /// Another process listens.
    #[error("another process listens at {}", path.display())]
    Taken {
        /// The socket.
        path: PathBuf,
    },
    /// Something else is in its place.
    #[error("{} is no socket, and is not replaced", path.display())]
    NoSocket {
        /// The place.
        path: PathBuf,
    },
    /// The system refuses it.
    #[error("{}: {source}", path.display())]
    System {
        /// The socket.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// There are none on this system.
    #[error(
        "control is not available on this system; stop the run with Ctrl-C, which finishes what is under way"
    )]
    NotHere,
    /// The run answered nothing.
    #[error("the run did not answer; ask again")]
    NoAnswer,
}
