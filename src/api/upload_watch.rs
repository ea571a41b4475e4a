//! Watches over an upload: a stall is told from a long upload, and our own limit from a stall.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::Error;

/// Knows how many bytes have left, so that a stall can be told from a long upload.
#[derive(Debug, Clone, Default)]
pub(super) struct UploadWatch {
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

impl UploadWatch {
    pub(super) fn progress(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn hold(&self, is_held: bool) {
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
        let watch = UploadWatch::default();
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
        let result = UploadWatch::default()
            .until_stalled(standing, Duration::from_secs(60), 10)
            .await;
        assert!(matches!(result, Err(Error::TimedOut(_))));
    }

    #[tokio::test(start_paused = true)]
    async fn who_waits_for_our_own_limit_does_not_stand() {
        let watch = UploadWatch::default();
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
            let watch = UploadWatch::default();
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
