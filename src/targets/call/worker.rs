//! One worker: records of a batch become calls, and calls get their recording and their
//! step. Looks at one record at a time; what needs all of them in order is the sequencer's.

use std::sync::Arc;

use jiff::Timestamp;

use super::batch_result::BatchResult;
use super::changed_fields::changed_fields;
use super::changed_since_sent::changed_since_sent;
use super::context::CallContext;
use super::find_recording::CallRecordingFinder;
use super::hold::set_doubtful_ids_apart;
use super::pending::{CheckedCall, PendingCall};
use super::proposal::{CallProposal, ended};
use super::propose::propose;
use super::propose_change::propose_change;
use super::proposed_step::ProposedStep;
use super::recording_match::RecordingMatch;
use super::sent_before::refuse_sent;
use super::target::CallTarget;
use super::unsent_identity::{note_unsent, party_of, sure_id};
use super::unsent_recordings::named_recordings;
use crate::api;
use crate::domain::call::{Call, CallViolation, Draft, Field};
use crate::domain::{Code, Problem, Severity, noted_before};
use crate::events::{CallFacts, Customers, DeferredFacts, Outcome, Totals};
use crate::ledger::{CallState, Checkpoint, DoneKind, LedgerReader};
use crate::mapping::CallMapping;
use crate::pipeline::{Action, BatchTask, Error, Proposals, RecordKey, Round, RunContext, Worker};
use crate::source::{Batch, Record};
use crate::targets::call::job::CallJob;
use crate::targets::call::plan::{self, Step};
use crate::targets::content_hash::low;

/// What makes proposals of the records of calls.
pub struct CallWorker<'r> {
    pub(in crate::targets) run: RunContext<'r>,
    pub(in crate::targets) target: &'r CallTarget,
    pub(in crate::targets) mapping: Arc<CallMapping>,
    pub(in crate::targets) reader: Option<LedgerReader>,
    pub(in crate::targets) latest: Timestamp,
    /// The fields that the version of the API lacks, a bit for each.
    pub(in crate::targets) unsent: u64,
    faults: Vec<CallViolation>,
    pub(in crate::targets) scratch: Vec<u8>,
    pub(in crate::targets) round: Round,
}

