//! What an upload reads, once for each try.

use std::io::Read;
use std::sync::Arc;

use super::{Made, OpenError, Recording};

/// A recording as it is sent.
#[derive(Debug, Clone)]
pub enum Sendable {
    /// As it was found.
    Found(Recording),
    /// As it was made of what was found.
    Made(Arc<Made>),
}

impl Sendable {
    /// Opens it at its first byte. What was found must still be the same file.
    pub fn open(&self) -> Result<Box<dyn Read + Send>, OpenError> {
        Ok(match self {
            Sendable::Found(recording) => Box::new(recording.open()?),
            Sendable::Made(made) => Box::new(made.reader()),
        })
    }

    /// The size of what is in its place now; nothing where that is gone.
    pub fn bytes_now(&self) -> Option<u64> {
        match self {
            Sendable::Found(recording) => recording.bytes_now(),
            Sendable::Made(made) => Some(made.bytes),
        }
    }
}
