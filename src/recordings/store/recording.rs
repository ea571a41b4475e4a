//! A file below the audio folder, and whether what is there now is still that file.

use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use super::beneath::Root;

/// A file below the audio folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recording {
    /// Where it is below the audio folder, for people: `/` between folders, composed Unicode, and
    /// a replacement character for what is no text.
    pub name: String,
    /// Its size when the index was built.
    pub bytes: u64,
    pub(in crate::recordings) root: Arc<Root>,
    /// Where it is below the root, if its name does not say that.
    pub(in crate::recordings) below: Option<PathBuf>,
    pub(in crate::recordings) identity: Identity,
    pub(in crate::recordings) id: u32,
}

/// What has become of a recording since it was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FileChange {
    /// Nothing is there.
    #[error("it disappeared after it was found")]
    Gone,
    /// The way to it leads through a link, which may lead anywhere, or through no folder.
    #[error("it, or a folder above it, was replaced after it was found; links are not followed")]
    Link,
    /// Another file, or no file at all.
    #[error("something else has taken its place since it was found")]
    Replaced,
    /// It has another size.
    #[error("it had {expected} bytes when it was found and has {found} now")]
    Size {
        /// When it was found.
        expected: u64,
        /// Now.
        found: u64,
    },
    /// The time of its last change is another.
    #[error("it was written to after it was found")]
    Written,
    /// The system says that something of it changed, though size and time are as they were: what it
    /// holds, and then its time was set back, or only its name, its rights or its links.
    #[error(
        "it was written to, renamed or linked, or its rights changed, after it was found; \
         its size and time do not tell which"
    )]
    Touched,
}

/// Why a recording cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// It is not what was found.
    #[error(transparent)]
    Changed(#[from] FileChange),
    /// The system does not let it be read.
    #[error(transparent)]
    Io(#[from] io::Error),
}

impl Recording {
    /// Opens the recording, if it is still the file that was found and no link leads to it.
    pub fn open(&self) -> Result<File, RecordingError> {
        let (file, now) = self.root.open_below(self.below()).map_err(judged)?;
        self.compare(&file, &now)?;
        Ok(file)
    }

    /// Whether an open recording is still as it was when it was found. To move or remove it changes
    /// its status as well, and not what the open file holds: archives do that while a run works.
    pub(in crate::recordings) fn verify(&self, file: &File) -> Result<(), RecordingError> {
        let now = file.metadata()?;
        match self.compare(file, &now) {
            Err(FileChange::Touched) if !self.is_in_its_place(&now) => Ok(()),
            compared => Ok(compared?),
        }
    }

    fn is_in_its_place(&self, file: &Metadata) -> bool {
        let found = self.root.open_below(self.below());
        found.is_ok_and(|(_, found)| numbers(&found).0 == numbers(file).0)
    }

    /// Where it was found; nothing is opened by this.
    pub fn path(&self) -> PathBuf {
        self.root.path().join(self.below())
    }

    /// The time of its last change when it was found.
    pub fn modified(&self) -> SystemTime {
        self.identity.modified()
    }

    /// The size of what is in its place now.
    pub fn bytes_now(&self) -> Option<u64> {
        let found = self.path().symlink_metadata().ok()?;
        Some(found.len())
    }

    fn below(&self) -> &Path {
        self.below.as_deref().unwrap_or(Path::new(&self.name))
    }

    fn compare(&self, file: &File, now: &Metadata) -> Result<(), FileChange> {
        let (expected, found) = (self.bytes, now.len());
        let identity = Identity::of(now);
        let was = self.identity;
        if !now.is_file() || (identity.file != was.file && keeps_numbers(file)) {
            Err(FileChange::Replaced)
        } else if found != expected {
            Err(FileChange::Size { expected, found })
        } else if identity.modified != was.modified {
            Err(FileChange::Written)
        } else if identity.status != was.status && keeps_numbers(file) {
            Err(FileChange::Touched)
        } else {
            Ok(())
        }
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

/// Which file a name meant, in 16 bytes: an index holds one for each recording. Half a hash each is
/// enough for file and status: another file has another status as well, and nobody can set that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::recordings) struct Identity {
    /// A hash of the numbers of device and file; 0 where files have none.
    file: u32,
    /// A hash of the time at which the system last changed anything of the file (`ctime`), which a
    /// program that sets the time of the last writing cannot set; 0 where files have none.
    status: u32,
    /// Nanoseconds since 1970.
    modified: i64,
}

impl Identity {
    pub(in crate::recordings) fn of(metadata: &Metadata) -> Identity {
        let (file, status) = numbers(metadata);
        Identity {
            file,
            status,
            modified: metadata.modified().map_or(0, nanoseconds),
        }
    }

    fn modified(self) -> SystemTime {
        let apart = Duration::from_nanos(self.modified.unsigned_abs());
        let epoch = SystemTime::UNIX_EPOCH;
        let at = if self.modified < 0 {
            epoch.checked_sub(apart)
        } else {
            epoch.checked_add(apart)
        };
        at.unwrap_or(epoch)
    }
}

/// Nanoseconds since 1970; what is more than 292 years off is as far as that.
fn nanoseconds(at: SystemTime) -> i64 {
    let narrow = |apart: Duration| i64::try_from(apart.as_nanos()).unwrap_or(i64::MAX);
    match at.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(since) => narrow(since),
        Err(before) => -narrow(before.duration()),
    }
}

/// The hashes of which file it is, and of when anything of it last changed.
fn numbers(metadata: &Metadata) -> (u32, u32) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let file = half_hash(metadata.dev().to_le_bytes(), metadata.ino().to_le_bytes());
        let (seconds, rest) = (metadata.ctime(), metadata.ctime_nsec());
        (file, half_hash(seconds.to_le_bytes(), rest.to_le_bytes()))
    }
    #[cfg(not(unix))]
    {
        let _ = metadata;
        (0, 0)
    }
}

