//! The line that all reading from stores shares.

use std::fmt;
use std::sync::Arc;

use crate::api::{BandwidthLimiter, Throttle};
use crate::recordings::StoreTraffic;

/// Counts what is read from all stores together, and holds it to a limit.
#[derive(Clone, Default)]
pub struct StoreLine {
    traffic: Arc<StoreTraffic>,
    throttle: Option<Throttle>,
}

impl StoreLine {
    /// A line of so many bytes a second; `None` for as many as come.
    pub fn new(bytes_a_second: Option<u64>) -> StoreLine {
        let throttle = bytes_a_second.map(|bytes| {
            let limiter = BandwidthLimiter::default();
            limiter.set(Some(bytes));
            limiter.throttle()
        });
        StoreLine {
            traffic: Arc::default(),
            throttle,
        }
    }

    /// How much was read.
    pub fn traffic(&self) -> Arc<StoreTraffic> {
        Arc::clone(&self.traffic)
    }

    /// Takes bytes that came, and waits until more may come.
    pub(super) async fn take(&self, bytes: usize) {
        self.traffic.add(bytes as u64);
        if let Some(throttle) = &self.throttle {
            throttle(u32::try_from(bytes).unwrap_or(u32::MAX)).await;
        }
    }
}

impl fmt::Debug for StoreLine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("StoreLine");
        shown
            .field("traffic", &self.traffic)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[tokio::test]
    async fn what_is_read_is_counted_and_held_to_the_limit() {
        let (free, begun) = (StoreLine::new(None), Instant::now());
        free.take(100_000_000).await;
        assert!(begun.elapsed() < Duration::from_secs(1));
        assert_eq!(free.traffic().bytes(), 100_000_000);
        let (held, begun) = (StoreLine::new(Some(100_000)), Instant::now());
        held.take(40_000).await;
        assert!(begun.elapsed() >= Duration::from_millis(250));
    }
}
