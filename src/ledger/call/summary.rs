//! The calls of a ledger, counted: their part of `status`.

use rusqlite::{Connection, Result};

use super::checkpoint::{Checkpoint, DONE_SQL};
use super::progress::{CreateProgress, UploadProgress};
use super::rows::{SELECT_CALLS, read_create, read_state, read_upload};
use crate::ledger::columns::unsigned;
use crate::ledger::target_summary::{FailureCounter, TargetSummary};

/// The calls of a ledger, counted.
#[derive(Debug)]
pub(in crate::ledger) struct CountedCalls {
    pub(in crate::ledger) calls: TargetSummary,
    /// Conversations that somebody else made and that were adopted.
    pub(in crate::ledger) adopted: u64,
    /// The bytes of the recordings that arrived.
    pub(in crate::ledger) bytes: u64,
}

/// Counts the calls.
pub(in crate::ledger) fn summarize(connection: &Connection) -> Result<CountedCalls> {
    let mut counted = CountedCalls {
        calls: TargetSummary::new("call"),
        adopted: 0,
        bytes: 0,
    };
    count_done(connection, &mut counted)?;
    read_open(connection, &mut counted.calls)?;
    Ok(counted)
}

/// Counts what is done by its numbers alone: that is nearly everything.
fn count_done(connection: &Connection, counted: &mut CountedCalls) -> Result<()> {
    let mut statement = connection.prepare(
        "SELECT create_state, upload_state, count(*), sum(bytes) FROM call \
         GROUP BY create_state, upload_state",
    )?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let (create, upload) = (read_create(row, 0)?, read_upload(row, 1)?);
        let count = unsigned(row, 2)?;
        if create == CreateProgress::Adopted {
            counted.adopted += count;
        }
        if upload == UploadProgress::Done {
            counted.bytes += unsigned(row, 3)?;
        }
        if let Some(kind) = Checkpoint::new(create, upload, false).done() {
            counted.calls.add(kind.into(), count);
        }
    }
    Ok(())
}

/// Reads each call that is not done.
fn read_open(connection: &Connection, calls: &mut TargetSummary) -> Result<()> {
    let mut failures = FailureCounter::default();
    let sql = format!("{SELECT_CALLS} WHERE NOT {DONE_SQL} ORDER BY id");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let state = read_state(row)?;
        let identity = row.get_ref(13)?.as_str()?;
        calls.add(state.status(), 1);
        if state.in_doubt().is_some() {
            calls.in_doubt.add(identity);
        }
        if let Some(blocker) = state.blocker {
            failures.add(blocker, identity, state.held_at);
        }
    }
    calls.failures = failures.finish();
    Ok(())
}