impl<'r> CallWorker<'r> {
    pub(in crate::targets) fn new(
        target: &'r CallTarget,
        run: RunContext<'r>,
        mapping: Arc<CallMapping>,
    ) -> Result<Self, Error> {
        let is_unsent = |field: &Field| !api::has_field(*field, target.version);
        let unsent = Field::ALL.into_iter().filter(is_unsent);
        Ok(CallWorker {
            run,
            target,
            mapping,
            reader: run.reader()?,
            latest: run.latest(),
            unsent: unsent.fold(0, |bits, field| bits | 1 << field.index()),
            faults: Vec::new(),
            scratch: Vec::new(),
            round: Round::First,
        })
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

    /// Decides what a mapping made of the records of a call, the one that speaks for it first.
    pub(in crate::targets) fn judge<'b>(
        &mut self,
        records: &[Record<'b>],
        draft: Draft<'b>,
        problems: Vec<Problem>,
        (index, sums, open): (usize, &mut Totals, &mut Vec<PendingCall<'static>>),
    ) -> CallProposal {
        match self.checked(records, draft, problems) {
            Err(item) => *item,
            Ok(checked) => {
                count(&checked.call, sums);
                self.decide(records, checked, index, open)
            }
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
        self.faults.clear();
        let call = Call::new(draft, &mut self.faults);
        self.tell_faults(record, &mut problems);
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
        judged: CheckedCall<'_>,
        index: usize,
        open: &mut Vec<PendingCall<'static>>,
    ) -> CallProposal {
        let CheckedCall {
            call,
            identity,
            fingerprint,
            mut problems,
        } = judged;
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
            return aside(&call, found, problems, key);
        }
        let location = records[0].location();
        let Some(past) = &self.run.earlier else {
            let step = plan::next(Checkpoint::default(), found.state, self.target.policy);
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
        let step =
            done.map(|kind| plan::next(Checkpoint::of_done(kind), found.state, self.target.policy));
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

    /// Turns the faults of a call into problems of its record.
    fn tell_faults(&mut self, record: &Record<'_>, problems: &mut Vec<Problem>) {
        for fault in self.faults.drain(..) {
            // The mapping knows the region and has warned already when the customer is no phone.
            let is_told = fault.code == Code::CustomerNotAPhone
                && problems.iter().any(|problem| {
                    matches!(
                        problem.code,
                        Code::CustomerNotAPhone | Code::PhoneWithoutRegion
                    )
                });
            if !is_told {
                let column = self.mapping.column_for(fault.field, record);
                problems.push(
                    Problem::new(fault.code, record.location(), fault.message)
                        .at(column, &fault.value),
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

    /// Asks the ledger about the calls of a batch that are not known to be done.
    fn settle(
        &self,
        items: &mut [CallProposal],
        open: Vec<PendingCall<'static>>,
    ) -> Result<(), Error> {
        let Some(reader) = self.reader.as_ref().filter(|_| !open.is_empty()) else {
            return Ok(());
        };
        let identities: Vec<&str> = open.iter().map(|open| open.call.identity()).collect();
        let standings = reader.call_states(&identities)?;
        for (open, state) in open.into_iter().zip(standings) {
            let index = open.index;
            let mut open = open;
            let party = open.call.party();
            if state
                .as_ref()
                .is_some_and(|known| plan::is_another_call(known, party))
            {
                self.refuse_reused_id(&mut items[index], open);
                continue;
            }
            refuse_sent(self.run.earlier, self.target, reader, &mut open)?;
            let problems = &mut items[index].problems;
            let fields = || changed_fields(reader, self.target, &open.call);
            let told = changed_since_sent(&self.mapping, state.as_ref(), &open, fields)?;
            let is_changed = told.is_some();
            let checkpoint = state.as_ref().map(CallState::checkpoint);
            let checkpoint = checkpoint.unwrap_or_default();
            let step = plan::next(checkpoint, open.found.state, self.target.policy);
            let change = match (&told, &state) {
                (Some(told), Some(known)) if step == Step::Nothing => {
                    told.sendable(known, self.target.policy)
                }
                _ => None,
            };
            if change.is_none() {
                problems.extend(told.map(|told| told.problem));
            }
            let changed = state.as_ref().and_then(|known| open.found.change_of(known));
            problems.extend(changed.map(|message| {
                let problem = Problem::new(
                    Code::RecordingChangedSinceSent,
                    open.location.clone(),
                    message,
                );
                problem.at("recording", open.found.name())
            }));
            let ProposedStep {
                mut action,
                recording_use,
                requests,
                matched,
            } = match change {
                Some(change) => propose_change(self.context(), change, state, open),
                None => propose(self.context(), step, state, open, problems),
            };
            if is_changed && matches!(action, Action::Finished(Outcome::AlreadyThere, _)) {
                action = Action::Finished(Outcome::AlreadyThere, "changed".into());
            }
            let item = &mut items[index];
            item.action = action;
            (item.recording, item.requests, item.matched) = (recording_use, requests, matched);
        }
        Ok(())
    }
}

impl Worker<CallTarget> for CallWorker<'_> {
    fn propose(
        &mut self,
        task: BatchTask<CallMapping>,
    ) -> Result<Proposals<CallMapping, CallJob>, Error> {
        let BatchTask {
            batch,
            groups,
            mappings,
            round,
        } = task;
        self.round = round;
        self.mapping = Arc::clone(mappings.first());
        let mut result = BatchResult::default();
        result.items.reserve(batch.len());
        if let Some(spans) = groups {
            let mut at = 0;
            for span in spans {
                self.span(&batch, at, span, &mut result);
                at += span.rows();
            }
        } else {
            self.rows(&batch, &mut result);
        }
        let BatchResult {
            mut items,
            sums,
            open,
            further,
        } = result;
        self.settle(&mut items, open)?;
        self.settle_mended(&batch, &mut items)?;
        if self.run.is_newest_first {
            let reader = self.reader.as_ref();
            set_doubtful_ids_apart(&self.mapping, reader, &batch, &mut items)?;
            note_unsent(&self.mapping, &batch, &mut items);
        }
        for (index, rows) in further {
            items[index].further = rows;
        }
        Ok(Proposals {
            batch,
            proposals: items,
            totals: match round {
                Round::First => sums,
                Round::Claims => Totals::default(),
                // The register counts the records of what was put aside, and its customers were counted as
                // they were read.
                Round::Last => Totals {
                    records: 0,
                    customers: Customers::default(),
                    ..sums
                },
            },
            round,
            mappings,
        })
    }
}

/// What is said of a record whose id is that of another call.
const REUSED: &str = "a call of another customer and another day was sent under this id; build the \
                      id from more columns";

/// What is said of a record that cannot be sent and need not be.
const MENDED: &str =
    "the call of this id is in place: the record was mended before, or has changed since";

impl CallWorker<'_> {
    /// Rejects a call whose id an earlier run has used for another one.
    fn refuse_reused_id(&self, item: &mut CallProposal, open: PendingCall<'_>) {
        let column = self.mapping.column_of(Field::ExternalIdentity);
        let problem = Problem::new(Code::DuplicateId, open.location, REUSED);
        item.problems.push(problem.at(column, open.call.identity()));
        item.action = Action::Finished(Outcome::Rejected, "".into());
        item.recording = open.found.into_candidates();
    }

    /// Of the records that are rejected those whose call is in place all the same: somebody has mended the
    /// record and fed it in, and the export says of it every night what it said.
    fn settle_mended(&self, batch: &Batch, items: &mut [CallProposal]) -> Result<(), Error> {
        let Some(reader) = &self.reader else {
            return Ok(());
        };
        let mut mended: Vec<(usize, String)> = Vec::new();
        for (index, item) in items.iter().enumerate() {
            let is_rejected = matches!(item.action, Action::Finished(Outcome::Rejected, _));
            if !is_rejected || item.key.is_some() {
                continue;
            }
            let record = batch.get(index);
            if let Some(id) = sure_id(&self.mapping, &record, &item.problems) {
                mended.push((index, id));
            }
        }
        if mended.is_empty() {
            return Ok(());
        }
        let identities: Vec<&str> = mended.iter().map(|(_, id)| id.as_str()).collect();
        let standings = reader.call_states(&identities)?;
        for ((index, id), state) in mended.iter().zip(standings) {
            let Some(state) = state.filter(|state| state.done().is_some()) else {
                continue;
            };
            let record = batch.get(*index);
            let item = &mut items[*index];
            let column = self.mapping.column_of(Field::ExternalIdentity);
            let party = party_of(&self.mapping, &record, &item.problems);
            if plan::is_another_call(&state, party) {
                let problem = Problem::new(Code::DuplicateId, record.location(), REUSED);
                item.problems.push(problem.at(column, id));
                continue;
            }
            item.action = Action::Finished(Outcome::AlreadyThere, "mended".into());
            for problem in &mut item.problems {
                problem.severity = problem.severity.min(Severity::Warning);
            }
            let problem = Problem::new(Code::ChangedSinceSent, record.location(), MENDED);
            item.problems.push(problem.at(column, id));
        }
        Ok(())
    }
}

/// Counts a call.
pub(in crate::targets) fn count(call: &Call<'_>, sums: &mut Totals) {
    sums.count(CallFacts {
        fields: call.filled(),
        consent: call.consent(),
        time: call.text(Field::DateTime),
        agent: call.text(Field::AgentId),
        customer: call.text(Field::Customer),
    });
}

/// A record that is decided when more is known of what others claim. It keeps what it found.
fn aside(
    call: &Call<'_>,
    found: RecordingMatch,
    problems: Vec<Problem>,
    key: Option<RecordKey>,
) -> CallProposal {
    CallProposal {
        recording: found.into_candidates(),
        untold: Some(Box::new(DeferredFacts::new(call))),
        key,
        ..CallProposal::new(problems, Action::PutAside)
    }
}
