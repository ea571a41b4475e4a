//! What a record decides of itself, where it is a call.

use std::borrow::Cow;

use crate::domain::Problem;
use crate::events::Outcome;
use crate::pipeline::{self};
use crate::source::Record;
use crate::targets::call::job::CallJob;

/// A record as it leaves the worker.
pub(in crate::targets) type CallProposal = pipeline::Proposal<CallJob>;

/// A record that has ended.
pub(in crate::targets) fn ended(
    problems: Vec<Problem>,
    outcome: Outcome,
    detail: impl Into<Cow<'static, str>>,
) -> CallProposal {
    CallProposal::finished(problems, outcome, detail)
}

/// What was noted about a record while it was read; the error is how it ends when it is none.
pub(in crate::targets) fn readable(record: &Record<'_>) -> Result<Vec<Problem>, Box<CallProposal>> {
    CallProposal::readable(record)
}
