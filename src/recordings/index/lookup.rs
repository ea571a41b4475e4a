//! The recordings of a store, as it listed them once.
//!
//! Files are kept in the order of their folded stems and, among equal stems, of their folders read
//! from the innermost outwards. All kinds of look-up are then ranges of one order: a stem, the
//! start of a stem, a path, the end of a path. Names lie in one text each; 200,000 files need some
//! 25 MB.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::path::Component;
use std::sync::{Arc, OnceLock};

use hashbrown::HashTable;
use regex::Regex;
use xxhash_rust::xxh3::xxh3_64;

use super::captures::{Captures, Naming};
use super::places::{PlaceKind, StoreExtent, below};
use super::substrings::SubstringIndex;
use crate::recordings::extension::content_type;
use crate::recordings::probe::{Depth, probe_found};
use crate::recordings::sidecar::Sidecar;
use crate::recordings::spelling::composed;
use crate::recordings::store::error::RecordingError;
use crate::recordings::store::key::RecordingKey;
use crate::recordings::store::listing::{
    Alias, ColdRecordings, FileState, IndexedFile, IndexedFolder, Unlisted,
};
use crate::recordings::store::recording::Recording;
use crate::recordings::store::recording_fetch::{FetchAnswer, RecordingFetch};
use crate::recordings::store::recording_store::{RecordingStore, StoreOutage};

/// What counts as a recording that may be sent.
#[derive(Debug, Clone)]
pub struct IndexOptions {
    /// More bytes than this are too many; the API takes 1 GB.
    pub largest: u64,
    /// Patterns that read out of the recordings' paths what tells their calls.
    pub naming: Option<Naming>,
    /// Metadata that stand beside the recordings.
    pub sidecar: Option<Sidecar>,
}

impl Default for IndexOptions {
    fn default() -> Self {
        IndexOptions {
            largest: 1_000_000_000,
            naming: None,
            sidecar: None,
        }
    }
}

impl IndexOptions {
    /// Recordings are told apart by these patterns, too, if there are any.
    #[must_use]
    pub fn with_patterns(self, patterns: &[Regex]) -> IndexOptions {
        let naming = (!patterns.is_empty()).then(|| Naming::new(patterns.iter().cloned()));
        IndexOptions { naming, ..self }
    }

    /// Metadata beside the recordings say of what they are, and of which call.
    #[must_use]
    pub fn with_sidecar(self, sidecar: Option<Sidecar>) -> IndexOptions {
        IndexOptions { sidecar, ..self }
    }
}

/// The recordings below one folder. Built once; shared by reference between threads.
#[derive(Debug)]
pub struct Index {
    /// At least one.
    pub(in crate::recordings) stores: Vec<Arc<dyn RecordingStore>>,
    pub(in crate::recordings) largest: u64,
    pub(in crate::recordings) entries: Vec<IndexedFile>,
    pub(in crate::recordings) folders: Vec<IndexedFolder>,
    /// All file names, composed, without separators.
    pub(in crate::recordings) names: String,
    /// The folded stems in the order of `entries`, each followed by a NUL.
    pub(in crate::recordings) stems: String,
    /// Where the stem of each entry starts, and one more for the end.
    pub(in crate::recordings) starts: Vec<u32>,
    /// First entry and number of entries of each distinct folded stem, by its hash.
    pub(in crate::recordings) groups: HashTable<(u32, u32)>,
    /// Hash of the loosened stem, for the entries where it differs from the folded one; sorted.
    pub(in crate::recordings) loose: Vec<(u64, u32)>,
    /// The keys of entries whose name does not say it: links, and names that are not composed Unicode.
    pub(in crate::recordings) keys: HashMap<u32, RecordingKey>,
    /// Links to files of the index: the link and what it leads to.
    pub(in crate::recordings) twins: HashMap<u32, u32>,
    /// Made by the first pattern that needs it.
    pub(in crate::recordings) words: OnceLock<SubstringIndex>,
    pub(in crate::recordings) captured: Option<Captures>,
    pub(in crate::recordings) aliases: Vec<Alias>,
    pub(in crate::recordings) total: u64,
    pub(in crate::recordings) ready: u32,
    pub(in crate::recordings) others: u64,
    pub(in crate::recordings) unlisted: Vec<Unlisted>,
    pub(in crate::recordings) bins: Vec<String>,
    pub(in crate::recordings) cold: BTreeMap<String, ColdRecordings>,
    /// What lies in stores.
    pub(in crate::recordings) extent: StoreExtent,
    /// What gives recordings that the export names by URL.
    pub(in crate::recordings) fetch: Option<Arc<dyn RecordingFetch>>,
}

