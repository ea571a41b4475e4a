//! Why the recordings below a folder cannot be listed.

use std::io;
use std::path::PathBuf;

/// Why there is no index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder does not exist or cannot be read.
    #[error("cannot read the audio folder {path}: {source}")]
    Folder {
        /// The folder as the operator named it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was named is not a folder.
    #[error("the audio folder {path} is not a folder")]
    NotAFolder {
        /// As the operator named it.
        path: PathBuf,
    },
    /// More than 4 GB of names.
    #[error("the audio folder {path} holds more files than can be indexed")]
    TooMany {
        /// As the operator named it.
        path: PathBuf,
    },
}
