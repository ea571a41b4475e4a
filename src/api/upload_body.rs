//! The body of an upload: a recording streamed from disk, made anew for each try.

use std::future::Future;
use std::io::Read;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::stream::Stream;
use reqwest::multipart::{Form, Part};
use sha2::{Digest as _, Sha256};

use super::Error;
use super::upload_watch::UploadWatch;
use crate::failpoint::{self, Point};
use crate::recordings::{OpenRecording, RecordingError, Sendable};

/// How the destination is to understand the recording; sent as text parts when given.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AudioSettings {
    /// `spokenLanguage`, such as `da-DK`.
    pub language: Option<String>,
    /// `stereoConfig`: `AgentChannelOne` or `AgentChannelTwo`.
    pub stereo: Option<String>,
    /// `monoConfig`: `AgentOnly`, `CustomerOnly` or `TwoSpeakers`.
    pub mono: Option<String>,
}

impl AudioSettings {
    /// What of this fits a recording of so many channels: a setting for two means nothing for one.
    #[must_use]
    pub fn fitting(&self, channels: Option<u16>) -> AudioSettings {
        let mut fitting = self.clone();
        match channels {
            Some(1) => fitting.stereo = None,
            Some(_) => fitting.mono = None,
            None => {}
        }
        fitting
    }
}

/// A wait that a stream makes before it lets a chunk of so many bytes go.
pub type Throttle = Arc<dyn Fn(u32) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The bytes read at once: with 4 KiB an upload needs 25 times the CPU, and from 256 KiB on nothing
/// is gained but that a call of half a minute is read in one piece. Two of them are in memory for
/// each upload under way.
const CHUNK: usize = 512 * 1024;

/// One try to send a recording.
pub struct UploadBody {
    /// What is sent, opened anew for each try.
    pub recording: Sendable,
    /// The file name that the destination is told.
    pub file_name: String,
    /// The content type by the kind of file.
    pub content_type: &'static str,
    /// Bytes that were found when the upload was decided.
    pub bytes: u64,
    /// Whether SHA-256 is made of the bytes as well.
    pub with_sha256: bool,
    /// Waits for the bandwidth limit.
    pub throttle: Option<Throttle>,
    /// Counts bytes as they leave, over all tries.
    pub on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
    /// What the stream found out; the transport only says that a body ended early.
    pub state: Arc<Mutex<SentBytes>>,
}

/// What one try read from the recording.
#[derive(Debug, Default)]
pub struct SentBytes {
    hasher: blake3::Hasher,
    sha256: Option<Sha256>,
    bytes: u64,
    fault: Option<Error>,
}

impl UploadBody {
    /// The hash and the number of the bytes that this try sent.
    pub fn sent(&self) -> ([u8; 32], u64) {
        let state = lock(&self.state);
        (*state.hasher.finalize().as_bytes(), state.bytes)
    }

    /// SHA-256 of the bytes that this try sent, where that was asked for.
    pub fn sha256(&self) -> Option<[u8; 32]> {
        let hasher = lock(&self.state).sha256.clone()?;
        Some(hasher.finalize().into())
    }

    pub(super) fn fault(&self) -> Option<Error> {
        lock(&self.state).fault.take()
    }

    /// The form of this try and the watch over its progress.
    pub(super) fn form(&self, settings: &AudioSettings) -> Result<(Form, UploadWatch), Error> {
        let watch = UploadWatch::default();
        *lock(&self.state) = SentBytes {
            sha256: self.with_sha256.then(Sha256::new),
            ..SentBytes::default()
        };
        let stream = self.stream(watch.clone());
        let part = Part::stream_with_length(reqwest::Body::wrap_stream(stream), self.bytes)
            .file_name(self.file_name.clone())
            .mime_str(self.content_type)
            .map_err(|error| Error::NotSent(error.to_string()))?;
        let mut form = Form::new();
        for (name, value) in [
            ("spokenLanguage", &settings.language),
            ("stereoConfig", &settings.stereo),
            ("monoConfig", &settings.mono),
        ] {
            if let Some(value) = value {
                form = form.text(name, value.clone());
            }
        }
        Ok((form.part("data", part), watch))
    }

