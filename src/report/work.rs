//! The size of the work: how many records there are, how many of them are still to be sent, and how long
//! that takes.
//!
//! Two things are known before the end only as a guess. The records of an export that was not read to its
//! end are guessed from its bytes, and how many of those are to be sent from the ones that were
//! read.

use jiff::Timestamp;
use serde::Serialize;

use crate::events::{ExportExtent, NOT_SELECTED, Outcome, StopReason};
use crate::report::counters::Counters;
use crate::report::format::{float, whole};
use crate::report::json::{json, stop_name};
use crate::report::outcome_counts::Counts;

/// How many records the export has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Size {
    /// The number.
    pub records: u64,
    /// Whether it is a guess.
    #[serde(rename = "records_are_estimated")]
    pub is_estimate: bool,
}

impl Size {
    /// The size, as far as it is known at this moment; `None` where the size of the input is not known or
    /// nothing was read yet.
    pub(super) fn of(counters: &Counters, extent: &ExportExtent) -> Option<Size> {
        if let Some(records) = extent.records() {
            // What was put aside and dropped again never came here, and is part of the work.
            let records = records.max(counters.read());
            return Some(Size {
                records,
                is_estimate: false,
            });
        }
        let total = counters.bytes_total?;
        if counters.bytes_read == 0 || counters.read() == 0 {
            return None;
        }
        let read = float(counters.bytes_read.min(total));
        let all = float(counters.read()) * float(total) / read.max(1.0);
        // Reading goes ahead of ending, never behind.
        let records = whole(all).max(counters.tally.accounted());
        Some(Size {
            records,
            is_estimate: true,
        })
    }

    /// How many of so many records are still to be sent.
    pub(super) fn to_send(self, counters: &Counters) -> f64 {
        let facts = &counters.facts;
        let waiting = facts.waiting();
        // Whatever is in place was not put aside, so that most of what waits is to be sent.
        let open = facts.open + waiting.calls;
        let known = float(open.saturating_sub(counters.tried));
        let read = facts.records + waiting.records;
        let unread = float(self.records.saturating_sub(read));
        let share = match read {
            0 => 1.0,
            read => float(open) / float(read),
        };
        known + unread * share
    }
}

/// How far a run has come, as the ledger keeps it for `status`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunProgress {
    /// Records read.
    pub read: u64,
    #[serde(flatten)]
    counts: Counts,
    /// Records that there are.
    #[serde(flatten)]
    pub size: Option<Size>,
    /// Calls still to be sent.
    pub to_send: Option<u64>,
    /// Calls sent in a second, of late.
    pub calls_per_second: f64,
    /// Seconds until all are sent, at this pace.
    pub seconds_left: Option<f64>,
    /// Records that `--only` left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub not_selected: Option<u64>,
    /// When that was counted.
    pub counted_at: Timestamp,
    /// The key of the reason why the run ended early.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<&'static str>,
}

impl RunProgress {
    /// What these sums say.
    pub(super) fn new(
        counters: &Counters,
        size: Option<Size>,
        calls_per_second: f64,
        seconds_left: Option<f64>,
        counted_at: Timestamp,
    ) -> Self {
        RunProgress {
            read: counters.read(),
            counts: Counts(Outcome::ALL.map(|outcome| counters.tally.of(outcome))),
            not_selected: {
                let selection = (Outcome::Skipped, NOT_SELECTED.to_owned());
                counters.details.get(&selection).copied()
            },
            to_send: size.map(|size| whole(size.to_send(counters))),
            size,
            calls_per_second,
            seconds_left,
            counted_at,
            stop: None,
        }
    }

    /// How many records ended so.
    pub fn of(&self, outcome: Outcome) -> u64 {
        self.counts.0[outcome as usize]
    }

    /// The same of a run that ended early.
    pub(super) fn stopped_for(self, stop: Option<StopReason>) -> Self {
        RunProgress {
            stop: stop.map(stop_name),
            ..self
        }
    }

    /// One JSON object, with the counts by the names of the outcomes.
    pub fn to_json(&self) -> String {
        json(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{CallCount, Totals};

    fn counters(records: u64, open: u64, tried: u64) -> Counters {
        Counters {
            facts: Totals {
                records,
                open,
                ..Totals::default()
            },
            tried,
            ..Counters::default()
        }
    }

    #[test]
    fn what_is_left_to_send_is_not_what_is_left_to_look_at() {
        let size = |records| Size {
            records,
            is_estimate: false,
        };
        let left = |size: Size, counters: Counters| whole(size.to_send(&counters));
        // 600 of 1000 are in place, and 140 of the others are sent.
        assert_eq!(left(size(1000), counters(1000, 400, 140)), 260);
        // Half of what was read is to be sent, and so is half of the rest.
        assert_eq!(left(size(2000), counters(1000, 500, 100)), 900);
        assert_eq!(left(size(1000), counters(1000, 0, 0)), 0);
    }

    #[test]
    fn what_was_put_aside_is_still_to_be_sent_until_it_is_decided() {
        let size = Size {
            records: 1000,
            is_estimate: false,
        };
        // 300 are in place, and 700 wait in 350 calls of two records each.
        let mut counters = counters(300, 0, 0);
        counters.facts.put_aside = CallCount {
            records: 700,
            calls: 350,
        };
        assert_eq!(whole(size.to_send(&counters)), 350);
        // 100 of those are decided: 80 of them are to be sent, and 30 are sent.
        counters.facts.taken_up = CallCount {
            records: 200,
            calls: 100,
        };
        (counters.facts.records, counters.facts.open, counters.tried) = (500, 80, 30);
        assert_eq!(whole(size.to_send(&counters)), 300);
        assert_eq!(counters.read(), 500);
    }

    #[test]
    fn the_size_is_exact_once_all_was_read() {
        let mut counters = counters(100, 100, 10);
        counters.tally.read = 100;
        let extent = ExportExtent::default();
        assert_eq!(Size::of(&counters, &extent), None);
        (counters.bytes_read, counters.bytes_total) = (1_000, Some(3_010));
        let size = Size::of(&counters, &extent).unwrap();
        assert_eq!((size.records, size.is_estimate), (301, true));
    }
}
