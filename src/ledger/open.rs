//! Brings a file to the schema that this program knows, or says why it cannot.
//!
//! Nothing is changed before it is certain that the file is a ledger, is whole, and is not of a
//! later version: the first look is only a look.

use std::fs::OpenOptions;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::Timestamp;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use rusqlite::{Connection, OpenFlags, OptionalExtension as _, Result as Sql};

use super::error::{Error, LedgerOpenError, at};
use super::head::check_head;
use super::lock::Lock;
use super::migrate::{expect_schema, migrate, newest, schema_version};
use super::{filesystem, owner, permissions, side_files};
use crate::failpoint::{self, Point};

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
        check_head(&path, &file)?;
    } else {
        side_files::expect_no_log(&path)?;
    }
    side_files::expect_regular_logs(&path)?;
    permissions::tell_if_folder_is_open(&path);
    let lock = Lock::take(&path)?;
    Ok((path, lock))
}

/// Opens the ledger for the run that holds its lock, and makes it if there is none. `is_clean` as for
/// [`writable`].
pub(super) fn for_writing(
    path: &Path,
    destination: &str,
    is_clean: bool,
) -> Result<Connection, LedgerOpenError> {
    let is_new = !path.exists();
    let connection = writable(path, is_clean)?;
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
        expect_destination(path, theirs, ours)?;
    }
    // The ledger goes last: a log without its ledger is nothing, a ledger without its log is wrong.
    for ending in ["-shm", "-journal", "-wal", ""] {
        let file = side_files::beside(path, ending);
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(Error::io(&file, error).into());
            }
            _ => {}
        }
    }
    Ok(())
}

/// Opens the ledger, of whichever destination, for whoever holds its lock. What was closed in
/// order (`is_clean`, see [`CleanMarker`](super::clean_marker::CleanMarker)) is not looked through.
pub(super) fn writable(path: &Path, is_clean: bool) -> Result<Connection, LedgerOpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    permissions::owner_only(&mut options);
    let file = filesystem::open_no_link(&options, path)?;
    owner::expect_own_ledger(path, &file)?;
    check_head(path, &file)?;
    permissions::make_private(path, &file);
    drop(file);
    side_files::take_names_of_logs(path)?;
    side_files::make_logs_private(path)?;
    failpoint::reached(Point::LedgerOpens);
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(at(path))?;
    connection.busy_timeout(PATIENCE).map_err(at(path))?;
    if connection.is_readonly("main").map_err(at(path))? {
        return Err(Error::ReadOnly { path: path.into() }.into());
    }
    expect_schema(path, &connection, schema_version(path, &connection)?)?;
    if !is_clean {
        check(path, &connection)?;
    }
    prepare(path, &connection).map_err(at(path))?;
    failpoint::reached(Point::LedgerOpens);
    migrate(&mut connection).map_err(at(path))?;
    side_files::leave_name_of_journal(path);
    failpoint::reached(Point::LedgerOpens);
    Ok(connection)
}

/// Opens the ledger for somebody who only looks, while a run may be writing.
pub(super) fn for_reading(path: &Path) -> Result<Connection, LedgerOpenError> {
    let real;
    let path = match std::fs::symlink_metadata(path) {
        // Its logs are beside the file, and not beside a link to it.
        Ok(found) if found.is_symlink() => {
            real = path.canonicalize().map_err(missing_or_failed(path))?;
            &real
        }
        found => found.map(|_| path).map_err(missing_or_failed(path))?,
    };
    let file = filesystem::open_no_link(OpenOptions::new().read(true), path)?;
    check_head(path, &file)?;
    permissions::tell_if_open(path, &file);
    owner::tell_if_of_others(path, &file);
    drop(file);
    side_files::take_names_of_logs(path)?;
    side_files::expect_regular_logs(path)?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = if has_news(path) {
        Connection::open_with_flags(path, flags)
    } else {
        looking(path)
    };
    let connection = connection.map_err(at(path))?;
    // Asked first, because the attempt itself may leave an empty log.
    let at_rest = at_rest(path);
    let (connection, version) = match (schema_version(path, &connection), at_rest) {
        // Side files cannot be made here.
        (Err(LedgerOpenError::Storage(_)), Some(name)) => {
            let flags = flags | OpenFlags::SQLITE_OPEN_URI;
            let connection = Connection::open_with_flags(name, flags).map_err(at(path))?;
            let version = schema_version(path, &connection)?;
            (connection, version)
        }
        (version, _) => (connection, version?),
    };
    side_files::leave_name_of_journal(path);
    connection.busy_timeout(PATIENCE).map_err(at(path))?;
    let known = newest();
    match version {
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

/// Whether there is more to the ledger than its file: a run is writing, or was killed. What a killed
/// run left is for the next run to take up, and not for somebody who looks.
fn has_news(path: &Path) -> bool {
    side_files::LOGS.into_iter().any(|ending| {
        let log = std::fs::metadata(side_files::beside(path, ending));
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
pub(super) fn at_rest(path: &Path) -> Option<String> {
    if side_files::beside(path, "-wal").exists() {
        return None;
    }
    let name = utf8_percent_encode(path.to_str()?, NON_ALPHANUMERIC);
    Some(format!("file:{name}?immutable=1"))
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
    expect_destination(path, theirs, ours)
}

/// An error if the destination of a ledger, `theirs`, is not `ours`.
pub(super) fn expect_destination(
    path: &Path,
    theirs: String,
    ours: &str,
) -> Result<(), LedgerOpenError> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
}
