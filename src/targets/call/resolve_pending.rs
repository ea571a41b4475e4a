//! What the ledger says of the calls of a batch, and what becomes of them by that.

use super::changed_fields::changed_fields;
use super::changed_since_sent::changed_since_sent;
use super::context::CallContext;
use super::pending::PendingCall;
use super::proposal::CallProposal;
use super::propose::propose;
use super::propose_change::propose_change;
use super::sent_before::refuse_sent;
use super::unsent_identity::{party_of, sure_id};
use crate::domain::call::Field;
use crate::domain::{Code, Problem, Severity};
use crate::events::Outcome;
use crate::ledger::{CallState, LedgerReader};
use crate::pipeline::{Action, Error};
use crate::source::Batch;
use crate::targets::call::plan::{self, Step};

/// What is said of a record whose id is that of another call.
const REUSED: &str = "a call of another customer and another day was sent under this id; build the \
                      id from more columns";

/// What is said of a record that cannot be sent and need not be.
const MENDED: &str =
    "the call of this id is in place: the record was mended before, or has changed since";

/// Asks the ledger about the calls of a batch.
pub(in crate::targets) struct LedgerResolver<'w> {
    pub(in crate::targets) context: CallContext<'w>,
    pub(in crate::targets) reader: &'w LedgerReader,
}

impl LedgerResolver<'_> {
    /// Asks the ledger about the calls of a batch that are not known to be done.
    pub(in crate::targets) fn resolve_pending(
        &self,
        proposals: &mut [CallProposal],
        open: Vec<PendingCall<'static>>,
    ) -> Result<(), Error> {
        if open.is_empty() {
            return Ok(());
        }
        let identities: Vec<&str> = open.iter().map(|open| open.call.identity()).collect();
        let states = self.reader.call_states(&identities)?;
        for (open, state) in open.into_iter().zip(states) {
            let proposal = &mut proposals[open.index];
            self.resolve(proposal, open, state)?;
        }
        Ok(())
    }

    /// Decides one call by what the ledger knows of it.
    fn resolve(
        &self,
        proposal: &mut CallProposal,
        mut open: PendingCall<'static>,
        state: Option<CallState>,
    ) -> Result<(), Error> {
        let LedgerResolver { context, reader } = *self;
        let (known, party) = (state.as_ref(), open.call.party());
        if known.is_some_and(|known| plan::is_another_call(known, party)) {
            self.refuse_reused_id(proposal, open);
            return Ok(());
        }
        refuse_sent(context.run.earlier, context.target, reader, &mut open)?;
        let fields = || changed_fields(reader, context.target, &open.call);
        let told = changed_since_sent(context.mapping, known, &open, fields)?;
        let is_changed = told.is_some();
        let checkpoint = known.map(CallState::checkpoint).unwrap_or_default();
        let step = plan::next_step(checkpoint, open.found.state, context.target.policy);
        let change = match (&told, known) {
            (Some(told), Some(known)) if step == Step::Nothing => {
                told.sendable(known, context.target.policy)
            }
            _ => None,
        };
        let problems = &mut proposal.problems;
        if change.is_none() {
            problems.extend(told.map(|told| told.problem));
        }
        let changed = known.and_then(|known| open.found.change_of(known));
        problems.extend(changed.map(|message| {
            let location = open.location.clone();
            let problem = Problem::new(Code::RecordingChangedSinceSent, location, message);
            problem.at("recording", open.found.name())
        }));
        let proposed = match change {
            Some(change) => propose_change(context, change, state, open),
            None => propose(context, step, state, open, problems),
        };
        let is_there = matches!(proposed.action, Action::Finished(Outcome::AlreadyThere, _));
        proposal.action = if is_changed && is_there {
            Action::Finished(Outcome::AlreadyThere, "changed".into())
        } else {
            proposed.action
        };
        proposal.recording = proposed.recording_use;
        proposal.requests = proposed.requests;
        proposal.matched = proposed.matched;
        Ok(())
    }

    /// Rejects a call whose id an earlier run has used for another one.
    fn refuse_reused_id(&self, proposal: &mut CallProposal, open: PendingCall<'_>) {
        let column = self.context.mapping.column_of(Field::ExternalIdentity);
        let problem = Problem::new(Code::DuplicateId, open.location, REUSED);
        proposal
            .problems
            .push(problem.at(column, open.call.identity()));
        proposal.action = Action::Finished(Outcome::Rejected, "".into());
        proposal.recording = open.found.into_candidates();
    }

    /// Of the records that are rejected those whose call is in place all the same: somebody has mended the
    /// record and fed it in, and the export says of it every night what it said.
    pub(in crate::targets) fn resolve_mended(
        &self,
        batch: &Batch,
        proposals: &mut [CallProposal],
    ) -> Result<(), Error> {
        let mut mended: Vec<(usize, String)> = Vec::new();
        for (index, proposal) in proposals.iter().enumerate() {
            let is_rejected = matches!(proposal.action, Action::Finished(Outcome::Rejected, _));
            if !is_rejected || proposal.key.is_some() {
                continue;
            }
            let record = batch.get(index);
            if let Some(id) = sure_id(self.context.mapping, &record, &proposal.problems) {
                mended.push((index, id));
            }
        }
        if mended.is_empty() {
            return Ok(());
        }
        let identities: Vec<&str> = mended.iter().map(|(_, id)| id.as_str()).collect();
        let states = self.reader.call_states(&identities)?;
        for ((index, id), state) in mended.iter().zip(states) {
            let Some(state) = state.filter(|state| state.done().is_some()) else {
                continue;
            };
            let record = batch.get(*index);
            let proposal = &mut proposals[*index];
            let column = self.context.mapping.column_of(Field::ExternalIdentity);
            let party = party_of(self.context.mapping, &record, &proposal.problems);
            if plan::is_another_call(&state, party) {
                let problem = Problem::new(Code::DuplicateId, record.location(), REUSED);
                proposal.problems.push(problem.at(column, id));
                continue;
            }
            proposal.action = Action::Finished(Outcome::AlreadyThere, "mended".into());
            for problem in &mut proposal.problems {
                problem.severity = problem.severity.min(Severity::Warning);
            }
            let problem = Problem::new(Code::ChangedSinceSent, record.location(), MENDED);
            proposal.problems.push(problem.at(column, id));
        }
        Ok(())
    }
}
