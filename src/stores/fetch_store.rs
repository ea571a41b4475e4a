//! Recordings by their URLs, as recordings like all others.

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use super::connection::StoreConnection;
use super::error::SourceError;
use super::object::ByteRange;
use super::recording_name::name_of;
use super::remote_store::RemoteStore;
use crate::recordings::{
    FetchAnswer, Recording, RecordingError, RecordingFetch, RecordingKey, RecordingStore,
    StoreOutage,
};

/// Looks recordings up by their URLs.
#[derive(Debug)]
pub(super) struct FetchStore {
    connection: Arc<StoreConnection>,
    store: Arc<dyn RecordingStore>,
    /// A number for each URL that was asked for.
    numbers: Mutex<HashMap<Box<str>, u32>>,
}

impl FetchStore {
    pub(super) fn new(connection: Arc<StoreConnection>) -> FetchStore {
        let store = RemoteStore::over(
            Arc::clone(&connection),
            Path::new("/"),
            "URLs of the export",
        );
        FetchStore {
            connection,
            store: Arc::new(store),
            numbers: Mutex::default(),
        }
    }

    /// The same number for the same URL.
    fn number(&self, url: &str) -> u32 {
        let mut numbers = self.numbers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(number) = numbers.get(url) {
            return *number;
        }
        let number = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        numbers.insert(url.into(), number);
        number
    }
}

impl RecordingFetch for FetchStore {
    fn outages(&self) -> Vec<StoreOutage> {
        self.connection.outages()
    }

    fn look_up(&self, url: &str) -> Result<FetchAnswer, RecordingError> {
        let first = ByteRange {
            from: 0,
            until: Some(1),
        };
        let found = match self.connection.read(url, first, None) {
            Ok(body) => body,
            Err(SourceError::NotFound) => {
                return Ok(FetchAnswer::Nothing("nothing is at its URL".to_owned()));
            }
            Err(SourceError::NothingNamed(where_to)) => return Ok(FetchAnswer::Nothing(where_to)),
            Err(error) => return Err(error.into_recording_error()),
        };
        let name = name_of(url, found.kind.as_deref());
        let key = RecordingKey::new(url);
        let version = found.state.version();
        let number = self.number(url);
        let store = Arc::clone(&self.store);
        let found = Recording::fetched(store, key, name, version);
        Ok(FetchAnswer::Recording(found.numbered(number)))
    }
}
