//! How a call, a message or a case ended.

use super::sender::intent::Facts;
use super::sender::refusals::Refusal;
use crate::domain::Code;
use crate::events::{Delivered, Outcome};

/// How a call ended.
#[derive(Debug)]
pub(super) struct JobEnd {
    pub(super) outcome: Outcome,
    pub(super) detail: &'static str,
    pub(super) problem: Option<(Code, String)>,
    /// What else there is to be told of a call that arrived.
    pub(super) remarks: Vec<(Code, String)>,
    pub(super) delivered: Option<Delivered>,
    /// It ended so only if the token is not to blame; else it was not attempted.
    pub(super) unsettled: Option<Box<UnsettledRefusal>>,
}

/// What is to be written of a request that was refused with 401 or 403 once that is known to be about it.
#[derive(Debug)]
pub(super) struct UnsettledRefusal {
    pub(super) refusal: Refusal,
    pub(super) facts: Facts,
}

impl JobEnd {
    /// An end of which nothing more is to be told.
    pub(super) fn plain(outcome: Outcome, detail: &'static str) -> JobEnd {
        JobEnd {
            outcome,
            detail,
            problem: None,
            remarks: Vec::new(),
            delivered: None,
            unsettled: None,
        }
    }
}

/// What became of a call or of the records of a case.
pub(super) enum CarriedOut<T> {
    Ended(T),
    /// The destination has it already, and the new ledger may be the wrong one: nothing was done.
    Conflict {
        /// An earlier try of the same request may have got through.
        was_tried: bool,
    },
}
