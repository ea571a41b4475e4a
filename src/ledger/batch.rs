//! One group of commands, one transaction.
//!
//! The calls in hand are kept in memory, so that the four facts of a call cost one look-up, and
//! two facts of one call in a group cost one write.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Result, TransactionBehavior, params};

use super::call::fact::{CallFact, Entry};
use super::call::rows;
use super::call::state::CallState;
use super::case::fact::CaseEntry;
use super::case::rows as case_rows;
use super::error::{Error, at};
use super::proof::{self, Proof};
use super::summary::NotedProblem;
use super::writer::RunId;
use super::{filesystem, sent_recordings};
use crate::domain::Code;
use crate::domain::redact::mask;
use crate::failpoint::{self, Point};

/// The most calls that are remembered between two groups; a call takes about 300 bytes.
const REMEMBERED: usize = 8_192;

/// Something to write.
#[derive(Debug)]
pub(super) enum WriteRequest {
    Write(Vec<Entry>),
    WriteCases(Vec<CaseEntry>),
    Start { options: String },
    Progress { run: RunId, tally: String },
    Finish { run: RunId, exit: u8, tally: String },
    Note(Vec<NotedProblem>),
    Prove { calls: Proof, cases: Proof },
    Close,
}

/// The connection that writes, and the calls in hand.
#[derive(Debug)]
pub(super) struct BatchWriter {
    path: PathBuf,
    /// Which file the path meant when the ledger was opened.
    file: Option<(u64, u64)>,
    connection: Connection,
    calls: HashMap<Arc<str>, InHand>,
    changed: Vec<Arc<str>>,
}

#[derive(Debug)]
struct InHand {
    /// The row, once there is one.
    id: Option<i64>,
    standing: CallState,
    is_changed: bool,
}

impl BatchWriter {
    pub(super) fn new(path: &Path, connection: Connection) -> Self {
        BatchWriter {
            path: path.to_owned(),
            file: filesystem::file_number(path),
            connection,
            calls: HashMap::new(),
            changed: Vec::new(),
        }
    }

    /// Writes all or nothing. For each command an answer: the number of the run for
    /// [`WriteRequest::Start`], 0 for the others. After an error the book is of no more use.
    pub(super) fn commit(&mut self, commands: Vec<WriteRequest>) -> Result<Vec<i64>, Error> {
        let path = &self.path;
        let begun = failpoint::commit_begins(path).map_err(|error| Error::io(path, error))?;
        let answers = self.carry_out(commands).map_err(at(&self.path))?;
        failpoint::commit_ends(begun);
        // SQLite goes on writing to a file that has lost its name.
        if filesystem::file_number(&self.path) != self.file {
            return Err(Error::Moved {
                path: self.path.clone(),
            });
        }
        Ok(answers)
    }

    fn carry_out(&mut self, commands: Vec<WriteRequest>) -> Result<Vec<i64>> {
        // One time for the whole group: it becomes true for all of them at the same moment.
        let now = Timestamp::now();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let mut answers = Vec::with_capacity(commands.len());
        for command in commands {
            let answer = match command {
                WriteRequest::Write(entries) => {
                    for entry in entries {
                        take_in(&transaction, &mut self.calls, &mut self.changed, entry, now)?;
                    }
                    0
                }
                WriteRequest::WriteCases(entries) => {
                    for entry in entries {
                        case_rows::take_in(&transaction, entry, now)?;
                    }
                    0
                }
                WriteRequest::Start { options } => start(&transaction, &options, now)?,
                WriteRequest::Progress { run, tally } => {
                    transaction
                        .execute("UPDATE run SET tally = ?1 WHERE id = ?2", (tally, run.0))?;
                    0
                }
                WriteRequest::Finish { run, exit, tally } => {
                    finish(&transaction, run, exit, &tally, now)?;
                    0
                }
                WriteRequest::Note(problems) => {
                    note(&transaction, &problems)?;
                    0
                }
                WriteRequest::Prove { calls, cases } => {
                    proof::keep(&transaction, calls, cases)?;
                    0
                }
                WriteRequest::Close => 0,
            };
            answers.push(answer);
        }
        for identity in self.changed.drain(..) {
            let Some(call) = self.calls.get_mut(&identity) else {
                continue;
            };
            if call.standing.is_blank() {
                // Its only intent was taken back.
                rows::forget(&transaction, call.id)?;
                self.calls.remove(&identity);
                continue;
            }
            let id = rows::save(&transaction, call.id, &identity, &call.standing)?;
            call.id = Some(id);
            call.is_changed = false;
        }
        transaction.commit()?;
        if self.calls.len() > REMEMBERED {
            self.calls.clear();
        }
        Ok(answers)
    }

    /// Folds the side files into the ledger, so that the one file can be copied away.
    pub(super) fn close(self) -> Result<(), Error> {
        failpoint::reached(Point::LedgerCloses);
        // A reader may be in the way; then the last one to leave does it, or the next run.
        self.connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(()))
            .map_err(at(&self.path))?;
        failpoint::reached(Point::LedgerCloses);
        self.connection
            .close()
            .map_err(|(_, error)| Error::sql(&self.path, error))
    }
}

fn take_in(
    connection: &Connection,
    calls: &mut HashMap<Arc<str>, InHand>,
    changed: &mut Vec<Arc<str>>,
    entry: Entry,
    now: Timestamp,
) -> Result<()> {
    let Entry { identity, fact } = entry;
    if let CallFact::Takes { files } = &fact {
        return sent_recordings::note(connection, &identity, files);
    }
    let fact = masked(fact, &identity);
    if !calls.contains_key(&identity) {
        let found = rows::find(connection, &identity)?;
        let (id, standing) = match found {
            Some((id, standing)) => (Some(id), standing),
            None => (None, CallState::new(now)),
        };
        let call = InHand {
            id,
            standing,
            is_changed: false,
        };
        calls.insert(Arc::clone(&identity), call);
    }
    if let Some(call) = calls.get_mut(&identity)
        && call.standing.apply(fact, now)
        && !std::mem::replace(&mut call.is_changed, true)
    {
        changed.push(identity);
    }
    Ok(())
}

/// The fact with the words of others made fit to keep.
fn masked(mut fact: CallFact, identity: &str) -> CallFact {
    if let CallFact::Refused { message, .. } | CallFact::Failed { why: message, .. } = &mut fact {
        *message = mask(message, identity);
    }
    fact
}

fn start(connection: &Connection, options: &str, now: Timestamp) -> Result<i64> {
    connection.execute("DELETE FROM problem", ())?;
    connection.execute(
        "INSERT INTO run (options, started) VALUES (?1, ?2)",
        (options, now.as_millisecond()),
    )?;
    Ok(connection.last_insert_rowid())
}

fn finish(
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

fn note(connection: &Connection, problems: &[NotedProblem]) -> Result<()> {
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
            rows::signed(problem.line),
            problem.column,
            problem.code,
            problem.severity,
            masked.as_ref().unwrap_or(&problem.message),
            problem.record.map(|number| rows::signed(number.get())),
            problem.identity,
        ])?;
    }
    Ok(())
}
