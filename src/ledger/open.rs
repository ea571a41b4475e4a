//! Brings a file to the form that this program knows, or says why it cannot.
//!
//! Nothing is changed before it is certain that the file is a ledger, is whole, and is not of a
//! later version: the first look is only a look.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Result as Sql, TransactionBehavior};

use super::error::{Error, LedgerOpenError, at};
use super::filesystem;
use super::lock::Lock;
use super::owner;
use super::schema;
use super::wal;
use crate::failpoint::{self, Point};

/// `Capt`, in the header of every ledger.
const APPLICATION_ID: i64 = 0x4361_7074;

/// The header of a database (with the version of its user at 60 and the application at 68), and of its
/// first page (with the kind at 100 and the number of tables and indexes at 103).
const HEAD: usize = 108;

/// One step each, in order. A step that has left the house is never edited: a new one is added.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_calls.sql"),
    include_str!("migrations/002_cases.sql"),
    include_str!("migrations/003_records.sql"),
    include_str!("migrations/004_held.sql"),
    include_str!("migrations/005_problem_identity.sql"),
    include_str!("migrations/006_refusals.sql"),
    include_str!("migrations/007_sent_recordings.sql"),
    include_str!("migrations/008_party.sql"),
    include_str!("migrations/009_owed_recordings.sql"),
    include_str!("migrations/010_cut_rows.sql"),
    include_str!("migrations/011_proof.sql"),
];

/// How long to wait for somebody who looks at the ledger with another tool.
const PATIENCE: Duration = Duration::from_secs(30);

/// The file that `path` means, so that two names of one ledger have one lock. It need not exist.
pub(super) fn resolve(path: &Path) -> Result<PathBuf, Error> {
    let failed = |source| Error::io(path, source);
    match path.canonicalize() {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            let folder = match path.parent() {
                Some(folder) if folder != Path::new("") => folder,
                _ => Path::new("."),
            };
            let name = path.file_name().ok_or_else(|| failed(error))?;
            Ok(folder.canonicalize().map_err(failed)?.join(name))
        }
        other => other.map_err(failed),
    }
}

/// Takes the lock of the ledger that `path` means, once it is certain that no other program's file is
/// there: beside such a file nothing is made. The full name of the ledger comes along.
pub(super) fn lock(path: &Path) -> Result<(PathBuf, Lock), LedgerOpenError> {
    let path = resolve(path)?;
    if std::fs::symlink_metadata(&path).is_ok() {
        let file = filesystem::open_no_link(OpenOptions::new().read(true).write(true), &path)?;
        owner::expect_own_ledger(&path, &file)?;
        look_at_head(&path, &file)?;
    } else {
        filesystem::expect_no_log(&path)?;
    }
    filesystem::expect_regular_logs(&path)?;
    filesystem::tell_if_folder_is_open(&path);
    let lock = Lock::take(&path)?;
    Ok((path, lock))
}

/// Opens the ledger for the run that holds its lock, and makes it if there is none. `is_sealed` as for
/// [`writable`].
pub(super) fn for_writing(
    path: &Path,
    destination: &str,
    is_sealed: bool,
) -> Result<Connection, LedgerOpenError> {
    let is_new = !path.exists();
    let connection = writable(path, is_sealed)?;
    settle_destination(path, &connection, destination)?;
    failpoint::reached(Point::LedgerOpens);
    if is_new {
        filesystem::sync_folder(path);
    }
    Ok(connection)
}

