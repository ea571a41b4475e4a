//! The one walk through a folder that lists its recordings.

use std::collections::{HashMap, HashSet};
use std::ffi::OsStr;
use std::fs;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;

use walkdir::{DirEntry, WalkDir};

use super::beneath::Root;
use super::error::IndexError;
use super::listing::{Alias, FileState, IndexedFile, IndexedFolder, Unlisted};
use super::recording::Identity;
use super::recycle_bins::is_bin;
use crate::recordings::extension::is_audio_extension;
use crate::recordings::spelling::{composed, folded, split_extension};

/// Lists the recordings below a folder, without following links that lead out of it.
pub(in crate::recordings) fn walk(root: &Path) -> Result<Listing, IndexError> {
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
    let mut walk = Listing::new(Root::open(absolute).map_err(unreadable)?);
    let mut items = WalkDir::new(walk.root.path()).min_depth(1).into_iter();
    while let Some(item) = items.next() {
        match item {
            Ok(entry) if entry.file_type().is_dir() && is_bin(entry.file_name()) => {
                walk.bins.push(walk.below(entry.path()));
                items.skip_current_dir();
            }
            Ok(entry) => walk.take(&entry),
            Err(error) => walk.miss(&error),
        }
    }
    // Positions in the text of all names have 32 bits.
    if u32::try_from(walk.names.len()).is_err() {
        return Err(IndexError::TooMany {
            path: root.to_owned(),
        });
    }
    walk.measure();
    Ok(walk)
}

/// The walk so far, in the order of the file system.
pub(in crate::recordings) struct Listing {
    pub(in crate::recordings) root: Arc<Root>,
    pub(in crate::recordings) entries: Vec<IndexedFile>,
    pub(in crate::recordings) folders: Vec<IndexedFolder>,
    folder_ids: HashMap<PathBuf, u32>,
    /// Whether the name of a folder says where it is (it does not when it is no composed Unicode).
    plain: Vec<bool>,
    /// The folder of the file before: files of one folder mostly come in a row.
    last_folder: Option<(PathBuf, u32)>,
    pub(in crate::recordings) names: String,
    /// Where entries are below the root whose name does not say it, by position.
    pub(in crate::recordings) paths: HashMap<u32, PathBuf>,
    /// Positions of links to files inside.
    pub(in crate::recordings) links: HashSet<u32>,
    pub(in crate::recordings) aliases: Vec<Alias>,
    pub(in crate::recordings) others: u64,
    pub(in crate::recordings) unread: Vec<Unlisted>,
    /// Folders that were not walked, see [`is_bin`].
    pub(in crate::recordings) bins: Vec<String>,
}

impl Listing {
    fn new(root: Root) -> Self {
        Listing {
            root: Arc::new(root),
            entries: Vec::new(),
            folders: Vec::new(),
            folder_ids: HashMap::new(),
            plain: Vec::new(),
            last_folder: None,
            names: String::new(),
            paths: HashMap::new(),
            links: HashSet::new(),
            aliases: Vec::new(),
            others: 0,
            unread: Vec::new(),
            bins: Vec::new(),
        }
    }

