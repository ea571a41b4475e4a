//! What a store says of an object, and the bytes of one.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::BoxStream;

use super::error::SourceError;
use crate::recordings::ObjectVersion;

/// What a store says of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectState {
    pub(super) bytes: u64,
    /// Names the content (`ETag` without quotes, or a version), where the store has one.
    pub(super) tag: Option<String>,
    /// Whole seconds: answers for single objects have no more.
    pub(super) modified: SystemTime,
    /// The class of cold storage that it lies in.
    pub(super) cold: Option<String>,
}

impl ObjectState {
    /// Of an object of which nothing is known and nothing is needed.
    pub(super) fn unknown() -> ObjectState {
        ObjectState {
            bytes: 0,
            tag: None,
            modified: SystemTime::UNIX_EPOCH,
            cold: None,
        }
    }

    /// It as an index keeps it.
    pub(super) fn version(&self) -> ObjectVersion {
        let tag = self.tag.as_deref().unwrap_or_default();
        ObjectVersion::tagged(self.bytes, tag.as_bytes(), self.modified)
    }
}

/// An object in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ListedObject {
    /// Its key below the prefix that was asked for.
    pub(super) key: String,
    pub(super) state: ObjectState,
}

/// A part of a list.
#[derive(Debug, Default)]
pub(super) struct ObjectPage {
    pub(super) objects: Vec<ListedObject>,
    /// What cannot be listed, and why.
    pub(super) unlisted: Vec<UnlistedObject>,
    /// Where the next part begins; nothing after the last one.
    pub(super) next: Option<String>,
}

/// Something that a store has and that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnlistedObject {
    pub(super) name: String,
    pub(super) why: String,
}

/// The bytes of an object as they come.
pub(super) type ByteStream = BoxStream<'static, Result<Bytes, SourceError>>;

/// An answer that gives bytes of an object.
pub(super) struct ObjectBody {
    /// What the answer says of the whole object.
    pub(super) state: ObjectState,
    /// Which kind of content it is, as the answer names it.
    pub(super) kind: Option<String>,
    /// From the byte that was asked for.
    pub(super) stream: ByteStream,
}

impl fmt::Debug for ObjectBody {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("ObjectBody");
        shown.field("state", &self.state).finish_non_exhaustive()
    }
}

/// Which bytes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct ByteRange {
    pub(super) from: u64,
    /// Behind the last; nothing for all to the end.
    pub(super) until: Option<u64>,
}

impl ByteRange {
    /// As the header `Range` has it; nothing for the whole object.
    pub(super) fn header(self) -> Option<String> {
        match (self.from, self.until) {
            (0, None) => None,
            (from, None) => Some(format!("bytes={from}-")),
            (from, Some(until)) => Some(format!("bytes={from}-{}", until.saturating_sub(1))),
        }
    }
}
