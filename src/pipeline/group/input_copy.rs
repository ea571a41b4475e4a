//! A private copy of an input that cannot be read twice, such as standard input.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// A copy, which is removed when this is dropped.
#[derive(Debug)]
pub(super) struct InputCopy {
    path: PathBuf,
    _file: CopyPlace,
}

#[derive(Debug)]
enum CopyPlace {
    /// On Linux it has no name: nothing of it is left when the process is killed.
    #[cfg(target_os = "linux")]
    Nameless { _file: File },
    /// Where an open file cannot be opened once more from its beginning.
    Named { _file: NamedTempFile },
}

impl InputCopy {
    /// Copies all that is there to be read.
    pub(super) fn of(mut input: impl Read) -> io::Result<InputCopy> {
        #[cfg(target_os = "linux")]
        if let Some((mut file, path)) = nameless() {
            io::copy(&mut input, &mut file)?;
            let file = CopyPlace::Nameless { _file: file };
            return Ok(InputCopy { path, _file: file });
        }
        let mut file = NamedTempFile::new()?;
        io::copy(&mut input, &mut file)?;
        Ok(InputCopy {
            path: file.path().to_owned(),
            _file: CopyPlace::Named { _file: file },
        })
    }

    /// Where it can be opened, by this process and until it is dropped.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

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
}
