//! Why evidence can be neither written nor read.

use std::io;
use std::path::PathBuf;

use super::signature::KeyError;

/// Why evidence can be neither written nor read.
#[derive(Debug, thiserror::Error)]
pub enum EvidenceError {
    /// A file cannot be read or written.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A folder with something in it, which is not overwritten.
    #[error("{} is not empty; name a new folder with --out", path.display())]
    NotEmpty {
        /// The folder.
        path: PathBuf,
    },
    /// A file that is none of evidence.
    #[error("{}: {why}", path.display())]
    NoEvidence {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// No line has this id.
    #[error("no line of the manifest has the id {id}")]
    NoLine {
        /// The id.
        id: String,
    },
    /// A key that is of no use.
    #[error("{}: {source}", path.display())]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: KeyError,
    },
    /// The page could not be made; a fault of its template.
    #[error("cannot make the page: {0}")]
    Page(#[from] minijinja::Error),
    /// A line could not be made.
    #[error("cannot write a line of the manifest: {0}")]
    Line(#[from] serde_json::Error),
}

impl EvidenceError {
    /// A file that cannot be read or written.
    pub(super) fn file(path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> EvidenceError {
        let path = path.into();
        move |source| EvidenceError::File { path, source }
    }

    /// A file that is none of evidence.
    pub(super) fn wrong(path: impl Into<PathBuf>, why: impl Into<String>) -> EvidenceError {
        EvidenceError::NoEvidence {
            path: path.into(),
            why: why.into(),
        }
    }
}
