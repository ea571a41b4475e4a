//! What a store holds, file by file, in the order in which it was listed.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use super::key::RecordingKey;
use super::version::ObjectVersion;
use crate::recordings::extension::is_audio_extension;
use crate::recordings::spelling::{composed, folded, split_extension};

/// A folder or file that could not be listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unlisted {
    /// Its path below the store.
    pub name: String,
    /// What the system said.
    pub why: String,
}

/// Recordings in cold storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ColdRecordings {
    /// How many.
    pub recordings: u64,
    /// Their size.
    pub bytes: u64,
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
    pub(in crate::recordings) version: ObjectVersion,
}

impl IndexedFile {
    pub(in crate::recordings) fn file_name<'n>(&self, names: &'n str) -> &'n str {
        let start = self.name_start as usize;
        &names[start..start + usize::from(self.name_length)]
    }

    pub(in crate::recordings) fn stem<'n>(&self, names: &'n str) -> &'n str {
        &self.file_name(names)[..usize::from(self.stem_length)]
    }

    /// The path below the store.
    pub(in crate::recordings) fn path(&self, names: &str, folders: &[IndexedFolder]) -> String {
        let folder = &folders[self.folder as usize].name;
        let file = self.file_name(names);
        if folder.is_empty() {
            file.to_owned()
        } else {
            format!("{folder}/{file}")
        }
    }
}

#[derive(Debug)]
pub(in crate::recordings) struct IndexedFolder {
    pub(in crate::recordings) name: Box<str>,
    pub(in crate::recordings) folded: Box<str>,
    /// The position of its store.
    pub(in crate::recordings) store: u16,
}

/// A link to a folder: asked for, it stands for its target, or is refused when that is outside.
#[derive(Debug)]
pub(in crate::recordings) struct Alias {
    /// Folded path of the link below the store.
    pub(in crate::recordings) folded: String,
    /// Path of the target below the store; `None` outside of it.
    pub(in crate::recordings) target: Option<String>,
}

/// What a store holds.
#[derive(Debug, Default)]
pub struct Listing {
    pub(in crate::recordings) entries: Vec<IndexedFile>,
    pub(in crate::recordings) folders: Vec<IndexedFolder>,
    folder_ids: HashMap<PathBuf, u32>,
    /// Whether the name of a folder is its key (it is not when the key is no composed Unicode).
    plain: Vec<bool>,
    /// The folder of the file before: files of one folder mostly come in a row.
    last_folder: Option<(PathBuf, u32)>,
    pub(in crate::recordings) names: String,
    /// The keys of entries whose name does not say it, by position.
    pub(in crate::recordings) keys: HashMap<u32, RecordingKey>,
    /// Positions of links to files inside.
    pub(in crate::recordings) links: HashSet<u32>,
    pub(in crate::recordings) aliases: Vec<Alias>,
    pub(in crate::recordings) others: u64,
    pub(in crate::recordings) unlisted: Vec<Unlisted>,
    /// What must be restored before it can be read, by the class of storage.
    pub(in crate::recordings) cold: BTreeMap<String, ColdRecordings>,
    /// Requests that it took to make this list.
    pub(in crate::recordings) requests: u64,
    /// Folders that were left out because they hold what was deleted.
    pub(in crate::recordings) bins: Vec<String>,
}

impl Listing {
    /// Adds an object by its key, if the key is the name of a recording, and counts it otherwise. `cold` is
    /// the class of cold storage that it lies in.
    pub fn add_object(&mut self, key: &str, version: ObjectVersion, cold: Option<&str>) {
        let path = Path::new(key);
        let is_recording = path.file_name().is_some_and(|name| self.is_recording(name));
        if is_recording {
            let position = self.add(path, FileState::Ready);
            self.entries[position as usize].version = version;
            if let Some(class) = cold {
                let stored = self.cold.entry(class.to_owned()).or_default();
                stored.recordings += 1;
                stored.bytes += version.bytes;
            }
        }
    }

    /// Counts requests that a part of the list took.
    pub fn add_requests(&mut self, requests: u64) {
        self.requests += requests;
    }

    /// Names something of the store that could not be listed.
    pub fn add_unlisted(&mut self, name: String, why: String) {
        self.unlisted.push(Unlisted { name, why });
    }

