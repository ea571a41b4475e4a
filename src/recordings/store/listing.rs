//! What a walk found, file by file.

use std::io;
use std::path::Path;

use super::recording::Identity;

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_takes_no_more_room_than_before_its_identity_was_kept() {
        assert!(size_of::<IndexedFile>() <= 40);
    }
}
