//! The runs of a ledger: when they began and ended, and what they counted.

use jiff::Timestamp;
use rusqlite::{Connection, Result};

use super::columns::time;

/// The number of a run in its ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct RunId(pub(super) i64);

impl RunId {
    /// The number, from 1.
    pub fn number(self) -> u64 {
        self.0.unsigned_abs()
    }
}

/// One run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// Its number.
    pub id: RunId,
    /// What was asked for.
    pub options: String,
    /// When it started.
    pub started: Timestamp,
    /// When it finished; `None` while it runs, and for ever if it was killed.
    pub finished: Option<Timestamp>,
    /// Its exit code.
    pub exit: Option<u8>,
    /// Its numbers as JSON; of a run that goes on or was killed, as they were when it kept them last.
    pub tally: Option<String>,
}

/// Opens a run; its number.
pub(super) fn start(connection: &Connection, options: &str, now: Timestamp) -> Result<i64> {
    connection.execute(
        "INSERT INTO run (options, started) VALUES (?1, ?2)",
        (options, now.as_millisecond()),
    )?;
    Ok(connection.last_insert_rowid())
}

/// Keeps how far a run has come.
pub(super) fn note_progress(connection: &Connection, run: RunId, tally: &str) -> Result<()> {
    connection
        .execute("UPDATE run SET tally = ?1 WHERE id = ?2", (tally, run.0))
        .map(drop)
}

/// Closes a run.
pub(super) fn finish(
    connection: &Connection,
    run: RunId,
    exit: u8,
    tally: &str,
    now: Timestamp,
) -> Result<()> {
    connection.execute(
        "UPDATE run SET finished = ?1, exit = ?2, tally = ?3 WHERE id = ?4",
        (now.as_millisecond(), exit, tally, run.0),
    )?;
    Ok(())
}

/// The last ten runs, the latest first.
pub(super) fn latest(connection: &Connection) -> Result<Vec<Run>> {
    let mut statement = connection.prepare(
        "SELECT started, id, options, finished, exit, tally FROM run ORDER BY id DESC LIMIT 10",
    )?;
    let rows = statement.query_map((), |row| {
        let finished = match row.get::<_, Option<i64>>(3)? {
            Some(_) => Some(time(row, 3)?),
            None => None,
        };
        Ok(Run {
            id: RunId(row.get(1)?),
            options: row.get(2)?,
            started: time(row, 0)?,
            finished,
            exit: row.get(4)?,
            tally: row.get(5)?,
        })
    })?;
    rows.collect()
}
