//! The seam to where recordings lie.

use std::fmt::Debug;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use super::error::{IndexError, RecordingError};
use super::key::RecordingKey;
use super::listing::Listing;
use super::open_recording::OpenRecording;
use super::version::ObjectVersion;

/// A place that holds recordings: it lists them, and opens each as it was listed.
///
/// Matching, looking at headers, holding and uploading know nothing else of it. What every store must
/// do is in the tests beside it, which run against each.
pub trait RecordingStore: Debug + Send + Sync {
    /// Where it is, without secrets: an absolute folder without links, or an address.
    fn location(&self) -> &Path;

    /// Lists the recordings, and counts or names everything else that it meets.
    fn list(&self) -> Result<Listing, IndexError>;

    /// Opens a recording `offset` bytes behind its start, if it is still what was listed.
    fn open(
        &self,
        key: &RecordingKey,
        version: ObjectVersion,
        offset: u64,
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
        self.location() == other.location()
    }
}

impl Eq for dyn RecordingStore {}
