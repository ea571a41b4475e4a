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
    pub(in crate::targets) pieces: Vec<CaseRecord>,
    profile: Arc<CaseMapping>,
    case: Case,
    print: CaseHashes,
    marks: Vec<MessageHashes>,
}

impl CaseRecords {
    pub(in crate::targets) fn new(piece: CaseRecord, profile: &Arc<CaseMapping>) -> CaseRecords {
        CaseRecords {
            case: piece.case.clone(),
            pieces: vec![piece],
            profile: Arc::clone(profile),
            print: CaseHashes::default(),
            marks: Vec::new(),
        }
    }

    /// Whether the piece belongs to this case. A record that holds a whole case stands alone.
    pub(in crate::targets) fn takes(&self, piece: &CaseRecord) -> bool {
        !self.profile.is_nested() && self.case.uid == piece.case.uid
    }

    /// Finds the record that speaks for the case, puts messages in order, and ends the records
    /// whose messages another one has.
    pub(in crate::targets) fn settle(&mut self, batch: &Batch, items: &mut [Option<CaseProposal>]) {
        // The latest state of the case counts, and of equals the last in order.
        if let Some(piece) = self.pieces.iter().max_by_key(|piece| piece.case.updated_at) {
            self.case = piece.case.clone();
        }
        if self.profile.is_nested() {
            self.settle_whole(batch, items);
        } else {
            self.settle_rows(batch, items);
        }
        let messages = self.pieces.iter().flat_map(|piece| &piece.messages);
        let messages: Vec<Message> = messages.cloned().collect();
        self.marks = messages.iter().map(mark).collect();
        self.print = CaseHashes {
            fields: self.case.fingerprint(),
            content: match self.profile.sending() {
                CaseSending::Whole => self.case.whole_fingerprint(&messages),
                CaseSending::Each => 0,
            },
            updated: self.case.updated_at.as_millisecond(),
        };
    }

    fn settle_whole(&mut self, batch: &Batch, items: &mut [Option<CaseProposal>]) {
        let mut clashing = None;
        for piece in &mut self.pieces {
            piece.messages.sort_by_key(|message| message.at);
            let mut seen = HashMap::new();
            let place = batch.get(piece.index).place();
            piece.messages.retain(|message| {
                let MessageHashes { hash, mark } = mark(message);
                match seen.entry(hash) {
                    Entry::Vacant(place) => {
                        place.insert(mark);
                        true
                    }
                    Entry::Occupied(known) => {
                        let (code, why) = if *known.get() == mark {
                            (Code::RepeatedRecord, "a message stands twice in the case")
                        } else {
                            clashing = Some(piece.index);
                            (
                                Code::DuplicateId,
                                "two messages of the case have the same id",
                            )
                        };
                        let problem = Problem::new(code, place.clone(), why);
                        piece.problems.push(problem.at("messageUid", &message.uid));
                        false
                    }
                }
            });
        }
        if let Some(index) = clashing {
            let problems = self.pieces.drain(..).flat_map(|piece| piece.problems);
            items[index] = Some(CaseProposal::finished(
                problems.collect(),
                Outcome::Rejected,
                "",
            ));
        }
    }

    fn settle_rows(&mut self, batch: &Batch, items: &mut [Option<CaseProposal>]) {
        let mut seen: HashMap<u64, (u64, usize)> = HashMap::new();
        self.pieces.retain_mut(|piece| {
            if let Some(rule) = piece.left_out {
                let problems = std::mem::take(&mut piece.problems);
                items[piece.index] = Some(CaseProposal::finished(problems, Outcome::Skipped, rule));
                return false;
            }
            let Some(print) = piece.messages.first().map(mark) else {
                return true;
            };
            let (known, first) = match seen.entry(print.hash) {
                Entry::Vacant(place) => {
                    place.insert((print.mark, piece.index));
                    return true;
                }
                Entry::Occupied(known) => *known.get(),
            };
            let first = batch.get(first).place();
            let record = batch.get(piece.index);
            let (code, outcome, why, message) = if known == print.mark {
                let message = format!("the same message as {first}");
                (Code::RepeatedRecord, Outcome::Skipped, "repeat", message)
            } else {
                let message = format!("{first} has the same id in this case and other content");
                (Code::DuplicateId, Outcome::Rejected, "", message)
            };
            let mut problems = std::mem::take(&mut piece.problems);
            let problem = Problem::new(code, record.place(), message);
            let uid = piece.messages.first().map(|message| &*message.uid);
            problems.push(problem.at("messageUid", uid.unwrap_or_default()));
            items[piece.index] = Some(CaseProposal::finished(problems, outcome, why));
            false
        });
    }

    /// What to ask the ledger: the id, and the content of which no more need be known.
    pub(in crate::targets) fn asked(&self) -> (&str, u128) {
        (&self.case.uid, self.print.content)
    }

