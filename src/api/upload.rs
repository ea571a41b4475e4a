//! The body of an upload: a recording streamed from disk, made anew for each try.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use futures::stream::Stream;
use futures::{FutureExt as _, StreamExt as _};
use reqwest::multipart::{Form, Part};
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

use super::Error;
use crate::failpoint::{self, Point};

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

/// A wait that a stream makes before it lets a chunk of so many bytes go.
pub type Throttle = Arc<dyn Fn(u32) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// The bytes read at once: with 4 KiB an upload needs 25 times the CPU, and from 256 KiB on
/// nothing is gained (measured; `docs/performance.md`).
const CHUNK: usize = 256 * 1024;

/// One try to send a recording.
pub struct Upload {
    /// Where the recording lies.
    pub path: PathBuf,
    /// The file name that the destination is told.
    pub file_name: String,
    /// The content type by the kind of file.
    pub content_type: &'static str,
    /// Bytes that were found when the upload was decided.
    pub bytes: u64,
    /// Waits for the bandwidth limit.
    pub throttle: Option<Throttle>,
    /// Counts bytes as they leave, over all tries.
    pub on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
    /// What the stream found out; the transport only says that a body ended early.
    pub state: Arc<Mutex<Sending>>,
}

/// What one try read from the recording.
#[derive(Debug, Default)]
pub struct Sending {
    hasher: blake3::Hasher,
    bytes: u64,
    fault: Option<Error>,
}

impl Upload {
    /// The hash and the number of the bytes that this try sent.
    pub fn sent(&self) -> ([u8; 32], u64) {
        let state = lock(&self.state);
        (*state.hasher.finalize().as_bytes(), state.bytes)
    }

    pub(super) fn fault(&self) -> Option<Error> {
        lock(&self.state).fault.take()
    }

    /// The form of this try and the watch over its progress.
    pub(super) fn form(&self, settings: &AudioSettings) -> Result<(Form, Watch), Error> {
        let watch = Watch::default();
        *lock(&self.state) = Sending::default();
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
    fn stream(&self, watch: Watch) -> impl Stream<Item = std::io::Result<Bytes>> + Send + 'static {
        let (path, expected) = (self.path.clone(), self.bytes);
        let (throttle, state) = (self.throttle.clone(), Arc::clone(&self.state));
        let (on_bytes, failing) = (Arc::clone(&self.on_bytes), Arc::clone(&self.state));
        let open = async move {
            let file = tokio::fs::File::open(&path).await?;
            let found = file.metadata().await?.len();
            if found != expected {
                lock(&failing).fault = Some(Error::RecordingChanged { expected, found });
                return Err(std::io::Error::other("the recording changed"));
            }
            // One byte past the announced length tells whether the file has grown meanwhile.
            Ok(ReaderStream::with_capacity(file.take(expected + 1), CHUNK))
        };
        let bytes = open
            .map(|opened| match opened {
                Ok(stream) => stream.left_stream(),
                Err(error) => futures::stream::iter([Err(error)]).right_stream(),
            })
            .flatten_stream();
        bytes.then(move |chunk| {
            let (throttle, state) = (throttle.clone(), Arc::clone(&state));
            let (on_bytes, watch) = (Arc::clone(&on_bytes), watch.clone());
            async move {
                let chunk = chunk.inspect_err(|error| {
                    let mut state = lock(&state);
                    if state.fault.is_none() {
                        state.fault = Some(Error::Recording(copy(error)));
                    }
                })?;
                let length = u32::try_from(chunk.len()).unwrap_or(u32::MAX);
                if let Some(throttle) = throttle {
                    watch.hold(true);
                    throttle(length).await;
                    watch.hold(false);
                }
                watch.progress(u64::from(length));
                on_bytes(u64::from(length));
                let mut state = lock(&state);
                state.hasher.update(&chunk);
                state.bytes += u64::from(length);
                if state.bytes > expected {
                    state.fault = Some(Error::RecordingChanged {
                        expected,
                        found: state.bytes,
                    });
                    return Err(std::io::Error::other("the recording grew"));
                }
                failpoint::reached(Point::BodyLeaves);
                Ok(chunk)
            }
        })
    }
}

fn lock(state: &Mutex<Sending>) -> std::sync::MutexGuard<'_, Sending> {
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

/// Knows how many bytes have left, so that a stall can be told from a long upload.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch {
    bytes: Arc<AtomicU64>,
    /// It is we who wait, for our own limit.
    is_held: Arc<AtomicBool>,
}

/// What may lie in the buffers of the system after the last byte was handed to it.
const BUFFERED: u64 = 4 * 1024 * 1024;
/// How fast the slowest line is that still counts as one: bytes a second, a quarter of a megabit.
const SLOWEST: u64 = 32 * 1024;

/// How long the last bytes may take to leave the machine, which nobody here can watch.
fn tail(bytes: u64) -> Duration {
    Duration::from_secs(bytes.min(BUFFERED) / SLOWEST)
}

impl Watch {
    fn progress(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    fn hold(&self, is_held: bool) {
        self.is_held.store(is_held, Ordering::Relaxed);
    }

    /// Runs `exchange`, which sends `total` bytes, until it ends or until nothing has moved for
    /// `patience`. There is no limit on the whole. After the last byte the answer is waited for, in
    /// all of its bytes, so that one that trickles is no progress.
    pub(super) async fn until_stalled<T>(
        &self,
        exchange: impl Future<Output = Result<T, Error>>,
        patience: Duration,
        total: u64,
    ) -> Result<T, Error> {
        tokio::pin!(exchange);
        loop {
            let before = self.bytes.load(Ordering::Relaxed);
            let wait = if before < total {
                patience
            } else {
                patience + tail(total)
            };
            if let Ok(result) = tokio::time::timeout(wait, &mut exchange).await {
                return result;
            }
            let stands = self.bytes.load(Ordering::Relaxed) == before;
            if stands && !self.is_held.load(Ordering::Relaxed) {
                return Err(Error::TimedOut(wait));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_long_upload_that_moves_is_not_stalled_and_one_that_stands_is() {
        let watch = Watch::default();
        let moving = async {
            for _ in 0..10 {
                tokio::time::sleep(Duration::from_secs(40)).await;
                watch.progress(1);
            }
            Ok(())
        };
        assert!(
            watch
                .until_stalled(moving, Duration::from_secs(60), 10)
                .await
                .is_ok()
        );
        let standing = async {
            tokio::time::sleep(Duration::from_secs(600)).await;
            Ok(())
        };
        let result = Watch::default()
            .until_stalled(standing, Duration::from_secs(60), 10)
            .await;
        assert!(matches!(result, Err(Error::TimedOut(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_our_own_limit_does_not_stand() {
        let watch = Watch::default();
        let held = async {
            watch.hold(true);
            tokio::time::sleep(Duration::from_secs(3600)).await;
            watch.hold(false);
            Ok(())
        };
        let patience = Duration::from_secs(60);
        assert!(watch.until_stalled(held, patience, 10).await.is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn the_last_bytes_are_given_the_time_of_a_slow_line() {
        let patience = Duration::from_secs(10);
        for (bytes, seconds, is_patient) in [
            (0, 9, true),
            (0, 11, false),
            (1 << 20, 41, true),
            (1 << 20, 43, false),
            (1 << 30, 137, true),
            (1 << 30, 139, false),
        ] {
            let watch = Watch::default();
            watch.progress(bytes);
            let answer = async {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(())
            };
            let result = watch.until_stalled(answer, patience, bytes).await;
            assert_eq!(result.is_ok(), is_patient, "{bytes} after {seconds} s");
        }
    }
}
