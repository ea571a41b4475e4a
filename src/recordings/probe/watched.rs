//! A reader that remembers why reading failed, whatever those make of it who read through it.

use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use crate::recordings::RecordingError;

/// What reading failed by, if it did.
#[derive(Debug, Clone, Default)]
pub(super) struct FailedRead(Arc<Mutex<Option<RecordingError>>>);

impl FailedRead {
    /// Takes it out.
    pub(super) fn take(&self) -> Option<RecordingError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn keep(&self, error: io::Error) -> io::Error {
        let error = RecordingError::from_read(error);
        let told = io::Error::other(error.to_string());
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.get_or_insert(error);
        told
    }
}

/// Reads a recording, and remembers how that failed.
#[derive(Debug)]
pub(super) struct WatchedReader<R> {
    reader: R,
    failure: FailedRead,
}

impl<R> WatchedReader<R> {
    /// The reader, and where its failure is found.
    pub(super) fn new(reader: R) -> (WatchedReader<R>, FailedRead) {
        let failure = FailedRead::default();
        let watched = WatchedReader {
            reader,
            failure: failure.clone(),
        };
        (watched, failure)
    }
}

impl<R: Read> Read for WatchedReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.reader.read(buffer) {
            Err(error) if error.kind() != io::ErrorKind::Interrupted => {
                Err(self.failure.keep(error))
            }
            read => read,
        }
    }
}

impl<R: Seek> Seek for WatchedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.reader.seek(to)
    }
}
