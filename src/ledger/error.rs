//! What can go wrong with the ledger: at opening, and while it is in use.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::ErrorCode;
use thiserror::Error;

use super::holder::Holder;
use super::part_mismatch::PartMismatch;

/// Why a ledger cannot be opened.
#[derive(Debug, Clone, Error)]
pub enum LedgerOpenError {
    /// Another run writes to it.
    #[error("{ledger} is in use by another run ({holder})")]
    Locked {
        /// The ledger.
        ledger: PathBuf,
        /// What the lock file says of the other run.
        holder: Holder,
    },
    /// There is no ledger to read.
    #[error("{path}: no ledger there")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A file, but of another program.
    #[error("{path} is not a ledger of this program")]
    NotALedger {
        /// The file.
        path: PathBuf,
    },
    /// A ledger whose tables are not, or not only, those that the migrations make.
    #[error("{path} holds something that this program did not put there: {what}")]
    Foreign {
        /// The file.
        path: PathBuf,
        /// The first difference.
        what: String,
    },
    /// The lock file beside the ledger holds something else.
    #[error("{path} is not a lock file of this program; move it away, or choose another ledger")]
    NotALock {
        /// The file in its place.
        path: PathBuf,
    },
    /// A link where a file of the ledger belongs.
    #[error("{path} is a link; nothing is written through it. Remove it, or name the file itself")]
    Link {
        /// The link.
        path: PathBuf,
    },
    /// A log or the lock of the ledger has a second name, so that it may be somebody else's file.
    #[error(
        "{path} is a hard link; nothing is written to it. \
         Replace it with a copy, or remove it if it is no file of this ledger"
    )]
    HardLink {
        /// The log or the lock file.
        path: PathBuf,
    },
    /// A log or the lock of the ledger belongs neither to the user nor to the owner of the ledger.
    #[error(
        "{path} belongs to another user; nothing is read from it or written to it. \
         Remove it if no run of that user is under way, or choose another ledger"
    )]
    OfOthers {
        /// The log or the lock file.
        path: PathBuf,
    },
    /// The ledger itself belongs to another user than the one who runs the program.
    #[error(
        "{path} belongs to another user (number {owner}), who can write into it that calls are delivered. \
         Make it your own (chown) if you trust it, or choose another ledger"
    )]
    LedgerOfOthers {
        /// The ledger.
        path: PathBuf,
        /// The number of that user.
        owner: u32,
    },
    /// A log with something in it, beside a ledger that is empty or not there.
    #[error(
        "{path} is the log of a ledger that is empty or gone; nothing is changed. \
         Put the ledger back, or move the log away"
    )]
    LogAlone {
        /// The log.
        path: PathBuf,
    },
    /// A folder, a device, a pipe or a socket where a file of the ledger belongs.
    #[error("{path} must be a regular file, not a folder, a device, a pipe or a socket")]
    NotRegular {
        /// What is in its place.
        path: PathBuf,
    },
    /// A later version of this program has changed its form.
    #[error(
        "{path} was written by a newer version (ledger schema {found}; this version knows {known})"
    )]
    Newer {
        /// The ledger.
        path: PathBuf,
        /// The form in the file.
        found: i64,
        /// The newest form of this program.
        known: i64,
    },
    /// An earlier version wrote it, and readers do not change files.
    #[error("{path} uses ledger schema {found}; start a run to upgrade it to {known}")]
    Older {
        /// The ledger.
        path: PathBuf,
        /// The form in the file.
        found: i64,
        /// The form that readers need.
        known: i64,
    },
    /// It speaks about another server.
    #[error("{path} belongs to {theirs}, not to {ours}")]
    OtherDestination {
        /// The ledger.
        path: PathBuf,
        /// The destination of the ledger, fixed at its first use.
        theirs: String,
        /// The destination of this run.
        ours: String,
    },
    /// It is kept for another part of an export, or for another export.
    #[error("{path} {mismatch}")]
    OtherPart {
        /// The ledger.
        path: PathBuf,
        /// What differs.
        mismatch: PartMismatch,
    },
    /// The file or the disk.
    #[error(transparent)]
    Storage(#[from] Error),
}