    /// The recording's bytes. Ends with an error when there are fewer or more than announced: a
    /// recording that is still being written must not be taken for whole.
    fn stream(
        &self,
        watch: UploadWatch,
    ) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
        let reading = RecordingStream {
            recording: self.recording.clone(),
            expected: self.bytes,
            file: None,
            is_done: false,
            state: Arc::clone(&self.state),
        };
        // A store that is slow is no destination that stands still.
        let waiting_for_store = self.recording.is_far().then(|| watch.clone());
        let hold = move |is_held| {
            if let Some(watch) = &waiting_for_store {
                watch.hold(is_held);
            }
        };
        let chunks = futures::stream::try_unfold((reading, hold), |(mut reading, hold)| async {
            if reading.is_done {
                return Ok(None);
            }
            hold(true);
            let next =
                tokio::task::spawn_blocking(move || reading.next().map(|chunk| (chunk, reading)));
            let (chunk, reading) = next.await.map_err(std::io::Error::other)??;
            hold(false);
            Ok(Some((chunk, (reading, hold))))
        });
        let (throttle, on_bytes) = (self.throttle.clone(), Arc::clone(&self.on_bytes));
        chunks.and_then(move |chunk: Bytes| {
            let (throttle, on_bytes) = (throttle.clone(), Arc::clone(&on_bytes));
            let watch = watch.clone();
            async move {
                let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
                if let Some(throttle) = throttle {
                    watch.hold(true);
                    throttle(length).await;
                    watch.hold(false);
                }
                watch.progress(u64::from(length));
                on_bytes(u64::from(length));
                failpoint::reached(Point::BodyLeaves);
                Ok(chunk)
            }
        })
    }
}

/// A recording on its way from the disk, on a thread that may wait for it. What a small recording
/// needs (open, look at the length, read, hash) is one task there: a change of threads costs as
/// much as reading a hundred kilobytes.
struct RecordingStream {
    recording: Sendable,
    expected: u64,
    file: Option<OpenRecording>,
    is_done: bool,
    state: Arc<Mutex<SentBytes>>,
}

impl RecordingStream {
    /// The next bytes, hashed; none at the end.
    fn next(&mut self) -> std::io::Result<Bytes> {
        self.read().inspect_err(|error| {
            let mut state = lock(&self.state);
            if state.fault.is_none() {
                state.fault = Some(Error::Recording(copy(error)));
            }
        })
    }

    fn read(&mut self) -> std::io::Result<Bytes> {
        let expected = self.expected;
        let file = match &mut self.file {
            Some(file) => file,
            none => match self.recording.open() {
                Ok(file) => none.insert(file),
                Err(error) => return Err(fault(&self.state, error)),
            },
        };
        // One byte past the announced length tells whether the file has grown meanwhile.
        let left = (expected + 1).saturating_sub(lock(&self.state).bytes);
        let room = CHUNK.min(usize::try_from(left).unwrap_or(CHUNK));
        let mut chunk = Vec::with_capacity(room);
        let read = file.take(room as u64).read_to_end(&mut chunk);
        read.map_err(|error| fault(&self.state, RecordingError::from_read(error)))?;
        self.is_done = chunk.len() < room;
        let bytes = {
            let mut state = lock(&self.state);
            state.hasher.update(&chunk);
            if let Some(sha256) = &mut state.sha256 {
                sha256.update(&chunk);
            }
            state.bytes += chunk.len() as u64;
            state.bytes
        };
        if bytes > expected || (self.is_done && bytes < expected) {
            return Err(self.changed(bytes));
        }
        if self.is_done {
            // Before the last bytes leave, so that the body stays incomplete.
            let verified = self.recording.verify(file);
            verified.map_err(|error| fault(&self.state, error))?;
        }
        Ok(chunk.into())
    }

