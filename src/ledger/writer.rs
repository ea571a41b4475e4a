//! The only writer: a thread with the connection, and cheap handles that queue for it.
//!
//! A COMMIT waits for the disk, whether it holds one entry or five hundred. So the thread takes
//! whatever has queued up while it waited for the last one, writes that in one transaction, and
//! answers everybody when it is on the disk. Nobody lingers for more: the disk sets the pace.

use std::path::{Path, PathBuf};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::{mpsc, oneshot};

use super::batch::{BatchWriter, WriteRequest};
use super::error::{Error, LedgerOpenError};
use super::fact::LedgerEntry;
use super::holder::Holder;
use super::lock::Lock;
use super::place::LedgerPlace;
use super::problem_log::NotedProblem;
use super::proof::Proof;
use super::reader::LedgerReader;
use super::runs::RunId;
use super::shard_binding::{self, ShardBinding};
use super::{filesystem, open, permissions};
use crate::domain::Problem;

/// The most requests of one transaction. More would not be quicker, and would make the first
/// wait for the last.
const GROUP: usize = 512;

/// How many requests may queue; whoever comes then waits for a place.
const QUEUE: usize = 1_024;

/// A ledger, open for the only run that may write to it.
///
/// Dropping it writes down what is queued, folds the side files into the ledger and gives the lock
/// back; [`Ledger::close`] does the same and tells whether it worked. Writers that are left fail
/// from then on.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    writer: LedgerWriter,
    thread: Option<JoinHandle<Result<(), Error>>>,
    lock: Lock,
}

impl Ledger {
    /// Takes the lock, makes or checks the file, brings it to the newest form. `destination` is
    /// any text that names a server and the way it is spoken to; it is fixed at the first use.
    pub fn open(path: &Path, destination: &str) -> Result<Self, LedgerOpenError> {
        Self::open_part(path, destination, None)
    }

    /// [`Ledger::open`] for a part of an export; that is fixed at the first use, too.
    pub fn open_part(
        path: &Path,
        destination: &str,
        part: Option<&ShardBinding>,
    ) -> Result<Self, LedgerOpenError> {
        let (path, lock) = open::lock(path)?;
        let connection = open::for_writing(&path, destination, lock.is_clean(&path))?;
        shard_binding::settle(&path, &connection, part)?;
        Self::start(path, lock, connection)
    }

    /// [`Ledger::open`], with all forgotten that earlier runs left there. A ledger of another
    /// destination, or one that a run has, is not touched.
    pub fn open_anew(path: &Path, destination: &str) -> Result<Self, LedgerOpenError> {
        Self::open_part_anew(path, destination, None)
    }

    /// The same for a part of an export.
    pub fn open_part_anew(
        path: &Path,
        destination: &str,
        part: Option<&ShardBinding>,
    ) -> Result<Self, LedgerOpenError> {
        let (path, lock) = open::lock(path)?;
        open::remove(&path, destination)?;
        let connection = open::for_writing(&path, destination, false)?;
        shard_binding::settle(&path, &connection, part)?;
        Self::start(path, lock, connection)
    }

    fn start(path: PathBuf, lock: Lock, connection: Connection) -> Result<Self, LedgerOpenError> {
        let (sender, requests) = mpsc::channel(QUEUE);
        let batch_writer = BatchWriter::new(&path, connection);
        let thread = thread::Builder::new()
            .name("ledger".into())
            .spawn(move || serve(batch_writer, requests))
            .map_err(|error| Error::io(&path, error))?;
        Ok(Ledger {
            path,
            writer: LedgerWriter { sender },
            thread: Some(thread),
            lock,
        })
    }

    /// Opens a ledger to look at it; needs no lock and works while a run is writing.
    pub fn read(path: &Path) -> Result<LedgerReader, LedgerOpenError> {
        permissions::tell_if_folder_is_open(path);
        LedgerReader::open(path)
    }

    /// The ledger, by its full name.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it stands on the disk of another machine, where locks and durable writes are only as
    /// good as that machine's word.
    pub fn is_remote(&self) -> bool {
        filesystem::is_remote(&self.path)
    }

