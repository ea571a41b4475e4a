//! Where the recordings of an index are: what people call it, and what lies in stores.

use serde::Serialize;

use crate::recordings::store::listing::{ColdRecordings, Listing};

/// What kind of place the recordings are in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum PlaceKind {
    /// A folder, or several.
    #[default]
    Folder,
    /// A store, or several.
    Store,
    /// Wherever the export says.
    Url,
    /// Places of several kinds.
    Several,
}

impl PlaceKind {
    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            PlaceKind::Folder => "the audio folder",
            PlaceKind::Store => "the store",
            PlaceKind::Url => "the URLs of the export",
            PlaceKind::Several => "the places of --audio",
        }
    }
}

/// Requests for one recording of a store: its header, its content, and a look whether it changed.
const FOR_A_RECORDING: u64 = 3;

/// The requests that a run makes to stores, by what is charged for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct StoreRequests {
    /// For lists.
    pub list: u64,
    /// For objects: `GET` and `HEAD`.
    pub get: u64,
}

/// What lies in stores that are reached over a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoreExtent {
    /// Objects, recordings among them.
    pub objects: u64,
    /// Bytes of the recordings.
    pub bytes: u64,
    /// The recordings that lie in cold storage.
    pub cold: ColdRecordings,
    /// Requests that it took to list them.
    pub list_requests: u64,
}

impl StoreExtent {
    /// What a run asks of the stores that sends so many recordings of them.
    pub fn requests(&self, recordings: u64) -> StoreRequests {
        StoreRequests {
            list: self.list_requests,
            get: recordings * FOR_A_RECORDING,
        }
    }

    pub(super) fn add(&mut self, listing: &Listing) {
        let recordings = listing.entries.len() as u64;
        self.objects += recordings + listing.others + listing.unlisted.len() as u64;
        let bytes = listing.entries.iter().map(|entry| entry.version.bytes);
        self.bytes += bytes.sum::<u64>();
        for stored in listing.cold.values() {
            self.cold.recordings += stored.recordings;
            self.cold.bytes += stored.bytes;
        }
        self.list_requests += listing.requests;
    }
}

/// A name below a place, with the address of the place before it.
pub(super) fn below(address: &str, name: &str) -> String {
    format!("{}/{name}", address.trim_end_matches('/'))
}