#[cfg(unix)]
fn half_hash(one: [u8; 8], other: [u8; 8]) -> u32 {
    let mut numbers = [0; 16];
    numbers[..8].copy_from_slice(&one);
    numbers[8..].copy_from_slice(&other);
    let [a, b, c, d, ..] = xxhash_rust::xxh3::xxh3_64(&numbers).to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Whether a file keeps its number and the time of its last change of any kind as long as it is there.
/// Where files have none on the disk (FAT, some shares, most of FUSE) the system makes them up, and
/// others when it has forgotten the first: there new ones say nothing, and size and time must do.
fn keeps_numbers(file: &File) -> bool {
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

#[cfg(test)]
pub(in crate::recordings) mod tests {
    use super::*;

    /// The recording of this name in a folder.
    pub(in crate::recordings) fn in_folder(folder: &Path, name: &str) -> Recording {
        let metadata = folder.join(name).symlink_metadata().unwrap();
        Recording {
            name: name.to_owned(),
            bytes: metadata.len(),
            root: Arc::new(Root::open(folder.canonicalize().unwrap()).unwrap()),
            below: None,
            identity: Identity::of(&metadata),
            id: 0,
        }
    }

    #[test]
    fn times_before_1970_and_far_away_are_kept_or_clamped() {
        let epoch = SystemTime::UNIX_EPOCH;
        let second = Duration::from_millis(1500);
        for at in [epoch, epoch + second, epoch - second] {
            let modified = nanoseconds(at);
            let identity = Identity {
                modified,
                ..Identity::default()
            };
            assert_eq!(identity.modified(), at);
        }
        let far = epoch + Duration::from_secs(1 << 40);
        assert_eq!(nanoseconds(far), i64::MAX);
    }

    #[test]
    fn what_was_written_to_after_it_was_found_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wav");
        std::fs::write(&path, "sound").unwrap();
        let recording = in_folder(folder.path(), "x.wav");
        let opened = recording.open().unwrap();
        let file = File::options().write(true).open(&path).unwrap();
        file.set_modified(recording.modified() + Duration::from_millis(1))
            .unwrap();
        let written = |result| matches!(result, Err(RecordingError::Changed(FileChange::Written)));
        assert!(written(recording.open().map(drop)));
        assert!(written(recording.verify(&opened)));
        std::fs::write(&path, "a sound").unwrap();
        assert!(matches!(
            recording.open(),
            Err(RecordingError::Changed(FileChange::Size {
                expected: 5,
                found: 7
            }))
        ));
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(
            recording.open(),
            Err(RecordingError::Changed(FileChange::Gone))
        ));
    }

    #[test]
    fn another_file_of_the_same_size_and_time_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for name in ["x.wav", "y.wav"] {
            let file = File::create(path(name)).unwrap();
            io::Write::write_all(&mut &file, name.as_bytes()).unwrap();
            file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
        }
        let recording = in_folder(folder.path(), "x.wav");
        std::fs::rename(path("y.wav"), path("x.wav")).unwrap();
        let opened = recording.open();
        let lasts = keeps_numbers(&File::open(path("x.wav")).unwrap());
        assert_eq!(lasts, opened.is_err(), "{opened:?}");
    }

    /// The clock of files may stand still for some milliseconds.
    #[cfg(unix)]
    fn until_status_differs(path: &Path, before: Identity, mut change: impl FnMut()) {
        for _ in 0..1_000 {
            change();
            if Identity::of(&path.metadata().unwrap()).status != before.status {
                return;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        panic!("the system keeps no time of changes");
    }

    #[cfg(unix)]
    #[test]
    fn what_was_written_over_with_its_time_set_back_is_not_opened() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wav");
        std::fs::write(&path, "sound").unwrap();
        let recording = in_folder(folder.path(), "x.wav");
        let opened = recording.open().unwrap();
        until_status_differs(&path, recording.identity, || {
            std::fs::write(&path, "noise").unwrap();
            let file = File::options().write(true).open(&path).unwrap();
            file.set_modified(recording.modified()).unwrap();
        });
        for result in [recording.open().map(drop), recording.verify(&opened)] {
            assert!(
                matches!(result, Err(RecordingError::Changed(FileChange::Touched))),
                "{result:?}"
            );
        }
    }

    #[cfg(unix)]
    #[test]
    fn an_open_recording_may_be_moved_or_removed() {
        let folder = tempfile::tempdir().unwrap();
        let (path, away) = (folder.path().join("x.wav"), folder.path().join("away"));
        std::fs::write(&path, "sound").unwrap();
        let recording = in_folder(folder.path(), "x.wav");
        let opened = recording.open().unwrap();
        until_status_differs(&path, recording.identity, || {
            std::fs::rename(&path, &away).unwrap();
            std::fs::rename(&away, &path).unwrap();
        });
        assert!(recording.verify(&opened).is_err());
        std::fs::rename(&path, &away).unwrap();
        assert!(recording.verify(&opened).is_ok());
        std::fs::remove_file(&away).unwrap();
        assert!(recording.verify(&opened).is_ok());
    }

    /// They hold the call until the next run, because nobody can tell them from what is above.
    #[cfg(unix)]
    #[test]
    fn another_name_or_other_rights_count_as_a_change() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.wav");
        let link = folder.path().join("link");
        let changes: [&dyn Fn(); 2] = [
            &|| {
                std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
            },
            &|| {
                let _ = std::fs::remove_file(&link);
                std::fs::hard_link(&path, &link).unwrap();
            },
        ];
        for change in changes {
            std::fs::write(&path, "sound").unwrap();
            let recording = in_folder(folder.path(), "x.wav");
            assert!(recording.open().is_ok());
            until_status_differs(&path, recording.identity, change);
            let again = recording.open();
            assert!(matches!(
                again,
                Err(RecordingError::Changed(FileChange::Touched))
            ));
            assert!(in_folder(folder.path(), "x.wav").open().is_ok());
        }
    }

    #[cfg(unix)]
    mod exchanged {
        use std::fs;
        use std::os::unix::fs::symlink;

        use tempfile::TempDir;

        use super::*;
        use crate::recordings::{Depth, Index, IndexOptions, build_index, look, silent_channels};

        /// An audio folder with `a/b/x.wav`, and `other/x.wav` beside it, a file of the same size and time.
        fn place() -> (TempDir, Index, Recording) {
            let place = tempfile::tempdir().unwrap();
            for folder in ["audio/a/b", "other"] {
                fs::create_dir_all(place.path().join(folder)).unwrap();
                let file = File::create(place.path().join(folder).join("x.wav")).unwrap();
                io::Write::write_all(&mut &file, &[1; 100]).unwrap();
                file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
            }
            let audio = place.path().join("audio");
            let index = build_index(&audio, &IndexOptions::default()).unwrap();
            let recording = index.recordings().next().unwrap();
            assert!(recording.open().is_ok());
            (place, index, recording)
        }

        #[track_caller]
        fn is_refused(recording: &Recording, why: FileChange) {
            for opened in [
                recording.open().map(drop),
                look(recording, Depth::Length).map(drop),
            ] {
                match opened {
                    Err(RecordingError::Changed(change)) => assert_eq!(change, why),
                    other => panic!("{other:?}"),
                }
            }
            assert_eq!(silent_channels(recording), None);
        }

        #[test]
        fn a_file_or_folder_that_became_a_link_leads_nowhere() {
            for exchanged in ["audio/a", "audio/a/b"] {
                let (place, _, recording) = place();
                let exchanged = place.path().join(exchanged);
                fs::rename(&exchanged, place.path().join("away")).unwrap();
                symlink(place.path().join("other"), &exchanged).unwrap();
                is_refused(&recording, FileChange::Link);
                // Nor where it leads to the very file.
                fs::remove_file(&exchanged).unwrap();
                symlink(place.path().join("away"), &exchanged).unwrap();
                is_refused(&recording, FileChange::Link);
            }
            let (place, _, recording) = place();
            fs::remove_file(recording.path()).unwrap();
            symlink(place.path().join("other/x.wav"), recording.path()).unwrap();
            is_refused(&recording, FileChange::Link);
        }

        #[test]
        fn another_folder_in_the_place_of_its_folder_is_not_looked_into() {
            let (place, _, recording) = place();
            let folder = place.path().join("audio/a/b");
            fs::rename(&folder, place.path().join("away")).unwrap();
            fs::rename(place.path().join("other"), &folder).unwrap();
            is_refused(&recording, FileChange::Replaced);
        }

        #[test]
        fn the_audio_folder_stays_the_one_that_was_opened() {
            let (place, _, recording) = place();
            let audio = place.path().join("audio");
            fs::rename(&audio, place.path().join("away")).unwrap();
            fs::create_dir_all(audio.join("a")).unwrap();
            symlink(place.path().join("other"), audio.join("a/b")).unwrap();
            assert!(recording.open().is_ok());
        }

        #[test]
        fn a_pipe_or_a_socket_in_its_place_is_no_recording() {
            let (_place, _, recording) = place();
            fs::remove_file(recording.path()).unwrap();
            let socket = std::os::unix::net::UnixListener::bind(recording.path()).unwrap();
            is_refused(&recording, FileChange::Replaced);
            drop(socket);
            fs::remove_file(recording.path()).unwrap();
            let pipe = std::process::Command::new("mkfifo")
                .arg(recording.path())
                .status();
            assert!(pipe.unwrap().success());
            is_refused(&recording, FileChange::Replaced);
        }

        #[test]
        fn a_link_is_what_it_led_to_when_it_was_found() {
            let place = tempfile::tempdir().unwrap();
            let at = |name: &str| place.path().join(name);
            fs::create_dir(at("audio")).unwrap();
            fs::write(at("audio/data"), [1; 100]).unwrap();
            fs::write(at("secret"), [2; 100]).unwrap();
            symlink("data", at("audio/x.wav")).unwrap();
            let index = build_index(&at("audio"), &IndexOptions::default()).unwrap();
            let recording = index.recordings().next().unwrap();
            assert!(recording.open().is_ok());
            fs::remove_file(at("audio/x.wav")).unwrap();
            symlink(at("secret"), at("audio/x.wav")).unwrap();
            let mut content = Vec::new();
            let mut opened = recording.open().unwrap();
            io::Read::read_to_end(&mut opened, &mut content).unwrap();
            assert_eq!(content, [1; 100]);
            fs::remove_file(at("audio/data")).unwrap();
            symlink(at("secret"), at("audio/data")).unwrap();
            is_refused(&recording, FileChange::Link);
        }
    }
}
