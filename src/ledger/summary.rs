//! Where a migration stands: the answers of `status`, taken from one moment.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, Result, Row};

use super::call::blocker::{Blocker, Stage};
use super::call::checkpoint::{Checkpoint, DONE_SQL};
use super::call::progress::{CreateProgress, UploadProgress};
use super::call::rows::{self, SELECT_CALLS};
use super::call::status::CallStatus;
use super::case::summary::{self as case_summary, CaseSummary};
use super::columns::{unknown, unsigned};
use super::runs::{self, Run};
use super::{open, problem_log};

/// How many ids stand for a reason or for the calls in doubt.
const EXAMPLES: usize = 5;

/// The most reasons that are told apart; the calls beyond are counted without their words, so
/// that a server which never says the same thing twice cannot fill the memory.
const REASONS: usize = 200;

/// Where everything stood at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerSummary {
    /// The server that the ledger speaks about.
    pub destination: String,
    /// The calls by state, in the order of [`CallStatus::ALL`]; states without a call as well.
    pub states: Vec<(CallStatus, u64)>,
    /// Of those: conversations that somebody else made and that were adopted.
    pub adopted: u64,
    /// The bytes of the recordings that arrived.
    pub bytes: u64,
    /// What was refused, failed or is held, the most frequent first.
    pub troubles: Vec<FailureCounts>,
    /// The calls of which a request left without an answer.
    pub in_doubt: InDoubt,
    /// The cases, for a ledger of help desk tickets.
    pub cases: CaseSummary,
    /// The last ten runs, the latest first.
    pub runs: Vec<Run>,
    /// The problems of the last run: code, severity, how many; the most frequent first.
    pub problems: Vec<(String, String, u64)>,
}

impl LedgerSummary {
    /// How many calls are in this state.
    pub fn count(&self, state: CallStatus) -> u64 {
        let mut states = self.states.iter();
        states
            .find(|(it, _)| *it == state)
            .map_or(0, |(_, count)| *count)
    }

    /// How many calls the ledger knows.
    pub fn calls(&self) -> u64 {
        self.states.iter().map(|(_, count)| count).sum()
    }
}

/// One reason why calls are not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureCounts {
    /// The reason; its words are empty for the calls beyond the reasons that are told apart.
    pub obstacle: Blocker,
    /// How many calls it keeps.
    pub count: u64,
    /// The first few of their ids.
    pub examples: Vec<String>,
    /// Since when the one is held that waits longest.
    pub held_at: Option<Timestamp>,
}

/// The calls that a server may or may not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InDoubt {
    /// How many create requests.
    pub creates: u64,
    /// How many uploads.
    pub uploads: u64,
    /// The first few of their ids.
    pub examples: Vec<String>,
}

/// Answers everything in one transaction.
pub(super) fn summarize(connection: &Connection) -> Result<LedgerSummary> {
    let moment = connection.unchecked_transaction()?;
    let mut summary = LedgerSummary {
        destination: open::destination(&moment)?.unwrap_or_default(),
        states: CallStatus::ALL.iter().map(|state| (*state, 0)).collect(),
        adopted: 0,
        bytes: 0,
        troubles: Vec::new(),
        in_doubt: InDoubt::default(),
        cases: case_summary::summarize(&moment)?,
        runs: runs::latest(&moment)?,
        problems: problem_log::counts(&moment)?,
    };
    count(&moment, &mut summary)?;
    look_closer(&moment, &mut summary)?;
    Ok(summary)
}

/// Counts what ended well by its numbers alone: that is nearly everything.
fn count(connection: &Connection, summary: &mut LedgerSummary) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT create_state, upload_state, count(*), sum(bytes) FROM call \
         GROUP BY create_state, upload_state",
    )?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (create, upload): (u8, u8) = (row.get(0)?, row.get(1)?);
        let checkpoint =
            Checkpoint::of_columns(create, upload).ok_or_else(|| unknown(0, i64::from(create)))?;
        let count = unsigned(row, 2)?;
        if checkpoint.create() == CreateProgress::Adopted {
            summary.adopted += count;
        }
        if checkpoint.upload() == UploadProgress::Done {
            summary.bytes += unsigned(row, 3)?;
        }
        if let Some(kind) = checkpoint.done() {
            add(summary, kind.into(), count);
        }
    }
    Ok(())
}

fn add(summary: &mut LedgerSummary, state: CallStatus, count: u64) {
    if let Some((_, sum)) = summary.states.iter_mut().find(|(it, _)| *it == state) {
        *sum += count;
    }
}

/// The calls that one obstacle keeps.
#[derive(Default)]
struct KeptCalls {
    count: u64,
    examples: Vec<String>,
    held_at: Option<Timestamp>,
}

/// Looks at each call that did not end well.
fn look_closer(connection: &Connection, summary: &mut LedgerSummary) -> Result<()> {
    let mut reasons = HashMap::<Blocker, KeptCalls>::new();
    let sql = format!("{SELECT_CALLS} WHERE NOT {DONE_SQL} ORDER BY id");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let standing = rows::standing(row)?;
        add(summary, standing.status(), 1);
        if let Some(stage) = standing.in_doubt() {
            match stage {
                Stage::Create => summary.in_doubt.creates += 1,
                Stage::Upload => summary.in_doubt.uploads += 1,
            }
            example(&mut summary.in_doubt.examples, row)?;
        }
        if let Some(mut obstacle) = standing.obstacle {
            if reasons.len() >= REASONS && !reasons.contains_key(&obstacle) {
                obstacle = without_words(obstacle);
            }
            let since = standing
                .held_at
                .filter(|_| matches!(obstacle, Blocker::Held { .. }));
            let kept = reasons.entry(obstacle).or_default();
            kept.count += 1;
            kept.held_at = [kept.held_at, since].into_iter().flatten().min();
            example(&mut kept.examples, row)?;
        }
    }
    summary.troubles = reasons
        .into_iter()
        .map(|(obstacle, kept)| FailureCounts {
            obstacle,
            count: kept.count,
            examples: kept.examples,
            held_at: kept.held_at,
        })
        .collect();
    summary
        .troubles
        .sort_by(|one, other| (other.count, &one.examples).cmp(&(one.count, &other.examples)));
    Ok(())
}

/// Adds the identity in a row of `select_calls!`, if there is still room.
fn example(examples: &mut Vec<String>, row: &Row<'_>) -> Result<()> {
    if examples.len() < EXAMPLES {
        examples.push(row.get(13)?);
    }
    Ok(())
}

fn without_words(mut obstacle: Blocker) -> Blocker {
    match &mut obstacle {
        Blocker::Held { .. } => {}
        Blocker::Refused { message: words, .. } | Blocker::Failed { why: words, .. } => {
            words.clear();
        }
    }
    obstacle
}