    fn take(&mut self, found: &DirEntry) {
        let kind = found.file_type();
        if kind.is_symlink() {
            self.take_link(found);
        } else if !self.is_recording(found.file_name(), kind.is_dir()) {
        } else if kind.is_file() {
            self.keep(found.path(), FileState::Ready);
        } else {
            self.keep(found.path(), FileState::Special);
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
                self.unread.push(Unlisted {
                    name: self.below(found.path()),
                    why: "the link leads nowhere".to_owned(),
                });
                self.keep(found.path(), FileState::Unreadable);
            }
            return;
        };
        let below = target.strip_prefix(self.root.path()).ok();
        if below.is_some_and(|below| below.iter().any(is_bin)) {
            return;
        }
        match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => self.aliases.push(Alias {
                folded: folded(&self.below(found.path())).into_owned(),
                target: below.map(|_| self.below(&target)),
            }),
            _ if !self.is_recording(found.file_name(), false) => {}
            Ok(metadata) if metadata.is_file() => match below {
                Some(below) => {
                    let position = self.position();
                    self.keep(found.path(), FileState::Ready);
                    self.paths.insert(position, below.to_owned());
                    self.links.insert(position);
                }
                None => self.keep(found.path(), FileState::Outside),
            },
            _ if below.is_none() => self.keep(found.path(), FileState::Outside),
            Ok(_) => self.keep(found.path(), FileState::Special),
            Err(_) => self.keep(found.path(), FileState::Unreadable),
        }
    }

    fn keep(&mut self, path: &Path, state: FileState) {
        let raw = path.file_name().unwrap_or_default();
        let lossy = raw.to_string_lossy();
        let name = composed(&lossy);
        let folder = self.folder(path.parent().unwrap_or(path));
        let start = self.names.len();
        self.names.push_str(&name);
        // A file name is at most 255 bytes (or UTF-16 units), far from its limit; one that
        // starts past 4 GB of names is noticed after the walk.
        let fits = |length: usize| u16::try_from(length).unwrap_or(u16::MAX);
        let entry = IndexedFile {
            name_start: u32::try_from(start).unwrap_or(u32::MAX),
            name_length: fits(name.len()),
            stem_length: fits(split_extension(&name).0.len()),
            folder,
            state,
            bytes: 0,
            identity: Identity::default(),
        };
        if raw.to_str() != Some(&name) || !self.plain[folder as usize] {
            let below = path.strip_prefix(self.root.path()).unwrap_or(path);
            self.paths.insert(self.position(), below.to_owned());
        }
        self.entries.push(entry);
    }

    fn position(&self) -> u32 {
        u32::try_from(self.entries.len()).unwrap_or(u32::MAX)
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
        self.plain.push(self.root.path().join(&name) == path);
        self.folders.push(IndexedFolder {
            folded: folded(&name).into(),
            name: name.into(),
        });
        self.folder_ids.insert(path.to_owned(), id);
        id
    }

    /// The path below the root, for people and as a key.
    fn below(&self, path: &Path) -> String {
        let mut name = String::new();
        for part in path.strip_prefix(self.root.path()).unwrap_or(path) {
            if !name.is_empty() {
                name.push('/');
            }
            name.push_str(&composed(&part.to_string_lossy()));
        }
        name
    }

    fn miss(&mut self, error: &walkdir::Error) {
        self.unread.push(Unlisted {
            name: error
                .path()
                .map(|path| self.below(path))
                .unwrap_or_default(),
            why: error
                .io_error()
                .map_or_else(|| "a circle of links".to_owned(), ToString::to_string),
        });
    }

    /// Reads the sizes of all files, several at a time: on a network share each takes as long as
    /// the way there and back.
    fn measure(&mut self) {
        const AT_ONCE: usize = 8;
        let (names, folders) = (&*self.names, &*self.folders);
        let (root, paths) = (self.root.path(), &self.paths);
        let share = self.entries.len().div_ceil(AT_ONCE).max(500);
        let measure_share = |first: usize, entries: &mut [IndexedFile]| {
            let mut unread = Vec::new();
            for (position, entry) in (first..).zip(entries) {
                if entry.state != FileState::Ready {
                    continue;
                }
                let other = u32::try_from(position).ok().and_then(|at| paths.get(&at));
                let name = entry.path(names, folders);
                let path = root.join(other.map_or(Path::new(&name), PathBuf::as_path));
                if let Err(error) = entry.measure(&path) {
                    let why = error.to_string();
                    unread.push(Unlisted { name, why });
                }
            }
            unread
        };
        let unread = thread::scope(|scope| {
            let shares: Vec<_> = self
                .entries
                .chunks_mut(share)
                .enumerate()
                .map(|(number, entries)| {
                    scope.spawn(move || measure_share(number * share, entries))
                })
                .collect();
            let joined = shares.into_iter().map(thread::ScopedJoinHandle::join);
            joined
                .flat_map(|unread| unread.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect::<Vec<_>>()
        });
        self.unread.extend(unread);
    }
}
