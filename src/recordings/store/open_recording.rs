//! A recording that is open for reading.

use std::fmt::Debug;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Reads from any place.
pub trait ReadSeek: Read + Seek + Send + Sync + Debug {}

impl<T: Read + Seek + Send + Sync + Debug> ReadSeek for T {}

/// A recording that was opened to be read.
#[derive(Debug)]
pub enum OpenRecording {
    /// A file of this machine, read without a further buffer.
    File(File),
    /// Whatever else gives its bytes.
    Stream(Box<dyn ReadSeek>),
}

impl Read for OpenRecording {
    #[inline]
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            OpenRecording::File(file) => file.read(buffer),
            OpenRecording::Stream(stream) => stream.read(buffer),
        }
    }
}

impl Seek for OpenRecording {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match self {
            OpenRecording::File(file) => file.seek(to),
            OpenRecording::Stream(stream) => stream.seek(to),
        }
    }
}
