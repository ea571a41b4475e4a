//! What is held for too long and did not come again, so that no record of a run can tell of it.

use jiff::Timestamp;
use rusqlite::{Connection, Result};

use super::call::checkpoint::DONE_SQL;
use super::case::rows as case_rows;
use super::columns::time;

/// A call or a message of a case that waits since an earlier run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overdue {
    /// The id of the call or the case.
    pub identity: String,
    /// Since when it is held.
    pub held_at: Timestamp,
}

/// Calls that are held, and of which nothing was heard since `?2`.
fn held_calls() -> String {
    format!(
        "SELECT identity, held_at FROM call \
         WHERE obstacle = 1 AND held_at <= ?1 AND last_at < ?2 AND NOT {DONE_SQL} \
         ORDER BY held_at, id"
    )
}

/// Hands over what is held since `until` or longer and was not found again since `started`: calls first,
/// then cases, the oldest first.
pub(super) fn overdue(
    connection: &Connection,
    until: Timestamp,
    started: Timestamp,
    mut each: impl FnMut(Overdue),
) -> Result<()> {
    let (until, started) = (until.as_millisecond(), started.as_millisecond());
    let mut calls = connection.prepare(&held_calls())?;
    let mut rows = calls.query((until, started))?;
    while let Some(row) = rows.next()? {
        each(Overdue {
            identity: row.get(0)?,
            held_at: time(row, 1)?,
        });
    }
    // A row that is found again is sent, and what this run has found first has just begun to wait.
    let mut messages = connection.prepare(case_rows::HELD_SINCE)?;
    let mut rows = messages.query([until.min(started.saturating_sub(1))])?;
    while let Some(row) = rows.next()? {
        each(Overdue {
            identity: row.get(0)?,
            held_at: time(row, 1)?,
        });
    }
    Ok(())
}
