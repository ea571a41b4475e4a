//! Open files that a program gets with its start, and the names by which it opens them.
//!
//! A path could lead to another file by the time that the program opens it. On Unix the program
//! inherits the handles and opens `/dev/fd/N`; where there is no such thing it gets the paths. A program
//! of `config` that starts in the same moment may inherit them too; it is one that the user named.

use std::ffi::OsString;

/// Whoever starts a program of this folder holds this meanwhile: it would inherit what another is handed.
#[cfg(unix)]
pub(super) fn turn() -> std::sync::MutexGuard<'static, ()> {
    use std::sync::{Mutex, PoisonError};
    static TURN: Mutex<()> = Mutex::new(());
    TURN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Files that the next program inherits. To be dropped as soon as it has been started.
#[cfg(unix)]
pub(super) struct InheritedFiles {
    files: Vec<std::os::fd::OwnedFd>,
    /// While handles can be inherited no other program of this folder is started.
    _turn: std::sync::MutexGuard<'static, ()>,
}

#[cfg(unix)]
impl InheritedFiles {
    /// Makes these files inheritable.
    pub(super) fn new<'f>(
        files: impl IntoIterator<Item = &'f std::fs::File>,
    ) -> std::io::Result<InheritedFiles> {
        let turn = turn();
        // Unlike all other handles of this process, one from `dup` is not closed by `exec`.
        let files = files.into_iter().map(rustix::io::dup);
        let files = files.collect::<Result<_, _>>()?;
        Ok(InheritedFiles { files, _turn: turn })
    }

    /// The name of each file, in their order.
    pub(super) fn urls(&self) -> Vec<OsString> {
        use std::os::fd::AsRawFd as _;
        let url = |file: &std::os::fd::OwnedFd| format!("file:/dev/fd/{}", file.as_raw_fd());
        self.files.iter().map(|file| url(file).into()).collect()
    }
}

/// The name of the file at a path.
#[cfg(not(unix))]
pub(super) fn url_of(path: &std::path::Path) -> OsString {
    let mut url = OsString::from("file:");
    url.push(path);
    url
}
