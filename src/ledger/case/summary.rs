//! Where the cases of a ledger stand: their part of `status`.

use std::collections::HashMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Result, Row};

use super::fact::CaseBlocker;
use super::rows::{ADDED, COLUMNS, held_rows, standing};
use crate::ledger::columns::{time, unsigned};

/// Where the cases of a ledger stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CaseSummary {
    /// Cases that the server has, with nothing open.
    pub complete: u64,
    /// Cases of which the server refused something.
    pub refused: u64,
    /// Cases that were tried as often as allowed.
    pub failed: u64,
    /// Cases of which a request left without an answer.
    pub in_doubt: u64,
    /// Cases of which nothing is open but a row that is held because it may be cut.
    pub held: u64,
    /// One of those, and since when the oldest is held.
    pub held_example: Option<(String, Timestamp)>,
    /// Messages that the server has.
    pub messages: u64,
    /// What was refused or failed, the most frequent first: the words, how many cases, an example.
    pub troubles: Vec<(CaseBlocker, u64, String)>,
    /// The first few ids of the cases in doubt.
    pub doubts: Vec<String>,
}

impl CaseSummary {
    /// How many cases the ledger knows.
    pub fn count(&self) -> u64 {
        self.complete + self.refused + self.failed + self.in_doubt + self.held
    }
}

/// The most reasons that are told apart, as in `summary.rs`.
const REASONS: usize = 200;
const EXAMPLES: usize = 5;

/// Counts the cases.
pub(in crate::ledger) fn summarize(connection: &Connection) -> Result<CaseSummary> {
    let mut summary = CaseSummary {
        complete: count(
            connection,
            &format!("desk_case WHERE {COMPLETE} AND NOT {HAS_HELD}"),
        )?,
        held: count(
            connection,
            &format!("desk_case WHERE {COMPLETE} AND {HAS_HELD}"),
        )? + count(connection, NEW_HELD)?,
        held_example: held_example(connection)?,
        messages: count(connection, &format!("desk_message WHERE state = {ADDED}"))?,
        ..CaseSummary::default()
    };
    let mut reasons = HashMap::<CaseBlocker, (u64, String)>::new();
    let sql = format!("{COLUMNS} WHERE NOT ({COMPLETE}) ORDER BY id");
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query(())?;
    while let Some(row) = rows.next()? {
        let standing = standing(row)?;
        let identity: String = row.get(10)?;
        match standing.obstacle {
            None => {
                summary.in_doubt += 1;
                if summary.doubts.len() < EXAMPLES {
                    summary.doubts.push(identity);
                }
            }
            Some(obstacle) => {
                match obstacle {
                    CaseBlocker::Refused(..) => summary.refused += 1,
                    CaseBlocker::Failed(..) => summary.failed += 1,
                }
                if reasons.len() < REASONS || reasons.contains_key(&obstacle) {
                    reasons.entry(obstacle).or_insert((0, identity)).0 += 1;
                }
            }
        }
    }
    let reasons = reasons.into_iter();
    summary.troubles = reasons
        .map(|(why, (count, example))| (why, count, example))
        .collect();
    summary
        .troubles
        .sort_by(|one, other| (other.1, &one.2).cmp(&(one.1, &other.2)));
    Ok(summary)
}

/// Cases with nothing open: there, not in doubt, no obstacle, no message in doubt.
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

fn held_example(connection: &Connection) -> Result<Option<(String, Timestamp)>> {
    let sql = concat!(
        "SELECT identity, held_at FROM ",
        held_rows!(),
        " ORDER BY held_at, hash LIMIT 1"
    );
    let example = |row: &Row<'_>| Ok((row.get(0)?, time(row, 1)?));
    connection.query_row(sql, (), example).optional()
}

fn count(connection: &Connection, rest: &str) -> Result<u64> {
    connection.query_row(&format!("SELECT count(*) FROM {rest}"), (), |row| {
        unsigned(row, 0)
    })
}
