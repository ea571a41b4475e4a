//! What a ledger knows, counted: the answers of `status`, taken from one moment.

use rusqlite::{Connection, Result};

use super::call::summary as call_summary;
use super::case::summary as case_summary;
use super::runs::{self, Run};
use super::target_summary::TargetSummary;
use super::{open, problem_log};

/// Everything that was known at one moment, counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSummary {
    /// The server that the ledger speaks about.
    pub destination: String,
    /// The calls.
    pub calls: TargetSummary,
    /// The cases, for a ledger of help desk tickets.
    pub cases: TargetSummary,
    /// Conversations that somebody else made and that were adopted.
    pub adopted: u64,
    /// The bytes of the recordings that arrived.
    pub bytes: u64,
    /// Messages of cases that the server has.
    pub messages: u64,
    /// The last ten runs, the latest first.
    pub runs: Vec<Run>,
    /// The problems of the last run: code, severity, how many; the most frequent first.
    pub problems: Vec<(String, String, u64)>,
}

/// Answers everything in one transaction.
pub(super) fn summarize(connection: &Connection) -> Result<LedgerSummary> {
    let moment = connection.unchecked_transaction()?;
    let counted = call_summary::summarize(&moment)?;
    Ok(LedgerSummary {
        destination: open::destination(&moment)?.unwrap_or_default(),
        calls: counted.calls,
        cases: case_summary::summarize(&moment)?,
        adopted: counted.adopted,
        bytes: counted.bytes,
        messages: case_summary::count_messages(&moment)?,
        runs: runs::latest(&moment)?,
        problems: problem_log::counts(&moment)?,
    })
}
