//! What every store must do, whatever is behind it.
//!
//! A store passes when `every_store_keeps_its_word` passes for it. `MemoryStore` shows besides that
//! nothing outside of this folder asks for a file of this machine.

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::SystemTime;

use super::error::{FileChange, IndexError, RecordingError};
use super::key::RecordingKey;
use super::listing::{Listing, name_of};
use super::local::LocalFolder;
use super::open_recording::OpenRecording;
use super::recording::Recording;
use super::recording_store::{ReadExtent, RecordingStore};
use super::version::ObjectVersion;
use crate::recordings::{
    CancelFlag, Depth, IndexOptions, RecordingSearch, SearchResult, Sendable, TranscodeJob,
    Transcoder, find, index_store, probe_found,
};

/// A store, and ways to change behind its back what it holds.
trait StoreUnderTest {
    fn put(&self, key: &str, content: &[u8]);
    fn remove(&self, key: &str);
    fn open(&self) -> Arc<dyn RecordingStore>;
}

/// The recording of this name, as the store lists it now.
fn listed(store: &Arc<dyn RecordingStore>, name: &str) -> Recording {
    let index = index_store(vec![Arc::clone(store)], &IndexOptions::default()).unwrap();
    let mut recordings = index.recordings();
    recordings.find(|recording| recording.name == name).unwrap()
}

fn content(recording: &Recording) -> Vec<u8> {
    let mut content = Vec::new();
    recording.open().unwrap().read_to_end(&mut content).unwrap();
    content
}

#[track_caller]
fn change(result: Result<OpenRecording, RecordingError>) -> FileChange {
    match result.map(drop) {
        Err(RecordingError::Changed(change)) => change,
        other => panic!("{other:?}"),
    }
}

fn every_store_keeps_its_word(test: &dyn StoreUnderTest) {
    lists_each_recording_once_by_its_name(test);
    opens_where_it_is_asked_to(test);
    gives_its_bytes_to_several_at_once(test);
    notices_what_is_no_longer_as_it_was_listed(test);
    opens_nothing_that_it_did_not_list(test);
    opens_what_is_beside_a_recording(test);
}

fn lists_each_recording_once_by_its_name(test: &dyn StoreUnderTest) {
    let names = [
        "x.wav",
        "2024/05/x.wav",
        "a b #1 50% (2) ?&=+.wav",
        "Ærø – Zürich.mp3",
        "'quoted' \"twice\".ogg",
        "end.of.words..wav",
        "e\u{301}.wav",
    ];
    for name in names {
        test.put(name, name.as_bytes());
    }
    for other in ["notes.txt", "._x.wav", "wav"] {
        test.put(other, b"no recording");
    }
    let store = test.open();
    let index = index_store(vec![Arc::clone(&store)], &IndexOptions::default()).unwrap();
    let mut found: Vec<String> = index.recordings().map(|one| one.name).collect();
    found.sort();
    let mut expected = names.map(|name| name_of(Path::new(name)));
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!((index.others(), index.unlisted().len()), (3, 0));
    assert!(store.location().is_absolute());
    for recording in index.recordings() {
        let bytes = content(&recording);
        assert_eq!(recording.bytes(), bytes.len() as u64, "{}", recording.name);
        assert_eq!(recording.bytes_now(), Some(recording.bytes()));
        assert_eq!(
            name_of(Path::new(std::str::from_utf8(&bytes).unwrap())),
            recording.name
        );
    }
}

fn opens_where_it_is_asked_to(test: &dyn StoreUnderTest) {
    test.put("offset.wav", b"0123456789");
    let store = test.open();
    let recording = listed(&store, "offset.wav");
    for (offset, expected) in [(0, "0123456789"), (7, "789"), (10, ""), (99, "")] {
        let mut opened = store
            .open(&recording.key, recording.version, offset, ReadExtent::Parts)
            .unwrap();
        let mut rest = String::new();
        opened.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, expected, "from {offset}");
    }
    let mut opened = recording.open().unwrap();
    for (to, expected) in [
        (SeekFrom::End(-2), "89"),
        (SeekFrom::Start(4), "45"),
        (SeekFrom::Current(1), "78"),
    ] {
        opened.seek(to).unwrap();
        let mut two = [0; 2];
        opened.read_exact(&mut two).unwrap();
        assert_eq!(two, expected.as_bytes());
    }
    assert!(recording.verify(&opened).is_ok());
}

