//! Why a place does not give what it was asked for.

use std::time::Duration;

use crate::recordings::{FileChange, RecordingError, StoreFailure};

/// Why a request to a store did not work. The words hold no key, no query of a URL and no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum SourceError {
    /// Nothing has this key.
    #[error("it is not there")]
    NotFound,
    /// The answer that should name the recording names none.
    #[error("{0}")]
    NothingNamed(String),
    /// It is no longer what it was when reading it began.
    #[error("it changed while it was read")]
    Changed,
    /// The object ends before the first byte that was asked for.
    #[error("it ends before the byte that was asked for")]
    PastEnd,
    /// The store refuses this object, and will again.
    #[error("{0}")]
    Refused(String),
    /// The store refuses everything: credentials are missing, wrong or have expired.
    #[error("{0}")]
    Credentials(String),
    /// The store gave nothing for a while, and is not asked.
    #[error("{0}")]
    Down(String),
    /// The object lies in cold storage.
    #[error("it lies in cold storage ({0}); restore it first")]
    Cold(String),
    /// It may work in a moment.
    #[error("{what}")]
    Passing {
        /// What happened.
        what: String,
        /// How long the store asks everybody to wait.
        wait: Option<Duration>,
        /// Whether the store wants fewer requests.
        is_throttle: bool,
    },
}

impl SourceError {
    /// A broken or missing connection.
    pub(super) fn broken(what: impl Into<String>) -> SourceError {
        SourceError::Passing {
            what: what.into(),
            wait: None,
            is_throttle: false,
        }
    }

    /// What it means for a recording.
    pub(super) fn into_recording_error(self) -> RecordingError {
        match self {
            SourceError::NotFound => FileChange::Gone.into(),
            SourceError::Changed => FileChange::Replaced.into(),
            SourceError::Credentials(why) => StoreFailure::of_credentials(why).into(),
            other => StoreFailure::new(other.to_string()).into(),
        }
    }
}
