//! A store that is reached over a network, as a place that holds recordings.

use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::address::StoreAddress;
use super::connection::StoreConnection;
use super::error::SourceError;
use super::remote_reader::RemoteReader;
use crate::recordings::{
    FileChange, IndexError, Listing, ObjectVersion, OpenRecording, ReadExtent, RecordingError,
    RecordingKey, RecordingStore, StoreFailure, StoreOutage,
};

/// A store that is reached over a network.
#[derive(Debug)]
pub(super) struct RemoteStore {
    connection: Arc<StoreConnection>,
    location: PathBuf,
    address: String,
    /// A prefix that nothing begins with is one that is wrong: buckets have no empty folders.
    is_bucket: bool,
}

impl RemoteStore {
    pub(super) fn new(connection: StoreConnection, address: &StoreAddress) -> RemoteStore {
        let store = RemoteStore::over(
            Arc::new(connection),
            &address.folders(),
            &address.to_string(),
        );
        RemoteStore {
            is_bucket: address.is_bucket(),
            ..store
        }
    }

    /// A store over a connection, with the folders above its recordings.
    pub(super) fn over(
        connection: Arc<StoreConnection>,
        location: &Path,
        address: &str,
    ) -> RemoteStore {
        RemoteStore {
            connection,
            location: location.to_owned(),
            address: address.to_owned(),
            is_bucket: false,
        }
    }

    fn failure(&self, error: &SourceError) -> IndexError {
        IndexError::Store {
            store: self.address.clone(),
            failure: StoreFailure::new(error.to_string()),
        }
    }
}

/// The key as the store has it: it comes from the store's own list, and is text there.
fn text(key: &RecordingKey) -> Result<&str, SourceError> {
    key.as_os_str().to_str().ok_or(SourceError::NotFound)
}

impl RecordingStore for RemoteStore {
    fn location(&self) -> &Path {
        &self.location
    }

    fn address(&self) -> String {
        self.address.clone()
    }

    fn is_far(&self) -> bool {
        true
    }

    fn outages(&self) -> Vec<StoreOutage> {
        self.connection.outages()
    }

    fn list(&self) -> Result<Listing, IndexError> {
        let mut listing = Listing::default();
        let mut after = None;
        let mut count = 0;
        loop {
            let page = self.connection.list(after.as_deref());
            let page = page.map_err(|error| self.failure(&error))?;
            listing.add_requests(page.requests);
            count += page.objects.len() + page.unlisted.len();
            for object in page.objects {
                let version = object.state.version();
                listing.add_object(&object.key, version, object.state.cold.as_deref());
            }
            for unlisted in page.unlisted {
                listing.add_unlisted(unlisted.name, unlisted.why);
            }
            match page.next {
                // A list that begins again would never end.
                Some(next) if after.as_ref() == Some(&next) => {
                    let what = "its list does not go on".to_owned();
                    return Err(self.failure(&SourceError::Refused(what)));
                }
                Some(next) => after = Some(next),
                None if count == 0 && self.is_bucket => {
                    let what = "there is no object; check bucket and prefix".to_owned();
                    return Err(self.failure(&SourceError::Refused(what)));
                }
                None => return Ok(listing),
            }
        }
    }

    fn open(
        &self,
        key: &RecordingKey,
        version: ObjectVersion,
        offset: u64,
        extent: ReadExtent,
    ) -> Result<OpenRecording, RecordingError> {
        let open = |key| RemoteReader::open(&self.connection, key, offset, extent);
        let opened = text(key).and_then(open);
        let opened = opened.map_err(SourceError::into_recording_error)?;
        if let Some(change) = version.change_to(opened.opened().version()) {
            return Err(change.into());
        }
        Ok(OpenRecording::Stream(Box::new(opened)))
    }

    fn verify(
        &self,
        key: &RecordingKey,
        version: ObjectVersion,
        _: &OpenRecording,
    ) -> Result<(), RecordingError> {
        let state = text(key).and_then(|key| self.connection.state(key));
        let state = state.map_err(SourceError::into_recording_error)?;
        match version.change_to(state.version()) {
            // What was sent is what had been listed; now another has taken its place.
            Some(_) => Err(FileChange::Replaced.into()),
            None => Ok(()),
        }
    }

    fn open_beside(&self, key: &RecordingKey) -> io::Result<Box<dyn Read>> {
        let open = |key| RemoteReader::open(&self.connection, key, 0, ReadExtent::Whole);
        match text(key).and_then(open) {
            Ok(reader) => Ok(Box::new(reader)),
            Err(SourceError::NotFound) => Err(io::ErrorKind::NotFound.into()),
            Err(error) => Err(error.into_recording_error().into()),
        }
    }

    fn bytes_now(&self, key: &RecordingKey) -> Option<u64> {
        let state = self.connection.state(text(key).ok()?).ok()?;
        Some(state.bytes)
    }

    fn local_path(&self, _: &RecordingKey) -> Option<PathBuf> {
        None
    }
}
