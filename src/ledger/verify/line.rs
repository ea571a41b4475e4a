//! A call that is not verified, as a list tells it.

use jiff::Timestamp;

use super::sighting::Sighting;

/// A call as the last comparison saw it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VerifiedLine {
    /// Its `externalIdentity`.
    pub identity: String,
    /// The uid that the ledger knows.
    pub uid: Option<String>,
    /// What was seen.
    pub sighting: Sighting,
    /// When.
    pub at: Timestamp,
}
