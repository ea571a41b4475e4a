//! Calls that are neither sent nor rejected, because a later run may find what is lacking today. What
//! is wrong with them says so by itself (`Problem::holds`); here it is found out for how long.

use std::time::Duration;

use jiff::Timestamp;

use super::context::CallContext;
use super::proposal::CallProposal;
use crate::domain::call::Value;
use crate::domain::{Code, Location, Problem};
use crate::events::Outcome;
use crate::ledger::{CallState, CreateState, LedgerReader};
use crate::mapping::CallMapping;
use crate::pipeline::{Action, Error, RecordKey, overdue};
use crate::source::{Batch, Record};
use crate::targets::call::plan::Step;
use crate::targets::content_hash::low;

/// How long a call may be held.
#[derive(Debug, Clone, Copy)]
pub(in crate::targets) struct HoldLimit {
    /// The time of the run.
    now: Timestamp,
    /// So long since it was held first.
    hold_for: Duration,
}

impl HoldLimit {
    /// The limit of a run's calls.
    pub(in crate::targets) fn of(context: CallContext<'_>) -> HoldLimit {
        HoldLimit {
            now: context.run.now,
            hold_for: context.target.policy.hold_for,
        }
    }
}

/// Holds the call if one of its problems asks for that, and tells if it was held for too long.
/// Answers why it is held; of no concern for a call that goes on.
pub(in crate::targets) fn hold(
    limit: HoldLimit,
    step: &mut Step,
    state: Option<&CallState>,
    location: &Location,
    problems: &mut Vec<Problem>,
) -> Code {
    let why = problems.iter().find(|problem| problem.holds);
    let why = why.map(|problem| problem.code);
    if why.is_some() {
        *step = Step::Hold;
    }
    if *step == Step::Hold {
        let held_at = state.and_then(|state| state.held_at);
        let message = overdue(held_at, limit.now, limit.hold_for);
        problems.extend(
            message.map(|message| Problem::new(Code::HeldTooLong, location.clone(), message)),
        );
    }
    why.unwrap_or(Code::RecordingMissing)
}

/// Holds a new call whose row may be cut in its last cell, where that cell feeds something that
/// cannot be corrected later. A run before this one that found the same has shown that the row is
/// not being written any more.
pub(in crate::targets) fn doubt_last_row(
    mapping: &CallMapping,
    step: Step,
    state: Option<&CallState>,
    fingerprint: u128,
    problems: &mut [Problem],
) {
    let is_known = state.is_some_and(|state| state.fingerprint == fingerprint);
    if is_known || !matches!(step, Step::Create { .. }) {
        return;
    }
    let doubts = |problem: &&mut Problem| {
        problem.code == Code::RowUnterminated && mapping.decides(&problem.column)
    };
    if let Some(problem) = problems.iter_mut().find(doubts) {
        let message = format!(
            "{}; the call is held, and the next run that finds the row unchanged sends it",
            problem.message
        );
        problem.message = message.into();
        problem.holds = true;
    }
}

/// Lets a call that waits because its id may be cut take nothing under that id: of several files another
/// may have the call whose id it is. A row that an earlier run has found so is whole.
pub(in crate::targets) fn set_doubtful_ids_apart(
    mapping: &CallMapping,
    reader: Option<&LedgerReader>,
    batch: &Batch,
    items: &mut [CallProposal],
) -> Result<(), Error> {
    for (index, item) in items.iter_mut().enumerate() {
        let problems = &item.problems;
        let Some(RecordKey::Call {
            identity,
            content,
            party,
        }) = item
            .key
            .filter(|_| problems.iter().any(|problem| mapping.doubts_id(problem)))
        else {
            continue;
        };
        let waits = matches!(
            item.action,
            Action::WithLead | Action::PutAside | Action::Finished(Outcome::Held, _)
        ) || matches!(&item.action, Action::Noted(noted) if noted.outcome == Outcome::Held);
        if waits && !is_known_so(mapping, reader, &batch.get(index), content)? {
            item.key = Some(RecordKey::Doubtful {
                identity,
                content,
                party,
            });
            item.recording = None;
        }
    }
    Ok(())
}

/// Whether an earlier run has found the record with this content, or has its call in place.
fn is_known_so(
    mapping: &CallMapping,
    reader: Option<&LedgerReader>,
    record: &Record<'_>,
    content: u64,
) -> Result<bool, Error> {
    let (Some(reader), (_, Value::Text(id))) = (reader, mapping.id(record)) else {
        return Ok(false);
    };
    let state = reader.call_states(&[&id])?.pop().flatten();
    Ok(state.is_some_and(|known| {
        low(known.fingerprint) == content
            || matches!(
                known.create,
                CreateState::Done { .. } | CreateState::LeftAlone
            )
    }))
}
