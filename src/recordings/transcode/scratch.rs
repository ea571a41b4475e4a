//! A temporary file that a recording is made in.
//!
//! On Unix it has no name. No other user can open or exchange it, whatever the umask says, and when
//! the process is killed the system removes it with the last handle: there is nothing for a later
//! start to clean up. Elsewhere it has a name in the user's own temporary folder.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;

/// A temporary file.
#[derive(Debug)]
pub(super) struct Scratch {
    file: Arc<File>,
    /// Removes the name.
    #[cfg(not(unix))]
    path: tempfile::TempPath,
}

impl Scratch {
    /// A new file on the disk of this folder.
    #[cfg(unix)]
    pub(super) fn new(folder: &Path) -> io::Result<Scratch> {
        use std::os::unix::fs::PermissionsExt as _;
        let file = tempfile::tempfile_in(folder)?;
        file.set_permissions(std::fs::Permissions::from_mode(0o600))?;
        let file = file.into();
        Ok(Scratch { file })
    }

    /// A new file in this folder.
    #[cfg(not(unix))]
    pub(super) fn new(folder: &Path) -> io::Result<Scratch> {
        let mut named = tempfile::Builder::new();
        let named = named.prefix("capturi-import-").suffix(".wav");
        let (file, path) = named.tempfile_in(folder)?.into_parts();
        let file = file.into();
        Ok(Scratch { file, path })
    }

    /// The handle that it is written with.
    pub(super) fn file(&self) -> &File {
        &self.file
    }

    #[cfg(not(unix))]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it from its first byte.
    pub(super) fn reader(&self) -> ScratchReader {
        ScratchReader {
            file: Arc::clone(&self.file),
            at: 0,
        }
    }
}

/// Reads a temporary file with a position of its own: several share the handle, and none of them
/// moves another.
#[derive(Debug)]
pub(in crate::recordings) struct ScratchReader {
    file: Arc<File>,
    at: u64,
}

impl Read for ScratchReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.at)?;
        #[cfg(not(unix))]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for ScratchReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let (from, by) = match to {
            SeekFrom::Start(at) => (at, 0),
            SeekFrom::Current(by) => (self.at, by),
            SeekFrom::End(by) => (self.file.metadata()?.len(), by),
        };
        let before = io::Error::from(io::ErrorKind::InvalidInput);
        self.at = from.checked_add_signed(by).ok_or(before)?;
        Ok(self.at)
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
    use std::os::unix::fs::MetadataExt as _;

    use super::*;

    #[test]
    fn it_has_no_name_and_is_for_its_owner_alone() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(folder.path()).unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let metadata = scratch.file().metadata().unwrap();
        assert_eq!((metadata.mode() & 0o777, metadata.nlink()), (0o600, 0));
    }

    #[test]
    fn readers_do_not_move_each_other() {
        let folder = tempfile::tempdir().unwrap();
        let scratch = Scratch::new(folder.path()).unwrap();
        scratch.file().write_all(b"0123456789").unwrap();
        let (mut one, mut other) = (scratch.reader(), scratch.reader());
        let mut text = String::new();
        one.seek(SeekFrom::End(-3)).unwrap();
        one.read_to_string(&mut text).unwrap();
        other.read_to_string(&mut text).unwrap();
        assert_eq!(text, "7890123456789");
        assert!(one.seek(SeekFrom::Current(-20)).is_err());
    }
}
