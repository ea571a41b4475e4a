//! A recording of a store, and whether what is there now is still the same.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::SystemTime;

use super::error::RecordingError;
use super::key::RecordingKey;
use super::open_recording::OpenRecording;
use super::recording_store::{ReadExtent, RecordingStore};
use super::version::ObjectVersion;

/// A recording of a store.
#[derive(Debug, Clone)]
pub struct Recording {
    /// Where it is below the store, for people: `/` between folders, composed Unicode, and
    /// a replacement character for what is no text.
    pub name: String,
    pub(in crate::recordings) store: Arc<dyn RecordingStore>,
    pub(in crate::recordings) key: RecordingKey,
    pub(in crate::recordings) version: ObjectVersion,
    pub(in crate::recordings) id: u32,
}

impl Recording {
    /// A recording that was not listed but asked for by its key.
    pub fn fetched(
        store: Arc<dyn RecordingStore>,
        key: RecordingKey,
        name: String,
        version: ObjectVersion,
    ) -> Recording {
        Recording {
            name,
            store,
            key,
            version,
            id: 0,
        }
    }

    /// The same with a number that no other recording of its kind has.
    #[must_use]
    pub fn numbered(self, id: u32) -> Recording {
        Recording { id, ..self }
    }

    /// Its size when the store was listed.
    pub fn bytes(&self) -> u64 {
        self.version.bytes
    }

    /// Opens the recording at its first byte to read all of it, if it is still what was listed.
    pub fn open(&self) -> Result<OpenRecording, RecordingError> {
        (self.store).open(&self.key, self.version, 0, ReadExtent::Whole)
    }

    /// Opens the recording to read some of it, if it is still what was listed.
    pub fn open_parts(&self) -> Result<OpenRecording, RecordingError> {
        (self.store).open(&self.key, self.version, 0, ReadExtent::Parts)
    }

    /// Whether reading it needs a network: it then takes its own time.
    pub fn is_far(&self) -> bool {
        self.store.is_far()
    }

    /// Whether an open recording is still as it was when it was listed.
    pub(in crate::recordings) fn verify(
        &self,
        opened: &OpenRecording,
    ) -> Result<(), RecordingError> {
        self.store.verify(&self.key, self.version, opened)
    }

    /// Where it was found on this machine, if it is there; nothing is opened by this.
    pub fn local_path(&self) -> Option<PathBuf> {
        self.store.local_path(&self.key)
    }

    /// The time of its last change when it was listed.
    pub fn modified(&self) -> SystemTime {
        self.version.modified()
    }

    /// The size of what is in its place now.
    pub fn bytes_now(&self) -> Option<u64> {
        self.store.bytes_now(&self.key)
    }
}

impl PartialEq for Recording {
    fn eq(&self, other: &Self) -> bool {
        let this = (self.id, &self.key, self.version);
        this == (other.id, &other.key, other.version) && *self.store == *other.store
    }
}

impl Eq for Recording {}
