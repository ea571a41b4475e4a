//! The newest figures of a run, for everybody who looks. The run writes them and waits for nobody.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::watch;

use super::history::History;
use crate::events::LimitedBy;
use crate::ledger::{CallStatus, LedgerSummary};
use crate::report::RunFigures;

/// Figures are made at most so often.
const BETWEEN: Duration = Duration::from_millis(200);
/// Samples from which the usual reason is taken: a minute.
const SAMPLES: usize = 300;

/// What the ledger knew when the run began.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerAtStart {
    /// Calls by their state.
    pub calls: Vec<(CallStatus, u64)>,
    /// Bytes of recordings that had arrived.
    pub bytes: u64,
}

impl LedgerAtStart {
    /// What a summary says.
    pub fn of(summary: &LedgerSummary) -> LedgerAtStart {
        LedgerAtStart {
            calls: summary.calls.states.clone(),
            bytes: summary.bytes,
        }
    }

    /// Conversations that were there.
    pub(super) fn conversations(&self) -> u64 {
        let is_there = |state: CallStatus| match state {
            CallStatus::Complete
            | CallStatus::WithoutRecording
            | CallStatus::LeftAlone
            | CallStatus::Unfinished => true,
            CallStatus::Refused | CallStatus::Failed | CallStatus::Held | CallStatus::InDoubt => {
                false
            }
        };
        let there = self.calls.iter().filter(|(state, _)| is_there(*state));
        there.map(|(_, count)| count).sum()
    }
}

/// How a run ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RunEnd {
    pub(super) exit: u8,
    pub(super) at: Timestamp,
}

/// All that is known of a run at one moment.
#[derive(Debug, Clone, Default)]
pub(super) struct BoardState {
    /// `None` for a ledger of cases, and before it was opened.
    pub(super) ledger: Option<LedgerAtStart>,
    /// `None` before the first record.
    pub(super) figures: Option<Arc<RunFigures>>,
    /// What kept it from going faster for the most part of the last minute.
    pub(super) limited_by: Option<LimitedBy>,
    pub(super) end: Option<RunEnd>,
    pub(super) ledger_path: Option<PathBuf>,
    /// What to do now that it has ended, and which files there are.
    pub(super) notes: EndNotes,
    /// Why it could not begin or go on, where no figures say it.
    pub(super) error: Option<String>,
}

/// What is known of a run beside its figures, once it has ended.
#[derive(Debug, Clone, Default)]
pub struct EndNotes {
    /// What to do, the most important last.
    pub advice: Vec<String>,
    /// The files that were written.
    pub files: Vec<PathBuf>,
}

/// Where the figures are written.
#[derive(Debug)]
pub struct RunBoard {
    state: watch::Sender<Arc<BoardState>>,
    samples: Mutex<Samples>,
}

#[derive(Debug, Default)]
struct Samples {
    last: Option<Instant>,
    reasons: VecDeque<LimitedBy>,
    history: History,
}

impl Default for RunBoard {
    fn default() -> Self {
        RunBoard {
            state: watch::Sender::new(Arc::default()),
            samples: Mutex::default(),
        }
    }
}

impl RunBoard {
    /// The run has this ledger, which knows so much where that is asked for.
    pub fn opened(&self, path: &Path, ledger: Option<LedgerAtStart>) {
        self.change(|state| {
            state.ledger_path = Some(path.to_owned());
            state.ledger = ledger;
        });
    }

    /// Takes new figures, if the last ones are old enough that anybody would see a difference.
    pub fn publish(&self, figures: impl FnOnce() -> RunFigures) {
        let mut samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        if samples.last.is_some_and(|last| last.elapsed() < BETWEEN) {
            return;
        }
        samples.last = Some(Instant::now());
        let figures = figures();
        samples.take(figures.sending.as_ref().map(|it| it.limited_by));
        samples.history.take(Timestamp::now(), &figures);
        let limited_by = samples.usual();
        drop(samples);
        self.change(|state| {
            state.figures = Some(Arc::new(figures));
            state.limited_by = limited_by;
        });
    }

    /// How it went over the last day, as JSON.
    pub(super) fn history(&self) -> String {
        let samples = self.samples.lock().unwrap_or_else(PoisonError::into_inner);
        samples.history.to_json()
    }

    /// Takes the last figures.
    pub fn finish(&self, figures: RunFigures, notes: EndNotes) {
        self.change(|state| {
            state.figures = Some(Arc::new(figures));
            state.notes = notes;
        });
    }

    /// The run ends for this reason, which no figures say.
    pub fn failed(&self, why: String) {
        self.change(|state| state.error = Some(why));
    }

    /// The run has ended so.
    pub fn ended(&self, exit: u8) {
        let at = Timestamp::now();
        self.change(|state| state.end = Some(RunEnd { exit, at }));
    }

    /// Tells each time something is new.
    pub(super) fn changes(&self) -> watch::Receiver<Arc<BoardState>> {
        self.state.subscribe()
    }

    /// What is known now.
    pub(super) fn latest(&self) -> Arc<BoardState> {
        Arc::clone(&self.state.borrow())
    }

    fn change(&self, change: impl FnOnce(&mut BoardState)) {
        self.state.send_modify(|state| {
            let mut new = BoardState::clone(state);
            change(&mut new);
            *state = Arc::new(new);
        });
    }
}

impl Samples {
    fn take(&mut self, reason: Option<LimitedBy>) {
        if self.reasons.len() >= SAMPLES {
            self.reasons.pop_front();
        }
        self.reasons.extend(reason);
    }

    /// The reason that was seen most often.
    fn usual(&self) -> Option<LimitedBy> {
        let count = |reason: &LimitedBy| self.reasons.iter().filter(|it| *it == reason).count();
        let seen = LimitedBy::ALL.into_iter().map(|it| (count(&it), it));
        let most = seen.max_by_key(|(count, _)| *count);
        most.filter(|(count, _)| *count > 0)
            .map(|(_, reason)| reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_usual_reason_is_that_of_most_of_the_last_minute() {
        let mut samples = Samples::default();
        assert_eq!(samples.usual(), None);
        for _ in 0..SAMPLES {
            samples.take(Some(LimitedBy::Answers));
        }
        for _ in 0..=SAMPLES / 2 {
            samples.take(Some(LimitedBy::Rate));
        }
        assert_eq!(samples.usual(), Some(LimitedBy::Rate));
        assert_eq!(samples.reasons.len(), SAMPLES);
    }
}