/// Removes the ledger of this destination, if there is one, for whoever holds its lock.
pub(super) fn remove(path: &Path, ours: &str) -> Result<(), LedgerOpenError> {
    let theirs = match for_reading(path) {
        Ok(connection) => destination(&connection).map_err(at(path))?,
        Err(LedgerOpenError::Missing { .. }) => return Ok(()),
        // It need not be understood to be forgotten, as long as it says whose it is.
        Err(error @ (LedgerOpenError::Older { .. } | LedgerOpenError::Newer { .. })) => {
            let theirs = looking(path).and_then(|connection| destination(&connection));
            Some(theirs.ok().flatten().ok_or(error)?)
        }
        Err(error) => return Err(error),
    };
    if let Some(theirs) = theirs {
        expect(path, theirs, ours)?;
    }
    // The ledger goes last: a log without its ledger is nothing, a ledger without its log is wrong.
    for ending in ["-shm", "-journal", "-wal", ""] {
        let file = filesystem::beside(path, ending);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(&file, error).into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Opens the ledger, of whichever destination, for whoever holds its lock. What is sealed (see
/// [`Seal`](super::seal::Seal)) is not looked through.
pub(super) fn writable(path: &Path, is_sealed: bool) -> Result<Connection, LedgerOpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    filesystem::owner_only(&mut options);
    let file = filesystem::open_no_link(&options, path)?;
    owner::expect_own_ledger(path, &file)?;
    look_at_head(path, &file)?;
    filesystem::make_private(path, &file);
    drop(file);
    filesystem::take_names_of_logs(path)?;
    filesystem::make_logs_private(path)?;
    failpoint::reached(Point::LedgerOpens);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(at(path))?;
    connection.busy_timeout(PATIENCE).map_err(at(path))?;
    if connection.is_readonly("main").map_err(at(path))? {
        return Err(Error::ReadOnly { path: path.into() }.into());
    }
    expect_schema(path, &connection, form(path, &connection)?)?;
    if !is_sealed {
        check(path, &connection)?;
    }
    prepare(path, &connection).map_err(at(path))?;
    failpoint::reached(Point::LedgerOpens);
    migrate(&mut connection, MIGRATIONS).map_err(at(path))?;
    filesystem::leave_name_of_journal(path);
    failpoint::reached(Point::LedgerOpens);
    Ok(connection)
}

/// Opens the ledger for somebody who only looks, while a run may be writing.
pub(super) fn for_reading(path: &Path) -> Result<Connection, LedgerOpenError> {
    let real;
    let path = match std::fs::symlink_metadata(path) {
        // Its logs stand beside the file, and not beside a link to it.
        Ok(found) if found.is_symlink() => {
            real = path.canonicalize().map_err(missing_or_failed(path))?;
            &real
        }
        found => found.map(|_| path).map_err(missing_or_failed(path))?,
    };
    let file = filesystem::open_no_link(OpenOptions::new().read(true), path)?;
    look_at_head(path, &file)?;
    filesystem::tell_if_open(path, &file);
    owner::tell_if_of_others(path, &file);
    drop(file);
    filesystem::take_names_of_logs(path)?;
    filesystem::expect_regular_logs(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if has_news(path) {
        Connection::open_with_flags(path, flags)
    } else {
        looking(path)
    };
    let connection = connection.map_err(at(path))?;
    // Asked first, because the attempt itself may leave an empty log.
    let at_rest = at_rest(path);
    let (connection, form) = match (form(path, &connection), at_rest) {
        // Side files cannot be made here.
        (Err(LedgerOpenError::Storage(_)), Some(name)) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            let connection = Connection::open_with_flags(name, flags).map_err(at(path))?;
            let form = form(path, &connection)?;
            (connection, form)
        }
        (form, _) => (connection, form?),
    };
    filesystem::leave_name_of_journal(path);
    connection.busy_timeout(PATIENCE).map_err(at(path))?;
    let known = newest(MIGRATIONS);
    match form {
        0 => Err(LedgerOpenError::Missing { path: path.into() }),
        found if found < known => Err(LedgerOpenError::Older {
            path: path.into(),
            found,
            known,
        }),
        found => {
            expect_schema(path, &connection, found)?;
            Ok(connection)
        }
    }
}

fn missing_or_failed(path: &Path) -> impl Fn(std::io::Error) -> LedgerOpenError + '_ {
    |error| match error.kind() {
        std::io::ErrorKind::NotFound => LedgerOpenError::Missing { path: path.into() },
        _ => Error::io(path, error).into(),
    }
}

/// An error if the file holds anything but what the migrations up to this form make.
fn expect_schema(path: &Path, connection: &Connection, form: i64) -> Result<(), LedgerOpenError> {
    let steps = usize::try_from(form).unwrap_or_default();
    let made = Connection::open_in_memory().and_then(|made| {
        let mut steps = MIGRATIONS.iter().take(steps);
        steps.try_for_each(|step| made.execute_batch(step))?;
        Ok(made)
    });
    schema::expect_same(path, connection, &made.map_err(at(path))?)
}

/// Whether there is more to the ledger than its file: a run is writing, or was killed. What a killed
/// run left is for the next run to take up, and not for somebody who looks.
fn has_news(path: &Path) -> bool {
    filesystem::LOGS.into_iter().any(|ending| {
        let log = std::fs::metadata(filesystem::beside(path, ending));
        log.is_ok_and(|found| found.len() > 0)
    })
}

/// Even a reader makes side files; only a connection that might write takes them away again when it is
/// the last to leave. This one may not write all the same. Where the file may only be read, SQLite
/// opens it so.
fn looking(path: &Path) -> Sql<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// A name by which SQLite opens a ledger without making side files: right as long as nobody
/// writes, which the missing log tells.
fn at_rest(path: &Path) -> Option<String> {
    if filesystem::beside(path, "-wal").exists() {
        return None;
    }
    let name = utf8_percent_encode(path.to_str()?, NON_ALPHANUMERIC);
    Some(format!("file:{name}?immutable=1"))
}

/// SQLite would call any file without its head damaged; but then it is not one of ours.
fn look_at_head(path: &Path, file: &File) -> Result<(), LedgerOpenError> {
    let mut head = Vec::new();
    file.take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|error| Error::io(path, error))?;
    if head.is_empty() {
        return filesystem::expect_no_log(path);
    }
    let whose = match Whose::of(&head) {
        Whose::Nobodys => look_at_log(path)?,
        known => known,
    };
    match whose {
        Whose::Ours | Whose::Nobodys => Ok(()),
        Whose::Others => Err(LedgerOpenError::NotALedger { path: path.into() }),
    }
}

