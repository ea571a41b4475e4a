//! How a worker decides rows each of which is a call of its own.
//!
//! A batch is gone through twice. First every row is evaluated, a plain one by the short way. A row in order
//! of which no recording is looked for leaves its hashes: often they alone tell what becomes of it. The calls that are done are
//! then asked for side by side, and only what the hashes do not decide is evaluated again.

use std::sync::Arc;

use super::batch_result::BatchResult;
use super::call_judge::{CallJudge, count};
use super::pending::CheckedCall;
use super::proposal::{CallProposal, ended, readable};
use super::proposed_step::ProposedStep;
use super::unsent_recordings::named_recordings_of_left_out;
use crate::domain::Party;
use crate::domain::call::{Draft, Field, Plain};
use crate::events::{CallFacts, Outcome, Totals};
use crate::ledger::Checkpoint;
use crate::mapping::{CallMapping, MappedCall};
use crate::pipeline::{Action, Purpose, RecordKey};
use crate::source::{Batch, Record};
use crate::targets::call::plan::{self, Step};
use crate::targets::content_hash::low;

/// What tells a call, and its content.
#[derive(Debug, Clone, Copy)]
struct CallHashes {
    identity: u64,
    fingerprint: u128,
    party: Party,
}

/// What the evaluation of a row left.
enum Evaluated<'b> {
    /// It ends here.
    Ended(Box<CallProposal>),
    /// A call about which there is nothing to say, in hashes.
    Clean(CallHashes),
    /// Any other call that may be sent.
    Checked(Box<CheckedCall<'b>>),
}

impl Evaluated<'_> {
    fn identity(&self) -> Option<u64> {
        match self {
            Evaluated::Ended(_) => None,
            Evaluated::Clean(hashes) => Some(hashes.identity),
            Evaluated::Checked(checked) => Some(checked.identity),
        }
    }
}

/// Decides rows each of which is a call of its own.
pub(in crate::targets) struct RowJudge<'w, 'r> {
    pub(in crate::targets) judge: &'w mut CallJudge<'r>,
}

impl RowJudge<'_, '_> {
    /// Decides records each of which is a call of its own.
    pub(in crate::targets) fn rows(&mut self, batch: &Batch, result: &mut BatchResult) {
        let mapping = Arc::clone(&self.judge.mapping);
        let (mut plain, mut draft) = (Plain::default(), Draft::new());
        let mut evaluated = Vec::with_capacity(batch.len());
        for record in batch.iter() {
            let hashes = self.plain_hashes(&record, &mapping, &mut plain, &mut result.totals);
            evaluated.push(match hashes {
                Some(hashes) => Evaluated::Clean(hashes),
                None => self.evaluate(&record, &mapping, &mut draft, &mut result.totals),
            });
        }
        if let Some(past) = &self.judge.run.earlier {
            let identities = evaluated.iter().filter_map(Evaluated::identity);
            past.done.expect(&identities.collect::<Vec<u64>>());
        }
        for (index, (record, evaluated)) in batch.iter().zip(evaluated).enumerate() {
            let records = std::slice::from_ref(&record);
            let checked = match evaluated {
                Evaluated::Ended(proposal) => Err(proposal),
                Evaluated::Checked(checked) => Ok(*checked),
                Evaluated::Clean(hashes) => {
                    if let Some(proposal) = self.decide_by_hashes(hashes) {
                        Err(Box::new(proposal))
                    } else {
                        let mut problems = Vec::new();
                        mapping.fill(&record, &mut draft, &mut problems);
                        self.judge
                            .checked(records, std::mem::take(&mut draft), problems)
                    }
                }
            };
            let proposal = match checked {
                Err(proposal) => *proposal,
                Ok(checked) => self.judge.decide(records, checked, index, &mut result.open),
            };
            result.proposals.push(proposal);
        }
    }