    /// What kind of disk the ledger at `path` is on, or would be.
    pub fn place(path: &Path) -> LedgerPlace {
        let real = open::resolve(path).unwrap_or_else(|_| path.to_owned());
        LedgerPlace {
            folder: filesystem::folder_of(&real).to_owned(),
            is_remote: filesystem::is_remote(&real),
            free_bytes: filesystem::free_bytes(&real),
        }
    }

    /// Who writes to the ledger at `path` now, if anybody does.
    pub fn holder(path: &Path) -> Option<Holder> {
        Lock::holder(&open::resolve(path).ok()?)
    }

    /// A handle to write with.
    pub fn writer(&self) -> LedgerWriter {
        self.writer.clone()
    }

    /// A connection of its own to look with. It sees what has been acknowledged.
    pub fn reader(&self) -> Result<LedgerReader, LedgerOpenError> {
        LedgerReader::open(&self.path)
    }

    /// Writes down what is queued and ends the writing; the first failure of the run, if any.
    pub fn close(mut self) -> Result<(), Error> {
        self.end()
    }

    fn end(&mut self) -> Result<(), Error> {
        let Some(thread) = self.thread.take() else {
            return Ok(());
        };
        // Fails if the thread is gone, and then there is nothing to wait for.
        let _ = self.writer.ask_blocking(WriteRequest::Close);
        thread.join().unwrap_or(Err(Error::Closed))?;
        self.lock.mark_clean(&self.path);
        Ok(())
    }
}

impl Drop for Ledger {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::error!(%error, "the ledger was not closed cleanly");
        }
    }
}

/// A handle of the writer; cheap to clone, and shared by everybody who has something to write.
#[derive(Debug, Clone)]
pub struct LedgerWriter {
    sender: mpsc::Sender<QueuedWrite>,
}

impl LedgerWriter {
    /// Writes the entries in one transaction, in their order; returns when they are on the disk.
    ///
    /// After an error nothing may be sent: this and every later write has failed. If the future
    /// is dropped, the entries are written or not, but all or none.
    pub async fn write(&self, entries: Vec<LedgerEntry>) -> Result<(), Error> {
        if entries.is_empty() {
            return Ok(());
        }
        self.ask(WriteRequest::Write(entries)).await.map(drop)
    }

    /// Keeps what a run has found out about the ledger; a smaller proof takes back no greater one.
    pub async fn prove(&self, calls: Proof, cases: Proof) -> Result<(), Error> {
        if calls.max(cases) == Proof::Missing {
            return Ok(());
        }
        self.ask(WriteRequest::Prove { calls, cases })
            .await
            .map(drop)
    }

    /// [`LedgerWriter::prove`] for a thread that may wait.
    pub fn prove_blocking(&self, calls: Proof, cases: Proof) -> Result<(), Error> {
        block_on(self.prove(calls, cases))
    }

    /// [`LedgerWriter::write`] for a thread that may wait.
    pub fn write_blocking(&self, entries: Vec<LedgerEntry>) -> Result<(), Error> {
        block_on(self.write(entries))
    }

    /// Opens a run in the ledger and forgets the problems of the one before. `options` is a summary
    /// of what was asked for, without a secret. Waits for the disk.
    pub fn start_run(&self, options: &str) -> Result<RunId, Error> {
        self.ask_blocking(WriteRequest::Start {
            options: options.to_owned(),
        })
        .map(RunId)
    }

    /// Keeps how far the run has come, as JSON. Waits for nothing, and is left out when the ledger is busy: the
    /// next one says more.
    pub fn note_progress(&self, run: RunId, tally: &str) {
        let tally = tally.to_owned();
        let (answer, _) = oneshot::channel();
        let command = WriteRequest::Progress { run, tally };
        let _ = self.sender.try_send(QueuedWrite { command, answer });
    }