fn gives_its_bytes_to_several_at_once(test: &dyn StoreUnderTest) {
    let bytes: Vec<u8> = (0..300_000u32).map(|at| at.to_le_bytes()[1]).collect();
    test.put("large.wav", &bytes);
    let store = test.open();
    let recording = listed(&store, "large.wav");
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert!(content(&recording) == bytes));
        }
    });
}

fn notices_what_is_no_longer_as_it_was_listed(test: &dyn StoreUnderTest) {
    test.put("change.wav", b"sound");
    let store = test.open();
    let before = listed(&store, "change.wav");
    let opened = before.open().unwrap();
    test.put("change.wav", b"noise");
    // Another file, or the same one with other content: which of the two, the store knows.
    change(before.open());
    let now = listed(&store, "change.wav");
    assert_eq!(content(&now), b"noise");
    test.put("change.wav", b"a longer sound");
    change(now.open());
    assert_eq!(now.bytes_now(), Some(14));
    test.remove("change.wav");
    assert_eq!(change(now.open()), FileChange::Gone);
    assert_eq!(now.bytes_now(), None);
    drop(opened);
}

fn opens_nothing_that_it_did_not_list(test: &dyn StoreUnderTest) {
    let store = test.open();
    let version = ObjectVersion::default();
    for key in ["none.wav", "../x.wav", "/etc/hostname", "", ".", "2024"] {
        let opened = store.open(&RecordingKey::new(key), version, 0, ReadExtent::Whole);
        assert!(opened.is_err(), "{key:?}");
    }
}

fn opens_what_is_beside_a_recording(test: &dyn StoreUnderTest) {
    test.put("beside/x.wav", b"sound");
    test.put("beside/x.xml", b"<call/>");
    let store = test.open();
    let mut found = String::new();
    let opened = store.open_beside(&RecordingKey::new("beside/x.xml"));
    opened.unwrap().read_to_string(&mut found).unwrap();
    assert_eq!(found, "<call/>");
    let none = store.open_beside(&RecordingKey::new("beside/y.xml"));
    assert_eq!(none.err().unwrap().kind(), io::ErrorKind::NotFound);
    for other in ["../x.xml", "beside"] {
        assert!(
            store.open_beside(&RecordingKey::new(other)).is_err(),
            "{other}"
        );
    }
}

struct TemporaryFolder(tempfile::TempDir);

impl StoreUnderTest for TemporaryFolder {
    fn put(&self, key: &str, content: &[u8]) {
        let path = self.0.path().join(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        // A new file takes the place of the old one, as a program does that writes carefully.
        let new = self.0.path().join("new.unfinished");
        std::fs::write(&new, content).unwrap();
        std::fs::rename(new, path).unwrap();
    }

    fn remove(&self, key: &str) {
        std::fs::remove_file(self.0.path().join(key)).unwrap();
    }

    fn open(&self) -> Arc<dyn RecordingStore> {
        Arc::new(LocalFolder::open(self.0.path()).unwrap())
    }
}

/// A store without any file.
#[derive(Debug, Clone, Default)]
struct MemoryStore(Arc<Mutex<BTreeMap<PathBuf, Object>>>);

/// How many objects came before, and what it holds.
type Object = (u64, Arc<[u8]>);

impl MemoryStore {
    fn find(&self, key: &RecordingKey) -> Result<(ObjectVersion, Arc<[u8]>), FileChange> {
        let objects = self.0.lock().unwrap();
        // Keys are texts: `a//b` is another one than `a/b`, which paths hold for the same.
        let mut all = objects.iter();
        let found = all.find(|(path, _)| path.as_os_str() == key.as_os_str());
        let (_, (generation, bytes)) = found.ok_or(FileChange::Gone)?;
        Ok((version(*generation, bytes), Arc::clone(bytes)))
    }
}

fn version(generation: u64, bytes: &[u8]) -> ObjectVersion {
    let tag = generation.to_le_bytes();
    ObjectVersion::tagged(bytes.len() as u64, &tag, SystemTime::UNIX_EPOCH)
}

impl RecordingStore for MemoryStore {
    fn location(&self) -> &Path {
        Path::new("/memory")
    }

