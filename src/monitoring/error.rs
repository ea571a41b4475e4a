//! Why a run cannot be watched as it was asked for.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

/// What is wrong, before anything was sent.
#[derive(Debug, thiserror::Error)]
pub enum MonitoringError {
    /// The address is taken, or not this machine's.
    #[error("--metrics-addr: cannot listen on {address}: {source}; port 0 takes any free one")]
    Listen {
        /// What was asked for.
        address: SocketAddr,
        /// What the system said.
        source: io::Error,
    },
    /// The file of metrics cannot be written.
    #[error("--metrics-file: cannot write {}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The thread cannot start.
    #[error("cannot start the thread that answers those who watch the run: {0}")]
    Thread(io::Error),
}
