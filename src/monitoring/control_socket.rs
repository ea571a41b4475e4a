//! The socket beside a ledger over which its operator reaches a run. Only its owner can connect. The run that
//! holds the ledger has it, so one that nobody listens on is left from a run that was killed, and is replaced.

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::control_error::ControlError;
use super::control_order::ControlOrder;
use crate::ledger::beside;

/// The longest path that every system takes in the address of a socket.
const LONGEST: usize = 100;
/// How long a run may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// A socket that is listened on; gone when it is dropped.
#[derive(Debug)]
pub struct ControlSocket {
    pub(super) listener: UnixListener,
    path: PathBuf,
    /// The number of the file, so that nobody else's is removed.
    inode: u64,
}

impl ControlSocket {
    /// Listens beside the ledger. It is made in a folder of its own that nobody else can enter, and moved
    /// to its place with the rights that it keeps.
    pub fn open(ledger: &Path) -> Result<ControlSocket, ControlError> {
        let path = beside(ledger, ".control");
        expect_stale(&path)?;
        let bound = || -> io::Result<ControlSocket> {
            let parent = folder_of(&path);
            let private = tempfile::Builder::new()
                .prefix(".control-")
                .tempdir_in(parent)?;
            let place = private.path().join("s");
            let listener = UnixListener::bind(ShortPath::of(&place)?.path())?;
            fs::set_permissions(&place, Permissions::from_mode(0o600))?;
            listener.set_nonblocking(true)?;
            let inode = fs::symlink_metadata(&place)?.ino();
            fs::rename(&place, &path)?;
            Ok(ControlSocket {
                listener,
                path: path.clone(),
                inode,
            })
        };
        bound().map_err(|source| ControlError::System {
            path: path.clone(),
            source,
        })
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        let is_ours = |found: fs::Metadata| found.ino() == self.inode;
        if fs::symlink_metadata(&self.path).is_ok_and(is_ours) {
            // What stays is replaced by the next run.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Gives an order to the run of this ledger; what it answers.
pub fn ask(ledger: &Path, order: ControlOrder) -> Result<String, ControlError> {
    let path = beside(ledger, ".control");
    let mut stream = connect(&path)?;
    let mut answer = String::new();
    let talk = || -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        stream.write_all(order.line().as_bytes())?;
        BufReader::new(&stream).read_line(&mut answer)?;
        Ok(())
    };
    // A run that ends meanwhile closes the line without a word.
    let mut talk = talk;
    if talk().is_err() || answer.is_empty() {
        return Err(ControlError::NoAnswer);
    }
    Ok(answer.trim_end().to_owned())
}

fn connect(path: &Path) -> Result<UnixStream, ControlError> {
    let connected = ShortPath::of(path).and_then(|short| UnixStream::connect(short.path()));
    connected.map_err(|source| match source.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused => ControlError::NoRun {
            path: path.to_owned(),
        },
        _ => ControlError::System {
            path: path.to_owned(),
            source,
        },
    })
}

/// An error if what is in the place may be somebody's.
fn expect_stale(path: &Path) -> Result<(), ControlError> {
    let Ok(found) = fs::symlink_metadata(path) else {
        return Ok(());
    };
    if !found.file_type().is_socket() {
        return Err(ControlError::NoSocket {
            path: path.to_owned(),
        });
    }
    match connect(path) {
        Err(ControlError::NoRun { .. }) => Ok(()),
        Err(error) => Err(error),
        Ok(_) => Err(ControlError::Taken {
            path: path.to_owned(),
        }),
    }
}

fn folder_of(path: &Path) -> &Path {
    let parent = path.parent().filter(|it| *it != Path::new(""));
    parent.unwrap_or(Path::new("."))
}

/// A path that fits into the address of a socket. A long one is reached below the handle of its folder.
struct ShortPath {
    path: PathBuf,
    /// Open as long as the path is used.
    _folder: Option<File>,
}

impl ShortPath {
    fn of(path: &Path) -> io::Result<ShortPath> {
        if path.as_os_str().len() <= LONGEST {
            return Ok(ShortPath {
                path: path.to_owned(),
                _folder: None,
            });
        }
        let folder = File::open(folder_of(path))?;
        let handle = format!("/proc/self/fd/{}", folder.as_raw_fd());
        Ok(ShortPath {
            path: Path::new(&handle).join(path.file_name().unwrap_or_default()),
            _folder: Some(folder),
        })
    }

    fn path(&self) -> &Path {
        &self.path
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("work.db");
        (folder, ledger)
    }

    #[test]
    fn only_its_owner_reaches_it_and_it_goes_with_its_run() {
        let (folder, ledger) = folder();
        let socket = ControlSocket::open(&ledger).unwrap();
        let found = fs::symlink_metadata(folder.path().join("work.db.control")).unwrap();
        assert!(found.file_type().is_socket());
        assert_eq!(found.permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        assert!(connect(&beside(&ledger, ".control")).is_ok());
        let second = ControlSocket::open(&ledger);
        assert!(matches!(second, Err(ControlError::Taken { .. })));
        drop(socket);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    fn one_that_a_killed_run_left_is_replaced_and_nothing_else_is() {
        let (_folder, ledger) = folder();
        let path = beside(&ledger, ".control");
        drop(UnixListener::bind(&path).unwrap());
        assert!(path.exists());
        let no_run = ask(&ledger, ControlOrder::Status);
        assert!(matches!(no_run, Err(ControlError::NoRun { .. })));
        drop(ControlSocket::open(&ledger).unwrap());
        fs::write(&path, "mine").unwrap();
        let refused = ControlSocket::open(&ledger);
        assert!(matches!(refused, Err(ControlError::NoSocket { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    }

    #[test]
    fn a_run_whose_socket_was_replaced_leaves_that_of_the_other() {
        let (_folder, ledger) = folder();
        let path = beside(&ledger, ".control");
        let first = ControlSocket::open(&ledger).unwrap();
        fs::remove_file(&path).unwrap();
        let second = ControlSocket::open(&ledger).unwrap();
        drop(first);
        assert!(connect(&path).is_ok());
        drop(second);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_long_path_is_no_hindrance() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("d".repeat(120)).join("e".repeat(120));
        fs::create_dir_all(&deep).unwrap();
        let ledger = deep.join("work.db");
        let _socket = ControlSocket::open(&ledger).unwrap();
        assert!(connect(&beside(&ledger, ".control")).is_ok());
    }
}
