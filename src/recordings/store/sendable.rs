//! What an upload reads, once for each try.

use std::sync::Arc;

use super::open_recording::OpenRecording;
use crate::recordings::{Recording, RecordingError, Transcoded};

/// A recording as it is sent.
#[derive(Debug, Clone)]
pub enum Sendable {
    /// As it was found.
    Found(Recording),
    /// As it was made of what was found.
    Made(Arc<Transcoded>),
}

impl Sendable {
    /// Opens it at its first byte. What was found must still be the same.
    pub fn open(&self) -> Result<OpenRecording, RecordingError> {
        match self {
            Sendable::Found(recording) => recording.open(),
            // Nobody else can open what was made.
            Sendable::Made(made) => Ok(OpenRecording::Stream(Box::new(made.reader()))),
        }
    }

    /// Whether what was opened is still as it was found: asked once it was read.
    pub fn verify(&self, opened: &OpenRecording) -> Result<(), RecordingError> {
        match self {
            Sendable::Found(recording) => recording.verify(opened),
            Sendable::Made(_) => Ok(()),
        }
    }

    /// Whether reading it needs a network: it then takes its own time.
    pub fn is_far(&self) -> bool {
        match self {
            Sendable::Found(recording) => recording.is_far(),
            Sendable::Made(_) => false,
        }
    }

    /// The size of what is in its place now; nothing where that is gone.
    pub fn bytes_now(&self) -> Option<u64> {
        match self {
            Sendable::Found(recording) => recording.bytes_now(),
            Sendable::Made(made) => Some(made.bytes),
        }
    }
}
