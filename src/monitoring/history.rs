//! How a run went over the last day, in points that fit into a small plot: each second at first, and the longer
//! it lasts, the further apart.

use std::collections::VecDeque;

use jiff::Timestamp;
use serde::Serialize;

use crate::events::Outcome;
use crate::report::RunFigures;

/// Points that are kept.
const MOST: usize = 720;
/// Seconds between two points at the most: then they are those of a day.
const WIDEST: i64 = 128;

/// The sums at one moment.
#[derive(Debug, Clone, Copy, Serialize)]
struct PacePoint {
    /// Seconds since 1970.
    at: i64,
    /// Records that were created.
    created: u64,
    /// Records that failed or were rejected.
    failed: u64,
    /// Bytes that left.
    bytes: u64,
}

/// The points.
#[derive(Debug, Default)]
pub(super) struct History {
    points: VecDeque<PacePoint>,
    /// Seconds between two; 0 before the first.
    step: i64,
}

impl History {
    /// Takes the figures of a moment, if it is time for another point.
    pub(super) fn take(&mut self, now: Timestamp, figures: &RunFigures) {
        let work = &figures.work;
        self.push(PacePoint {
            at: now.as_second(),
            created: work.of(Outcome::Created),
            failed: work.of(Outcome::Failed) + work.of(Outcome::Rejected),
            bytes: figures.bytes_sent,
        });
    }

    fn push(&mut self, point: PacePoint) {
        self.step = self.step.max(1);
        let last = self.points.back().map(|last| last.at);
        if last.is_some_and(|last| point.at < last + self.step) {
            return;
        }
        if self.points.len() >= MOST {
            if self.step < WIDEST {
                self.step *= 2;
                let mut number = 0;
                self.points.retain(|_| {
                    number += 1;
                    number % 2 == 1
                });
            } else {
                self.points.pop_front();
            }
        }
        self.points.push_back(point);
    }

    /// All points as a JSON array.
    pub(super) fn to_json(&self) -> String {
        // Our own types always serialize.
        serde_json::to_string(&self.points).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_fits_and_a_minute_is_shown_by_the_second() {
        let mut history = History::default();
        let at = |at| PacePoint {
            at,
            created: 0,
            failed: 0,
            bytes: 0,
        };
        for second in 0..60 {
            history.push(at(second));
            history.push(at(second));
        }
        assert_eq!(history.points.len(), 60);
        for second in 60..200_000 {
            history.push(at(second));
        }
        assert!(history.points.len() <= MOST, "{}", history.points.len());
        let first = history.points.front().unwrap().at;
        assert!((100_000..=200_000 - 86_400).contains(&first), "{first}");
        assert_eq!(history.step, WIDEST);
    }
}
