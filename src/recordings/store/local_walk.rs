//! The one walk through a folder of this machine that lists its recordings.

use std::fs;
use std::io;
use std::panic::resume_unwind;
use std::path::Path;
use std::thread;

use walkdir::{DirEntry, WalkDir};

use super::key::RecordingKey;
use super::listing::{Alias, FileState, IndexedFile, Listing, Unlisted, name_of};
use super::recycle_bins::is_bin;
use super::version::ObjectVersion;
use crate::recordings::spelling::folded;

/// Lists the recordings below a folder, without following links that lead out of it; `None` when there
/// are more than 4 GB of names.
pub(super) fn walk(root: &Path) -> Option<Listing> {
    let mut walk = FolderWalk {
        root,
        listing: Listing::default(),
    };
    let mut items = WalkDir::new(root).min_depth(1).into_iter();
    while let Some(item) = items.next() {
        match item {
            Ok(entry) if entry.file_type().is_dir() && is_bin(entry.file_name()) => {
                let bin = walk.name(entry.path());
                walk.listing.bins.push(bin);
                items.skip_current_dir();
            }
            Ok(entry) => walk.take(&entry),
            Err(error) => walk.miss(&error),
        }
    }
    // Positions in the text of all names have 32 bits.
    u32::try_from(walk.listing.names.len()).ok()?;
    walk.measure();
    Some(walk.listing)
}

/// The walk so far, in the order of the file system.
struct FolderWalk<'r> {
    /// Absolute, and without links.
    root: &'r Path,
    listing: Listing,
}

impl FolderWalk<'_> {
    fn take(&mut self, found: &DirEntry) {
        let kind = found.file_type();
        if kind.is_symlink() {
            self.take_link(found);
        } else if kind.is_dir() || !self.listing.is_recording(found.file_name()) {
        } else if kind.is_file() {
            self.keep(found.path(), FileState::Ready);
        } else {
            self.keep(found.path(), FileState::Special);
        }
    }

    fn keep(&mut self, path: &Path, state: FileState) -> u32 {
        let key = path.strip_prefix(self.root).unwrap_or(path);
        self.listing.add(key, state)
    }

    /// A link to a file is kept as what it leads to; a link to a folder as another name for it. The
    /// walk itself reaches everything inside, so nothing is walked twice and no link can make a
    /// circle.
    fn take_link(&mut self, found: &DirEntry) {
        let Ok(target) = fs::canonicalize(found.path()) else {
            if self.listing.is_recording(found.file_name()) {
                let name = self.name(found.path());
                self.listing.unlisted.push(Unlisted {
                    name,
                    why: "the link leads nowhere".to_owned(),
                });
                self.keep(found.path(), FileState::Unreadable);
            }
            return;
        };
        let below = target.strip_prefix(self.root).ok();
        if below.is_some_and(|below| below.iter().any(is_bin)) {
            return;
        }
        match fs::metadata(&target) {
            Ok(metadata) if metadata.is_dir() => {
                let alias = Alias {
                    folded: folded(&self.name(found.path())).into_owned(),
                    target: below.map(|_| self.name(&target)),
                };
                self.listing.aliases.push(alias);
            }
            _ if !self.listing.is_recording(found.file_name()) => {}
            Ok(metadata) if metadata.is_file() => match below {
                Some(below) => {
                    let position = self.keep(found.path(), FileState::Ready);
                    let key = RecordingKey::new(below);
                    self.listing.keys.insert(position, key);
                    self.listing.links.insert(position);
                }
                None => drop(self.keep(found.path(), FileState::Outside)),
            },
            _ if below.is_none() => drop(self.keep(found.path(), FileState::Outside)),
            Ok(_) => drop(self.keep(found.path(), FileState::Special)),
            Err(_) => drop(self.keep(found.path(), FileState::Unreadable)),
        }
    }

    /// The path below the root, for people and as a key.
    fn name(&self, path: &Path) -> String {
        name_of(path.strip_prefix(self.root).unwrap_or(path))
    }

    fn miss(&mut self, error: &walkdir::Error) {
        let name = error.path().map(|path| self.name(path));
        self.listing.unlisted.push(Unlisted {
            name: name.unwrap_or_default(),
            why: error
                .io_error()
                .map_or_else(|| "a circle of links".to_owned(), ToString::to_string),
        });
    }

    /// Reads the sizes of all files, several at a time: on a network share each takes as long as
    /// the way there and back.
    fn measure(&mut self) {
        const AT_ONCE: usize = 8;
        let listing = &mut self.listing;
        let (names, folders) = (&*listing.names, &*listing.folders);
        let (root, keys) = (self.root, &listing.keys);
        let share = listing.entries.len().div_ceil(AT_ONCE).max(500);
        let measure_share = |first: usize, entries: &mut [IndexedFile]| {
            let mut unlisted = Vec::new();
            for (position, entry) in (first..).zip(entries) {
                if entry.state != FileState::Ready {
                    continue;
                }
                let other = u32::try_from(position).ok().and_then(|at| keys.get(&at));
                let name = entry.path(names, folders);
                let path = root.join(other.map_or(Path::new(&name), RecordingKey::as_path));
                if let Err(error) = measure(entry, &path) {
                    let why = error.to_string();
                    unlisted.push(Unlisted { name, why });
                }
            }
            unlisted
        };
        let unlisted = thread::scope(|scope| {
            let shares: Vec<_> = listing
                .entries
                .chunks_mut(share)
                .enumerate()
                .map(|(number, entries)| {
                    scope.spawn(move || measure_share(number * share, entries))
                })
                .collect();
            let joined = shares.into_iter().map(thread::ScopedJoinHandle::join);
            joined
                .flat_map(|found| found.unwrap_or_else(|panic| resume_unwind(panic)))
                .collect::<Vec<_>>()
        });
        listing.unlisted.extend(unlisted);
    }
}

/// Reads size and version of the file at `path`; what cannot be read is marked so.
fn measure(entry: &mut IndexedFile, path: &Path) -> io::Result<()> {
    match path.symlink_metadata() {
        Ok(metadata) => {
            entry.version = ObjectVersion::of(&metadata);
            Ok(())
        }
        Err(error) => {
            entry.state = FileState::Unreadable;
            Err(error)
        }
    }
}
