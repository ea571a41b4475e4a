//! The recordings below the audio folder, as one walk found them.
//!
//! Files are kept in the order of their folded stems and, among equal stems, of their folders read
//! from the innermost outwards. All kinds of look-up are then ranges of one order: a stem, the
//! start of a stem, a path, the end of a path. Names lie in one text each; 200,000 files need some
//! 25 MB.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

use hashbrown::HashTable;
use regex::Regex;
use xxhash_rust::xxh3::xxh3_64;

use super::captures::{Captures, Naming};
use super::substrings::SubstringIndex;
use crate::recordings::Claims;
use crate::recordings::Recording;
use crate::recordings::spelling::composed;
use crate::recordings::store::beneath::Root;
use crate::recordings::store::recording::Identity;

/// What counts as a recording that may be sent.
#[derive(Debug, Clone)]
pub struct IndexOptions {
    /// More bytes than this are too many; the API takes 1 GB.
    pub largest: u64,
    /// Patterns that read out of the recordings' paths what tells their calls.
    pub naming: Option<Naming>,
}

impl Default for IndexOptions {
    fn default() -> Self {
        IndexOptions {
            largest: 1_000_000_000,
            naming: None,
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
}

/// Why there is no index.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The folder does not exist or cannot be read.
    #[error("cannot read the audio folder {path}: {source}")]
    Folder {
        /// The folder as the operator named it.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was named is not a folder.
    #[error("the audio folder {path} is not a folder")]
    NotAFolder {
        /// As the operator named it.
        path: PathBuf,
    },
    /// More than 4 GB of names.
    #[error("the audio folder {path} holds more files than can be indexed")]
    TooMany {
        /// As the operator named it.
        path: PathBuf,
    },
}

/// A folder or file that the walk could not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// Its path below the audio folder.
    pub name: String,
    /// What the system said.
    pub why: String,
}

/// What may be done with an indexed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::recordings) enum FileState {
    Ready,
    /// A link out of the folder.
    Outside,
    /// A device, a pipe, a socket or a folder with the name of a recording.
    Special,
    /// Its size could not be read.
    Unreadable,
}

#[derive(Debug, Clone, Copy)]
pub(in crate::recordings) struct IndexedFile {
    pub(in crate::recordings) name_start: u32,
    pub(in crate::recordings) name_length: u16,
    /// Length of the name up to the dot of its extension.
    pub(in crate::recordings) stem_length: u16,
    pub(in crate::recordings) folder: u32,
    pub(in crate::recordings) state: FileState,
    pub(in crate::recordings) bytes: u64,
    pub(in crate::recordings) identity: Identity,
}

impl IndexedFile {
    pub(in crate::recordings) fn file_name<'n>(&self, names: &'n str) -> &'n str {
        let start = self.name_start as usize;
        &names[start..start + usize::from(self.name_length)]
    }

    pub(in crate::recordings) fn stem<'n>(&self, names: &'n str) -> &'n str {
        &self.file_name(names)[..usize::from(self.stem_length)]
    }

    /// The path below the audio folder.
    pub(in crate::recordings) fn path(&self, names: &str, folders: &[IndexedFolder]) -> String {
        let folder = &folders[self.folder as usize].name;
        let file = self.file_name(names);
        if folder.is_empty() {
            file.to_owned()
        } else {
            format!("{folder}/{file}")
        }
    }

    /// Reads size and identity of the file at `path`; what cannot be read is marked so.
    pub(in crate::recordings) fn measure(&mut self, path: &Path) -> io::Result<()> {
        match path.symlink_metadata() {
            Ok(metadata) => {
                self.bytes = metadata.len();
                self.identity = Identity::of(&metadata);
                Ok(())
            }
            Err(error) => {
                self.state = FileState::Unreadable;
                Err(error)
            }
        }
    }
}

