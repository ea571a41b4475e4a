//! One group of commands, one transaction.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use rusqlite::{Connection, Result, TransactionBehavior};

use super::call::cache::CallCache;
use super::case::rows as case_rows;
use super::error::{Error, at};
use super::fact::{Fact, LedgerEntry};
use super::filesystem;
use super::problem_log::{self, NotedProblem};
use super::proof::{self, Proof};
use super::runs::{self, RunId};
use crate::failpoint::{self, Point};

/// Something to write.
#[derive(Debug)]
pub(super) enum WriteRequest {
    Write(Vec<LedgerEntry>),
    Start { options: String },
    Progress { run: RunId, tally: String },
    Finish { run: RunId, exit: u8, tally: String },
    Note(Vec<NotedProblem>),
    Prove { calls: Proof, cases: Proof },
    Close,
}

impl WriteRequest {
    /// Writes it within a transaction. The number of the run for [`WriteRequest::Start`], 0 for the others.
    fn execute(
        self,
        connection: &Connection,
        calls: &mut CallCache,
        now: Timestamp,
    ) -> Result<i64> {
        match self {
            WriteRequest::Write(entries) => {
                for LedgerEntry { key, fact } in entries {
                    match fact {
                        Fact::Call(fact) => calls.apply(connection, key, fact, now)?,
                        Fact::Case(fact) => case_rows::write(connection, &key, fact, now)?,
                    }
                }
            }
            WriteRequest::Start { options } => {
                problem_log::clear(connection)?;
                return runs::start(connection, &options, now);
            }
            WriteRequest::Progress { run, tally } => runs::note_progress(connection, run, &tally)?,
            WriteRequest::Finish { run, exit, tally } => {
                runs::finish(connection, run, exit, &tally, now)?;
            }
            WriteRequest::Note(problems) => problem_log::note(connection, &problems)?,
            WriteRequest::Prove { calls, cases } => proof::keep(connection, calls, cases)?,
            WriteRequest::Close => {}
        }
        Ok(0)
    }
}

/// The connection that writes, and the calls in hand.
#[derive(Debug)]
pub(super) struct BatchWriter {
    path: PathBuf,
    /// Which file the path meant when the ledger was opened.
    file: Option<(u64, u64)>,
    connection: Connection,
    calls: CallCache,
}

impl BatchWriter {
    pub(super) fn new(path: &Path, connection: Connection) -> Self {
        BatchWriter {
            path: path.to_owned(),
            file: filesystem::file_number(path),
            connection,
            calls: CallCache::default(),
        }
    }

    /// Writes all or nothing. For each command an answer: the number of the run for
    /// [`WriteRequest::Start`], 0 for the others. After an error it is of no more use.
    pub(super) fn commit(&mut self, commands: Vec<WriteRequest>) -> Result<Vec<i64>, Error> {
        let path = &self.path;
        let begun = failpoint::commit_begins(path).map_err(|error| Error::io(path, error))?;
        let answers = self.execute(commands).map_err(at(&self.path))?;
        failpoint::commit_ends(begun);
        // SQLite goes on writing to a file that has lost its name.
        if filesystem::file_number(&self.path) != self.file {
            return Err(Error::Moved {
                path: self.path.clone(),
            });
        }
        Ok(answers)
    }

    fn execute(&mut self, commands: Vec<WriteRequest>) -> Result<Vec<i64>> {
        // One time for the whole group: it becomes true for all of them at the same moment.
        let now = Timestamp::now();
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        let calls = &mut self.calls;
        let answers: Result<Vec<i64>> = commands
            .into_iter()
            .map(|command| command.execute(&transaction, calls, now))
            .collect();
        let answers = answers?;
        self.calls.save(&transaction)?;
        transaction.commit()?;
        self.calls.shrink();
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
