//! One case with the records that tell it: one record that holds the whole case, or the rows of its
//! messages. Knows which record speaks for the case, which messages come twice, and what the step
//! of the case means for each record.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use super::proposal::CaseProposal;
use crate::domain::case::{Case, Message};
use crate::domain::{Code, Problem};
use crate::events::Outcome;
use crate::ledger::{CaseHashes, CaseState, MessageHashes};
use crate::mapping::{CaseMapping, CaseSending};
use crate::pipeline::{Action, Purpose, RecordKey};
use crate::source::Batch;
use crate::targets::case::job::{CaseAtServer, CaseJob, CaseRow, CaseSpread};
use crate::targets::case::plan::{self, CaseStep, ExportedCase};
use crate::targets::content_hash::low;

/// What one record says of a case.
#[derive(Debug)]
pub(in crate::targets) struct CaseRecord {
    pub(in crate::targets) index: usize,
    pub(in crate::targets) case: Case,
    pub(in crate::targets) messages: Vec<Message>,
    pub(in crate::targets) problems: Vec<Problem>,
    /// The rule that leaves out the message of a row; the row still tells the state of the case.
    pub(in crate::targets) left_out: Option<&'static str>,
}

/// A case and its records.
pub(in crate::targets) struct CaseRecords {
    pub(in crate::targets) records: Vec<CaseRecord>,
    mapping: Arc<CaseMapping>,
    case: Case,
    hashes: CaseHashes,
    message_hashes: Vec<MessageHashes>,
}

impl CaseRecords {
    pub(in crate::targets) fn new(told: CaseRecord, mapping: &Arc<CaseMapping>) -> CaseRecords {
        CaseRecords {
            case: told.case.clone(),
            records: vec![told],
            mapping: Arc::clone(mapping),
            hashes: CaseHashes::default(),
            message_hashes: Vec::new(),
        }
    }

    /// Whether the record belongs to this case. A record that holds a whole case stands alone.
    pub(in crate::targets) fn takes(&self, told: &CaseRecord) -> bool {
        !self.mapping.is_nested() && self.case.uid == told.case.uid
    }

    /// Finds the record that speaks for the case, puts messages in order, and ends the records
    /// whose messages another one has.
    pub(in crate::targets) fn finish(&mut self, batch: &Batch, items: &mut [Option<CaseProposal>]) {
        // The latest state of the case counts, and of equals the last in order.
        if let Some(told) = self.records.iter().max_by_key(|told| told.case.updated_at) {
            self.case = told.case.clone();
        }
        if self.mapping.is_nested() {
            self.finish_whole(batch, items);
        } else {
            self.finish_rows(batch, items);
        }
        let messages = self.records.iter().flat_map(|told| &told.messages);
        let messages: Vec<Message> = messages.cloned().collect();
        self.message_hashes = messages.iter().map(hashes_of).collect();
        self.hashes = CaseHashes {
            fields: self.case.fingerprint(),
            content: match self.mapping.sending() {
                CaseSending::Whole => self.case.whole_fingerprint(&messages),
                CaseSending::Each => 0,
            },
            updated: self.case.updated_at.as_millisecond(),
        };
    }

    fn finish_whole(&mut self, batch: &Batch, items: &mut [Option<CaseProposal>]) {
        let mut clashing = None;
        for told in &mut self.records {
            told.messages.sort_by_key(|message| message.at);
            let mut seen = HashMap::new();
            let location = batch.get(told.index).location();
            told.messages.retain(|message| {
                let MessageHashes { hash, mark } = hashes_of(message);
                match seen.entry(hash) {
                    Entry::Vacant(location) => {
                        location.insert(mark);
                        true
                    }
                    Entry::Occupied(known) => {
                        let (code, why) = if *known.get() == mark {
                            (Code::RepeatedRecord, "the case has a message twice")
                        } else {
                            clashing = Some(told.index);
                            (
                                Code::DuplicateId,
                                "two messages of the case have the same id",
                            )
                        };
                        let problem = Problem::new(code, location.clone(), why);
                        told.problems.push(problem.at("messageUid", &message.uid));
                        false
                    }
                }
            });
        }
        if let Some(index) = clashing {
            let problems = self.records.drain(..).flat_map(|told| told.problems);
            items[index] = Some(CaseProposal::finished(
                problems.collect(),
                Outcome::Rejected,
                "",
            ));
        }
    }

    fn finish_rows(&mut self, batch: &Batch, items: &mut [Option<CaseProposal>]) {
        let mut seen: HashMap<u64, (u64, usize)> = HashMap::new();
        self.records.retain_mut(|told| {
            if let Some(rule) = told.left_out {
                let problems = std::mem::take(&mut told.problems);
                items[told.index] = Some(CaseProposal::finished(problems, Outcome::Skipped, rule));
                return false;
            }
            let Some(hashes) = told.messages.first().map(hashes_of) else {
                return true;
            };
            let (known, first) = match seen.entry(hashes.hash) {
                Entry::Vacant(location) => {
                    location.insert((hashes.mark, told.index));
                    return true;
                }
                Entry::Occupied(known) => *known.get(),
            };
            let first = batch.get(first).location();
            let record = batch.get(told.index);
            let (code, outcome, why, message) = if known == hashes.mark {
                let message = format!("the same message as {first}");
                (Code::RepeatedRecord, Outcome::Skipped, "repeat", message)
            } else {
                let message = format!("{first} has the same id in this case and other content");
                (Code::DuplicateId, Outcome::Rejected, "", message)
            };
            let mut problems = std::mem::take(&mut told.problems);
            let problem = Problem::new(code, record.location(), message);
            let uid = told.messages.first().map(|message| &*message.uid);
            problems.push(problem.at("messageUid", uid.unwrap_or_default()));
            items[told.index] = Some(CaseProposal::finished(problems, outcome, why));
            false
        });
    }

