//! How a call, a message or a case ended.

use super::sender::intent::Facts;
use super::sender::refusals::Refusal;
use crate::domain::Code;
use crate::events::{Delivered, Outcome};

/// How a call ended.
#[derive(Debug)]
pub(crate) struct JobEnd {
    pub(crate) outcome: Outcome,
    pub(crate) detail: &'static str,
    pub(crate) problem: Option<(Code, String)>,
    /// What else there is to be told of a call that arrived.
    pub(crate) remarks: Vec<(Code, String)>,
    pub(crate) delivered: Option<Delivered>,
    /// It ended so only if the token is not to blame; else it was not attempted.
    pub(crate) unsettled: Option<Box<UnsettledRefusal>>,
}

/// What is to be written of a request that was refused with 401 or 403 once that is known to be about it.
#[derive(Debug)]
pub(crate) struct UnsettledRefusal {
    pub(crate) refusal: Refusal,
    pub(crate) facts: Facts,
}

impl JobEnd {
    /// An end of which nothing more is to be told.
    pub(crate) fn plain(outcome: Outcome, detail: &'static str) -> JobEnd {
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

/// What became of a job.
pub(crate) enum CarriedOut {
    /// How each of its rows ended.
    Ended(Vec<JobEnd>),
    /// The destination has it already, and the new ledger may be the wrong one: nothing was done.
    Conflict,
}
