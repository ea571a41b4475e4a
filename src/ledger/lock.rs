//! The run lock: a file beside the ledger, locked while a run has it, that says who.
//!
//! SQLite's own locks would make a second run wait instead of telling it why. The file stays when
//! the run is over: to delete it would let two runs lock two files of the same name.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::clean_marker::CleanMarker;
use super::error::{Error, LedgerOpenError};
use super::filesystem;
use super::holder::Holder;
use super::{permissions, side_files};

/// Several of these pass before a lock counts as taken.
const MOMENT: Duration = Duration::from_millis(10);

/// The lock of a ledger; held until it is dropped, or until the process ends in any way.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    /// What the lock file said of the ledger when the lock was taken.
    found: Option<CleanMarker>,
    /// What it is to say when the lock is given back.
    left: Option<CleanMarker>,
}

impl Lock {
    /// `<ledger>.lock`.
    pub(super) fn path_for(ledger: &Path) -> PathBuf {
        side_files::beside(ledger, ".lock")
    }

    /// Who has the lock of `ledger` now, if anybody has. A run that ended has left a clean marker or nothing,
    /// and a killed one has left its name; so the lock is only tried where there is a text.
    pub(super) fn holder(ledger: &Path) -> Option<Holder> {
        let mut options = OpenOptions::new();
        options.read(true);
        let mut file = filesystem::open_no_link(&options, &Self::path_for(ledger)).ok()?;
        let mut text = Vec::new();
        (&mut file).take(1_024).read_to_end(&mut text).ok()?;
        if text.is_empty() {
            return None;
        }
        let is_held = matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock));
        is_held.then(|| Holder::parse(&String::from_utf8_lossy(&text)))
    }

    /// Takes the lock of `ledger`, or says who has it; hardly waits.
    pub(super) fn take(ledger: &Path) -> Result<Self, LedgerOpenError> {
        let path = Self::path_for(ledger);
        let failed = |source| Error::io(&path, source);
        let mut file = open_or_make(&path, ledger)?;
        match lock_soon(&file) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let mut text = String::new();
                // Who it is helps, but that somebody has it is certain.
                let _ = file.take(1_024).read_to_string(&mut text);
                return Err(LedgerOpenError::Locked {
                    ledger: ledger.to_owned(),
                    holder: Holder::parse(&text),
                });
            }
            Err(TryLockError::Error(source)) => return Err(failed(source).into()),
        }
        let mut text = Vec::new();
        (&mut file)
            .take(1_024)
            .read_to_end(&mut text)
            .map_err(failed)?;
        if !is_lock_text(&text) {
            return Err(LedgerOpenError::NotALock { path });
        }
        permissions::make_private(&path, &file);
        file.set_len(0).map_err(failed)?;
        file.rewind().map_err(failed)?;
        file.write_all(Holder::this_process().lines().as_bytes())
            .map_err(failed)?;
        Ok(Lock {
            file,
            found: CleanMarker::parse(&String::from_utf8_lossy(&text)),
            left: None,
        })
    }

    /// Whether the ledger is as it was left when it was last closed in order.
    pub(super) fn is_clean(&self, ledger: &Path) -> bool {
        self.found.is_some() && CleanMarker::of(ledger) == self.found
    }

    /// The ledger has been closed in order.
    pub(super) fn mark_clean(&mut self, ledger: &Path) {
        self.left = CleanMarker::of(ledger);
    }
}

/// Opens the lock file, which may be made; an error if the one that is there may be somebody else's, since
/// a run empties it. What this process makes is its own, even where a share names another owner.
fn open_or_make(path: &Path, ledger: &Path) -> Result<File, LedgerOpenError> {
    let open = |is_new| {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create_new(is_new);
        permissions::owner_only(&mut options);
        filesystem::open_no_link(&options, path)
    };
    let failed_as = |error: &LedgerOpenError, expected| match error {
        LedgerOpenError::Storage(Error::Io { source, .. }) => source.kind() == expected,
        _ => false,
    };
    let file = match open(false) {
        Err(error) if failed_as(&error, ErrorKind::NotFound) => match open(true) {
            // Another run made it in this very moment.
            Err(error) if failed_as(&error, ErrorKind::AlreadyExists) => open(false)?,
            made => return made,
        },
        found => found?,
    };
    let found = file.metadata().map_err(|error| Error::io(path, error))?;
    if permissions::has_other_names(&found) {
        return Err(LedgerOpenError::HardLink { path: path.into() });
    }
    if permissions::is_of_others(&found, ledger) {
        return Err(LedgerOpenError::OfOthers { path: path.into() });
    }
    Ok(file)
}

