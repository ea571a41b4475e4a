//! Why a recording was not made, and how a worker hears that nobody waits for it.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};

use crate::recordings::{FileChange, RecordingError};

/// Tells a worker that nobody waits for its work.
#[derive(Debug, Default)]
pub struct CancelFlag(AtomicBool);

impl CancelFlag {
    /// The work is not wanted any more.
    pub fn call(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_called(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a recording could not be made. No message names a path: names of recordings hold the numbers
/// of people.
#[derive(Debug, thiserror::Error)]
pub enum TranscodeFailure {
    /// A part cannot be read, or the temporary file not written.
    #[error("it cannot be made fit to be sent: {0}")]
    Io(#[from] io::Error),
    /// A part is not what was found.
    #[error(transparent)]
    Changed(#[from] FileChange),
    /// There is no `ffmpeg`.
    #[error("ffmpeg is needed for it, and there is none")]
    NoFfmpeg,
    /// `ffmpeg` ended with an error.
    #[error("ffmpeg cannot convert it: {0}")]
    Refused(String),
    /// `ffmpeg` did not come to an end.
    #[error("ffmpeg took longer than {0} minutes for it and was ended")]
    TooLong(u64),
    /// The command that decrypts did not.
    #[error("it cannot be decrypted: {0}")]
    NotDecrypted(String),
    /// What came out is larger than the server takes.
    #[error("it has {0} bytes or more as it would be sent, which are more than the API takes")]
    TooLarge(u64),
    /// What came out is shorter than what went in.
    #[error("only {found:.1} of its {expected:.1} seconds can be converted")]
    Shorter {
        /// Seconds of what went in.
        expected: f64,
        /// Seconds of what came out.
        found: f64,
    },
    /// Nobody waits for it.
    #[error("stopped")]
    Recalled,
}

impl From<RecordingError> for TranscodeFailure {
    fn from(error: RecordingError) -> Self {
        match error {
            RecordingError::Changed(change) => change.into(),
            RecordingError::Unavailable(failure) => io::Error::other(failure).into(),
            RecordingError::Io(error) => error.into(),
        }
    }
}
