//! What a store says of an object, and the bytes of one.

use std::fmt;
use std::time::SystemTime;

use bytes::Bytes;
use futures::stream::BoxStream;

use super::error::SourceError;
use crate::recordings::ObjectVersion;

/// The name that a store has for the content of an object: its `ETag`, or a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectTag {
    /// Without quotes.
    text: String,
    /// It names everything that serves as well as this, not these very bytes: RFC 9110, section 8.8.1.
    is_weak: bool,
}

impl ObjectTag {
    /// As a header or a list has it; nothing where it is empty.
    pub(super) fn parse(text: &str) -> Option<ObjectTag> {
        let text = text.trim();
        let strong = text.strip_prefix("W/");
        let (is_weak, text) = (strong.is_some(), strong.unwrap_or(text).trim_matches('"'));
        (!text.is_empty()).then(|| ObjectTag {
            text: text.to_owned(),
            is_weak,
        })
    }

    /// It as a condition for more bytes of the same object, which a weak one never fulfils.
    pub(super) fn condition(&self) -> Option<&str> {
        (!self.is_weak).then_some(&*self.text)
    }
}

/// What a store says of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ObjectState {
    pub(super) bytes: u64,
    /// Where the store has one.
    pub(super) tag: Option<ObjectTag>,
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

    /// Whether the store said anything of it.
    pub(super) fn is_known(&self) -> bool {
        self.tag.is_some() || self.modified > SystemTime::UNIX_EPOCH
    }

    /// It as an index keeps it. Tags are compared as weak ones: some servers give the same tag now weak,
    /// now strong.
    pub(super) fn version(&self) -> ObjectVersion {
        let tag = self.tag.as_ref().map_or("", |tag| &tag.text);
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
    /// Keys of objects of which the list does not say what they are.
    pub(super) unmeasured: Vec<String>,
    /// What cannot be listed, and why.
    pub(super) unlisted: Vec<UnlistedObject>,
    /// Requests that this part took.
    pub(super) requests: u64,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weak_tags_are_compared_and_are_no_condition() {
        let tag = |text| ObjectTag::parse(text).unwrap();
        assert_eq!(tag("\"abc\"").condition(), Some("abc"));
        assert_eq!(tag("abc-2").condition(), Some("abc-2"));
        assert_eq!(tag("W/\"abc\"").condition(), None);
        assert_eq!(ObjectTag::parse("\"\""), None);
        let version = |text| {
            let state = ObjectState {
                tag: ObjectTag::parse(text),
                ..ObjectState::unknown()
            };
            state.version()
        };
        assert_eq!(version("W/\"abc\"").change_to(version("\"abc\"")), None);
        let changed = version("W/\"abc\"").change_to(version("W/\"abd\""));
        assert!(changed.is_some());
    }
}
