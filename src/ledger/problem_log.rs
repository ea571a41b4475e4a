//! The problems of the last run, as the ledger keeps them: without values.

use std::num::NonZeroU64;
use std::sync::Arc;

use rusqlite::{Connection, Result, Row, params};

use super::columns::{signed, unsigned};
use crate::domain::redact::mask;
use crate::domain::{Code, Problem};

/// A problem as the ledger keeps it: without the value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotedProblem {
    /// The file as the operator named it.
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u64,
    /// Which record of the file it is, where a line may hold several.
    pub record: Option<NonZeroU64>,
    /// The id of the record; empty where there is none.
    pub identity: String,
    /// The column; may be empty.
    pub column: String,
    /// The name of the [`crate::domain::Code`]; perhaps of another version.
    pub code: String,
    /// The name of the [`crate::domain::Severity`].
    pub severity: String,
    /// Why this is a problem.
    pub message: String,
}

impl From<&Problem> for NotedProblem {
    fn from(problem: &Problem) -> Self {
        NotedProblem {
            file: Arc::clone(&problem.location.file),
            line: problem.location.line,
            record: problem.location.record,
            identity: problem.id.to_string(),
            column: problem.column.to_string(),
            code: problem.code.name().to_owned(),
            severity: problem.severity.name().to_owned(),
            message: problem.message.to_string(),
        }
    }
}

impl NotedProblem {
    /// A row of `file, line, name, code, severity, message, record, identity`.
    pub(super) fn from_row(row: &Row<'_>) -> Result<Self> {
        Ok(NotedProblem {
            file: row.get(0)?,
            line: unsigned(row, 1)?,
            column: row.get(2)?,
            code: row.get(3)?,
            severity: row.get(4)?,
            message: row.get(5)?,
            record: NonZeroU64::new(unsigned(row, 6)?),
            identity: row.get(7)?,
        })
    }
}

/// Forgets the problems of the run before.
pub(super) fn clear(connection: &Connection) -> Result<()> {
    connection.execute("DELETE FROM problem", ()).map(drop)
}

/// Adds problems of this run.
pub(super) fn note(connection: &Connection, problems: &[NotedProblem]) -> Result<()> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO problem (file, line, name, code, severity, message, record, identity) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )?;
    for problem in problems {
        // Only these hold the words of a server.
        let codes = [Code::ServerRefused, Code::GaveUp];
        let is_foreign = codes.iter().any(|code| code.name() == problem.code);
        let masked = is_foreign.then(|| mask(&problem.message, &problem.identity));
        statement.execute(params![
            problem.file,
            signed(problem.line),
            problem.column,
            problem.code,
            problem.severity,
            masked.as_ref().unwrap_or(&problem.message),
            problem.record.map(|number| signed(number.get())),
            problem.identity,
        ])?;
    }
    Ok(())
}

/// How many there are of each code and severity, the most frequent first.
pub(super) fn counts(connection: &Connection) -> Result<Vec<(String, String, u64)>> {
    let mut statement = connection.prepare(
        "SELECT code, severity, count(*) AS many FROM problem \
         GROUP BY code, severity ORDER BY many DESC, code",
    )?;
    let rows = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?, unsigned(row, 2)?)))?;
    rows.collect()
}
