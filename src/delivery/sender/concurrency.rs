//! How many requests may be in flight at once: arithmetic, without a clock.
//!
//! Two published methods, each for what it is good at. Refusals (429, 503, no answer in time) shrink
//! the width by their share, at most by half, and without refusals it grows again step by step: AIMD
//! (Chiu and Jain, 1989), as TCP does it. Answers that become slow shrink it by how slow they have
//! become: Gradient2 of Netflix's concurrency-limits, which compares the latency of now with that of
//! the long run. It begins at the full width, since most servers never need less, and only evidence
//! takes from it.
//!
//! Only small requests tell a latency. A recording takes as long as its bytes and the line need,
//! which says nothing about the server.

use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::request_kind::RequestKind;
use crate::api::Error;

/// What a request that has ended says about the load of the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LoadSignal {
    /// It was answered after so long.
    Answered(Duration),
    /// It was answered, or broke, and how long it took means nothing.
    Ended,
    /// The server asked for less, or did not answer in time.
    Refused,
}

impl LoadSignal {
    /// What a request says that has ended after so long.
    pub(super) fn of(kind: RequestKind, error: Option<&Error>, took: Duration) -> LoadSignal {
        match error {
            Some(
                Error::TimedOut(_)
                | Error::Status {
                    status: 429 | 503, ..
                },
            ) => LoadSignal::Refused,
            None if kind != RequestKind::Upload => LoadSignal::Answered(took),
            _ => LoadSignal::Ended,
        }
    }
}

/// Answers judged together, at least; and at least as many as are in flight, so that each step is
/// judged by requests that left after it.
const WINDOW: f64 = 16.0;
/// Latencies below are all the same: nobody needs to slow down for a server that answers in a tenth
/// of a second, and on a quick line the differences are those of our own machine.
const FLOOR: f64 = 0.1;
/// How much slower than in the long run is still no congestion (Gradient2 has 1.5).
const TOLERANCE: f64 = 2.0;
/// How much of a step is taken (Gradient2).
const SMOOTHING: f64 = 0.2;
/// Windows over which the long run is averaged.
const LONG_RUN: f64 = 50.0;
/// The most that one window takes away.
const WORST: f64 = 0.5;

/// The width and the evidence of the window that is going on.
#[derive(Debug, Clone)]
struct AdaptiveWidth {
    most: f64,
    now: f64,
    lowest: f64,
    ended: f64,
    refused: f64,
    /// Sum and number of the latencies of this window.
    latency: (f64, f64),
    long_run: Option<f64>,
}

impl AdaptiveWidth {
    /// The full width, which it never exceeds.
    fn new(most: usize) -> Self {
        let most = f64::from(u32::try_from(most.max(1)).unwrap_or(u32::MAX));
        AdaptiveWidth {
            most,
            now: most,
            lowest: most,
            ended: 0.0,
            refused: 0.0,
            latency: (0.0, 0.0),
            long_run: None,
        }
    }

    /// Requests that may be in flight.
    fn now(&self) -> usize {
        whole(self.now)
    }

    /// The least that it has been.
    fn lowest(&self) -> usize {
        whole(self.lowest)
    }

    /// Takes in a request that has ended.
    fn take(&mut self, evidence: LoadSignal) {
        self.ended += 1.0;
        match evidence {
            LoadSignal::Refused => self.refused += 1.0,
            LoadSignal::Answered(latency) => {
                self.latency.0 += latency.as_secs_f64().max(FLOOR);
                self.latency.1 += 1.0;
            }
            LoadSignal::Ended => {}
        }
        if self.ended >= WINDOW.max(self.now) {
            self.judge();
        }
    }

    fn judge(&mut self) {
        let gradient = self.gradient();
        self.now = if self.refused > 0.0 {
            self.now * (1.0 - self.refused / self.ended).max(WORST)
        } else {
            let step = self.now * gradient + self.now.sqrt() - self.now;
            self.now + SMOOTHING * step
        };
        self.now = self.now.clamp(1.0, self.most);
        self.lowest = self.lowest.min(self.now);
        (self.ended, self.refused, self.latency) = (0.0, 0.0, (0.0, 0.0));
    }

    /// From a half, when answers take much longer than they used to, to 1.
    fn gradient(&mut self) -> f64 {
        let (sum, count) = self.latency;
        if count < 1.0 {
            return 1.0;
        }
        let short = sum / count;
        let long = self.long_run.unwrap_or(short);
        let drift = long + (short - long) / LONG_RUN;
        // After a slow hour the long run must not call everything quick for another hour.
        self.long_run = Some(if long > 2.0 * short {
            drift * 0.95
        } else {
            drift
        });
        (TOLERANCE * long / short).clamp(WORST, 1.0)
    }
}

/// The width of now, and the least that it has been.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WidthRange {
    pub(crate) now: usize,
    pub(crate) lowest: usize,
}

/// How many permits there are, and how many there should be. Requests in flight are never cut off: permits
/// beyond a smaller width are taken away as they come back.
#[derive(Debug)]
pub(super) struct ConcurrencyLimit {
    width: AdaptiveWidth,
    issued: usize,
}

impl ConcurrencyLimit {
    /// As many permits as the full width.
    pub(super) fn new(most: usize) -> ConcurrencyLimit {
        ConcurrencyLimit {
            width: AdaptiveWidth::new(most),
            issued: most.max(1),
        }
    }

