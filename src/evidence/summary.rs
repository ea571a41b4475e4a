//! `evidence.json`: root and sums for programs.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::totals::EvidenceTotals;

/// `evidence.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct EvidenceSummary {
    /// The version that wrote it.
    pub(super) version: String,
    /// When.
    pub(super) made: Timestamp,
    /// Where the calls went to.
    pub(super) destination: String,
    pub(super) lines: u64,
    pub(super) root: String,
    pub(super) totals: EvidenceTotals,
}
