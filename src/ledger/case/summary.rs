//! The cases of a ledger, counted: their part of `status`.

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row};

use super::rows::{ADDED, COLUMNS, held_rows, read_state};
use crate::domain::Code;
use crate::ledger::blocker::Blocker;
use crate::ledger::call::status::CallStatus;
use crate::ledger::columns::{time, unsigned};
use crate::ledger::failure::FailureKind;
use crate::ledger::target_summary::{FailureCounter, FailureCounts, TargetSummary};

/// Counts the cases.
pub(in crate::ledger) fn summarize(connection: &Connection) -> Result<TargetSummary> {
    let mut cases = TargetSummary::new("case");
    cases.add(
        CallStatus::Complete,
        count(
            connection,
            &format!("desk_case WHERE {COMPLETE} AND NOT {HAS_HELD}"),
        )?,
    );
    let held = count(
        connection,
        &format!("desk_case WHERE {COMPLETE} AND {HAS_HELD}"),
    )? + count(connection, NEW_HELD)?;
    cases.add(CallStatus::Held, held);
    read_open(connection, &mut cases)?;
    if held > 0 {
        cases.failures.extend(held_failure(connection, held)?);
    }
    Ok(cases)
}

/// Messages that the server has.
pub(in crate::ledger) fn count_messages(connection: &Connection) -> Result<u64> {
    count(connection, &format!("desk_message WHERE state = {ADDED}"))
}

/// Reads each case of which something is open but a row that is held.
fn read_open(connection: &Connection, cases: &mut TargetSummary) -> Result<()> {
    let mut failures = FailureCounter::default();
    let sql = format!("{COLUMNS} WHERE NOT ({COMPLETE}) ORDER BY id");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let identity = row.get_ref(10)?.as_str()?;
        match read_state(row)?.blocker {
            None => {
                cases.add(CallStatus::InDoubt, 1);
                cases.in_doubt.add(identity);
            }
            Some(failure) => {
                let status = match failure.kind {
                    FailureKind::Refused => CallStatus::Refused,
                    FailureKind::GaveUp => CallStatus::Failed,
                };
                cases.add(status, 1);
                failures.add(Blocker::Failed(failure), identity, None);
            }
        }
    }
    cases.failures = failures.finish();
    Ok(())
}

/// Cases with nothing open: there, not in doubt, no blocker, no message in doubt.
const COMPLETE: &str = "state = 2 AND obstacle = 0 AND NOT EXISTS \
     (SELECT 1 FROM desk_message WHERE in_case = desk_case.id AND desk_message.state = 0)";

/// Whether a row of the case is held.
const HAS_HELD: &str = concat!(
    "EXISTS (SELECT 1 FROM ",
    held_rows!(),
    " AND cut_row.identity = desk_case.identity)"
);

/// The cases of which only rows that are held are known.
const NEW_HELD: &str = concat!(
    "(SELECT DISTINCT identity FROM ",
    held_rows!(),
    " AND NOT EXISTS (SELECT 1 FROM desk_case WHERE desk_case.identity = cut_row.identity))"
);

/// The reason of the cases of which nothing is open but a row that is held because it may be cut; named by
/// the case whose row is held longest.
fn held_failure(connection: &Connection, held: u64) -> Result<Option<FailureCounts>> {
    let sql = concat!(
        "SELECT identity, held_at FROM ",
        held_rows!(),
        " ORDER BY held_at, hash LIMIT 1"
    );
    let oldest = |row: &Row<'_>| Ok((row.get(0)?, time(row, 1)?));
    let oldest: Option<(String, Timestamp)> = connection.query_row(sql, (), oldest).optional()?;
    Ok(oldest.map(|(identity, since)| FailureCounts {
        blocker: Blocker::Held {
            why: Code::RowUnterminated,
        },
        count: held,
        examples: vec![identity],
        held_at: Some(since),
    }))
}

fn count(connection: &Connection, rest: &str) -> Result<u64> {
    connection.query_row(&format!("SELECT count(*) FROM {rest}"), (), |row| {
        unsigned(row, 0)
    })
}
