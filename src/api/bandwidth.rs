//! A limit on the bytes of all uploads together, or of all that is read from stores, which may change
//! while they are under way.

use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

use super::upload_body::Throttle;

/// The line that all of them share.
#[derive(Debug, Clone, Default)]
pub(crate) struct BandwidthLimiter(Arc<Mutex<Limit>>);

#[derive(Debug, Default)]
struct Limit {
    bytes_a_second: Option<u64>,
    bucket: Option<Arc<ByteBucket>>,
}

#[derive(Debug)]
struct ByteBucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, DefaultClock>,
    /// What may go at once: a tenth of a second's worth, so that the line is used evenly.
    burst: NonZeroU32,
}

impl BandwidthLimiter {
    /// From now on so many bytes a second; `None` or 0 for no limit.
    pub(crate) fn set(&self, bytes_a_second: Option<u64>) {
        let mut limit = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if limit.bytes_a_second != bytes_a_second {
            *limit = Limit {
                bytes_a_second,
                bucket: bytes_a_second.and_then(bucket).map(Arc::new),
            };
        }
    }

    /// The wait of a chunk. One chunk may be more than a second's worth, so it is paid for in parts,
    /// each by the limit of its moment.
    pub(crate) fn throttle(&self) -> Throttle {
        let limiter = self.clone();
        Arc::new(move |bytes: u32| {
            let limiter = limiter.clone();
            Box::pin(async move {
                let mut left = bytes;
                while left > 0 {
                    let Some(bucket) = limiter.bucket() else {
                        return;
                    };
                    let Some(part) = NonZeroU32::new(left.min(bucket.burst.get())) else {
                        return;
                    };
                    // Fails only for a part larger than the burst.
                    let _ = bucket.limiter.until_n_ready(part).await;
                    left -= part.get();
                }
            }) as Pin<Box<dyn Future<Output = ()> + Send>>
        })
    }

    fn bucket(&self) -> Option<Arc<ByteBucket>> {
        let limit = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        limit.bucket.clone()
    }
}

fn bucket(bytes_a_second: u64) -> Option<ByteBucket> {
    let rate = NonZeroU32::new(u32::try_from(bytes_a_second).unwrap_or(u32::MAX))?;
    let burst = NonZeroU32::new(rate.get() / 10).unwrap_or(NonZeroU32::MIN);
    let quota = Quota::per_second(rate).allow_burst(burst);
    Some(ByteBucket {
        limiter: RateLimiter::direct(quota),
        burst,
    })
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn a_limit_that_is_lifted_lets_the_rest_go() {
        let limiter = BandwidthLimiter::default();
        limiter.set(Some(1));
        let wait = limiter.throttle()(1_000_000);
        let lift = async {
            tokio::task::yield_now().await;
            limiter.set(None);
        };
        let both = async { tokio::join!(wait, lift) };
        let ended = tokio::time::timeout(Duration::from_secs(30), both).await;
        assert!(ended.is_ok(), "a million seconds are not waited for");
    }

    #[tokio::test]
    async fn a_line_without_limit_waits_for_nothing() {
        let (limiter, start) = (BandwidthLimiter::default(), Instant::now());
        for limit in [None, Some(0)] {
            limiter.set(limit);
            limiter.throttle()(u32::MAX).await;
        }
        assert!(start.elapsed() < Duration::from_secs(30));
    }
}