    /// What to ask the ledger: the id, and the content of which no more need be known.
    pub(in crate::targets) fn asked(&self) -> (&str, u128) {
        (&self.case.uid, self.hashes.content)
    }

    /// What tells the same case once more; the rows of a case come together only once.
    pub(in crate::targets) fn key(&self) -> RecordKey {
        let identity = self.case.identity_hash();
        if !self.mapping.is_nested() {
            return RecordKey::CaseRow { identity };
        }
        RecordKey::Case {
            identity,
            content: low(self.hashes.fields)
                ^ self
                    .message_hashes
                    .iter()
                    .fold(0, |sum: u64, it| sum.rotate_left(5) ^ it.mark),
            updated: self.hashes.updated,
        }
    }

    /// The action of each record, and the requests of the case.
    pub(in crate::targets) fn decide(
        mut self,
        state: Option<&CaseState>,
        batch: &Batch,
        purpose: Purpose,
    ) -> (Vec<(usize, CaseProposal)>, u64) {
        let wanted = ExportedCase {
            hashes: self.hashes,
            changeable: self.case.changeable_fingerprint(),
            messages: &self.message_hashes,
            is_whole: self.mapping.is_nested(),
            sending: self.mapping.sending(),
        };
        let step = plan::case_step(state, &wanted);
        let may_replace = plan::may_replace(state, &wanted);
        if let Some(known) = state {
            self.warn(known, &step, batch);
        }
        let ends: &'static str = match step {
            CaseStep::Nothing => "",
            CaseStep::Older => "older than what was sent",
            _ => return self.send(step, may_replace, state, purpose),
        };
        let ends = |told: CaseRecord| {
            let action = Action::Finished(Outcome::AlreadyThere, ends.into());
            let problems = told.problems;
            (told.index, CaseProposal::new(problems, action))
        };
        (self.records.into_iter().map(ends).collect(), 0)
    }

    /// Tells what the server has and the export has no longer.
    fn warn(&mut self, known: &CaseState, step: &CaseStep, batch: &Batch) {
        if *step == CaseStep::Replace {
            let is_gone = |hash: &&u64| !self.message_hashes.iter().any(|mark| mark.hash == **hash);
            let gone = known.messages.keys().filter(is_gone).count();
            if let (1.., Some(told)) = (gone, self.records.first_mut()) {
                let message = format!(
                    "{gone} messages that were sent are no longer in the export, and leave the case"
                );
                let location = batch.get(told.index).location();
                let problem = Problem::new(Code::ChangedSinceSent, location, message);
                told.problems.push(problem.at("caseUid", &self.case.uid));
            }
            return;
        }
        for told in &mut self.records {
            let mut messages = told.messages.iter();
            let changed = messages.find(|message| {
                let hashes = hashes_of(message);
                let sent = known.messages.get(&hashes.hash);
                sent.is_some_and(|sent| sent.is_added && sent.mark != hashes.mark)
            });
            if let Some(changed) = changed {
                let message = "the message is no longer what was sent, and it is not sent again";
                let location = batch.get(told.index).location();
                let problem = Problem::new(Code::ChangedSinceSent, location, message);
                told.problems.push(problem.at("messageUid", &changed.uid));
            }
        }
    }

    fn send(
        self,
        step: CaseStep,
        may_replace: bool,
        state: Option<&CaseState>,
        purpose: Purpose,
    ) -> (Vec<(usize, CaseProposal)>, u64) {
        let requests = match &step {
            CaseStep::Add { which, .. } => which.len() as u64,
            _ => 1,
        };
        let sent = self.message_hashes.iter().map(|mark| {
            let known = state.and_then(|known| known.messages.get(&mark.hash));
            known.map(|message| message.is_added)
        });
        let sent: Vec<Option<bool>> = sent.collect();
        let mut job = CaseJob {
            earlier: state.map(CaseAtServer::of).unwrap_or_default(),
            known: sent.iter().map(|sent| *sent == Some(true)).collect(),
            doubtful: sent.iter().map(|sent| *sent == Some(false)).collect(),
            case: self.case,
            messages: Vec::new(),
            hashes: self.hashes,
            message_hashes: self.message_hashes,
            spread: if self.mapping.is_nested() {
                CaseSpread::Whole
            } else {
                CaseSpread::ByRows
            },
            may_replace,
            step,
            rows: Vec::new(),
        };
        let mut proposals = Vec::with_capacity(self.records.len());
        for told in self.records {
            let from = job.messages.len();
            job.messages.extend(told.messages);
            let messages = from..job.messages.len();
            let is_sent = match &job.step {
                CaseStep::Add { which, .. } => which.iter().any(|index| messages.contains(index)),
                _ => true,
            };
            let action = match (is_sent, purpose) {
                (false, _) => Action::Finished(Outcome::AlreadyThere, "".into()),
                (true, Purpose::Check) => Action::Ready,
                (true, Purpose::Run) => {
                    let index = told.index;
                    job.rows.push(CaseRow { index, messages });
                    Action::WithJob
                }
            };
            let problems = told.problems;
            proposals.push((told.index, CaseProposal::new(problems, action)));
        }
        let mut with_job = proposals
            .iter_mut()
            .map(|(_, proposal)| &mut proposal.action);
        if let Some(action) = with_job.rfind(|action| matches!(action, Action::WithJob)) {
            *action = Action::Send(Box::new(job));
        }
        (proposals, requests)
    }
}

fn hashes_of(message: &Message) -> MessageHashes {
    MessageHashes {
        hash: message.identity_hash(),
        mark: low(message.fingerprint()),
    }
}
