//! The one walk that fills an [`Index`].

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use hashbrown::HashTable;
use walkdir::{DirEntry, WalkDir};
use xxhash_rust::xxh3::xxh3_64;

use super::index::{
    Alias, Entry, Folder, Index, IndexError, IndexOptions, State, Unread, outwards,
};
use super::kind::is_audio_extension;
use super::naming::Captured;
use super::spelling::{composed, folded, loosened, split_extension};

pub(super) fn walk(root: &Path, options: &IndexOptions) -> Result<Index, IndexError> {
    let unreadable = |source| IndexError::Folder {
        path: root.to_owned(),
        source,
    };
    let absolute = fs::canonicalize(root).map_err(unreadable)?;
    if !absolute.is_dir() {
        return Err(IndexError::NotAFolder {
            path: root.to_owned(),
        });
    }
    fs::read_dir(&absolute).map_err(unreadable)?;
    let mut walk = Walk::new(absolute);
    for item in WalkDir::new(&walk.root).min_depth(1) {
        match item {
            Ok(entry) => walk.take(&entry),
            Err(error) => walk.miss(&error),
        }
    }
    walk.finish(options).ok_or_else(|| IndexError::TooMany {
        path: root.to_owned(),
    })
}

/// The walk so far, in the order of the file system.
struct Walk {
    root: PathBuf,
    entries: Vec<Entry>,
    folders: Vec<Folder>,
    folder_ids: HashMap<PathBuf, u32>,
    /// Whether the name of a folder says where it is (it does not when it is no composed Unicode).
    plain: Vec<bool>,
    /// The folder of the file before: files of one folder mostly come in a row.
    last_folder: Option<(PathBuf, u32)>,
    names: String,
    /// By position in `entries`.
    paths: HashMap<usize, PathBuf>,
    /// Positions of links to files inside.
    links: Vec<u32>,
    aliases: Vec<Alias>,
    others: u64,
    unread: Vec<Unread>,
}

impl Walk {
    fn new(root: PathBuf) -> Self {
        Walk {
            root,
            entries: Vec::new(),
            folders: Vec::new(),
            folder_ids: HashMap::new(),
            plain: Vec::new(),
            last_folder: None,
            names: String::new(),
            paths: HashMap::new(),
            links: Vec::new(),
            aliases: Vec::new(),
            others: 0,
            unread: Vec::new(),
        }
    }

    fn take(&mut self, found: &DirEntry) {
        let kind = found.file_type();
        if kind.is_symlink() {
            self.take_link(found);
        } else if !self.is_recording(found.file_name(), kind.is_dir()) {
        } else if kind.is_file() {
            match found.metadata() {
                Ok(metadata) => self.keep(found.path(), State::Ready, Some(&metadata)),
                Err(error) => {
                    self.miss(&error);
                    self.keep(found.path(), State::Unreadable, None);
                }
            }
        } else {
            self.keep(found.path(), State::Special, None);
        }
    }

    /// Whether the name is that of a recording; counts the files that are none. `._x.wav` is what
    /// macOS leaves beside `x.wav` on foreign disks.
    fn is_recording(&mut self, name: &OsStr, is_folder: bool) -> bool {
        if is_folder {
            return false;
        }
        let audio = Path::new(name)
            .extension()
            .and_then(OsStr::to_str)
            .is_some_and(is_audio_extension);
        let audio = audio && !name.as_encoded_bytes().starts_with(b"._");
        self.others += u64::from(!audio);
        audio
    }