    fn changed(&self, found: u64) -> std::io::Error {
        let expected = self.expected;
        lock(&self.state).fault = Some(Error::RecordingChanged { expected, found });
        std::io::Error::other("the recording changed")
    }
}

/// Notes that the recording is not what was found, and gives the error that ends the body.
fn fault(state: &Mutex<SentBytes>, error: RecordingError) -> std::io::Error {
    match error {
        RecordingError::Changed(change) => {
            lock(state).fault = Some(Error::RecordingReplaced(change));
            std::io::Error::other("the recording changed")
        }
        RecordingError::Unavailable(failure) => {
            lock(state).fault = Some(Error::RecordingUnavailable(failure));
            std::io::Error::other("the recording is not to be had")
        }
        RecordingError::Io(error) => error,
    }
}

fn lock(state: &Mutex<SentBytes>) -> std::sync::MutexGuard<'_, SentBytes> {
    state
        .lock()
        .unwrap_or_else(std::sync::PoisonError::into_inner)
}

fn copy(error: &std::io::Error) -> std::io::Error {
    match error.raw_os_error() {
        Some(code) => std::io::Error::from_raw_os_error(code),
        None => std::io::Error::new(error.kind(), error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::path::PathBuf;

    use super::*;
    use crate::recordings::{IndexOptions, build_index};

    /// A recording of a chunk and ten bytes that is about to be sent, and where it lies.
    fn reading() -> (tempfile::TempDir, PathBuf, RecordingStream) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.wav");
        std::fs::write(&path, vec![1; CHUNK + 10]).unwrap();
        let index = build_index(folder.path(), &IndexOptions::default()).unwrap();
        let reading = RecordingStream {
            recording: Sendable::Found(index.recordings().next().unwrap()),
            expected: CHUNK as u64 + 10,
            file: None,
            is_done: false,
            state: Arc::default(),
        };
        (folder, path, reading)
    }

    #[test]
    fn a_recording_that_shrinks_while_it_is_sent_is_no_broken_line() {
        let (_folder, path, mut reading) = reading();
        assert_eq!(reading.next().unwrap().len(), CHUNK);
        let file = File::options().write(true).open(&path).unwrap();
        file.set_len(CHUNK as u64 + 3).unwrap();
        assert!(reading.next().is_err());
        let fault = lock(&reading.state).fault.take();
        let found = CHUNK as u64 + 3;
        assert!(
            matches!(fault, Some(Error::RecordingChanged { found: left, .. }) if left == found)
        );
    }

    #[test]
    fn a_recording_that_is_written_over_while_it_is_sent_ends_the_body() {
        let (_folder, path, mut reading) = reading();
        assert_eq!(reading.next().unwrap().len(), CHUNK);
        let file = File::options().write(true).open(&path).unwrap();
        // Another time of writing, wherever the clock of files stands.
        file.set_modified(std::time::SystemTime::UNIX_EPOCH)
            .unwrap();
        assert!(reading.next().is_err());
        let fault = lock(&reading.state).fault.take();
        assert!(
            matches!(fault, Some(Error::RecordingReplaced(_))),
            "{fault:?}"
        );
    }

    #[test]
    fn what_took_the_place_of_a_recording_is_not_read() {
        let (folder, path, mut reading) = reading();
        std::fs::rename(&path, folder.path().join("b.wav")).unwrap();
        std::fs::write(&path, vec![2; CHUNK + 10]).unwrap();
        assert!(reading.next().is_err());
        let fault = lock(&reading.state).fault.take();
        assert!(
            matches!(fault, Some(Error::RecordingReplaced(_))),
            "{fault:?}"
        );
        assert_eq!(lock(&reading.state).bytes, 0);
    }
}