impl Index {
    /// The same, with recordings that the export names by URL.
    #[must_use]
    pub fn with_fetch(self, fetch: Arc<dyn RecordingFetch>) -> Index {
        Index {
            fetch: Some(fetch),
            ..self
        }
    }

    /// Whether recordings are fetched that the export names by URL.
    pub fn fetches(&self) -> bool {
        self.fetch.is_some()
    }

    /// What is at a URL of the export; nothing where URLs are not asked for.
    pub fn fetch(&self, url: &str) -> Option<Result<FetchAnswer, RecordingError>> {
        let fetch = self.fetch.as_ref()?;
        // Behind those that were listed, so that no two recordings have one number.
        let listed = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let answer = fetch.look_up(url);
        Some(answer.map(|answer| match answer {
            FetchAnswer::Recording(found) => {
                let number = found.id.saturating_add(listed);
                FetchAnswer::Recording(found.numbered(number))
            }
            nothing @ FetchAnswer::Nothing(_) => nothing,
        }))
    }

    /// How many recordings there are.
    pub fn len(&self) -> usize {
        self.ready as usize
    }

    /// Whether there is no recording at all.
    pub fn is_empty(&self) -> bool {
        self.ready == 0
    }

    /// The size of all recordings.
    pub fn bytes(&self) -> u64 {
        self.total
    }

    /// How many files were passed over because their names are not those of recordings.
    pub fn others(&self) -> u64 {
        self.others
    }

    /// How many recordings no pattern of [`IndexOptions::naming`] names; `None` without patterns.
    pub fn unnamed(&self) -> Option<usize> {
        self.captured.as_ref().map(Captures::without)
    }

    /// Whether there are patterns, and none of them names this recording.
    pub fn is_unnamed(&self, recording: &Recording) -> bool {
        let captured = self.captured.as_ref();
        captured.is_some_and(|captured| !captured.has(recording.id))
    }

    /// Folders and files that could not be read: calls may miss recordings because of them.
    pub fn unlisted(&self) -> &[Unlisted] {
        &self.unlisted
    }

    /// Recordings that must be restored before they can be read, by the class of their storage.
    pub fn cold(&self) -> &BTreeMap<String, ColdRecordings> {
        &self.cold
    }

    /// Recycle bins, snapshots and hidden folders: nothing in them is there.
    pub fn bins(&self) -> &[String] {
        &self.bins
    }

    /// Whether the bytes of any of them come over a network connection of this program.
    pub fn is_far(&self) -> bool {
        self.fetch.is_some() || self.stores.iter().any(|store| store.is_far())
    }

    /// What kind of place the recordings are in.
    pub fn place_kind(&self) -> PlaceKind {
        let has_store = self.stores.iter().any(|store| store.is_far());
        let has_folder = self.stores.iter().any(|store| !store.is_far());
        match (has_folder, has_store, self.fetch.is_some()) {
            (false, false, true) => PlaceKind::Url,
            (_, false, false) => PlaceKind::Folder,
            (false, true, false) => PlaceKind::Store,
            _ => PlaceKind::Several,
        }
    }

    /// What lies in stores; nothing where there is none.
    pub fn store_extent(&self) -> Option<StoreExtent> {
        let has_store = self.stores.iter().any(|store| store.is_far());
        has_store.then_some(self.extent)
    }

    /// Places that were down, and what was not asked of them then.
    pub fn outages(&self) -> Vec<StoreOutage> {
        let stores = self.stores.iter().flat_map(|store| store.outages());
        let fetch = self.fetch.iter().flat_map(|fetch| fetch.outages());
        stores.chain(fetch).collect()
    }

    /// What people call a recording: its name, with its place where there are several.
    pub fn shown(&self, recording: &Recording) -> String {
        match self.stores.len() {
            0 | 1 => recording.name.clone(),
            _ => below(&recording.store.address(), &recording.name),
        }
    }