/// Whether a lock file can say this: lines of our names, the last of them perhaps cut by a kill.
fn is_lock_text(text: &[u8]) -> bool {
    let names = [&b"pid "[..], b"host ", b"since ", b"closed "];
    let is_ours = |line: &[u8]| {
        names
            .iter()
            .any(|name| line.starts_with(name) || name.starts_with(line))
    };
    text.split(|byte| *byte == b'\n').all(is_ours)
}

/// Whoever only looks (see [`Lock::holder`]) has it for a moment; a run has it for long.
fn lock_soon(file: &File) -> Result<(), TryLockError> {
    for _ in 0..5 {
        match file.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(MOMENT),
            other => return other,
        }
    }
    file.try_lock()
}

impl Drop for Lock {
    fn drop(&mut self) {
        // An old name in a free lock file would mislead whoever looks at it.
        let is_empty = self
            .file
            .set_len(0)
            .and_then(|()| self.file.rewind())
            .is_ok();
        if let (true, Some(marker)) = (is_empty, &self.left) {
            let _ = self.file.write_all(marker.to_string().as_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_told_who_has_the_lock() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("calls.db");
        let lock = Lock::take(&ledger).unwrap();
        let Err(LedgerOpenError::Locked { holder, .. }) = Lock::take(&ledger) else {
            panic!("taken twice");
        };
        assert_eq!(holder.pid, Some(std::process::id()));
        assert!(holder.since.is_some());
        assert_eq!(Lock::holder(&ledger), Some(holder));
        drop(lock);
        assert_eq!(Lock::holder(&ledger), None);
        Lock::take(&ledger).unwrap();
    }

    #[test]
    fn a_run_that_was_killed_holds_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("calls.db");
        assert_eq!(Lock::holder(&ledger), None);
        std::fs::write(Lock::path_for(&ledger), "pid 4711\n").unwrap();
        assert_eq!(Lock::holder(&ledger), None);
    }

    #[test]
    fn a_file_that_is_no_lock_is_not_emptied() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("calls.db");
        let path = Lock::path_for(&ledger);
        for text in ["dear diary\n", "pid 4711\nhost x\nand more\n", "\0\0\0\0"] {
            std::fs::write(&path, text).unwrap();
            let taken = Lock::take(&ledger);
            assert!(
                matches!(taken, Err(LedgerOpenError::NotALock { .. })),
                "{text:?}: {taken:?}"
            );
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
        for text in ["", "p", "pid 4711\nhos", "closed 1 2 3 4\n"] {
            std::fs::write(&path, text).unwrap();
            Lock::take(&ledger).unwrap();
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_in_place_of_the_lock_is_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("calls.db");
        let target = folder.path().join("precious");
        std::fs::write(&target, "").unwrap();
        for target in [target, folder.path().join("nothing")] {
            std::os::unix::fs::symlink(&target, Lock::path_for(&ledger)).unwrap();
            let taken = Lock::take(&ledger);
            assert!(
                matches!(taken, Err(LedgerOpenError::Link { .. })),
                "{taken:?}"
            );
            std::fs::remove_file(Lock::path_for(&ledger)).unwrap();
        }
        assert!(!folder.path().join("nothing").exists());
    }

    #[test]
    fn an_unreadable_lock_file_still_locks() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("calls.db");
        let _lock = Lock::take(&ledger).unwrap();
        std::fs::write(Lock::path_for(&ledger), b"\xff\xfe pid x\npid \n").unwrap();
        let Err(LedgerOpenError::Locked { holder, .. }) = Lock::take(&ledger) else {
            panic!("taken twice");
        };
        assert_eq!(holder, Holder::default());
        assert_eq!(holder.to_string(), "unknown process");
    }
}
