//! Puts what a walk found into the order of an [`Index`].

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, OnceLock};

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

use super::captures::Captures;
use super::lookup::{Index, IndexOptions};
use super::places::{StoreExtent, below};
use crate::recordings::sidecar::{Sidecar, SidecarAnswer};
use crate::recordings::spelling::{folded, loosened, outwards};
use crate::recordings::store::error::IndexError;
use crate::recordings::store::key::RecordingKey;
use crate::recordings::store::listing::{FileState, IndexedFile, Listing, Unlisted};
use crate::recordings::store::local::LocalFolder;
use crate::recordings::store::recording_store::RecordingStore;

/// Walks the folder once, without following links that lead out of it, and orders what it finds.
pub fn build_index(root: &Path, options: &IndexOptions) -> Result<Index, IndexError> {
    index_store(vec![Arc::new(LocalFolder::open(root)?)], options)
}

/// Lists each store once and orders what they hold. What two of them hold under one name are two
/// recordings.
pub fn index_store(
    stores: Vec<Arc<dyn RecordingStore>>,
    options: &IndexOptions,
) -> Result<Index, IndexError> {
    let too_many = |store: &Arc<dyn RecordingStore>| IndexError::TooMany {
        place: store.address(),
    };
    let mut all = Listing::default();
    let mut extent = StoreExtent::default();
    for (at, store) in (0u16..).zip(&stores) {
        let mut listing = store.list()?;
        if store.is_far() {
            extent.add(&listing);
        }
        if stores.len() > 1 {
            name_place(&mut listing, &store.address());
        }
        if at == 0 {
            all = listing;
        } else {
            all.append(listing, at).ok_or_else(|| too_many(store))?;
        }
    }
    let refused = stores.last().map(too_many);
    match (arrange(stores, all, options), refused) {
        (Some(index), _) => Ok(Index { extent, ..index }),
        (None, Some(refused)) => Err(refused),
        (None, None) => unreachable!("an index has a store"),
    }
}

/// Of several places each name of what is not searched or read says where it is.
fn name_place(listing: &mut Listing, address: &str) {
    for unlisted in &mut listing.unlisted {
        unlisted.name = below(address, &unlisted.name);
    }
    for bin in &mut listing.bins {
        *bin = below(address, bin);
    }
}

/// Sorts what was found; `None` when it is too much for positions of 32 bits.
fn arrange(
    stores: Vec<Arc<dyn RecordingStore>>,
    mut listing: Listing,
    options: &IndexOptions,
) -> Option<Index> {
    let said = ask_sidecars(&stores, &mut listing, options.sidecar.as_ref());
    let stems = Stems::of(&listing)?;
    let mut order = stems.order(&listing);
    order.retain(|position| !said.other_media.contains(position));

    let mut index = Index {
        stores,
        largest: options.largest,
        entries: Vec::with_capacity(order.len()),
        folders: listing.folders,
        names: listing.names,
        stems: String::with_capacity(stems.text.len()),
        starts: Vec::with_capacity(order.len() + 1),
        groups: HashTable::new(),
        loose: Vec::new(),
        keys: HashMap::new(),
        twins: HashMap::new(),
        words: OnceLock::new(),
        captured: None,
        aliases: listing.aliases,
        total: 0,
        ready: 0,
        others: listing.others,
        unlisted: listing.unlisted,
        bins: listing.bins,
        cold: listing.cold,
        extent: StoreExtent::default(),
        fetch: None,
    };
    index.names.shrink_to_fit();
    let mut keys = listing.keys;
    let mut links = HashSet::new();
    for (id, position) in (0u32..).zip(&order) {
        if let Some(key) = keys.remove(position) {
            index.keys.insert(id, key);
        }
        if listing.links.contains(position) {
            links.insert(id);
        }
        admit(
            &mut index,
            id,
            stems.get(*position),
            listing.entries[*position as usize],
        )?;
    }
    index.starts.push(u32::try_from(index.stems.len()).ok()?);
    index.loose.sort_unstable();
    index.loose.shrink_to_fit();
    group_stems(&mut index);
    join_twins(&mut index, &links);
    if options.naming.is_some() || options.sidecar.is_some() {
        let names = index.ready_ids().map(|id| (id, index.path_name(id)));
        let keys = |id: u32| said.keys.get(&order[id as usize]).map(Vec::as_slice);
        index.captured = Some(Captures::new(options.naming.as_ref(), names, keys));
    }
    Some(index)
}

/// What the metadata beside the recordings say, by position.
#[derive(Default)]
struct SidecarKeys {
    /// Files that are no recordings of calls.
    other_media: HashSet<u32>,
    /// What tells the call of a recording.
    keys: HashMap<u32, Vec<String>>,
}

