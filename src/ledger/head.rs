//! What the first bytes of a file say: whether it is a ledger, before SQLite may touch it.

use std::fs::{File, OpenOptions};
use std::io::{BufReader, Read as _};
use std::path::Path;

use super::error::{Error, LedgerOpenError};
use super::filesystem;
use super::side_files;
use super::wal;

/// `Capt`, in the header of every ledger.
pub(super) const APPLICATION_ID: i64 = 0x4361_7074;

/// The header of a database (with the version of its user at 60 and the application at 68), and of its
/// first page (with the kind at 100 and the number of tables and indexes at 103).
const HEAD: usize = 108;

/// SQLite would call any file without its head damaged; but then it is not one of ours.
pub(super) fn check_head(path: &Path, file: &File) -> Result<(), LedgerOpenError> {
    let mut head = Vec::new();
    file.take(HEAD as u64)
        .read_to_end(&mut head)
        .map_err(|error| Error::io(path, error))?;
    if head.is_empty() {
        return side_files::expect_no_log(path);
    }
    let whose = match HeadKind::of(&head) {
        HeadKind::Blank => read_log_head(path)?,
        known => known,
    };
    match whose {
        HeadKind::Ours | HeadKind::Blank => Ok(()),
        HeadKind::Foreign => Err(LedgerOpenError::NotALedger { path: path.into() }),
    }
}

/// Whose the database is by what its log says, when the file itself has nothing in it.
fn read_log_head(path: &Path) -> Result<HeadKind, LedgerOpenError> {
    let log = side_files::beside(path, "-wal");
    if std::fs::symlink_metadata(&log).is_err() {
        return Ok(HeadKind::Blank);
    }
    let file = filesystem::open_no_link(OpenOptions::new().read(true), &log)?;
    let head =
        wal::committed_head(BufReader::new(file), HEAD).map_err(|error| Error::io(&log, error))?;
    Ok(head.map_or(HeadKind::Blank, |head| HeadKind::of(&head)))
}

/// Who made a database, by its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeadKind {
    Ours,
    /// It has neither tables nor a number. A run that was killed early leaves one so: tables and number
    /// are in its log then.
    Blank,
    Foreign,
}

impl HeadKind {
    fn of(head: &[u8]) -> HeadKind {
        let number = |place| {
            let bytes = head.get(place..place + 4)?.try_into().ok()?;
            Some(i64::from(u32::from_be_bytes(bytes)))
        };
        let is_bare = number(60) == Some(0)
            && head.get(100) == Some(&13)
            && head.get(103..105) == Some(&[0, 0][..]);
        match number(68) {
            _ if !head.starts_with(b"SQLite format 3\0") => HeadKind::Foreign,
            Some(APPLICATION_ID) => HeadKind::Ours,
            Some(0) if is_bare => HeadKind::Blank,
            _ => HeadKind::Foreign,
        }
    }
}
