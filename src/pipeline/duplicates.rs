//! Ids that come more than once in the inputs, and what that means for the later record.

use super::action::Action;
use super::proposal::{Proposal, RecordKey};
use super::record_locations::RecordLocations;
use super::seen_cases::{CaseSighting, SeenCases};
use super::seen_ids::{IdOccurrence, RecordLocation, SeenIds};
use super::sheet_mapping::SheetMapping;
use super::target::ImportTarget;
use crate::domain::{Code, Problem, Severity};
use crate::events::Outcome;
use crate::source::Record;

/// A record, and where in the inputs it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct LocatedRecord<'b> {
    pub(super) record: Record<'b>,
    pub(super) location: RecordLocation,
}

/// What has been seen of ids so far.
#[derive(Debug)]
pub(super) struct Duplicates {
    ids: SeenIds,
    cases: SeenCases,
    is_newest_first: bool,
}

impl Duplicates {
    pub(super) fn new(is_newest_first: bool) -> Duplicates {
        Duplicates {
            ids: if is_newest_first {
                SeenIds::with_parties()
            } else {
                SeenIds::default()
            },
            cases: SeenCases::default(),
            is_newest_first,
        }
    }

    /// Makes room for so many ids.
    pub(super) fn make_room(&mut self, records: u64) {
        self.ids.make_room(records);
    }

    /// Lets the ids of a batch be looked up side by side.
    pub(super) fn prefetch<J>(&mut self, proposals: &[Proposal<J>]) {
        let ids = proposals.iter().filter_map(|proposal| match proposal.key {
            Some(RecordKey::Call { identity, .. }) => Some(identity),
            _ => None,
        });
        self.ids.expect(ids);
    }

    /// Notes the id of a record, and changes what becomes of it when the id came before.
    pub(super) fn check<T: ImportTarget>(
        &mut self,
        proposal: &mut Proposal<T::Job>,
        at: LocatedRecord<'_>,
        mapping: &T::Mapping,
        locations: &RecordLocations,
    ) {
        let LocatedRecord { record, location } = at;
        let occurrence = match proposal.key {
            None | Some(RecordKey::CaseRow { .. }) => return,
            // Its id is that of another call, and stays so.
            Some(RecordKey::Call { .. } | RecordKey::Doubtful { .. })
                if proposal.has(Code::DuplicateId) =>
            {
                return;
            }
            Some(RecordKey::Call {
                identity,
                content,
                party,
            }) => self.ids.note(identity, content, party, location),
            Some(RecordKey::Doubtful {
                identity,
                content,
                party,
            }) => self.ids.peek(identity, content, party, location),
            Some(key @ RecordKey::Unsent { .. }) => {
                return self.check_unsent(proposal, key, at, locations);
            }
            Some(RecordKey::Case {
                identity,
                content,
                updated,
            }) => {
                let occurrence = self.cases.note(identity, content, updated);
                return check_case::<T>(proposal, occurrence, &record);
            }
        };
        let Some(mut problem) = self.check_call(proposal, occurrence, at, locations) else {
            return;
        };
        // Only the hash of the id has come this far; the few that clash are read once more.
        if let Some((column, id)) = mapping.id(&record) {
            problem = problem.at(&column, &id);
        }
        proposal.problems.push(problem);
    }

