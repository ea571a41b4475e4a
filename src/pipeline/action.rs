//! What becomes of a record.

use std::borrow::Cow;

use crate::events::Outcome;
use crate::ledger::LedgerEntry;

/// What becomes of a record. Each record has one, so what is rare is behind a pointer.
#[derive(Debug)]
pub enum Action<J> {
    /// It has ended; the words say why, where the outcome alone does not.
    Finished(Outcome, Cow<'static, str>),
    /// It ends here, because it waits for a later run or goes without what it lacks; the ledger is told so.
    Noted(Box<NotedEnd>),
    /// It is ready; only a check or a dry run ends here.
    Ready,
    /// It is to be sent; of several records of a job it is the last.
    Send(Box<J>),
    /// It goes with the job of a later record of this batch, which tells how it ends.
    WithJob,
    /// It is a further row of a call; another row of the batch tells of it.
    WithLead,
    /// Its recording is not certain: it is decided when all inputs have been read.
    PutAside,
}

impl<J> Action<J> {
    /// How a record ends for which nothing is sent, where nothing is sent at all: outcome and detail.
    /// Nothing for what another record or a later round tells of.
    pub fn unsent(&self) -> Option<(Outcome, &str)> {
        Some(match self {
            Action::Finished(outcome, detail) => (*outcome, detail),
            Action::Noted(noted) => (noted.outcome, noted.detail),
            Action::Ready | Action::Send(_) | Action::WithJob => (Outcome::NotAttempted, ""),
            Action::WithLead | Action::PutAside => return None,
        })
    }
}

/// The end of a record of which the ledger is told, though nothing was sent.
#[derive(Debug)]
pub struct NotedEnd {
    /// How it ends in this run.
    pub outcome: Outcome,
    /// Why, in a word.
    pub detail: &'static str,
    /// What the ledger is told.
    pub entry: LedgerEntry,
}