/// Whose the database is by what its log says, when the file itself has nothing in it.
fn look_at_log(path: &Path) -> Result<Whose, LedgerOpenError> {
    let log = filesystem::beside(path, "-wal");
    if std::fs::symlink_metadata(&log).is_err() {
        return Ok(Whose::Nobodys);
    }
    let file = filesystem::open_no_link(OpenOptions::new().read(true), &log)?;
    let head =
        wal::committed_head(BufReader::new(file), HEAD).map_err(|error| Error::io(&log, error))?;
    Ok(head.map_or(Whose::Nobodys, |head| Whose::of(&head)))
}

/// Who made a database, by its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Ours,
    /// It has neither tables nor a number. A run that was killed early leaves one so: tables and number
    /// are in its log then.
    Nobodys,
    Others,
}

impl Whose {
    fn of(head: &[u8]) -> Whose {
        let number = |place| {
            let bytes = head.get(place..place + 4)?.try_into().ok()?;
            Some(i64::from(u32::from_be_bytes(bytes)))
        };
        let is_bare = number(60) == Some(0)
            && head.get(100) == Some(&13)
            && head.get(103..105) == Some(&[0, 0][..]);
        match number(68) {
            _ if !head.starts_with(b"SQLite format 3\0") => Whose::Others,
            Some(APPLICATION_ID) => Whose::Ours,
            Some(0) if is_bare => Whose::Nobodys,
            _ => Whose::Others,
        }
    }
}

/// The form of the ledger in the file; 0 if the file is empty.
fn form(path: &Path, connection: &Connection) -> Result<i64, LedgerOpenError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = number("application_id").map_err(at(path))?;
    let found = number("user_version").map_err(at(path))?;
    let tables = connection
        .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
        .map_err(at(path))?;
    let known = newest(MIGRATIONS);
    match (application, found, tables) {
        (0, 0, 0) => Ok(0),
        (APPLICATION_ID, 1.., 1_i64..) if found <= known => Ok(found),
        (APPLICATION_ID, 1.., _) if found > known => Err(LedgerOpenError::Newer {
            path: path.into(),
            found,
            known,
        }),
        _ => Err(LedgerOpenError::NotALedger { path: path.into() }),
    }
}

fn newest(migrations: &[&str]) -> i64 {
    i64::try_from(migrations.len()).unwrap_or(i64::MAX)
}

/// Looks at every page, but not whether each index agrees with its table: that would take minutes
/// where this takes a second.
fn check(path: &Path, connection: &Connection) -> Result<(), Error> {
    let detail = connection
        .query_row("PRAGMA quick_check(1)", (), |row| row.get::<_, String>(0))
        .map_err(at(path))?;
    if detail == "ok" {
        return Ok(());
    }
    Err(Error::Damaged {
        path: path.into(),
        detail,
    })
}

fn prepare(path: &Path, connection: &Connection) -> Sql<()> {
    let journal = if filesystem::is_remote(path) {
        "DELETE"
    } else {
        "WAL"
    };
    connection.pragma_update(None, "journal_mode", journal)?;
    // Every COMMIT reaches the disk: an intent must survive a loss of power. With WAL this is
    // FULL; with a journal the folder is made to know that the journal is gone.
    connection.pragma_update(None, "synchronous", "EXTRA")?;
    // Folding the log into the ledger less often than every 1,000 pages saves a tenth of the
    // processor time, since the last pages are written again and again; 4,000 are 16 MB.
    connection.pragma_update(None, "wal_autocheckpoint", 4_000)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.set_prepared_statement_cache_capacity(32);
    Ok(())
}