    /// Closes the run with its exit code and its numbers as JSON. Waits for the disk.
    pub fn finish_run(&self, run: RunId, exit: u8, tally: &str) -> Result<(), Error> {
        self.ask_blocking(WriteRequest::Finish {
            run,
            exit,
            tally: tally.to_owned(),
        })
        .map(drop)
    }

    /// Adds problems of this run, without the values. Many at once are many times quicker than
    /// one at a time. Waits for the disk.
    pub fn note(&self, problems: &[Problem]) -> Result<(), Error> {
        if problems.is_empty() {
            return Ok(());
        }
        let noted = problems.iter().map(NotedProblem::from).collect();
        self.ask_blocking(WriteRequest::Note(noted)).map(drop)
    }

    async fn ask(&self, command: WriteRequest) -> Result<i64, Error> {
        let (answer, answered) = oneshot::channel();
        let request = QueuedWrite { command, answer };
        self.sender.send(request).await.map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    fn ask_blocking(&self, command: WriteRequest) -> Result<i64, Error> {
        block_on(self.ask(command))
    }
}

/// The answer is what [`BatchWriter::commit`] answers.
#[derive(Debug)]
struct QueuedWrite {
    command: WriteRequest,
    answer: oneshot::Sender<Result<i64, Error>>,
}

/// The thread: groups of requests into transactions until the ledger is closed.
fn serve(
    mut batch_writer: BatchWriter,
    mut requests: mpsc::Receiver<QueuedWrite>,
) -> Result<(), Error> {
    let mut group = Vec::with_capacity(GROUP);
    // The first failure answers everything after it.
    let mut failure = None;
    while requests.blocking_recv_many(&mut group, GROUP) > 0 {
        let (commands, callers): (Vec<_>, Vec<_>) = group
            .drain(..)
            .map(|request| (request.command, request.answer))
            .unzip();
        if commands.iter().any(|it| matches!(it, WriteRequest::Close)) {
            requests.close();
        }
        let answers = match &failure {
            None => batch_writer.commit(commands),
            Some(error) => Err(Error::clone(error)),
        };
        match answers {
            Ok(answers) => {
                for (caller, answer) in callers.into_iter().zip(answers) {
                    // Whoever does not wait any more does not want to know.
                    let _ = caller.send(Ok(answer));
                }
            }
            Err(error) => {
                for caller in callers {
                    let _ = caller.send(Err(error.clone()));
                }
                failure.get_or_insert(error);
            }
        }
    }
    match failure {
        Some(error) => Err(error),
        None => batch_writer.close(),
    }
}

/// Waits on this thread. `tokio`'s own ways of doing so panic inside a runtime, and a ledger may
/// be dropped there; the thread that answers is never a thread of the runtime, so this ends.
fn block_on<T>(future: impl Future<Output = T>) -> T {
    // Inside a task tokio would say "pending" once the task's budget is spent.
    futures::executor::block_on(tokio::task::unconstrained(future))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;
    use crate::domain::Party;
    use crate::ledger::{CallFact, CallStatus, SentContent};

    const DESTINATION: &str = "https://integrations.example.com v2";

    fn intent(identity: impl Into<Arc<str>>) -> Vec<LedgerEntry> {
        vec![LedgerEntry::new(
            identity,
            CallFact::CreateIntended {
                fingerprint: 1,
                party: Party::default(),
                content: SentContent::default(),
            },
        )]
    }

    /// A ledger whose file may not grow beyond what it is.
    fn full(folder: &Path) -> Ledger {
        let path = folder.join("calls.db");
        Ledger::open(&path, DESTINATION).unwrap().close().unwrap();
        let connection = open::for_writing(&path, DESTINATION, false).unwrap();
        let pages: i64 = connection
            .query_row("PRAGMA max_page_count = 1", (), |row| row.get(0))
            .unwrap();
        assert!(pages > 1);
        let lock = Lock::take(&path).unwrap();
        Ledger::start(path, lock, connection).unwrap()
    }

    #[test]
    fn after_a_full_disk_nothing_is_written_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = full(folder.path());
        let writer = ledger.writer();
        let many = (0..500).flat_map(|number| intent(format!("call-{number}")));
        let error = writer.write_blocking(many.collect()).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }), "{error}");
        // This one would have fitted.
        let error = writer.write_blocking(intent("call-1")).unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }), "{error}");
        let known = ledger.reader().unwrap().call_states(&["call-1"]).unwrap();
        assert_eq!(known, [None]);
        let error = ledger.close().unwrap_err();
        assert!(matches!(error, Error::DiskFull { .. }), "{error}");
    }

    #[test]
    fn a_connection_that_may_not_write_says_so() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.db");
        let connection = open::for_writing(&path, DESTINATION, false).unwrap();
        connection.pragma_update(None, "query_only", true).unwrap();
        let lock = Lock::take(&path).unwrap();
        let ledger = Ledger::start(path, lock, connection).unwrap();
        let error = ledger
            .writer()
            .write_blocking(intent("call-1"))
            .unwrap_err();
        assert!(matches!(error, Error::ReadOnly { .. }), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_ledger_that_was_moved_away_is_no_ledger_any_more() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.db");
        let ledger = Ledger::open(&path, DESTINATION).unwrap();
        let writer = ledger.writer();
        writer.write_blocking(intent("call-1")).unwrap();
        std::fs::rename(&path, folder.path().join("away.db")).unwrap();
        for _ in 0..2 {
            let error = writer.write_blocking(intent("call-2")).unwrap_err();
            assert!(matches!(error, Error::Moved { .. }), "{error}");
        }
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn many_tasks_write_and_each_sees_its_own_facts() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("calls.db"), DESTINATION).unwrap();
        let mut tasks = JoinSet::new();
        for task in 0..32 {
            let writer = ledger.writer();
            let reader = ledger.reader().unwrap();
            tasks.spawn(async move {
                for number in 0..10 {
                    let identity = format!("call-{task}-{number}");
                    writer.write(intent(&*identity)).await.unwrap();
                    let known = reader.call_states(&[&identity]).unwrap();
                    assert_eq!(known[0].as_ref().unwrap().status(), CallStatus::InDoubt);
                    let left = CallFact::LeftAlone { fingerprint: 1 };
                    writer
                        .write(vec![LedgerEntry::new(identity, left)])
                        .await
                        .unwrap();
                }
            });
        }
        while let Some(ended) = tasks.join_next().await {
            ended.unwrap();
        }
        let summary = ledger.reader().unwrap().summary().unwrap();
        assert_eq!(summary.calls.count(CallStatus::LeftAlone), 320);
        assert_eq!(summary.calls.total(), 320);
    }

    #[tokio::test]
    async fn a_ledger_can_be_used_and_dropped_inside_a_task() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.db");
        let ledger = Ledger::open(&path, DESTINATION).unwrap();
        let writer = ledger.writer();
        writer.write(intent("call-1")).await.unwrap();
        // More often than a task may go on without giving way.
        for _ in 0..300 {
            writer.write_blocking(intent("call-1")).unwrap();
        }
        drop(ledger);
        let error = writer.write(intent("call-2")).await.unwrap_err();
        assert!(matches!(error, Error::Closed), "{error}");
        assert_eq!(
            Ledger::read(&path)
                .unwrap()
                .summary()
                .unwrap()
                .calls
                .total(),
            1
        );
    }

    #[test]
    fn what_is_queued_is_written_before_the_ledger_closes() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.db");
        let ledger = Ledger::open(&path, DESTINATION).unwrap();
        let writer = ledger.writer();
        let callers: Vec<_> = (0..200)
            .map(|number| {
                let (answer, answered) = oneshot::channel();
                let command = WriteRequest::Write(intent(format!("call-{number}")));
                writer
                    .sender
                    .try_send(QueuedWrite { command, answer })
                    .unwrap();
                answered
            })
            .collect();
        ledger.close().unwrap();
        for caller in callers {
            caller.blocking_recv().unwrap().unwrap();
        }
        assert_eq!(
            Ledger::read(&path)
                .unwrap()
                .summary()
                .unwrap()
                .calls
                .total(),
            200
        );
    }
}
