//! Why recordings cannot be listed, or one of them cannot be read.

use std::io;
use std::path::PathBuf;

use crate::domain::Code;

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
    /// A store that cannot be listed.
    #[error("cannot list the recordings in {store}: {failure}")]
    Store {
        /// Its address, without secrets.
        store: String,
        /// What it said.
        failure: StoreFailure,
    },
    /// More than 4 GB of names.
    #[error("{place} holds more recordings than can be indexed")]
    TooMany {
        /// The folder or store.
        place: String,
    },
    /// A place within another one: all in it would be found twice.
    #[error("{inner} is within {outer}, which --audio names as well. Name one of them")]
    Nested {
        /// The one within.
        inner: String,
        /// The one around it.
        outer: String,
    },
}

/// What has become of a recording since it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileChange {
    /// Nothing is there.
    #[error("it disappeared after it was found")]
    Gone,
    /// The way to it leads through a link, which may lead anywhere, or through no folder.
    #[error("it, or a folder above it, was replaced after it was found; links are not followed")]
    Link,
    /// Another file, or no file at all.
    #[error("something else has taken its place since it was found")]
    Replaced,
    /// It has another size.
    #[error("it had {expected} bytes when it was found and has {found} now")]
    Size {
        /// When it was found.
        expected: u64,
        /// Now.
        found: u64,
    },
    /// The time of its last change is another.
    #[error("it was written to after it was found")]
    Written,
    /// The system says that something of it changed, though size and time are as they were: what it
    /// holds, and then its time was set back, or only its name, its rights or its links.
    #[error(
        "it was written to, renamed or linked, or its rights changed, after it was found; \
         its size and time do not tell which"
    )]
    Touched,
}

/// Why a store does not give a recording that it listed, although nothing says that it changed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{said}")]
pub struct StoreFailure {
    said: String,
    code: Code,
}

impl StoreFailure {
    /// What the store said and what to do, without secrets.
    pub fn new(said: String) -> StoreFailure {
        StoreFailure {
            said,
            code: Code::RecordingUnavailable,
        }
    }

    /// The same of a store that refuses the credentials: no time mends that.
    pub fn of_credentials(said: String) -> StoreFailure {
        StoreFailure {
            said,
            code: Code::StoreCredentials,
        }
    }

    /// As what it is told.
    pub fn code(&self) -> Code {
        self.code
    }
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// It is not what was found.
    #[error(transparent)]
    Changed(#[from] FileChange),
    /// The store does not give it now; a later run may get it.
    #[error(transparent)]
    Unavailable(#[from] StoreFailure),
    /// The system does not let it be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl From<RecordingError> for io::Error {
    /// For readers: [`RecordingError::from_read`] takes it out again.
    fn from(error: RecordingError) -> io::Error {
        match error {
            RecordingError::Io(error) => error,
            other => io::Error::other(other),
        }
    }
}

impl RecordingError {
    /// What a reader of a recording met.
    pub fn from_read(error: io::Error) -> RecordingError {
        match error.downcast::<RecordingError>() {
            Ok(inner) => inner,
            Err(error) => RecordingError::Io(error),
        }
    }
}
