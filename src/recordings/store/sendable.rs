//! What an upload reads, once for each try.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use crate::recordings::{Recording, RecordingError, Transcoded};

/// A recording as it is sent.
#[derive(Debug, Clone)]
pub enum Sendable {
    /// As it was found.
    Found(Recording),
    /// As it was made of what was found.
    Made(Arc<Transcoded>),
}

/// A recording that was opened to be sent.
pub enum OpenedRecording {
    /// The file that was found.
    Found(File),
    /// What was made, which nobody else can open.
    Made(Box<dyn Read + Send>),
}

impl Sendable {
    /// Opens it at its first byte. What was found must still be the same file.
    pub fn open(&self) -> Result<OpenedRecording, RecordingError> {
        Ok(match self {
            Sendable::Found(recording) => OpenedRecording::Found(recording.open()?),
            Sendable::Made(made) => OpenedRecording::Made(Box::new(made.reader())),
        })
    }

    /// Whether what was opened is still as it was found: asked once it was read.
    pub fn verify(&self, opened: &OpenedRecording) -> Result<(), RecordingError> {
        match (self, opened) {
            (Sendable::Found(recording), OpenedRecording::Found(file)) => recording.verify(file),
            _ => Ok(()),
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

impl Read for OpenedRecording {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            OpenedRecording::Found(file) => file.read(buffer),
            OpenedRecording::Made(made) => made.read(buffer),
        }
    }
}
