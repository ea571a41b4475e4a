//! The figures of a run at one moment, for those who watch it: metrics, the live page and whoever asks how
//! far it is. They hold no values, ids, people or files.

use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::events::{SendingState, StopReason};
use crate::report::console::progress::ProgressView;
use crate::report::counters::{Counters, Deliveries};
use crate::report::{ProblemCount, ReportOptions, RunProgress};

/// What is known at one moment; at the end the same as `summary.json`.
#[derive(Debug, Clone, Serialize)]
pub struct RunFigures {
    /// Whether it is a run or a rehearsal.
    pub mode: &'static str,
    /// The destination as its ledger knows it.
    pub destination: Option<String>,
    /// When it started.
    pub started: Timestamp,
    /// How far the work is, and when that was counted.
    #[serde(flatten)]
    pub work: RunProgress,
    /// Records that are held and need a person.
    pub held_pressing: u64,
    /// Problems by kind.
    pub problems: Vec<ProblemCount>,
    /// What was delivered.
    pub delivered: Deliveries,
    /// Bytes that left the machine, those of failed tries included.
    pub bytes_sent: u64,
    /// The same in a second, of late.
    pub bytes_per_second: f64,
    /// Requests that were tried again.
    pub retries: u64,
    /// How often everything stood still, and for how long in all.
    pub pauses: u64,
    /// Seconds of those pauses.
    pub seconds_paused: f64,
    /// How the sending goes; `None` before it does.
    pub sending: Option<SendingState>,
    /// The pause that is going on.
    pub pause: Option<PauseView>,
    /// Why it ends early, in words, if it does.
    pub why: Option<String>,
}

/// A pause that is going on.
#[derive(Debug, Clone, Serialize)]
pub struct PauseView {
    /// When it ends.
    pub until: Option<Timestamp>,
    /// Why it is.
    pub why: String,
}

impl RunFigures {
    /// What these sums say of a run.
    pub(super) fn new(
        options: &ReportOptions,
        counters: &Counters,
        view: ProgressView,
        work: RunProgress,
        started: Timestamp,
    ) -> Self {
        let until = |seconds: f64| {
            let left = Duration::try_from_secs_f64(seconds).ok()?;
            work.counted_at.checked_add(left).ok()
        };
        let stop = counters.stop.as_ref();
        RunFigures {
            mode: options.mode.name(),
            destination: options.destination.as_ref().map(|to| to.name.clone()),
            started,
            held_pressing: counters.tally.pressing(),
            problems: counters.groups.counts(),
            delivered: counters.deliveries,
            bytes_sent: counters.sent,
            bytes_per_second: view.bytes_per_second,
            retries: counters.retries,
            pauses: counters.pauses,
            seconds_paused: counters.paused.as_secs_f64(),
            sending: counters.sending,
            pause: view.paused_why.map(|why| PauseView {
                until: view.paused_seconds.and_then(until),
                why,
            }),
            why: stop.and_then(|(reason, why)| told_openly(*reason).then(|| why.clone())),
            work,
        }
    }
}

/// Whether the words of this reason name no file: a file may be called after a person.
fn told_openly(reason: StopReason) -> bool {
    !matches!(
        reason,
        StopReason::ExportBroken | StopReason::LedgerLost | StopReason::ReportLost
    )
}
