//! A private copy of an input that cannot be read twice, such as standard input, or that lies in a store.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tempfile::{NamedTempFile, TempPath};

/// A copy, which is removed when this is dropped.
#[derive(Debug)]
pub struct InputCopy {
    path: PathBuf,
    _file: CopyPlace,
}

/// How a copy lies on the disk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CopyForm {
    /// Without a name where the system can do that: its handle stays open.
    Open,
    /// Under a name that only this user can open: a command of thousands of files has not as many handles.
    Closed,
}

#[derive(Debug)]
enum CopyPlace {
    /// On Linux it has no name: nothing of it is left when the process is killed.
    #[cfg(target_os = "linux")]
    Nameless { _file: File },
    /// Where an open file cannot be opened once more from its beginning, or handles would run out.
    Named { _file: TempPath },
}

impl InputCopy {
    /// Copies all that is there to be read.
    pub fn of(mut input: impl Read) -> io::Result<InputCopy> {
        InputCopy::filled(CopyForm::Open, |file| io::copy(&mut input, file).map(drop))
    }

    /// A copy of what somebody writes into it.
    pub fn filled(
        form: CopyForm,
        write: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<InputCopy> {
        #[cfg(target_os = "linux")]
        if form == CopyForm::Open
            && let Some((mut file, path)) = nameless()
        {
            write(&mut file)?;
            let file = CopyPlace::Nameless { _file: file };
            return Ok(InputCopy { path, _file: file });
        }
        let _ = form;
        // For its owner alone, as all of this library's files.
        let mut file = NamedTempFile::with_prefix("capturi-import-")?;
        write(file.as_file_mut())?;
        let file = file.into_temp_path();
        Ok(InputCopy {
            path: file.to_path_buf(),
            _file: CopyPlace::Named { _file: file },
        })
    }

    /// Where it can be opened, by this process and until it is dropped.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A copy is itself alone.
impl PartialEq for InputCopy {
    fn eq(&self, other: &Self) -> bool {
        self.path == other.path
    }
}

impl Eq for InputCopy {}

/// A file without a name and the path at which this process can open it; nothing where `/proc` is
/// not there.
#[cfg(target_os = "linux")]
fn nameless() -> Option<(File, PathBuf)> {
    use std::os::fd::AsRawFd as _;
    use std::os::unix::fs::PermissionsExt as _;
    let file = tempfile::tempfile().ok()?;
    let private = std::fs::Permissions::from_mode(0o600);
    file.set_permissions(private).ok()?;
    let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
    File::open(&path).ok()?;
    Some((file, path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_is_read_from_its_beginning_each_time_and_goes_with_its_owner() {
        let copy = InputCopy::of(&b"id\n1\n"[..]).unwrap();
        for _ in 0..2 {
            assert_eq!(std::fs::read_to_string(copy.path()).unwrap(), "id\n1\n");
        }
        assert!(copy.path().is_file());
        let path = copy.path().to_owned();
        drop(copy);
        // Another thread may have been given the number of the handle.
        assert_ne!(std::fs::read(path).unwrap_or_default(), b"id\n1\n");
    }

    #[cfg(unix)]
    #[test]
    fn a_copy_with_a_name_is_for_its_owner_alone_and_goes_with_it() {
        use std::io::Write as _;
        use std::os::unix::fs::PermissionsExt as _;
        let copy = InputCopy::filled(CopyForm::Closed, |file| file.write_all(b"x")).unwrap();
        let path = copy.path().to_owned();
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(copy);
        assert!(!path.exists());
    }
}
