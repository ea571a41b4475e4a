//! One group of commands, one transaction.
//!
//! The calls in hand are kept in memory, so that the four facts of a call cost one look-up, and
//! two facts of one call in a group cost one write.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Result, TransactionBehavior};

use super::call::apply::apply_fact;
use super::call::fact::{CallFact, LedgerEntry};
use super::call::rows;
use super::call::state::CallState;
use super::case::fact::CaseEntry;
use super::case::rows as case_rows;
use super::error::{Error, at};
use super::problem_log::{self, NotedProblem};
use super::proof::{self, Proof};
use super::runs::{self, RunId};
use super::{filesystem, sent_recordings};
use crate::domain::redact::mask;
use crate::failpoint::{self, Point};

/// The most calls that are remembered between two groups; a call takes about 300 bytes.
const REMEMBERED: usize = 8_192;

/// Something to write.
#[derive(Debug)]
pub(super) enum WriteRequest {
    Write(Vec<LedgerEntry>),
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
                WriteRequest::Start { options } => {
                    problem_log::clear(&transaction)?;
                    runs::start(&transaction, &options, now)?
                }
                WriteRequest::Progress { run, tally } => {
                    runs::note_progress(&transaction, run, &tally)?;
                    0
                }
                WriteRequest::Finish { run, exit, tally } => {
                    runs::finish(&transaction, run, exit, &tally, now)?;
                    0
                }
                WriteRequest::Note(problems) => {
                    problem_log::note(&transaction, &problems)?;
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
        save_changed(&transaction, &mut self.calls, &mut self.changed)?;
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
    entry: LedgerEntry,
    now: Timestamp,
) -> Result<()> {
    let LedgerEntry { identity, fact } = entry;
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
        && apply_fact(&mut call.standing, fact, now)
        && !std::mem::replace(&mut call.is_changed, true)
    {
        changed.push(identity);
    }
    Ok(())
}

/// Writes the calls that have changed to their rows, each once.
fn save_changed(
    connection: &Connection,
    calls: &mut HashMap<Arc<str>, InHand>,
    changed: &mut Vec<Arc<str>>,
) -> Result<()> {
    for identity in changed.drain(..) {
        let Some(call) = calls.get_mut(&identity) else {
            continue;
        };
        if call.standing.is_blank() {
            // Its only intent was taken back.
            rows::forget(connection, call.id)?;
            calls.remove(&identity);
            continue;
        }
        let id = rows::save(connection, call.id, &identity, &call.standing)?;
        call.id = Some(id);
        call.is_changed = false;
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