    /// What it means for a call that its id came before.
    fn check_call<J>(
        &self,
        proposal: &mut Proposal<J>,
        occurrence: IdOccurrence,
        LocatedRecord { record, location }: LocatedRecord<'_>,
        locations: &RecordLocations,
    ) -> Option<Problem> {
        let problem = |code, message| Problem::new(code, record.location(), message);
        let is_there = proposal.is_there();
        Some(match occurrence {
            IdOccurrence::New => return None,
            IdOccurrence::Repeat(first) => {
                leave_out(proposal, "repeat");
                let message = format!("the same record as {}", locations.name(first));
                problem(Code::RepeatedRecord, message)
            }
            // What is in place stays so, whatever the newer files say.
            IdOccurrence::Clash(first)
            | IdOccurrence::OfRejected(first)
            | IdOccurrence::OfLeftOut(first)
                if first.file != location.file && is_there =>
            {
                return None;
            }
            IdOccurrence::Clash(first) | IdOccurrence::OfRejected(first)
                if first.file != location.file && self.is_newest_first =>
            {
                proposal.leave_out_as_older();
                proposal.recording = None;
                let message = format!("an older copy of {}", locations.name(first));
                problem(Code::RepeatedRecord, message)
            }
            IdOccurrence::OfLeftOut(first) => {
                proposal.leave_out_as_older();
                proposal.recording = None;
                problem(Code::RepeatedRecord, older_than_left_out(locations, first))
            }
            IdOccurrence::Stranger(first) if is_there => {
                let message = format!(
                    "{} has the same id, another customer and another day, and cannot be sent; \
                     give it an id of its own",
                    locations.name(first)
                );
                problem(Code::DuplicateId, message).with_severity(Severity::Warning)
            }
            IdOccurrence::Stranger(first) => {
                reject(proposal);
                let message = format!(
                    "{} has the same id, another customer and another day; build the id from more \
                     columns",
                    locations.name(first)
                );
                problem(Code::DuplicateId, message)
            }
            IdOccurrence::Clash(first) | IdOccurrence::OfRejected(first) => {
                proposal.forget_change();
                reject(proposal);
                let message = format!(
                    "{} has the same id and other content",
                    locations.name(first)
                );
                problem(Code::DuplicateId, message)
            }
        })
    }

    /// Notes the id of a record that is rejected or that a rule leaves out, so that no older copy of it
    /// is sent in its place; a rejected one that is an older copy itself need not be mended.
    fn check_unsent<J>(
        &mut self,
        proposal: &mut Proposal<J>,
        key: RecordKey,
        LocatedRecord { record, location }: LocatedRecord<'_>,
        locations: &RecordLocations,
    ) {
        let RecordKey::Unsent {
            identity,
            party,
            is_left_out,
        } = key
        else {
            return;
        };
        if is_left_out {
            self.ids.note_left_out(identity, party, location);
            return;
        }
        if let IdOccurrence::Stranger(_) = self.ids.peek(identity, 0, party, location) {
            return;
        }
        let message = match self.ids.note_rejected(identity, location) {
            IdOccurrence::Repeat(first)
            | IdOccurrence::Clash(first)
            | IdOccurrence::Stranger(first)
                if first.file != location.file =>
            {
                format!("an older copy of {}", locations.name(first))
            }
            IdOccurrence::OfLeftOut(first) if first.file != location.file => {
                older_than_left_out(locations, first)
            }
            _ => return,
        };
        proposal.leave_out_as_older();
        for problem in &mut proposal.problems {
            problem.severity = problem.severity.min(Severity::Warning);
        }
        let problem = Problem::new(Code::RepeatedRecord, record.location(), message);
        proposal.problems.push(problem);
    }
}

/// What it means for the record of a whole case that the case came before.
fn check_case<T: ImportTarget>(
    proposal: &mut Proposal<T::Job>,
    occurrence: CaseSighting,
    record: &Record<'_>,
) {
    let (why, message) = match occurrence {
        CaseSighting::New => return,
        CaseSighting::Newer => {
            // What this run does with the earlier record is not in the ledger yet.
            if let Action::Send(job) = &mut proposal.action {
                T::supersede(job);
            }
            return;
        }
        CaseSighting::Repeat => ("repeat", "the same case as an earlier record"),
        CaseSighting::Older => (
            "superseded",
            "an earlier record has a later state of the case",
        ),
    };
    proposal.action = Action::Finished(Outcome::Skipped, why.into());
    let problem = Problem::new(Code::RepeatedRecord, record.location(), message);
    proposal.problems.push(problem);
}

fn leave_out<J>(proposal: &mut Proposal<J>, why: &'static str) {
    proposal.action = Action::Finished(Outcome::Skipped, why.into());
    proposal.recording = None;
}

fn reject<J>(proposal: &mut Proposal<J>) {
    proposal.action = Action::Finished(Outcome::Rejected, "".into());
}

fn older_than_left_out(locations: &RecordLocations, newer: RecordLocation) -> String {
    let newer = locations.name(newer);
    format!("an older copy of {newer}, which a rule leaves out")
}
