//! What the delivery tells while it works: how each record ended, pauses, progress and why the run ends.

use std::fmt::Display;
use std::sync::Arc;

use super::failure_budget::{FailureBudget, FailureCount};
use super::job::JobRow;
use super::job_end::JobEnd;
use super::sender::concurrency::WidthRange;
use super::sender::notice::SenderNotice;
use crate::domain::{Problem, Severity};
use crate::events::{Event, Outcome, RecordEnd, StopReason, StopSignal};
use crate::source::Batch;

/// Tells events, and counts calls that fail.
pub(crate) struct RunEvents<'e> {
    stop: Arc<StopSignal>,
    failures: FailureCount,
    /// The full width.
    most: usize,
    /// The width that was told last.
    width: WidthRange,
    is_version_told: bool,
    pub(crate) on_event: &'e mut dyn FnMut(Event<'_>),
}

impl<'e> RunEvents<'e> {
    /// Ends the run when more calls fail than the budget allows.
    pub(crate) fn new(
        stop: Arc<StopSignal>,
        budget: FailureBudget,
        width: usize,
        on_event: &'e mut dyn FnMut(Event<'_>),
    ) -> RunEvents<'e> {
        RunEvents {
            stop,
            failures: FailureCount::new(budget),
            most: width,
            width: WidthRange {
                now: width,
                lowest: width,
            },
            is_version_told: false,
            on_event,
        }
    }

    /// Tells how a row ended whose call or case, with this id, was carried out.
    pub(crate) fn ended(&mut self, batch: &Batch, id: &str, mut row: JobRow, end: JobEnd) {
        let record = batch.get(row.index);
        self.count(&end);
        for (code, message) in end.problem.into_iter().chain(end.remarks) {
            let mut problem = Problem::new(code, record.location(), message);
            problem.name_record(id);
            let is_unproved = end.delivered.as_ref().is_some_and(|it| it.is_unproved);
            row.problems.push(if is_unproved {
                problem.with_severity(Severity::Warning)
            } else {
                problem
            });
        }
        let told = RecordEnd {
            outcome: end.outcome,
            detail: end.detail,
            problems: &row.problems,
            delivered: end.delivered.as_ref(),
        };
        told.tell(batch, row.index, &row.further, self.on_event);
    }

    /// Tells how a row ended for which nothing was sent.
    pub(crate) fn unsent(&mut self, batch: &Batch, row: &JobRow, outcome: Outcome, detail: &str) {
        let told = RecordEnd {
            outcome,
            detail,
            problems: &row.problems,
            delivered: None,
        };
        told.tell(batch, row.index, &row.further, self.on_event);
    }

    /// Tells what the sender noticed.
    pub(crate) fn noticed(&mut self, notice: &SenderNotice) {
        (self.on_event)(match notice {
            SenderNotice::Retried {
                attempt,
                delay,
                why,
            } => Event::Retried {
                attempt: *attempt,
                delay: *delay,
                why,
            },
            SenderNotice::Paused { pause, why } => Event::Paused { pause: *pause, why },
        });
    }

    /// Tells why the run ends.
    pub(crate) fn stopping(&mut self) {
        if let Some((stop, why)) = self.stop.reason() {
            (self.on_event)(Event::Stopping { stop, why: &why });
        }
    }

    /// Tells how many bytes have left since this was told last, and the width if it is another.
    pub(crate) fn progress(&mut self, bytes: u64, width: WidthRange) {
        (self.on_event)(Event::Sent { bytes });
        if width != self.width {
            self.width = width;
            (self.on_event)(Event::Width {
                now: width.now,
                lowest: width.lowest,
                most: self.most,
            });
        }
    }

    /// Tells once which version the read API has answered.
    pub(super) fn read_version(&mut self, version: Option<&str>) {
        if let Some(version) = version.filter(|_| !self.is_version_told) {
            self.is_version_told = true;
            (self.on_event)(Event::ReadApiAnswers { version });
        }
    }

    /// Counts a call that was carried out, and ends the run when too many have failed.
    fn count(&mut self, end: &JobEnd) {
        let error = end.problem.as_ref().map(|(_, message)| message.as_str());
        let too_many = match end.outcome {
            Outcome::Failed => self.failures.take(Some(error.unwrap_or_default())),
            Outcome::NotAttempted => None,
            _ => self.failures.take(None),
        };
        if let Some(why) = too_many {
            self.stop.raise(StopReason::GaveUp, why);
        }
    }
}

/// Why the pipeline ended, in one line: an error may show a piece of a file below its own words, and is told
/// whole once the run has ended.
pub(crate) fn cause(error: &impl Display) -> String {
    let text = error.to_string();
    let line = text.lines().next().unwrap_or_default();
    line.trim_start_matches("error: ").to_owned()
}
