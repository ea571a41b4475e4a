//! One request as the sender sees it: what the ledger is told of it, and how it is sent once.

use super::doubt::Doubt;
use super::error::CallError;
use super::intent::Intent;
use super::request_kind::RequestKind;
use crate::api;
use crate::ledger::LedgerEntry;

/// A request that may take several attempts. It knows nothing of permits, pauses and retries.
pub(crate) trait Request: Send {
    /// What an answer that says yes holds.
    type Answer: Send;

    /// Which request it is.
    fn kind(&self) -> RequestKind;

    /// What the ledger is told before it leaves, and when nothing can have come of it.
    fn intent(&self) -> Intent;

    /// Whether an answer that says yes proves that the token may do what [`Request::kind`] does.
    fn proves_token(&self) -> bool {
        true
    }

    /// Finds out what must be known before the next attempt, also before the first.
    fn before_attempt(
        &mut self,
        _doubt: &mut Doubt,
    ) -> impl Future<Output = Result<Preparation<Self::Answer>, CallError>> + Send {
        async { Ok(Preparation::Send(None)) }
    }

    /// Sends it exactly once.
    fn send(
        &mut self,
        doubt: Doubt,
    ) -> impl Future<Output = Result<Self::Answer, api::Error>> + Send;
}

/// What was found out before an attempt.
#[derive(Debug)]
pub(crate) enum Preparation<T> {
    /// It needs no further attempt.
    Answered(T),
    /// It is sent, and this fact becomes durable before.
    Send(Option<LedgerEntry>),
}

/// An answer that a call can go on with.
#[derive(Debug)]
pub(crate) enum Success<T> {
    Done(T),
    AlreadyThere,
}
