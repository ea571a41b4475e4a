//! The files that SQLite makes beside a ledger: its write-ahead log, its journal, its shared memory.

use std::fs::{self, File, Metadata, OpenOptions};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::error::{Error, LedgerOpenError};
use super::filesystem::{is_remote, is_special, open_no_link};
use super::permissions::{
    has_other_names, is_of_another_user, is_of_others, make_private, open_folder, owner_only,
};

/// All files that SQLite makes beside a ledger.
const SIDE_FILES: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Files beside a ledger without which it is not all there.
pub(super) const LOGS: [&str; 2] = ["-wal", "-journal"];

/// All files that a ledger at this path may have: itself, its logs, its lock, the record of a canary and the
/// socket of its operator.
pub fn files_of(ledger: &Path) -> [PathBuf; 7] {
    [
        "", "-wal", "-shm", "-journal", ".lock", ".canary", ".control",
    ]
    .map(|ending| beside(ledger, ending))
}

/// The file beside a ledger whose name ends like this: `-wal`, `-journal`, `.lock`.
pub fn beside(ledger: &Path, ending: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(ending);
    name.into()
}

/// An error if a log of the ledger is no regular file, or may be somebody else's: by a second name, or because
/// another user made it. SQLite plays the logs back, writes to them, and cuts them, even for a reader.
pub(super) fn expect_regular_logs(ledger: &Path) -> Result<(), LedgerOpenError> {
    for ending in SIDE_FILES {
        let path = beside(ledger, ending);
        let Ok(found) = fs::symlink_metadata(&path) else {
            continue;
        };
        if found.is_symlink() {
            // SQLite itself follows no link there, and a reader does without the file.
            if ending != "-shm" {
                return Err(LedgerOpenError::Link { path });
            }
        } else if is_special(&found) {
            return Err(LedgerOpenError::NotRegular { path });
        } else {
            expect_own_log(path, &found, ledger)?;
        }
    }
    Ok(())
}

/// In a folder where all may make files, anybody can put a log beside the ledger of another.
fn expect_own_log(path: PathBuf, found: &Metadata, ledger: &Path) -> Result<(), LedgerOpenError> {
    if has_other_names(found) {
        return Err(LedgerOpenError::HardLink { path });
    }
    if is_of_others(found, ledger) {
        return Err(LedgerOpenError::OfOthers { path });
    }
    Ok(())
}

/// An error if there is a log with something in it and no ledger: SQLite would delete it. Only the journal of
/// a ledger that was about to be made may be there, which a killed run leaves.
pub(super) fn expect_no_log(ledger: &Path) -> Result<(), LedgerOpenError> {
    for ending in LOGS {
        let path = beside(ledger, ending);
        if !fs::symlink_metadata(&path).is_ok_and(|found| found.len() > 0) {
            continue;
        }
        let file = open_no_link(OpenOptions::new().read(true), &path)?;
        if ending != "-journal" || !begins_with_nothing(&path, &file)? {
            return Err(LedgerOpenError::LogAlone { path });
        }
    }
    Ok(())
}

/// Whether a rollback journal was begun for a database without pages. Its header has eight fixed bytes and a
/// count first, which are zero until the journal is on the disk, a number drawn by lot at 12, and the number
/// of pages before the change at 16. The format: <https://sqlite.org/fileformat2.html#the_rollback_journal>.
fn begins_with_nothing(path: &Path, journal: &File) -> Result<bool, LedgerOpenError> {
    const MAGIC: [u8; 8] = [0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7];
    let mut head = Vec::new();
    let read = journal.take(20).read_to_end(&mut head);
    read.map_err(|error| Error::io(path, error))?;
    let is_zero =
        |bytes: Option<&[u8]>| bytes.is_some_and(|some| some.iter().all(|byte| *byte == 0));
    if is_zero(Some(&head)) {
        return Ok(true);
    }
    let is_journal = head.starts_with(&MAGIC) || is_zero(head.get(..12));
    Ok(is_journal && head.len() == 20 && is_zero(head.get(16..)))
}

/// Takes the rights of others to the logs that an earlier run left, which hold rows of the ledger. A link in place of one,
/// of either kind, is an error: SQLite would write through it.
pub(super) fn make_logs_private(ledger: &Path) -> Result<(), LedgerOpenError> {
    let mut options = OpenOptions::new();
    options.read(true).write(true);
    for ending in SIDE_FILES {
        let path = beside(ledger, ending);
        if fs::symlink_metadata(&path).is_ok() {
            let file = open_no_link(&options, &path)?;
            // Asked of the handle, so that no swap of names comes between.
            if let Ok(found) = file.metadata() {
                expect_own_log(path.clone(), &found, ledger)?;
            }
            make_private(&path, &file);
        }
    }
    Ok(())
}

/// Makes empty logs where all users could make them: a log of another user is refused, but might come between
/// that look and SQLite's own. In a folder like `/tmp` nobody else can take these away. To SQLite an empty log
/// says nothing.
pub(super) fn take_names_of_logs(ledger: &Path) -> Result<(), LedgerOpenError> {
    // Root makes none for the owner of the ledger, who could not use them.
    let is_of_others = fs::symlink_metadata(ledger).is_ok_and(|found| is_of_another_user(&found));
    if open_folder(ledger).is_none() || is_of_others || is_remote(ledger) {
        return Ok(());
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    owner_only(&mut options);
    for ending in SIDE_FILES {
        let path = beside(ledger, ending);
        match open_no_link(&options, &path) {
            Err(LedgerOpenError::Storage(Error::Io { source, .. }))
                if source.kind() == std::io::ErrorKind::AlreadyExists =>
            {
                // One that is gone again was there for a moment, as only another user's is.
                let found = fs::symlink_metadata(&path);
                if !found.is_ok_and(|found| !is_of_another_user(&found)) {
                    return Err(LedgerOpenError::OfOthers { path });
                }
            }
            // Where none can be made, SQLite makes none either.
            _ => {}
        }
    }
    Ok(())
}

/// Removes the empty journal that [`take_names_of_logs`] made, once SQLite has looked for one: with a
/// write-ahead log it needs none, and leaves it.
pub(super) fn leave_name_of_journal(ledger: &Path) {
    let journal = beside(ledger, "-journal");
    let is_empty = |found: Metadata| found.is_file() && found.len() == 0;
    if open_folder(ledger).is_some()
        && !is_remote(ledger)
        && fs::symlink_metadata(&journal).is_ok_and(is_empty)
    {
        let _ = fs::remove_file(journal);
    }
}