/// Takes the steps that the file has not seen, each in a transaction of its own.
fn migrate(connection: &mut Connection, migrations: &[&str]) -> Sql<()> {
    for (number, step) in (1_i64..).zip(migrations) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found < number {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", number)?;
            failpoint::reached(Point::LedgerOpens);
            transaction.commit()?;
        }
    }
    Ok(())
}

/// The destination is written down at the first use and compared ever after.
fn settle_destination(
    path: &Path,
    connection: &Connection,
    ours: &str,
) -> Result<(), LedgerOpenError> {
    let Some(theirs) = destination(connection).map_err(at(path))? else {
        connection
            .execute(
                "INSERT INTO ledger (destination, since) VALUES (?1, ?2)",
                (ours, Timestamp::now().as_millisecond()),
            )
            .map_err(at(path))?;
        return Ok(());
    };
    expect(path, theirs, ours)
}

/// An error if the destination of a ledger, `theirs`, is not `ours`.
pub(super) fn expect(path: &Path, theirs: String, ours: &str) -> Result<(), LedgerOpenError> {
    if theirs == ours {
        return Ok(());
    }
    Err(LedgerOpenError::OtherDestination {
        path: path.into(),
        theirs,
        ours: ours.to_owned(),
    })
}

/// The destination of the ledger, once it has one.
pub(super) fn destination(connection: &Connection) -> Sql<Option<String>> {
    connection
        .query_row("SELECT destination FROM ledger", (), |row| row.get(0))
        .optional()
}

/// An empty ledger for tests.
#[cfg(test)]
pub(super) fn in_memory() -> Connection {
    in_memory_of(MIGRATIONS.len())
}

/// The same of an earlier form.
#[cfg(test)]
pub(super) fn in_memory_of(form: usize) -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    migrate(&mut connection, &MIGRATIONS[..form]).unwrap();
    connection
}

/// A ledger of an earlier form, in the newest one.
#[cfg(test)]
pub(super) fn brought_up(mut connection: Connection) -> Connection {
    migrate(&mut connection, MIGRATIONS).unwrap();
    connection
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [&str; 3] = [
        "CREATE TABLE one (a); INSERT INTO one VALUES (1)",
        "ALTER TABLE one ADD COLUMN b DEFAULT 2",
        "UPDATE one SET a = a + 10",
    ];

    fn state(connection: &Connection) -> (i64, i64, i64) {
        let number = |sql: &str| connection.query_row(sql, (), |row| row.get(0)).unwrap();
        (
            number("PRAGMA user_version"),
            number("PRAGMA application_id"),
            number("SELECT a FROM one"),
        )
    }

    #[test]
    fn yesterdays_file_takes_the_steps_it_has_not_seen() {
        for seen in 0..=STEPS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            migrate(&mut connection, &STEPS[..seen]).unwrap();
            migrate(&mut connection, &STEPS).unwrap();
            assert_eq!(state(&connection), (3, APPLICATION_ID, 11), "{seen} seen");
            migrate(&mut connection, &STEPS).unwrap();
            assert_eq!(state(&connection), (3, APPLICATION_ID, 11), "{seen} seen");
        }
    }

    #[test]
    fn a_commit_reaches_the_disk() {
        let folder = tempfile::tempdir().unwrap();
        let connection = for_writing(&folder.path().join("calls.db"), "x", false).unwrap();
        let number = |name| connection.pragma_query_value(None, name, |row| row.get(0));
        assert_eq!(number("synchronous"), Ok(3));
        let journal: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(journal, "wal");
    }

    #[test]
    fn a_step_that_fails_leaves_the_form_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = [STEPS[0], "UPDATE one SET a = 9; SELECT nonsense"];
        assert!(migrate(&mut connection, &steps).is_err());
        assert_eq!(state(&connection), (1, APPLICATION_ID, 1));
    }

    /// Files out there have taken these very steps. Add one instead of changing one.
    #[test]
    fn the_steps_that_have_left_the_house_are_as_they_were() {
        let hashes = MIGRATIONS
            .iter()
            .map(|step| xxhash_rust::xxh3::xxh3_64(step.as_bytes()));
        assert_eq!(
            hashes.collect::<Vec<_>>(),
            [
                16_394_836_949_933_315_348,
                11_371_275_832_567_202,
                6_194_242_240_220_206_297,
                15_176_429_039_567_504_035,
                1_076_486_293_362_699_784,
                12_017_383_782_531_632_385,
                12_397_551_121_301_951_791,
                17_349_270_706_528_339_619,
                2_186_261_465_990_853_920,
                3_086_532_530_053_780_657,
                16_939_503_620_145_357_533
            ]
        );
    }
}
