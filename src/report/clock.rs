//! A point in time, on both clocks.

use std::time::{Duration, Instant};

use jiff::Timestamp;

/// Now, for measuring and for writing down: the wall clock may jump, the other one cannot be read
/// by people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// For differences.
    pub clock: Instant,
    /// For files.
    pub time: Timestamp,
}

impl ClockReading {
    /// The present.
    pub fn now() -> Self {
        ClockReading {
            clock: Instant::now(),
            time: Timestamp::now(),
        }
    }

    /// The moment this much later.
    #[must_use]
    pub fn later(self, by: Duration) -> Self {
        ClockReading {
            clock: self.clock.checked_add(by).unwrap_or(self.clock),
            time: self.time.checked_add(by).unwrap_or(self.time),
        }
    }

    /// Seconds since an earlier moment.
    pub fn seconds_since(self, earlier: ClockReading) -> f64 {
        self.clock
            .saturating_duration_since(earlier.clock)
            .as_secs_f64()
    }
}