/// Asks the metadata of every recording. Metadata that cannot be read are told, and their recording goes to nobody.
fn ask_sidecars(
    stores: &[Arc<dyn RecordingStore>],
    listing: &mut Listing,
    sidecar: Option<&Sidecar>,
) -> SidecarKeys {
    let mut found = SidecarKeys::default();
    let Some(sidecar) = sidecar.filter(|sidecar| sidecar.is_asked()) else {
        return found;
    };
    let (names, folders) = (&listing.names, &listing.folders);
    for (position, entry) in (0u32..).zip(&mut listing.entries) {
        if entry.state != FileState::Ready {
            continue;
        }
        let key = match listing.keys.get(&position) {
            Some(key) => key.clone(),
            None => RecordingKey::new(entry.path(names, folders)),
        };
        let store = &stores[usize::from(folders[entry.folder as usize].store)];
        match sidecar.ask(&**store, &key) {
            Ok(SidecarAnswer::OtherMedia) => {
                found.other_media.insert(position);
                listing.others += 1;
            }
            Ok(SidecarAnswer::Keys(Some(keys))) => {
                found.keys.insert(position, keys);
            }
            Ok(SidecarAnswer::Keys(None) | SidecarAnswer::None) => {}
            Err((path, why)) => {
                // It may be no recording of a call, or one of another call.
                entry.state = FileState::Unreadable;
                listing.unlisted.push(Unlisted {
                    name: path.to_string_lossy().into_owned(),
                    why,
                });
            }
        }
    }
    found
}

/// The folded stems by position, each followed by a NUL.
struct Stems {
    text: String,
    starts: Vec<u32>,
}

impl Stems {
    fn of(listing: &Listing) -> Option<Stems> {
        let mut stems = Stems {
            text: String::with_capacity(listing.names.len()),
            starts: Vec::with_capacity(listing.entries.len() + 1),
        };
        for entry in &listing.entries {
            stems.starts.push(u32::try_from(stems.text.len()).ok()?);
            stems.text.push_str(&folded(entry.stem(&listing.names)));
            stems.text.push('\0');
        }
        stems.starts.push(u32::try_from(stems.text.len()).ok()?);
        Some(stems)
    }

    fn get(&self, position: u32) -> &str {
        let position = position as usize;
        &self.text[self.starts[position] as usize..self.starts[position + 1] as usize - 1]
    }

    /// The positions in the order of the index.
    fn order(&self, listing: &Listing) -> Vec<u32> {
        let mut order: Vec<(&[u8], u32)> = (0u32..)
            .zip(&listing.entries)
            .map(|(position, _)| (self.get(position).as_bytes(), position))
            .collect();
        let entry = |position: u32| &listing.entries[position as usize];
        let folder = |position| outwards(&listing.folders[entry(position).folder as usize].folded);
        let name = |position| entry(position).file_name(&listing.names);
        order.sort_unstable_by(|(stem, one), (other_stem, other)| {
            stem.cmp(other_stem)
                .then_with(|| folder(*one).cmp(folder(*other)))
                .then_with(|| name(*one).cmp(name(*other)))
                .then_with(|| one.cmp(other))
        });
        order.into_iter().map(|(_, position)| position).collect()
    }
}

fn admit(index: &mut Index, id: u32, stem: &str, entry: IndexedFile) -> Option<()> {
    index.starts.push(u32::try_from(index.stems.len()).ok()?);
    index.stems.push_str(stem);
    index.stems.push('\0');
    let loose = loosened(stem);
    if *loose != *stem {
        index.loose.push((xxh3_64(loose.as_bytes()), id));
    }
    index.entries.push(entry);
    Some(())
}

/// Finds what the links among the files lead to, and counts what is left. A link to a file that
/// is no recording by its own name stays a recording of its own.
fn join_twins(index: &mut Index, links: &HashSet<u32>) {
    if !links.is_empty() {
        let by_key: HashMap<RecordingKey, u32> = (0u32..)
            .zip(&index.entries)
            .filter(|(id, entry)| entry.state == FileState::Ready && !links.contains(id))
            .map(|(id, _)| (index.key(id), id))
            .collect();
        for link in links {
            let target = index.keys.get(link).and_then(|key| by_key.get(key));
            if let Some(target) = target {
                index.twins.insert(*link, *target);
            }
        }
    }
    (index.ready, index.total) = index.ready_ids().fold((0, 0), |(count, sum), id| {
        (count + 1, sum + index.entries[id as usize].version.bytes)
    });
}

fn group_stems(index: &mut Index) {
    let mut groups = HashTable::with_capacity(index.entries.len());
    let mut first = 0;
    for id in 1..=index.entries.len() {
        if id < index.entries.len() && index.folded_stem(id) == index.folded_stem(first) {
            continue;
        }
        if first < index.entries.len() {
            let hash = |first: u32| xxh3_64(index.folded_stem(first as usize).as_bytes());
            // Positions fit: `starts` has already been counted in 32 bits.
            let group = (
                u32::try_from(first).unwrap_or(u32::MAX),
                u32::try_from(id - first).unwrap_or(u32::MAX),
            );
            groups.insert_unique(hash(group.0), group, |(first, _)| hash(*first));
        }
        first = id;
    }
    groups.shrink_to_fit(|(first, _)| xxh3_64(index.folded_stem(*first as usize).as_bytes()));
    index.groups = groups;
}