    /// What tells the same case once more; the rows of a case come together only once.
    pub(in crate::targets) fn key(&self) -> Option<RecordKey> {
        self.profile.is_nested().then(|| RecordKey::Case {
            identity: self.case.identity_hash(),
            content: low(self.print.fields)
                ^ self
                    .marks
                    .iter()
                    .fold(0, |sum: u64, it| sum.rotate_left(5) ^ it.mark),
            updated: self.print.updated,
        })
    }

    /// The action of each record, and the requests of the case.
    pub(in crate::targets) fn decide(
        mut self,
        standing: Option<&CaseState>,
        batch: &Batch,
        want: Purpose,
    ) -> (Vec<(usize, CaseProposal)>, u64) {
        let wanted = ExportedCase {
            hashes: self.print,
            messages: &self.marks,
            is_whole: self.profile.is_nested(),
            sending: self.profile.sending(),
        };
        let step = plan::case_step(standing, &wanted);
        let may_replace = plan::may_replace(standing, &wanted);
        if let Some(known) = standing {
            self.warn(known, &step, batch);
        }
        let ends: &'static str = match step {
            CaseStep::Nothing => "",
            CaseStep::Older => "older than what was sent",
            _ => return self.ship(step, may_replace, standing, want),
        };
        let ends = |piece: CaseRecord| {
            let fate = Action::Finished(Outcome::AlreadyThere, ends.into());
            let problems = piece.problems;
            (piece.index, CaseProposal::new(problems, fate))
        };
        (self.pieces.into_iter().map(ends).collect(), 0)
    }

    /// Tells what the server has and the export has no longer.
    fn warn(&mut self, known: &CaseState, step: &CaseStep, batch: &Batch) {
        if *step == CaseStep::Replace {
            let is_gone = |hash: &&u64| !self.marks.iter().any(|mark| mark.hash == **hash);
            let gone = known.messages.keys().filter(is_gone).count();
            if let (1.., Some(piece)) = (gone, self.pieces.first_mut()) {
                let message = format!(
                    "{gone} messages that were sent are no longer in the export, and leave the case"
                );
                let place = batch.get(piece.index).place();
                let problem = Problem::new(Code::ChangedSinceSent, place, message);
                piece.problems.push(problem.at("caseUid", &self.case.uid));
            }
            return;
        }
        for piece in &mut self.pieces {
            let mut messages = piece.messages.iter();
            let changed = messages.find(|message| {
                let print = mark(message);
                let sent = known.messages.get(&print.hash);
                sent.is_some_and(|sent| sent.is_added && sent.mark != print.mark)
            });
            if let Some(changed) = changed {
                let message = "the message is no longer what was sent, and it is not sent again";
                let place = batch.get(piece.index).place();
                let problem = Problem::new(Code::ChangedSinceSent, place, message);
                piece.problems.push(problem.at("messageUid", &changed.uid));
            }
        }
    }

    fn ship(
        self,
        step: CaseStep,
        may_replace: bool,
        standing: Option<&CaseState>,
        want: Purpose,
    ) -> (Vec<(usize, CaseProposal)>, u64) {
        let requests = match &step {
            CaseStep::Add { which, .. } => which.len() as u64,
            _ => 1,
        };
        let sent = self.marks.iter().map(|mark| {
            let known = standing.and_then(|known| known.messages.get(&mark.hash));
            known.map(|message| message.is_added)
        });
        let sent: Vec<Option<bool>> = sent.collect();
        let mut shipment = CaseJob {
            earlier: standing.map(CaseAtServer::of).unwrap_or_default(),
            known: sent.iter().map(|sent| *sent == Some(true)).collect(),
            doubtful: sent.iter().map(|sent| *sent == Some(false)).collect(),
            case: self.case,
            messages: Vec::new(),
            print: self.print,
            marks: self.marks,
            told: if self.profile.is_nested() {
                CaseSpread::Whole
            } else {
                CaseSpread::ByRows
            },
            may_replace,
            step,
            rows: Vec::new(),
        };
        let mut proposals = Vec::with_capacity(self.pieces.len());
        for piece in self.pieces {
            let from = shipment.messages.len();
            shipment.messages.extend(piece.messages);
            let messages = from..shipment.messages.len();
            let rides = match &shipment.step {
                CaseStep::Add { which, .. } => which.iter().any(|index| messages.contains(index)),
                _ => true,
            };
            let fate = match (rides, want) {
                (false, _) => Action::Finished(Outcome::AlreadyThere, "".into()),
                (true, Purpose::Check) => Action::Ready,
                (true, Purpose::Run) => {
                    let index = piece.index;
                    shipment.rows.push(CaseRow { index, messages });
                    Action::WithJob
                }
            };
            let problems = piece.problems;
            proposals.push((piece.index, CaseProposal::new(problems, fate)));
        }
        let mut riders = proposals
            .iter_mut()
            .map(|(_, proposal)| &mut proposal.action);
        if let Some(fate) = riders.rfind(|fate| matches!(fate, Action::WithJob)) {
            *fate = Action::Send(Box::new(shipment));
        }
        (proposals, requests)
    }
}

fn mark(message: &Message) -> MessageHashes {
    MessageHashes {
        hash: message.identity_hash(),
        mark: low(message.fingerprint()),
    }
}
