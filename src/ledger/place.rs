//! Where a ledger is.

use std::path::PathBuf;

/// The disk of a ledger.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerPlace {
    /// The folder that its files are in.
    pub folder: PathBuf,
    /// Whether that is on another machine, as far as this one tells.
    pub is_remote: bool,
    /// Bytes that this user may still write there, where the system tells.
    pub free_bytes: Option<u64>,
}
