//! A folder of this machine, or one that is mounted.

use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::beneath::Root;
use super::error::{FileChange, IndexError, RecordingError};
use super::key::RecordingKey;
use super::listing::Listing;
use super::local_walk::walk;
use super::open_recording::OpenRecording;
use super::recording_store::{ReadExtent, RecordingStore};
use super::version::ObjectVersion;

/// A folder with recordings. Each opens only as the very file that was listed, and through no link,
/// whatever has happened to the folder since.
#[derive(Debug)]
pub struct LocalFolder {
    root: Root,
}

impl LocalFolder {
    /// Opens a folder; it stays the same one even if another takes its place.
    pub fn open(folder: &Path) -> Result<LocalFolder, IndexError> {
        let unreadable = |source| IndexError::Folder {
            path: folder.to_owned(),
            source,
        };
        let absolute = fs::canonicalize(folder).map_err(unreadable)?;
        if !absolute.is_dir() {
            return Err(IndexError::NotAFolder {
                path: folder.to_owned(),
            });
        }
        fs::read_dir(&absolute).map_err(unreadable)?;
        Ok(LocalFolder {
            root: Root::open(absolute).map_err(unreadable)?,
        })
    }

    fn is_in_its_place(&self, key: &RecordingKey, file: &Metadata) -> bool {
        let found = self.root.open_below(key.as_path());
        found.is_ok_and(|(_, found)| ObjectVersion::of(&found).file == ObjectVersion::of(file).file)
    }
}

impl RecordingStore for LocalFolder {
    fn location(&self) -> &Path {
        self.root.path()
    }

    fn list(&self) -> Result<Listing, IndexError> {
        walk(self.root.path()).ok_or_else(|| IndexError::TooMany {
            place: self.address(),
        })
    }

    fn open(
        &self,
        key: &RecordingKey,
        version: ObjectVersion,
        offset: u64,
        _: ReadExtent,
    ) -> Result<OpenRecording, RecordingError> {
        let (mut file, now) = self.root.open_below(key.as_path()).map_err(judged)?;
        compare(version, &file, &now)?;
        if offset > 0 {
            file.seek(SeekFrom::Start(offset))?;
        }
        Ok(OpenRecording::File(file))
    }

    /// To move or remove a file changes its status as well, and not what the open file holds: archives do
    /// that while a run works.
    fn verify(
        &self,
        key: &RecordingKey,
        version: ObjectVersion,
        opened: &OpenRecording,
    ) -> Result<(), RecordingError> {
        let OpenRecording::File(file) = opened else {
            return Ok(());
        };
        let now = file.metadata()?;
        match compare(version, file, &now) {
            Err(FileChange::Touched) if !self.is_in_its_place(key, &now) => Ok(()),
            compared => Ok(compared?),
        }
    }

    fn open_beside(&self, key: &RecordingKey) -> io::Result<Box<dyn Read>> {
        let (file, metadata) = self.root.open_below(key.as_path())?;
        if !metadata.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "is no file"));
        }
        Ok(Box::new(file))
    }

    fn bytes_now(&self, key: &RecordingKey) -> Option<u64> {
        let found = self.local_path(key)?.symlink_metadata().ok()?;
        Some(found.len())
    }

    fn local_path(&self, key: &RecordingKey) -> Option<PathBuf> {
        Some(self.root.path().join(key.as_path()))
    }
}

fn compare(was: ObjectVersion, file: &File, now: &Metadata) -> Result<(), FileChange> {
    let version = ObjectVersion::of(now);
    let (expected, found) = (was.bytes, version.bytes);
    if !now.is_file() || (version.file != was.file && keeps_numbers(file)) {
        Err(FileChange::Replaced)
    } else if found != expected {
        Err(FileChange::Size { expected, found })
    } else if version.modified != was.modified {
        Err(FileChange::Written)
    } else if version.status != was.status && keeps_numbers(file) {
        Err(FileChange::Touched)
    } else {
        Ok(())
    }
}

/// What the system said when a recording could not be opened.
fn judged(error: io::Error) -> RecordingError {
    #[cfg(unix)]
    {
        use rustix::io::Errno;
        match Errno::from_io_error(&error) {
            Some(Errno::LOOP | Errno::MLINK | Errno::XDEV | Errno::NOTDIR) => {
                return FileChange::Link.into();
            }
            // A socket or a device that has no driver.
            Some(Errno::NXIO | Errno::NODEV | Errno::OPNOTSUPP) => {
                return FileChange::Replaced.into();
            }
            _ => {}
        }
    }
    match error.kind() {
        io::ErrorKind::NotFound => FileChange::Gone.into(),
        io::ErrorKind::NotADirectory => FileChange::Link.into(),
        _ => error.into(),
    }
}

/// Whether a file keeps its number and the time of its last change of any kind as long as it is there.
/// Where files have none on the disk (FAT, some shares, most of FUSE) the system makes them up, and
/// others when it has forgotten the first: there new ones say nothing, and size and time must do.
pub(super) fn keeps_numbers(file: &File) -> bool {
    #[cfg(target_os = "linux")]
    {
        // FAT, exFAT, SMB (three forms), FUSE, 9P, folders shared by VirtualBox and VMware.
        const MADE_UP: [u32; 9] = [
            0x4D44,
            0x2011_BAB0,
            0x517B,
            0xFF53_4D42,
            0xFE53_4D42,
            0x6573_5546,
            0x0102_1997,
            0x786F_4256,
            0xBACB_ACBC,
        ];
        let system = rustix::fs::fstatfs(file);
        !system.is_ok_and(|system| MADE_UP.contains(&kind(&system)))
    }
    #[cfg(not(target_os = "linux"))]
    {
        let _ = file;
        true
    }
}

/// The number of a kind of file system, which has 32 bits in a word of any width and sign.
#[cfg(target_os = "linux")]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the upper half of the word is only the sign"
)]
const fn kind(system: &rustix::fs::StatFs) -> u32 {
    system.f_type as u32
}