/// Why a ledger cannot be read or written. Can be cloned, because after one failed write all
/// later ones get the same answer.
#[derive(Debug, Clone, Error)]
pub enum Error {
    /// The content is not what was written.
    #[error("{path} is damaged: {detail}")]
    Damaged {
        /// The ledger.
        path: PathBuf,
        /// What SQLite found first.
        detail: String,
    },
    /// No room for what has to be written.
    #[error("{path}: the disk is full")]
    DiskFull {
        /// The ledger.
        path: PathBuf,
    },
    /// The file, or the folder that it stands in, may not be written.
    #[error("{path} cannot be written: it or its folder is read-only")]
    ReadOnly {
        /// The ledger or its lock file.
        path: PathBuf,
    },
    /// The file was moved, deleted or replaced while a run wrote to it: what is written goes
    /// where nobody will find it.
    #[error("{path} was moved or deleted while in use")]
    Moved {
        /// Where it was.
        path: PathBuf,
    },
    /// The operating system failed.
    #[error("{path}: {source}")]
    Io {
        /// The ledger or its lock file.
        path: PathBuf,
        /// What it said.
        source: Arc<io::Error>,
    },
    /// SQLite failed in another way.
    #[error("{path}: {source}")]
    Sql {
        /// The ledger.
        path: PathBuf,
        /// What it said.
        source: Arc<rusqlite::Error>,
    },
    /// The ledger was closed before this could be written.
    #[error("the ledger is closed")]
    Closed,
}

impl Error {
    /// Sorts a failure of SQLite by what an operator would have to do about it.
    pub(super) fn sql(path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        let is_undecodable = matches!(
            source,
            rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::Utf8Error(..)
        );
        match source.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Error::DiskFull { path },
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Error::ReadOnly { path },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Error::Damaged {
                path,
                detail: source.to_string(),
            },
            _ if is_undecodable => Error::Damaged {
                path,
                detail: source.to_string(),
            },
            _ => Error::Sql {
                path,
                source: Arc::new(source),
            },
        }
    }

    /// Sorts a failure of the operating system likewise.
    pub(super) fn io(path: &Path, source: io::Error) -> Self {
        let path = path.to_owned();
        match source.kind() {
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Error::ReadOnly { path }
            }
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Error::DiskFull { path },
            _ => Error::Io {
                path,
                source: Arc::new(source),
            },
        }
    }
}

/// `map_err` for everything that happens to one file.
pub(super) fn at(path: &Path) -> impl Fn(rusqlite::Error) -> Error + '_ {
    |source| Error::sql(path, source)
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    fn sorted(code: i32) -> Error {
        let source = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
        Error::sql(Path::new("calls.db"), source)
    }

    #[test]
    fn a_failure_of_sqlite_is_sorted_by_its_cure() {
        assert!(matches!(sorted(ffi::SQLITE_FULL), Error::DiskFull { .. }));
        assert!(matches!(
            sorted(ffi::SQLITE_READONLY_DBMOVED),
            Error::ReadOnly { .. }
        ));
        assert!(matches!(sorted(ffi::SQLITE_CORRUPT), Error::Damaged { .. }));
        assert!(matches!(sorted(ffi::SQLITE_NOTADB), Error::Damaged { .. }));
        assert!(matches!(sorted(ffi::SQLITE_IOERR), Error::Sql { .. }));
    }

    #[test]
    fn a_failure_of_the_system_is_sorted_by_its_cure() {
        let sorted = |kind: io::ErrorKind| Error::io(Path::new("calls.db"), kind.into());
        assert!(matches!(
            sorted(io::ErrorKind::PermissionDenied),
            Error::ReadOnly { .. }
        ));
        assert!(matches!(
            sorted(io::ErrorKind::StorageFull),
            Error::DiskFull { .. }
        ));
        assert!(matches!(sorted(io::ErrorKind::NotFound), Error::Io { .. }));
    }

    #[test]
    fn an_error_names_both_destinations() {
        let error = LedgerOpenError::OtherDestination {
            path: "calls.db".into(),
            theirs: "http://127.0.0.1:8787".into(),
            ours: "https://integrations.capturi.ai".into(),
        };
        assert_eq!(
            error.to_string(),
            "calls.db belongs to http://127.0.0.1:8787, not to https://integrations.capturi.ai"
        );
    }
}
