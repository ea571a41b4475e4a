//! Whose a file or a folder is. Its owner can change it at any time, whatever its rights say.

use std::fs::{File, Metadata};
use std::path::Path;

use super::error::LedgerOpenError;
use super::filesystem::folder_of;

/// The number of the user to whom a file in this folder, or the folder itself, belongs if that is neither
/// this user nor root. `None` where files have no owners, and where the disk names one owner for all files, as
/// shares do.
pub fn foreign_owner(found: &Metadata, folder: &Path) -> Option<u32> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let owner = found.uid();
        if owner == 0 || owner == rustix::process::geteuid().as_raw() {
            return None;
        }
        let made = tempfile::tempfile_in(folder).and_then(|file| file.metadata());
        let is_named_so = made.is_ok_and(|made| made.uid() == owner);
        (!is_named_so).then_some(owner)
    }
    #[cfg(not(unix))]
    {
        let _ = (found, folder);
        None
    }
}

/// Whether root runs this program, who may do so for others.
fn is_root() -> bool {
    #[cfg(unix)]
    {
        rustix::process::geteuid().is_root()
    }
    #[cfg(not(unix))]
    {
        false
    }
}

/// Whether all users can make files in a folder and take away those of others: by its rights, and without
/// the sticky bit of folders like `/tmp`.
pub fn is_open_to_all(folder: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        folder.permissions().mode() & 0o1002 == 0o002
    }
    #[cfg(not(unix))]
    {
        let _ = folder;
        false
    }
}

/// The number of the user to whom a ledger belongs, if it is another. Root works on it for them.
fn owner_of_ledger(path: &Path, ledger: &File) -> Option<u32> {
    let found = ledger.metadata().ok().filter(|_| !is_root())?;
    foreign_owner(&found, folder_of(path))
}

/// An error if the ledger is another user's: that a run leaves alone what it has as delivered is their word.
pub(super) fn expect_own_ledger(path: &Path, ledger: &File) -> Result<(), LedgerOpenError> {
    match owner_of_ledger(path, ledger) {
        Some(owner) => Err(LedgerOpenError::LedgerOfOthers {
            path: path.into(),
            owner,
        }),
        None => Ok(()),
    }
}

/// Says whose a ledger is that is only looked at.
pub(super) fn tell_if_of_others(path: &Path, ledger: &File) {
    if let Some(owner) = owner_of_ledger(path, ledger) {
        tracing::warn!(
            "{} belongs to another user (number {owner}), who can change it",
            path.display()
        );
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::{PermissionsExt as _, chown};

    use super::*;

    #[test]
    fn the_owner_is_told_if_it_is_another_user() {
        let folder = tempfile::tempdir().unwrap();
        let owner = || foreign_owner(&fs::metadata(folder.path()).unwrap(), folder.path());
        assert_eq!(owner(), None);
        // Only root can give a folder to somebody else.
        if chown(folder.path(), Some(4_711), None).is_ok() {
            assert_eq!(owner(), Some(4_711));
        }
    }

    #[test]
    fn a_sticky_folder_is_not_open_to_all() {
        let folder = tempfile::tempdir().unwrap();
        for (mode, expected) in [
            (0o700, false),
            (0o775, false),
            (0o777, true),
            (0o702, true),
            (0o1777, false),
        ] {
            fs::set_permissions(folder.path(), Permissions::from_mode(mode)).unwrap();
            let found = fs::metadata(folder.path()).unwrap();
            assert_eq!(is_open_to_all(&found), expected, "{mode:o}");
        }
    }
}
