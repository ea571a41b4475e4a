//! What is asked of a kind of store: one request each, without retries.

use std::fmt::Debug;

use futures::future::BoxFuture;

use super::error::SourceError;
use super::object::{ByteRange, ObjectBody, ObjectPage, ObjectState};

/// How much of a bucket is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ListDepth {
    /// What is below the prefix, with all folders.
    All,
    /// What is in the folder itself. Where folders are listed one by one, that is the first part.
    Folder,
}

/// A place with objects that is reached over a network.
pub(super) trait ObjectSource: Debug + Send + Sync {
    /// The host that is asked for this key, where keys lead to several. Each has its own pauses and outages.
    fn host(&self, _key: &str) -> Option<String> {
        None
    }

    /// One part of the list; `after` is where the part before said that the next one begins.
    fn list(&self, after: Option<String>) -> BoxFuture<'_, Result<ObjectPage, SourceError>>;

    /// Bytes of an object. With a tag only of the object that has it: [`SourceError::Changed`] otherwise.
    fn read<'a>(
        &'a self,
        key: &'a str,
        range: ByteRange,
        tag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<ObjectBody, SourceError>>;

    /// What the store says of an object now.
    fn state<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ObjectState, SourceError>>;
}
