//! What happens in a run, told once to whoever listens.

use std::time::Duration;

use super::matched::Matched;
use super::outcome::{Delivered, Outcome};
use super::sending_state::SendingState;
use super::stop::StopReason;
use super::totals::Totals;
use crate::domain::Problem;
use crate::domain::call::Field;
use crate::source::{Record, Sheet};

/// One thing that happened.
#[derive(Debug)]
pub enum Event<'a> {
    /// A file of the export was opened.
    Opened {
        /// What its records look like, and how it is read.
        sheet: &'a Sheet,
        /// Columns that nothing in the mapping uses; empty for JSON.
        unused: &'a [String],
        /// The columns that feed each field; none for a constant, and nothing at all for cases.
        sources: &'a [(Field, Vec<String>)],
    },
    /// So much of the input has been read.
    Read {
        /// Bytes read from the files, as they lie on disk.
        bytes: u64,
        /// Bytes of all files; `None` for standard input.
        total: Option<u64>,
    },
    /// A batch of records was checked; sums over its records.
    Checked(&'a Totals),
    /// A call gets this recording, or has it.
    Matched(&'a Matched),
    /// A record ended. Comes exactly once for each record.
    Ended {
        /// The record.
        record: Record<'a>,
        /// How it ended.
        outcome: Outcome,
        /// Why in a word, where the outcome alone does not tell: the name of the skip rule,
        /// `repeat`, `changed`, `adopted`; else empty.
        detail: &'a str,
        /// Everything that is wrong with it.
        problems: &'a [Problem],
        /// What was delivered for it by this run.
        delivered: Option<&'a Delivered>,
    },
    /// A problem that belongs to no record: a recording that nobody claims.
    ExportProblem(&'a Problem),
    /// Bytes of recordings left the machine.
    Sent {
        /// Bytes since the last event of this kind.
        bytes: u64,
    },
    /// How the sending goes; comes by itself, a few times a second.
    Sending(&'a SendingState),
    /// The number of requests that may be in flight has changed.
    Width {
        /// So many from now on.
        now: usize,
        /// So many at the least, in this run.
        lowest: usize,
        /// So many at the most, as it was set.
        most: usize,
    },
    /// The read API has answered, in this `api-version`. Comes once.
    ReadApiAnswers {
        /// The value of the query's `api-version`.
        version: &'a str,
    },
    /// Nothing is sent for a while.
    Paused {
        /// For how long.
        pause: Duration,
        /// Why, in words for the screen.
        why: &'a str,
    },
    /// A request will be tried again.
    Retried {
        /// Which try failed, from 1.
        attempt: u32,
        /// How long this call waits.
        delay: Duration,
        /// Why, in words for the screen; no personal data.
        why: &'a str,
    },
    /// The run takes no more calls and finishes what is in flight.
    Stopping {
        /// For what reason.
        stop: StopReason,
        /// The reason in words for the screen.
        why: &'a str,
    },
}