    /// The hashes of a record that is a plain call about which there is nothing to say, where they may tell
    /// what becomes of it; it is counted.
    fn plain_hashes<'b>(
        &mut self,
        record: &Record<'b>,
        mapping: &'b CallMapping,
        plain: &mut Plain<'b>,
        totals: &mut Totals,
    ) -> Option<CallHashes> {
        let is_plain = self.may_decide_by_hashes()
            && mapping.read_plain(record, plain)
            && plain.at() <= self.judge.latest
            && !plain.has_any(self.judge.unsent);
        if !is_plain {
            return None;
        }
        totals.records += 1;
        let about = (plain.get(Field::Customer), plain.get(Field::DateTime));
        let identity = plain.identity_hash();
        if self.judge.run.owns(identity) {
            totals.count(CallFacts {
                fields: plain.fields(),
                consent: plain.consent(),
                time: about.1,
                agent: plain.get(Field::AgentId),
                customer: about.0,
            });
        } else {
            totals.count_elsewhere(about.0);
        }
        Some(CallHashes {
            identity,
            fingerprint: plain.fingerprint(&mut self.judge.scratch),
            party: self.judge.run.party(|| about),
        })
    }

    /// Evaluates a record and counts its call. `draft` is only there to be used again.
    fn evaluate<'b>(
        &mut self,
        record: &Record<'b>,
        mapping: &'b CallMapping,
        draft: &mut Draft<'b>,
        totals: &mut Totals,
    ) -> Evaluated<'b> {
        totals.records += 1;
        let mut problems = match readable(record) {
            Err(proposal) => return Evaluated::Ended(proposal),
            Ok(problems) => problems,
        };
        let records = std::slice::from_ref(record);
        let proposal = match mapping.evaluate(record, draft, &mut problems) {
            MappedCall::Skipped(rule) => CallProposal {
                recording: named_recordings_of_left_out(self.judge.context(), records),
                ..ended(problems, Outcome::Skipped, rule.to_owned())
            },
            MappedCall::Undecided => ended(problems, Outcome::Rejected, ""),
            MappedCall::Filled => {
                let checked = match self.judge.checked(records, std::mem::take(draft), problems) {
                    Err(proposal) => return Evaluated::Ended(proposal),
                    Ok(checked) => checked,
                };
                count(&self.judge.run, &checked, totals);
                if !self.may_decide_by_hashes() || !checked.problems.is_empty() {
                    return Evaluated::Checked(Box::new(checked));
                }
                let call = &checked.call;
                let about = || (call.text(Field::Customer), call.text(Field::DateTime));
                let hashes = CallHashes {
                    identity: checked.identity,
                    fingerprint: checked.fingerprint,
                    party: self.judge.run.party(about),
                };
                *draft = checked.call.into_draft();
                return Evaluated::Clean(hashes);
            }
        };
        Evaluated::Ended(Box::new(proposal))
    }

    /// Whether hashes can tell what becomes of a call: nothing is asked of recordings, and it is only
    /// checked, or may be done.
    fn may_decide_by_hashes(&self) -> bool {
        let is_check = self.judge.run.purpose == Purpose::Check;
        self.judge.target.recordings.is_none() && (is_check || self.judge.run.earlier.is_some())
    }

    /// What becomes of a call about which there is nothing to say, where its hashes tell.
    fn decide_by_hashes(&self, hashes: CallHashes) -> Option<CallProposal> {
        let CallHashes {
            identity,
            fingerprint,
            party,
        } = hashes;
        let proposed_step = match &self.judge.run.earlier {
            None => (self.judge.run.purpose == Purpose::Check).then(ProposedStep::ready)?,
            Some(past) => {
                let done = Checkpoint::of_done(past.done.kind(identity, fingerprint)?);
                let recording = plan::RecordingPresence::NotAsked;
                let step = plan::next_step(done, recording, self.judge.target.policy);
                let there =
                    || ProposedStep::ended(Action::Finished(Outcome::AlreadyThere, "".into()));
                (step == Step::Nothing).then(there)?
            }
        };
        let content = low(fingerprint);
        let key = RecordKey::Call {
            identity,
            content,
            party,
        };
        Some(proposed_step.into_proposal(Vec::new(), Some(key)))
    }
}