#[derive(Debug)]
pub(in crate::recordings) struct IndexedFolder {
    pub(in crate::recordings) name: Box<str>,
    pub(in crate::recordings) folded: Box<str>,
}

/// A link to a folder: asked for, it stands for its target, or is refused when that is outside.
#[derive(Debug)]
pub(in crate::recordings) struct Alias {
    /// Folded path of the link below the audio folder.
    pub(in crate::recordings) folded: String,
    /// Path of the target below the audio folder; `None` outside of it.
    pub(in crate::recordings) target: Option<String>,
}

/// The recordings below one folder. Built once; shared by reference between threads.
#[derive(Debug)]
pub struct Index {
    pub(in crate::recordings) root: Arc<Root>,
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
    /// Where entries are below the root whose name does not say it: links, and names that are not
    /// composed Unicode.
    pub(in crate::recordings) paths: HashMap<u32, PathBuf>,
    /// Links to files of the index: the link and what it leads to.
    pub(in crate::recordings) twins: HashMap<u32, u32>,
    /// Made by the first pattern that needs it.
    pub(in crate::recordings) words: OnceLock<SubstringIndex>,
    pub(in crate::recordings) captured: Option<Captures>,
    pub(in crate::recordings) aliases: Vec<Alias>,
    pub(in crate::recordings) total: u64,
    pub(in crate::recordings) ready: u32,
    pub(in crate::recordings) others: u64,
    pub(in crate::recordings) unread: Vec<Unlisted>,
    pub(in crate::recordings) bins: Vec<String>,
}

impl Index {
    /// Walks the folder once, without following links that lead out of it.
    pub fn build(root: &Path, options: &IndexOptions) -> Result<Index, IndexError> {
        crate::recordings::store::local::walk(root, options)
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
    pub fn unread(&self) -> &[Unlisted] {
        &self.unread
    }

    /// Recycle bins, snapshots and hidden folders below the audio folder: nothing in them is there.
    pub fn bins(&self) -> &[String] {
        &self.bins
    }

    /// The audio folder: absolute, links resolved.
    pub fn root(&self) -> &Path {
        self.root.path()
    }

    /// Every recording, in a stable order.
    pub fn recordings(&self) -> impl Iterator<Item = Recording> + '_ {
        self.ready_ids().map(|id| self.recording(id))
    }

    /// The names that a recording has below its folder and each folder above that: what it is called
    /// when `--audio` names any of them. The longest comes first.
    pub fn names_from_above(&self, recording: &Recording) -> Vec<String> {
        let folders = self.root().components().filter_map(|part| match part {
            Component::Normal(part) => part.to_str(),
            _ => None,
        });
        let name = recording.name.split('/');
        let parts: Vec<_> = folders.map(composed).chain(name.map(Cow::from)).collect();
        (0..parts.len()).map(|at| parts[at..].join("/")).collect()
    }

    /// The recordings that no call has claimed.
    pub fn unclaimed<'a>(&'a self, claims: &'a Claims) -> impl Iterator<Item = Recording> + 'a {
        self.ready_ids()
            .filter(|id| !claims.is_claimed(*id))
            .map(|id| self.recording(id))
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
            bytes: entry.bytes,
            root: Arc::clone(&self.root),
            below: self.paths.get(&id).cloned(),
            identity: entry.identity,
            id,
        }
    }

    /// Where the file is below the root.
    pub(in crate::recordings) fn below(&self, id: u32) -> Cow<'_, Path> {
        match self.paths.get(&id) {
            Some(path) => Cow::Borrowed(path),
            None => Cow::Owned(self.path_name(id).into()),
        }
    }

    /// The path below the audio folder.
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
}

/// The folders of a path from the innermost outwards.
pub(in crate::recordings) fn outwards(folder: &str) -> impl Iterator<Item = &str> {
    folder.rsplit('/').filter(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_no_more_room_than_before_its_identity_was_kept() {
        assert!(size_of::<IndexedFile>() <= 40);
    }
}