    /// Takes in what a request that has ended says, and makes as many permits as there should be, by what
    /// `permits` has to spare.
    pub(super) fn observe(&mut self, signal: LoadSignal, permits: &Semaphore) {
        self.width.take(signal);
        let wanted = self.width.now();
        if wanted > self.issued {
            permits.add_permits(wanted - self.issued);
            self.issued = wanted;
        }
        while self.issued > wanted {
            let Ok(idle) = permits.try_acquire() else {
                break;
            };
            idle.forget();
            self.issued -= 1;
        }
    }

    /// Takes a permit back, for good if there are too many.
    pub(super) fn take_back(&mut self, permit: OwnedSemaphorePermit) {
        if self.issued > self.width.now() {
            permit.forget();
            self.issued -= 1;
        }
    }

    /// The width of now and the least that it has been.
    pub(super) fn range(&self) -> WidthRange {
        WidthRange {
            now: self.width.now(),
            lowest: self.width.lowest(),
        }
    }
}

/// Nearest whole number, at least 1.
fn whole(width: f64) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it lies between 1 and a u32"
    )]
    let whole = width.round() as usize;
    whole.max(1)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;

    fn answered(millisecond: u64) -> LoadSignal {
        LoadSignal::Answered(Duration::from_millis(millisecond))
    }

    fn after(width: &mut AdaptiveWidth, evidence: LoadSignal, times: usize) -> usize {
        for _ in 0..times {
            width.take(evidence);
        }
        width.now()
    }

    #[test]
    fn a_quick_server_gets_the_full_width_at_once_and_keeps_it() {
        for most in [1, 16, 64, 1024] {
            let mut width = AdaptiveWidth::new(most);
            assert_eq!(width.now(), most);
            for millisecond in [0, 20, 90, 1, 60] {
                assert_eq!(after(&mut width, answered(millisecond), 2000), most);
            }
            assert_eq!(width.lowest(), most);
        }
    }

    #[test]
    fn a_server_that_is_always_slow_is_not_taken_for_one_that_has_become_slow() {
        let mut width = AdaptiveWidth::new(64);
        assert_eq!(after(&mut width, answered(3000), 5000), 64);
    }

    #[test]
    fn refusals_shrink_it_by_their_share_and_it_grows_again() {
        let mut width = AdaptiveWidth::new(64);
        after(&mut width, answered(20), 640);
        assert_eq!(after(&mut width, LoadSignal::Refused, 64), 32);
        assert_eq!(after(&mut width, LoadSignal::Refused, 1000), 1);
        assert_eq!(width.lowest(), 1);
        let grown = after(&mut width, answered(20), 500);
        assert!((2..64).contains(&grown), "step by step: {grown}");
        assert_eq!(after(&mut width, answered(20), 5000), 64);
        assert_eq!(width.lowest(), 1);
    }

    #[test]
    fn one_refusal_of_many_takes_little() {
        let mut width = AdaptiveWidth::new(64);
        after(&mut width, answered(20), 63);
        assert_eq!(after(&mut width, LoadSignal::Refused, 1), 63);
    }

    #[test]
    fn answers_that_become_slow_shrink_it() {
        let mut width = AdaptiveWidth::new(64);
        after(&mut width, answered(150), 6400);
        let shrunk = after(&mut width, answered(3000), 1000);
        assert!(shrunk < 32, "{shrunk}");
        assert_eq!(after(&mut width, answered(150), 6000), 64);
    }

    #[test]
    fn recordings_that_take_long_say_nothing() {
        let took = Duration::from_secs(60);
        assert_eq!(
            LoadSignal::of(RequestKind::Upload, None, took),
            LoadSignal::Ended
        );
        let create = LoadSignal::of(RequestKind::Create, None, took);
        assert_eq!(create, LoadSignal::Answered(took));
        let late = Error::TimedOut(took);
        let late = LoadSignal::of(RequestKind::Upload, Some(&late), took);
        assert_eq!(late, LoadSignal::Refused);
        let mut width = AdaptiveWidth::new(16);
        assert_eq!(after(&mut width, LoadSignal::Ended, 1000), 16);
    }

    #[test]
    fn a_smaller_width_takes_idle_permits_at_once_and_others_as_they_come_back() {
        let (mut limit, permits) = (ConcurrencyLimit::new(16), Arc::new(Semaphore::new(16)));
        let mut in_flight: Vec<_> = (0..12)
            .map(|_| Arc::clone(&permits).try_acquire_owned().unwrap())
            .collect();
        for _ in 0..16 {
            limit.observe(LoadSignal::Refused, &permits);
        }
        assert_eq!(limit.range(), WidthRange { now: 8, lowest: 8 });
        assert_eq!(permits.available_permits(), 0);
        for permit in in_flight.drain(..5) {
            limit.take_back(permit);
        }
        // Seven are in flight and eight may be.
        assert_eq!(permits.available_permits(), 1);
    }

    proptest! {
        #[test]
        fn whatever_happens_it_stays_between_1_and_the_full_width(
            most in 0..2000_usize,
            evidence in prop::collection::vec(
                prop_oneof![
                    any::<u64>().prop_map(answered),
                    Just(LoadSignal::Ended),
                    Just(LoadSignal::Refused),
                ],
                0..400,
            ),
        ) {
            let mut width = AdaptiveWidth::new(most);
            for one in evidence {
                width.take(one);
                prop_assert!((1..=most.max(1)).contains(&width.now()));
                prop_assert!(width.lowest() <= width.now());
            }
        }
    }
}
