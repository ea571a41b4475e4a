//! Looking after a ledger between runs: whether it is whole, and forgetting what need not be kept.

use std::fs;
use std::path::Path;

use rusqlite::{Connection, Result as Sql};

use super::call::checkpoint::DONE_SQL;
use super::call::content_rows;
use super::call::rows::{self, select_calls};
use super::case::rows as case_rows;
use super::columns::{identity_hash, unsigned};
use super::error::{Error, LedgerOpenError, at};
use super::lock::Lock;
use super::open;

/// The most faults that are told.
const FAULTS: usize = 20;

/// What a look at every page, row and index has found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerCheck {
    /// Calls that can be read.
    pub calls: u64,
    /// Cases that the ledger knows.
    pub cases: u64,
    /// What is wrong; the first few.
    pub faults: Vec<String>,
}

/// What was forgotten, and what is left.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Purged {
    /// Calls and cases of which only ids and hashes are left.
    pub forgotten: u64,
    /// Calls and cases that are not complete, and were left as they are.
    pub open: u64,
    /// Problems of the last run.
    pub problems: u64,
    /// Runs.
    pub runs: u64,
    /// The size of the file before.
    pub bytes_before: u64,
    /// And after.
    pub bytes_after: u64,
}

/// Reads everything there is: pages, indexes against their tables, every call. Takes some
/// seconds for a million calls; a run only looks at the pages.
pub(super) fn inspect(connection: &Connection) -> Sql<LedgerCheck> {
    let moment = connection.unchecked_transaction()?;
    let mut found = LedgerCheck {
        faults: integrity(&moment)?,
        ..LedgerCheck::default()
    };
    if !found.faults.is_empty() {
        // What the rows say means nothing when the pages are not whole.
        return Ok(found);
    }
    let mut statement = moment.prepare(select_calls!("ORDER BY id"))?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        match rows::read_state(row) {
            Ok(_) => found.calls += 1,
            Err(error) if found.faults.len() < FAULTS => {
                let id: i64 = row.get(12)?;
                found.faults.push(format!("call in row {id}: {error}"));
            }
            Err(_) => {}
        }
    }
    found.faults.extend(misplaced(&moment)?);
    found.faults.extend(unread_contents(&moment)?);
    found.cases = count(&moment, "desk_case")?;
    Ok(found)
}

fn integrity(connection: &Connection) -> Sql<Vec<String>> {
    let mut statement = connection.prepare(&format!("PRAGMA integrity_check({FAULTS})"))?;
    let found: Sql<Vec<String>> = statement.query_map((), |row| row.get(0))?.collect();
    let found = found?;
    Ok(if found == ["ok"] { Vec::new() } else { found })
}

/// Calls that cannot be found by their identity, and would be made again.
fn misplaced(connection: &Connection) -> Sql<Vec<String>> {
    let mut faults = Vec::new();
    for table in ["call", "desk_case"] {
        let sql = format!("SELECT id, hash, identity FROM {table}");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query(())?;
        while let Some(row) = rows.next()? {
            let (id, hash): (i64, i64) = (row.get(0)?, row.get(1)?);
            let identity: String = row.get(2)?;
            if hash != identity_hash(&identity) && faults.len() < FAULTS {
                faults.push(format!("row {id} of {table} is not where its id belongs"));
            }
        }
    }
    Ok(faults)
}

/// What was sent and cannot be read any more.
fn unread_contents(connection: &Connection) -> Sql<Vec<String>> {
    let mut statement = connection.prepare("SELECT call, fields FROM sent_content")?;
    let mut rows = statement.query(())?;
    let mut faults = Vec::new();
    while let Some(row) = rows.next()?
        && faults.len() < FAULTS
    {
        if let Err(error) = content_rows::read_fields(row, 1) {
            let id: i64 = row.get(0)?;
            faults.push(format!("what was sent of the call in row {id}: {error}"));
        }
    }
    Ok(faults)
}

fn count(connection: &Connection, rest: &str) -> Sql<u64> {
    connection.query_row(&format!("SELECT count(*) FROM {rest}"), (), |row| {
        unsigned(row, 0)
    })
}

/// Cases of which nothing is left to do.
const DONE_CASES: &str = "state = 2 AND obstacle = 0";