    /// Adds what another store listed, as the store of this position; `None` when there are more than
    /// 4 GB of names.
    pub(in crate::recordings) fn append(&mut self, other: Listing, store: u16) -> Option<()> {
        let base = self.position();
        let folder_base = u32::try_from(self.folders.len()).ok()?;
        let name_base = u32::try_from(self.names.len()).ok()?;
        u32::try_from(self.names.len() + other.names.len()).ok()?;
        base.checked_add(other.position())?;
        self.names.push_str(&other.names);
        let folders = other.folders.into_iter();
        self.folders
            .extend(folders.map(|folder| IndexedFolder { store, ..folder }));
        let entries = other.entries.into_iter();
        self.entries.extend(entries.map(|entry| IndexedFile {
            name_start: entry.name_start + name_base,
            folder: entry.folder + folder_base,
            ..entry
        }));
        let keys = other.keys.into_iter();
        self.keys.extend(keys.map(|(at, key)| (at + base, key)));
        self.links
            .extend(other.links.into_iter().map(|at| at + base));
        self.aliases.extend(other.aliases);
        self.others += other.others;
        self.unlisted.extend(other.unlisted);
        self.bins.extend(other.bins);
        for (class, stored) in other.cold {
            let all = self.cold.entry(class).or_default();
            all.recordings += stored.recordings;
            all.bytes += stored.bytes;
        }
        Some(())
    }

    /// Whether the name is that of a recording; counts the files that are none. `._x.wav` is what
    /// macOS leaves beside `x.wav` on foreign disks.
    pub(in crate::recordings) fn is_recording(&mut self, name: &OsStr) -> bool {
        let audio = Path::new(name)
            .extension()
            .and_then(OsStr::to_str)
            .is_some_and(is_audio_extension);
        let audio = audio && !name.as_encoded_bytes().starts_with(b"._");
        self.others += u64::from(!audio);
        audio
    }

    /// Adds a recording by its key; gives its position.
    pub(in crate::recordings) fn add(&mut self, key: &Path, state: FileState) -> u32 {
        let raw = key.file_name().unwrap_or_default();
        let lossy = raw.to_string_lossy();
        let name = composed(&lossy);
        let folder = self.folder(key.parent().unwrap_or(Path::new("")));
        let start = self.names.len();
        self.names.push_str(&name);
        // A file name is at most 255 bytes (or UTF-16 units), far from its limit; one that
        // starts past 4 GB of names is noticed when the list is complete.
        let fits = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        let entry = IndexedFile {
            name_start: u32::try_from(start).unwrap_or(u32::MAX),
            name_length: fits(name.len()),
            stem_length: fits(split_extension(&name).0.len()),
            folder,
            state,
            version: ObjectVersion::default(),
        };
        let position = self.position();
        let parent = self.folders[folder as usize].name.len();
        // Of `a//x.wav` and `a/./x.wav` the folder is the same, but not the key.
        let length = parent + usize::from(parent > 0) + name.len();
        let is_named = raw.to_str() == Some(&name) && self.plain[folder as usize];
        if !is_named || key.as_os_str().len() != length {
            self.keys.insert(position, RecordingKey::new(key));
        }
        self.entries.push(entry);
        position
    }

    fn position(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
    }

    fn folder(&mut self, key: &Path) -> u32 {
        if let Some((last, id)) = &self.last_folder
            && last == key
        {
            return *id;
        }
        let known = self.folder_ids.get(key).copied();
        let id = known.unwrap_or_else(|| self.new_folder(key));
        self.last_folder = Some((key.to_owned(), id));
        id
    }

    fn new_folder(&mut self, key: &Path) -> u32 {
        let name = name_of(key);
        let id = u32::try_from(self.folders.len()).unwrap_or(u32::MAX);
        self.plain.push(Path::new(&name) == key);
        self.folders.push(IndexedFolder {
            folded: folded(&name).into(),
            name: name.into(),
            store: 0,
        });
        self.folder_ids.insert(key.to_owned(), id);
        id
    }
}

/// A key as people read it: `/` between folders, composed Unicode.
pub(in crate::recordings) fn name_of(key: &Path) -> String {
    let mut name = String::new();
    for part in key {
        if !name.is_empty() {
            name.push('/');
        }
        name.push_str(&composed(&part.to_string_lossy()));
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_no_more_room_than_before_its_identity_was_kept() {
        assert!(size_of::<IndexedFile>() <= 40);
    }

    #[test]
    fn keys_that_their_names_do_not_say_are_kept() {
        let mut listing = Listing::default();
        let keys = [
            "a/x.wav",
            "a//x.wav",
            "a/./x.wav",
            "x.wav",
            "/x.wav",
            "a/e\u{301}.wav",
        ];
        for key in keys {
            listing.add_object(key, ObjectVersion::default(), None);
        }
        let kept = |at: u32| listing.keys.get(&at).map(|key| key.as_os_str().to_owned());
        let kept: Vec<_> = (0..6).map(kept).collect();
        let expected = [
            None,
            Some(keys[1]),
            Some(keys[2]),
            None,
            Some(keys[4]),
            Some(keys[5]),
        ];
        assert_eq!(kept, expected.map(|key| key.map(Into::into)));
    }
}
