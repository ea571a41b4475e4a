//! The bytes of an object, read as those of a file: a broken connection goes on where it broke.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures::StreamExt as _;

use super::connection::StoreConnection;
use super::error::SourceError;
use super::object::{ByteRange, ByteStream, ObjectState, ObjectTag};
use crate::recordings::{ReadExtent, RecordingError};

/// The first piece of an object of which only parts are read.
const FIRST_PIECE: u64 = 64 * 1024;
/// The largest such piece.
const LARGEST_PIECE: u64 = 4 * 1024 * 1024;

/// Reads an object from any place.
pub(super) struct RemoteReader {
    connection: Arc<StoreConnection>,
    key: String,
    /// What the first answer said; each later one must say the same.
    opened: ObjectState,
    extent: ReadExtent,
    at: u64,
    /// The bytes at `at` that are here already.
    chunk: Bytes,
    /// What comes behind them, and where that ends; shared with nobody.
    body: Mutex<Option<OpenBody>>,
    piece: u64,
}

struct OpenBody {
    stream: ByteStream,
    until: u64,
}

impl RemoteReader {
    /// Opens an object at an offset, and says what its store says of it.
    pub(super) fn open(
        connection: &Arc<StoreConnection>,
        key: &str,
        offset: u64,
        extent: ReadExtent,
    ) -> Result<RemoteReader, SourceError> {
        let range = first_range(offset, extent);
        let opened = connection.read(key, range, None);
        let (state, body) = match opened {
            Ok(body) => {
                let until = range.until.unwrap_or(u64::MAX).min(body.state.bytes);
                let stream = body.stream;
                (body.state, Some(OpenBody { stream, until }))
            }
            // Behind the end: an empty object has no first byte.
            Err(SourceError::PastEnd) => (connection.state(key)?, None),
            Err(error) => return Err(error),
        };
        Ok(RemoteReader {
            connection: Arc::clone(connection),
            key: key.to_owned(),
            opened: state,
            extent,
            at: offset,
            chunk: Bytes::new(),
            body: Mutex::new(body),
            piece: FIRST_PIECE,
        })
    }

    /// What the store said of the object when it was opened.
    pub(super) fn opened(&self) -> &ObjectState {
        &self.opened
    }

    fn body(&mut self) -> &mut Option<OpenBody> {
        self.body.get_mut().unwrap_or_else(PoisonError::into_inner)
    }

    /// Fetches bytes until there are some, or the object ends.
    fn fill(&mut self) -> Result<(), SourceError> {
        let mut tried = 0;
        while self.chunk.is_empty() && self.at < self.opened.bytes {
            let (at, connection) = (self.at, Arc::clone(&self.connection));
            let Some(body) = self.body().as_mut().filter(|body| body.until > at) else {
                // What is read to its end gives its place to the next request.
                *self.body() = None;
                let reopened = self.reopened(tried > 0)?;
                *self.body() = Some(reopened);
                continue;
            };
            let next = connection.wait_for(body.stream.next());
            match next.unwrap_or_else(|| Err(SourceError::broken("the answer ended early"))) {
                Ok(chunk) => {
                    connection.take(chunk.len());
                    self.chunk = chunk;
                }
                Err(error) => {
                    *self.body() = None;
                    tried += 1;
                    self.connection.wait_after(&self.key, error, tried)?;
                }
            }
        }
        Ok(())
    }

    /// The bytes from here on, if the object is still the one that was opened.
    fn reopened(&mut self, is_after_break: bool) -> Result<OpenBody, SourceError> {
        if is_after_break && !self.opened.is_known() && self.at > 0 {
            // Nothing would tell the rest of this object from that of another one.
            return Err(SourceError::Changed);
        }
        let until = match self.extent {
            ReadExtent::Whole => None,
            ReadExtent::Parts => Some((self.at + self.piece).min(self.opened.bytes)),
        };
        self.piece = (self.piece * 4).min(LARGEST_PIECE);
        let range = ByteRange {
            from: self.at,
            until,
        };
        let tag = self.opened.tag.as_ref().and_then(ObjectTag::condition);
        let body = self.connection.read(&self.key, range, tag)?;
        let (was, now) = (self.opened.version(), body.state.version());
        if was.change_to(now).is_some() {
            return Err(SourceError::Changed);
        }
        Ok(OpenBody {
            stream: body.stream,
            until: until.unwrap_or(self.opened.bytes),
        })
    }
}

fn first_range(offset: u64, extent: ReadExtent) -> ByteRange {
    ByteRange {
        from: offset,
        until: match extent {
            ReadExtent::Whole => None,
            ReadExtent::Parts => Some(offset + FIRST_PIECE),
        },
    }
}

impl Read for RemoteReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        let filled = self.fill().map_err(SourceError::into_recording_error);
        filled.map_err(<io::Error as From<RecordingError>>::from)?;
        let count = self.chunk.len().min(buffer.len());
        buffer[..count].copy_from_slice(&self.chunk.split_to(count));
        self.at += count as u64;
        if self.at >= self.opened.bytes {
            *self.body() = None;
        }
        Ok(count)
    }
}

impl Seek for RemoteReader {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
            SeekFrom::End(by) => self.opened.bytes.checked_add_signed(by),
        };
        let target = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        let ahead = target.checked_sub(self.at);
        match ahead.and_then(|ahead| usize::try_from(ahead).ok()) {
            Some(ahead) if ahead <= self.chunk.len() => drop(self.chunk.split_to(ahead)),
            _ => {
                self.chunk = Bytes::new();
                *self.body() = None;
            }
        }
        self.at = target;
        Ok(target)
    }
}

impl fmt::Debug for RemoteReader {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("RemoteReader");
        shown.field("at", &self.at).finish_non_exhaustive()
    }
}