    /// A link to a file is kept as what it leads to; a link to a folder as another name for it. The
    /// walk itself reaches everything inside, so nothing is walked twice and no link can make a
    /// circle.
    fn take_link(&mut self, found: &DirEntry) {
        let Ok(target) = fs::canonicalize(found.path()) else {
            if self.is_recording(found.file_name(), false) {
                self.unread.push(Unread {
                    name: self.below(found.path()),
                    why: "the link leads nowhere".to_owned(),
                });
                self.keep(found.path(), State::Unreadable, None);
            }
            return;
        };
        let inside = target.starts_with(&self.root);
        match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => self.aliases.push(Alias {
                folded: folded(&self.below(found.path())).into_owned(),
                target: inside.then(|| self.below(&target)),
            }),
            _ if !self.is_recording(found.file_name(), false) => {}
            _ if !inside => self.keep(found.path(), State::Outside, None),
            Ok(metadata) if metadata.is_file() => {
                let position = self.entries.len();
                self.keep(found.path(), State::Ready, Some(&metadata));
                self.paths.insert(position, target);
                self.links.extend(u32::try_from(position));
            }
            Ok(_) => self.keep(found.path(), State::Special, None),
            Err(_) => self.keep(found.path(), State::Unreadable, None),
        }
    }

    fn keep(&mut self, path: &Path, state: State, metadata: Option<&Metadata>) {
        let raw = path.file_name().unwrap_or_default();
        let lossy = raw.to_string_lossy();
        let name = composed(&lossy);
        let folder = self.folder(path.parent().unwrap_or(path));
        let start = self.names.len();
        self.names.push_str(&name);
        // A file name is at most 255 bytes (or UTF-16 units), far from either limit; one that is
        // longer, or starts past 4 GB of names, is noticed in `finish`.
        let fits = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        self.entries.push(Entry {
            name_start: u32::try_from(start).unwrap_or(u32::MAX),
            name_length: fits(name.len()),
            stem_length: fits(split_extension(&name).0.len()),
            folder,
            state,
            bytes: metadata.map_or(0, Metadata::len),
            modified: metadata
                .and_then(|metadata| metadata.modified().ok())
                .unwrap_or(SystemTime::UNIX_EPOCH),
        });
        if raw.to_str() != Some(&name) || !self.plain[folder as usize] {
            self.paths.insert(self.entries.len() - 1, path.to_owned());
        }
    }

    fn folder(&mut self, path: &Path) -> u32 {
        if let Some((last, id)) = &self.last_folder
            && last == path
        {
            return *id;
        }
        let known = self.folder_ids.get(path).copied();
        let id = known.unwrap_or_else(|| self.new_folder(path));
        self.last_folder = Some((path.to_owned(), id));
        id
    }

    fn new_folder(&mut self, path: &Path) -> u32 {
        let name = self.below(path);
        let id = u32::try_from(self.folders.len()).unwrap_or(u32::MAX);
        self.plain.push(self.root.join(&name) == path);
        self.folders.push(Folder {
            folded: folded(&name).into(),
            name: name.into(),
        });
        self.folder_ids.insert(path.to_owned(), id);
        id
    }

    /// The path below the root, for people and as a key.
    fn below(&self, path: &Path) -> String {
        let mut name = String::new();
        for part in path.strip_prefix(&self.root).unwrap_or(path) {
            if !name.is_empty() {
                name.push('/');
            }
            name.push_str(&composed(&part.to_string_lossy()));
        }
        name
    }

    fn miss(&mut self, error: &walkdir::Error) {
        self.unread.push(Unread {
            name: error
                .path()
                .map(|path| self.below(path))
                .unwrap_or_default(),
            why: error
                .io_error()
                .map_or_else(|| "a circle of links".to_owned(), ToString::to_string),
        });
    }

    /// Sorts what was found; `None` when it is too much for the index.
    fn finish(self, options: &IndexOptions) -> Option<Index> {
        u32::try_from(self.names.len()).ok()?;
        let order = self.order();
        let mut index = Index {
            root: self.root,
            largest: options.largest,
            entries: Vec::with_capacity(order.len()),
            folders: self.folders,
            names: self.names,
            stems: String::new(),
            starts: Vec::with_capacity(order.len() + 1),
            groups: HashTable::new(),
            loose: Vec::new(),
            paths: HashMap::new(),
            twins: HashMap::new(),
            captured: None,
            aliases: self.aliases,
            total: 0,
            ready: 0,
            others: self.others,
            unread: self.unread,
        };
        let mut found: Vec<Option<Entry>> = self.entries.into_iter().map(Some).collect();
        let mut paths = self.paths;
        let links: HashSet<u32> = self.links.into_iter().collect();
        let mut linked = Vec::new();
        for (id, (stem, position)) in (0u32..).zip(&order) {
            let entry = found[*position as usize].take()?;
            if let Some(path) = paths.remove(&(*position as usize)) {
                index.paths.insert(id, path);
            }
            if links.contains(position) {
                linked.push(id);
            }
            index.admit(id, stem, entry)?;
        }
        index.starts.push(u32::try_from(index.stems.len()).ok()?);
        index.loose.sort_unstable();
        index.loose.shrink_to_fit();
        index.group_stems();
        index.join_twins(&linked);
        index.captured = options.naming.as_ref().map(|naming| {
            let names = index.ready_ids().map(|id| (id, index.path_name(id)));
            Captured::new(naming, names)
        });
        Some(index)
    }

    /// Folded stem and position of every entry, in the order of the index.
    fn order(&self) -> Vec<(Box<str>, u32)> {
        let mut order: Vec<(Box<str>, u32)> = (0u32..)
            .zip(&self.entries)
            .map(|(position, entry)| {
                let start = entry.name_start as usize;
                let stem = &self.names[start..start + usize::from(entry.stem_length)];
                (folded(stem).into(), position)
            })
            .collect();
        let folder = |position: u32| {
            let entry = &self.entries[position as usize];
            outwards(&self.folders[entry.folder as usize].folded)
        };
        order.sort_by(|(stem, position), (other, other_position)| {
            stem.cmp(other)
                .then_with(|| folder(*position).cmp(folder(*other_position)))
                .then_with(|| self.name(*position).cmp(self.name(*other_position)))
        });
        order
    }

    fn name(&self, position: u32) -> &str {
        let entry = &self.entries[position as usize];
        let start = entry.name_start as usize;
        &self.names[start..start + usize::from(entry.name_length)]
    }
}