/// What is kept beside the calls, and prevents no doubles.
const FORGET_BESIDE_CALLS: [&str; 6] = [
    "DELETE FROM sent_content WHERE call IN (SELECT id FROM call WHERE {done})",
    "DELETE FROM sent_audio WHERE call IN (SELECT id FROM call WHERE {done})",
    "DELETE FROM verified",
    "DELETE FROM verify_pass",
    "DELETE FROM export_file WHERE id NOT IN \
     (SELECT export FROM sent_content WHERE export IS NOT NULL)",
    "DELETE FROM mapping_used WHERE id NOT IN \
     (SELECT mapping FROM sent_content WHERE mapping IS NOT NULL)",
];

/// Forgets everything about what is done but ids and hashes, which are what prevents doubles: when it
/// happened, sizes, what was sent again in doubt, the words of problems, the runs. What is not complete
/// keeps its words, since somebody has to read them. The file is written anew, so that nothing is left
/// between its pages.
pub fn purge(path: &Path) -> Result<Purged, LedgerOpenError> {
    let path = open::resolve(path)?;
    // A ledger is not made by cleaning it up.
    drop(open::for_reading(&path)?);
    let _lock = Lock::take(&path)?;
    let mut connection = open::writable(&path, false)?;
    let size = || fs::metadata(&path).map_or(0, |found| found.len());
    let bytes_before = size();
    let purged = forget(&mut connection).map_err(at(&path))?;
    connection
        .execute_batch("VACUUM")
        .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())))
        .map_err(at(&path))?;
    connection
        .close()
        .map_err(|(_, error)| Error::sql(&path, error))?;
    Ok(Purged {
        bytes_before,
        bytes_after: size(),
        ..purged
    })
}

fn forget(connection: &mut Connection) -> Sql<Purged> {
    connection.pragma_update(None, "secure_delete", true)?;
    let transaction = connection.transaction()?;
    let of = |sql: String| transaction.execute(&sql, ()).map(|rows| rows as u64);
    let all = count(&transaction, "call")? + count(&transaction, "desk_case")?;
    // What is done may have a blocker: a recording that came later and could not be made.
    let forgotten = of(format!(
        "UPDATE call SET bytes = NULL, source_bytes = NULL, party = NULL, resends = 0, first_at = 0, \
         last_at = 0, held_at = NULL, obstacle = 0, status = NULL, message = NULL WHERE {DONE_SQL}"
    ))? + of(format!(
        "UPDATE desk_case SET first_at = 0, last_at = 0, status = NULL, message = NULL \
         WHERE {DONE_CASES}"
    ))?;
    of(case_rows::FORGET_SENT_ROWS.to_owned())?;
    for sql in FORGET_BESIDE_CALLS {
        of(sql.replace("{done}", DONE_SQL))?;
    }
    let purged = Purged {
        forgotten,
        open: all - forgotten,
        problems: of("DELETE FROM problem".to_owned())?,
        runs: of("DELETE FROM run".to_owned())?,
        ..Purged::default()
    };
    transaction.commit()?;
    Ok(purged)
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::ledger::migrate;
    use crate::ledger::tests::facts;
    use crate::ledger::{CallState, UploadState, apply_fact};

    proptest! {
        #[test]
        fn what_a_purge_leaves_can_be_read_and_says_the_same(
            facts in prop::collection::vec(facts(), 0..8),
        ) {
            let at = |millisecond| Timestamp::from_millisecond(millisecond).unwrap();
            let mut state = CallState::new(at(1));
            for fact in facts {
                apply_fact(&mut state, fact, at(2));
            }
            let mut connection = migrate::in_memory();
            rows::save(&connection, None, "call-1", &state).unwrap();
            forget(&mut connection).unwrap();
            let (_, left) = rows::find(&connection, "call-1").unwrap().unwrap();
            let hash = |state: &CallState| match state.upload {
                UploadState::Done { hash, .. } => Some(hash),
                _ => None,
            };
            prop_assert_eq!(left.done(), state.done());
            prop_assert_eq!((&left.create, left.fingerprint), (&state.create, state.fingerprint));
            prop_assert_eq!(hash(&left), hash(&state));
            prop_assert!(left.done().is_none() || left.in_doubt_resends == 0);
            if state.done().is_none() {
                prop_assert_eq!(left, state);
            }
        }
    }
}
