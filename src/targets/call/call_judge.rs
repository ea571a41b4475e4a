//! From what a mapping made of records to a call and its step. Looks at one call at a time; what needs all
//! of them in order is the sequencer's.

use std::sync::Arc;

use jiff::Timestamp;

use super::context::CallContext;
use super::find_recording::CallRecordingFinder;
use super::pending::{CheckedCall, PendingCall};
use super::proposal::{CallProposal, ended};
use super::propose::propose;
use super::proposed_step::ProposedStep;
use super::recording_match::RecordingMatch;
use super::target::CallTarget;
use super::unsent_recordings::named_recordings;
use crate::api;
use crate::domain::call::{Call, CallViolation, Draft, Field};
use crate::domain::{Code, Problem, noted_before};
use crate::events::{CallFacts, DeferredFacts, Outcome, Totals};
use crate::ledger::{Checkpoint, DoneKind};
use crate::mapping::CallMapping;
use crate::pipeline::{Action, RecordKey, Round, RunContext};
use crate::source::Record;
use crate::targets::call::plan::{self, Step};
use crate::targets::content_hash::low;

/// Decides calls, with the mapping of the batch in hand.
pub(in crate::targets) struct CallJudge<'r> {
    pub(in crate::targets) run: RunContext<'r>,
    pub(in crate::targets) target: &'r CallTarget,
    pub(in crate::targets) mapping: Arc<CallMapping>,
    pub(in crate::targets) latest: Timestamp,
    /// The fields that the version of the API lacks, a bit for each.
    pub(in crate::targets) unsent: u64,
    violations: Vec<CallViolation>,
    pub(in crate::targets) scratch: Vec<u8>,
    pub(in crate::targets) round: Round,
}

impl<'r> CallJudge<'r> {
    pub(in crate::targets) fn new(
        target: &'r CallTarget,
        run: RunContext<'r>,
        mapping: Arc<CallMapping>,
    ) -> Self {
        let is_unsent = |field: &Field| !api::has_field(*field, target.version);
        let unsent = Field::ALL.into_iter().filter(is_unsent);
        CallJudge {
            run,
            target,
            mapping,
            latest: run.latest(),
            unsent: unsent.fold(0, |bits, field| bits | 1 << field.index()),
            violations: Vec::new(),
            scratch: Vec::new(),
            round: Round::First,
        }
    }

