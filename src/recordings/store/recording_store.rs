//! The seam to where recordings lie.

use std::fmt::Debug;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{IndexError, RecordingError};
use super::key::RecordingKey;
use super::listing::Listing;
use super::open_recording::OpenRecording;
use super::version::ObjectVersion;

/// How much of a recording is going to be read: a store that is far away fetches no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReadExtent {
    /// Here and there some of it, such as its header.
    Parts,
    /// All of it, from first to last.
    Whole,
}

/// A place that gave nothing for a while, and was not asked any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreOutage {
    /// The store, or the host of URLs.
    pub place: String,
    /// Requests that were not made because of it.
    pub unasked: u64,
}

/// A place that holds recordings: it lists them, and opens each as it was listed.
///
/// Matching, looking at headers, holding and uploading know nothing else of it. What every store must
/// do is in the tests beside it, which run against each.
pub trait RecordingStore: Debug + Send + Sync {
    /// The folders above its recordings: an absolute folder without links, or bucket and prefix.
    fn location(&self) -> &Path;

    /// Where it is, for people and without secrets: a folder, or an address.
    fn address(&self) -> String {
        self.location().display().to_string()
    }

    /// Whether its bytes come over a network connection of this program.
    fn is_far(&self) -> bool {
        false
    }

    /// When it was down, and what was not asked of it then.
    fn outages(&self) -> Vec<StoreOutage> {
        Vec::new()
    }

    /// Lists the recordings, and counts or names everything else that it meets.
    fn list(&self) -> Result<Listing, IndexError>;

    /// Opens a recording `offset` bytes behind its start, if it is still what was listed.
    fn open(
        &self,
        key: &RecordingKey,
        version: ObjectVersion,
        offset: u64,
        extent: ReadExtent,
    ) -> Result<OpenRecording, RecordingError>;

    /// Whether an open recording is still as it was when it was listed; asked once it was read.
    fn verify(
        &self,
        key: &RecordingKey,
        version: ObjectVersion,
        opened: &OpenRecording,
    ) -> Result<(), RecordingError>;

    /// Opens a file that is no recording, such as the metadata beside one.
    fn open_beside(&self, key: &RecordingKey) -> io::Result<Box<dyn Read>>;

    /// The size of what has this key now; nothing where that is gone.
    fn bytes_now(&self, key: &RecordingKey) -> Option<u64>;

    /// Where the recording is on this machine, if it is; nothing is opened by this.
    fn local_path(&self, key: &RecordingKey) -> Option<PathBuf>;
}

/// Stores are the same when they are in the same place: of one run there is one in each.
impl PartialEq for dyn RecordingStore {
    fn eq(&self, other: &Self) -> bool {
        self.address() == other.address()
    }
}

impl Eq for dyn RecordingStore {}
