//! What can go wrong while reporting.

use std::io;
use std::path::PathBuf;

/// A report that could not be written. The screen is no part of this: see `screen`.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The folder for the files could not be made.
    #[error("cannot make the folder {}: {source}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// Everybody can exchange the files in the folder, and it is another user's.
    #[error(
        "{} belongs to another user (number {owner}), and all users can replace the files in it. \
         Choose another folder",
        path.display()
    )]
    FolderOfOthers {
        /// The folder.
        path: PathBuf,
        /// The number of that user.
        owner: u32,
    },
    /// A file could not be written.
    #[error("cannot write {}: {source}", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The page could not be made; a fault of its template.
    #[error("cannot make the page: {0}")]
    Page(#[from] minijinja::Error),
    /// The level of logging is none that is known.
    #[error("no level or filter of logging: {0}")]
    LogLevel(String),
    /// Logging was set up before.
    #[error("logging is set up already")]
    LogTwice,
}

impl Error {
    /// A failed write to this file.
    pub(super) fn write(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
        let path = path.into();
        move |source| Error::Write { path, source }
    }
}