    /// What it takes to decide the calls of the batch in hand.
    pub(in crate::targets) fn context(&self) -> CallContext<'_> {
        CallContext {
            run: self.run,
            target: self.target,
            mapping: &self.mapping,
            round: self.round,
        }
    }

    /// The call of a draft; the error is how its record ends when it is none.
    pub(in crate::targets) fn checked<'b>(
        &mut self,
        records: &[Record<'_>],
        draft: Draft<'b>,
        mut problems: Vec<Problem>,
    ) -> Result<CheckedCall<'b>, Box<CallProposal>> {
        let record = &records[0];
        self.violations.clear();
        let call = Call::new(draft, &mut self.violations);
        self.tell_violations(record, &mut problems);
        let call = call.filter(|call| self.has_happened(record, call, &mut problems));
        let call = call.filter(|call| !self.has_changed_id(records, call, &mut problems));
        let Some(call) = call else {
            return Err(Box::new(CallProposal {
                recording: named_recordings(self.context(), records),
                ..ended(problems, Outcome::Rejected, "")
            }));
        };
        self.remark(record, &call, &mut problems);
        Ok(CheckedCall {
            identity: call.identity_hash(),
            fingerprint: call.fingerprint(&mut self.scratch),
            call,
            problems,
        })
    }

    /// Decides a call that may be sent.
    pub(in crate::targets) fn decide(
        &self,
        records: &[Record<'_>],
        checked: CheckedCall<'_>,
        index: usize,
        open: &mut Vec<PendingCall<'static>>,
    ) -> CallProposal {
        let CheckedCall {
            call,
            identity,
            fingerprint,
            mut problems,
        } = checked;
        let content = low(fingerprint);
        let (customer, time) = (call.text(Field::Customer), call.text(Field::DateTime));
        let key = Some(RecordKey::Call {
            identity,
            content,
            party: self.run.party(|| (customer, time)),
        });
        let found = CallRecordingFinder::new(self.context()).find(records, &call, identity);
        let is_open = self.round == Round::First
            && self.must_wait(&found)
            && !problems.iter().any(Problem::rejects)
            && !self.is_complete(identity, fingerprint);
        if self.round == Round::Claims || is_open {
            let untold = self.run.owns(identity).then(|| DeferredFacts::new(&call));
            return aside(untold, found, problems, key);
        }
        let location = records[0].location();
        let Some(past) = &self.run.earlier else {
            let step = plan::next_step(Checkpoint::default(), found.state, self.target.policy);
            let open = PendingCall {
                index,
                location,
                call,
                fingerprint,
                found,
                origin: None,
            };
            let proposed_step = propose(self.context(), step, None, open, &mut problems);
            return proposed_step.into_proposal(problems, key);
        };
        let done = past.done.kind(identity, fingerprint);
        let step = done.map(|kind| {
            plan::next_step(Checkpoint::of_done(kind), found.state, self.target.policy)
        });
        let now = found.bytes();
        let is_changed =
            now.is_some_and(|now| past.done.may_have_changed(identity, fingerprint, now));
        if step == Some(Step::Nothing) && !is_changed {
            return ProposedStep::there(found, call.identity()).into_proposal(problems, key);
        }
        let call = call.into_owned();
        let origins = self.target.origins.as_ref();
        open.push(PendingCall {
            index,
            location,
            call,
            fingerprint,
            found,
            origin: origins.map(|origins| origins.of(records, &self.mapping)),
        });
        ProposedStep::ended(Action::Ready).into_proposal(problems, key)
    }

    /// Whether a recording is decided when all inputs have been read: one that is found inexactly, and
    /// each where the files are read from the last, since the first that asks for it gets it.
    fn must_wait(&self, found: &RecordingMatch) -> bool {
        found.is_inexact() || found.recording.is_some() && self.run.is_newest_first
    }

    /// Whether an earlier run has sent the call and its recording.
    fn is_complete(&self, identity: u64, fingerprint: u128) -> bool {
        let past = self.run.earlier.as_ref();
        let done = past.and_then(|past| past.done.kind(identity, fingerprint));
        done == Some(DoneKind::Complete)
    }

    /// Whether a spreadsheet has made a number of the id of a rejected row that comes back, which is told: it
    /// would be another call, and the corrected export would make it again.
    fn has_changed_id(
        &self,
        records: &[Record<'_>],
        call: &Call<'_>,
        problems: &mut Vec<Problem>,
    ) -> bool {
        let id = call.identity();
        let mut rejected = records.iter().filter_map(Record::noted_id);
        let Some(noted) = rejected.find_map(|text| noted_before(text, id)) else {
            return false;
        };
        let message = "a spreadsheet has changed the id since the record was rejected; write it as \
                       `_problems` names it, in a column of text";
        let column = self.mapping.column_of(Field::ExternalIdentity);
        let problem = Problem::new(Code::SpreadsheetDamage, records[0].location(), message);
        let mut problem = problem.at(column, id);
        problem.name_record(noted);
        problems.push(problem);
        true
    }

    /// Turns what a call violates into problems of its record.
    fn tell_violations(&mut self, record: &Record<'_>, problems: &mut Vec<Problem>) {
        for violation in self.violations.drain(..) {
            // The mapping knows the region and has warned already when the customer is no phone.
            let is_told = violation.code == Code::CustomerNotAPhone
                && problems.iter().any(|problem| {
                    matches!(
                        problem.code,
                        Code::CustomerNotAPhone | Code::PhoneWithoutRegion
                    )
                });
            if !is_told {
                let column = self.mapping.column_for(violation.field, record);
                problems.push(
                    Problem::new(violation.code, record.location(), violation.message)
                        .at(column, &violation.value),
                );
            }
        }
    }

    /// Whether the call can have taken place by now; if not, that is a problem.
    fn has_happened(
        &self,
        record: &Record<'_>,
        call: &Call<'_>,
        problems: &mut Vec<Problem>,
    ) -> bool {
        let is_ahead = call.at() > self.latest;
        if is_ahead {
            let column = self.mapping.column_for(Field::DateTime, record);
            let message = "more than a day ahead of this machine's clock";
            problems.push(
                Problem::new(Code::ImpossibleTime, record.location(), message)
                    .at(column, call.text(Field::DateTime)),
            );
        }
        !is_ahead
    }

    /// What is odd about a call that can be sent.
    fn remark(&self, record: &Record<'_>, call: &Call<'_>, problems: &mut Vec<Problem>) {
        if !call.has_any(self.unsent) {
            return;
        }
        let mut tell = |code: Code, field: Field, message: &str| {
            problems.push(
                Problem::new(code, record.location(), message)
                    .at(self.mapping.column_for(field, record), call.text(field)),
            );
        };
        for field in call.filled() {
            if !api::has_field(field, self.target.version) {
                let message = "this version of the API does not have the field; it is not sent";
                tell(Code::NotInVersion, field, message);
            }
        }
    }
}

/// Counts a call, unless another process imports it.
pub(in crate::targets) fn count(
    run: &RunContext<'_>,
    checked: &CheckedCall<'_>,
    totals: &mut Totals,
) {
    let call = &checked.call;
    if !run.owns(checked.identity) {
        return totals.count_elsewhere(call.text(Field::Customer));
    }
    totals.count(CallFacts {
        fields: call.filled(),
        consent: call.consent(),
        time: call.text(Field::DateTime),
        agent: call.text(Field::AgentId),
        customer: call.text(Field::Customer),
    });
}

/// A record that is decided when more is known of what others claim. It keeps what it found, and what the
/// sums have counted of it.
fn aside(
    untold: Option<DeferredFacts>,
    found: RecordingMatch,
    problems: Vec<Problem>,
    key: Option<RecordKey>,
) -> CallProposal {
    CallProposal {
        recording: found.into_candidates(),
        untold: untold.map(Box::new),
        key,
        ..CallProposal::new(problems, Action::PutAside)
    }
}