    fn list(&self) -> Result<Listing, IndexError> {
        let mut listing = Listing::default();
        for (key, (generation, bytes)) in &*self.0.lock().unwrap() {
            listing.add_object(key.to_str().unwrap(), version(*generation, bytes), None);
        }
        Ok(listing)
    }

    fn open(
        &self,
        key: &RecordingKey,
        version: ObjectVersion,
        offset: u64,
        _: ReadExtent,
    ) -> Result<OpenRecording, RecordingError> {
        let (now, bytes) = self.find(key)?;
        if now != version {
            return Err(FileChange::Replaced.into());
        }
        let mut cursor = Cursor::new(bytes);
        cursor.set_position(offset);
        Ok(OpenRecording::Stream(Box::new(cursor)))
    }

    fn verify(
        &self,
        key: &RecordingKey,
        version: ObjectVersion,
        _: &OpenRecording,
    ) -> Result<(), RecordingError> {
        match self.find(key)? {
            (now, _) if now == version => Ok(()),
            _ => Err(FileChange::Written.into()),
        }
    }

    fn open_beside(&self, key: &RecordingKey) -> io::Result<Box<dyn Read>> {
        let found = self.find(key);
        let (_, bytes) = found.map_err(|_| io::Error::from(io::ErrorKind::NotFound))?;
        Ok(Box::new(Cursor::new(bytes)))
    }

    fn bytes_now(&self, key: &RecordingKey) -> Option<u64> {
        Some(self.find(key).ok()?.0.bytes)
    }

    fn local_path(&self, _: &RecordingKey) -> Option<PathBuf> {
        None
    }
}

impl StoreUnderTest for MemoryStore {
    fn put(&self, key: &str, content: &[u8]) {
        let mut objects = self.0.lock().unwrap();
        let generation = objects.values().map(|(generation, _)| generation + 1).max();
        let object = (generation.unwrap_or(0), content.into());
        objects.insert(key.into(), object);
    }

    fn remove(&self, key: &str) {
        self.0.lock().unwrap().remove(Path::new(key)).unwrap();
    }

    fn open(&self) -> Arc<dyn RecordingStore> {
        Arc::new(self.clone())
    }
}

#[test]
fn a_folder_of_this_machine_is_a_store() {
    every_store_keeps_its_word(&TemporaryFolder(tempfile::tempdir().unwrap()));
}

#[test]
fn a_store_in_memory_is_a_store() {
    every_store_keeps_its_word(&MemoryStore::default());
}

/// A second of silence as plain WAV.
fn wave() -> Vec<u8> {
    let mut wave = b"RIFF\x64\x3e\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00".to_vec();
    wave.extend(b"\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data\x80\x3e\x00\x00");
    wave.extend((0..8_000u16).flat_map(|at| (at % 100).to_le_bytes()));
    wave
}

#[test]
fn recordings_that_are_no_files_are_found_looked_into_joined_and_read() {
    let memory = MemoryStore::default();
    for key in ["2024/A-1.wav", "2024/A-2.wav"] {
        memory.put(key, &wave());
    }
    let index = index_store(vec![Arc::new(memory)], &IndexOptions::default()).unwrap();
    let search = RecordingSearch {
        names: &[],
        keys: &[],
        identity: "A-1",
        record: "A-1",
        owned: None,
    };
    let SearchResult::One(recording, _) = find(&index, &search) else {
        panic!("A-1 is there");
    };
    assert_eq!(recording.local_path(), None);
    let probe = probe_found(&recording, Depth::Length).unwrap().unwrap();
    assert_eq!(probe.seconds, Some(1.0));
    let both: Vec<Recording> = index.recordings().collect();
    let parts: Vec<_> = both.iter().map(|one| (one, Some(&probe))).collect();
    let order = TranscodeJob::join(&parts).unwrap();
    assert!(!order.needs_ffmpeg());
    let joined = Transcoder::open(None, 1 << 20).unwrap();
    let joined = joined.make(&order, &CancelFlag::default()).unwrap();
    assert_eq!(joined.bytes, 44 + 2 * 16_000);
    let mut read = Vec::new();
    let sendable = Sendable::Found(recording);
    let mut opened = sendable.open().unwrap();
    opened.read_to_end(&mut read).unwrap();
    assert_eq!(read, wave());
    assert!(sendable.verify(&opened).is_ok());
}