impl Index {
    fn admit(&mut self, id: u32, stem: &str, entry: Entry) -> Option<()> {
        self.starts.push(u32::try_from(self.stems.len()).ok()?);
        self.stems.push_str(stem);
        self.stems.push('\0');
        let loose = loosened(stem);
        if *loose != *stem {
            self.loose.push((xxh3_64(loose.as_bytes()), id));
        }
        self.entries.push(entry);
        Some(())
    }

    /// Finds what the links among the files lead to, and counts what is left. A link to a file that
    /// is no recording by its own name stays a recording of its own.
    fn join_twins(&mut self, linked: &[u32]) {
        if !linked.is_empty() {
            let links: HashSet<u32> = linked.iter().copied().collect();
            let by_path: HashMap<PathBuf, u32> = (0u32..)
                .zip(&self.entries)
                .filter(|(id, entry)| entry.state == State::Ready && !links.contains(id))
                .map(|(id, _)| (self.recording(id).path, id))
                .collect();
            for link in linked {
                let target = self.paths.get(link).and_then(|path| by_path.get(path));
                if let Some(target) = target {
                    self.twins.insert(*link, *target);
                }
            }
        }
        (self.ready, self.total) = self.ready_ids().fold((0, 0), |(count, sum), id| {
            (count + 1, sum + self.entries[id as usize].bytes)
        });
    }

    fn group_stems(&mut self) {
        let mut groups = HashTable::with_capacity(self.entries.len());
        let mut first = 0;
        for id in 1..=self.entries.len() {
            if id < self.entries.len() && self.folded_stem(id) == self.folded_stem(first) {
                continue;
            }
            if first < self.entries.len() {
                let hash = |first: u32| xxh3_64(self.folded_stem(first as usize).as_bytes());
                // Positions fit: `starts` has already been counted in 32 bits.
                let group = (
                    u32::try_from(first).unwrap_or(u32::MAX),
                    u32::try_from(id - first).unwrap_or(u32::MAX),
                );
                groups.insert_unique(hash(group.0), group, |(first, _)| hash(*first));
            }
            first = id;
        }
        groups.shrink_to_fit(|(first, _)| xxh3_64(self.folded_stem(*first as usize).as_bytes()));
        self.groups = groups;
    }
}