    /// Every recording, in a stable order.
    pub fn recordings(&self) -> impl Iterator<Item = Recording> + '_ {
        self.ready_ids().map(|id| self.recording(id))
    }

    /// The names that a recording has below its folder and each folder above that: what it is called
    /// when `--audio` names any of them. The longest comes first.
    pub fn names_from_above(&self, recording: &Recording) -> Vec<String> {
        let folders = recording
            .store
            .location()
            .components()
            .filter_map(|part| match part {
                Component::Normal(part) => part.to_str(),
                _ => None,
            });
        let name = recording.name.split('/');
        let parts: Vec<_> = folders.map(composed).chain(name.map(Cow::from)).collect();
        (0..parts.len()).map(|at| parts[at..].join("/")).collect()
    }

    /// Whether there is more than a header in a recording of this index.
    pub fn has_sound(&self, recording: &Recording) -> bool {
        let entry = self.entries.get(recording.id as usize);
        entry.is_none_or(|entry| !self.is_without_sound(recording.id, entry))
    }

    /// Whether a recording has more bytes than the API takes.
    pub fn is_too_large(&self, recording: &Recording) -> bool {
        recording.bytes() > self.largest
    }

    /// A WAV header alone is 44 bytes; FreePBX leaves such files for calls that were not recorded. Other
    /// files of this size, such as error pages, hold no empty sound, but something else.
    pub(in crate::recordings) fn is_without_sound(&self, id: u32, entry: &IndexedFile) -> bool {
        let is_wave = || content_type(self.file_name(entry)) == "audio/wav";
        let is_header = || {
            let probe = probe_found(&self.recording(id), Depth::Header);
            probe.is_ok_and(|probe| probe.is_ok_and(|probe| probe.seconds == Some(0.0)))
        };
        entry.version.bytes == 0 || (entry.version.bytes <= 44 && is_wave() && is_header())
    }

    pub(in crate::recordings) fn ready_ids(&self) -> impl Iterator<Item = u32> + '_ {
        (0u32..)
            .zip(&self.entries)
            .filter(|(id, entry)| entry.state == FileState::Ready && !self.twins.contains_key(id))
            .map(|(id, _)| id)
    }

    pub(in crate::recordings) fn recording(&self, id: u32) -> Recording {
        let entry = &self.entries[id as usize];
        Recording {
            name: self.path_name(id),
            store: Arc::clone(&self.stores[usize::from(self.folder(entry).store)]),
            key: self.key(id),
            version: entry.version,
            id,
        }
    }

    /// Under which name the store keeps it.
    pub(in crate::recordings) fn key(&self, id: u32) -> RecordingKey {
        let key = self.keys.get(&id).cloned();
        key.unwrap_or_else(|| RecordingKey::new(self.path_name(id)))
    }

    /// The path below its folder or store.
    pub(in crate::recordings) fn path_name(&self, id: u32) -> String {
        self.entries[id as usize].path(&self.names, &self.folders)
    }

    pub(in crate::recordings) fn file_name(&self, entry: &IndexedFile) -> &str {
        entry.file_name(&self.names)
    }

    pub(in crate::recordings) fn stem(&self, entry: &IndexedFile) -> &str {
        entry.stem(&self.names)
    }

    pub(in crate::recordings) fn extension(&self, entry: &IndexedFile) -> &str {
        let name = self.file_name(entry);
        name.get(usize::from(entry.stem_length) + 1..)
            .unwrap_or_default()
    }

    pub(in crate::recordings) fn folder(&self, entry: &IndexedFile) -> &IndexedFolder {
        &self.folders[entry.folder as usize]
    }

    pub(in crate::recordings) fn folded_stem(&self, id: usize) -> &str {
        &self.stems[self.starts[id] as usize..self.starts[id + 1] as usize - 1]
    }

    /// The entries with exactly this folded stem.
    pub(in crate::recordings) fn group(&self, folded: &str) -> Range<usize> {
        self.groups
            .find(xxh3_64(folded.as_bytes()), |(first, _)| {
                self.folded_stem(*first as usize) == folded
            })
            .map_or(0..0, |(first, count)| {
                *first as usize..(*first + *count) as usize
            })
    }

    /// The entries whose folded stem starts with `prefix`.
    pub(in crate::recordings) fn starting_with(&self, prefix: &str) -> Range<usize> {
        let first = self.partition(|stem| stem < prefix);
        let end = self.partition(|stem| stem < prefix || stem.starts_with(prefix));
        first..end
    }

    fn partition(&self, before: impl Fn(&str) -> bool) -> usize {
        let (mut low, mut high) = (0, self.entries.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            if before(self.folded_stem(middle)) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// A link and its target are one recording.
    pub(in crate::recordings) fn distinct<'a>(&self, ids: &'a [u32]) -> Cow<'a, [u32]> {
        if !ids.iter().any(|id| self.twins.contains_key(id)) {
            return Cow::Borrowed(ids);
        }
        let mut ids: Vec<u32> = ids
            .iter()
            .map(|id| *self.twins.get(id).unwrap_or(id))
            .collect();
        ids.sort_unstable();
        ids.dedup();
        Cow::Owned(ids)
    }
}
