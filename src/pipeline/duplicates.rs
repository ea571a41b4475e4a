//! Ids that come more than once in the inputs, and what that means for the later record.

use super::action::Action;
use super::proposal::{Proposal, RecordKey};
use super::record_positions::RecordPositions;
use super::seen_cases::{CaseSighting, SeenCases};
use super::seen_ids::{RecordPlace, SeenIds, Sighting};
use super::sheet_mapping::SheetMapping;
use super::target::ImportTarget;
use crate::domain::{Code, Problem, Severity};
use crate::events::Outcome;
use crate::source::Record;

/// A record, and where in the inputs it stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct PlacedRecord<'b> {
    pub(super) record: Record<'b>,
    pub(super) place: RecordPlace,
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
    pub(super) fn prefetch<J>(&mut self, items: &[Proposal<J>]) {
        let ids = items.iter().filter_map(|item| match item.key {
            Some(RecordKey::Call { identity, .. }) => Some(identity),
            _ => None,
        });
        self.ids.expect(ids);
    }

    /// Notes the id of a record, and changes what becomes of it when the id came before.
    pub(super) fn check<T: ImportTarget>(
        &mut self,
        item: &mut Proposal<T::Job>,
        at: PlacedRecord<'_>,
        mapping: &T::Mapping,
        places: &RecordPositions,
    ) {
        let PlacedRecord { record, place } = at;
        let sighting = match item.key {
            None => return,
            // Its id is that of another call, and stays so.
            Some(RecordKey::Call { .. } | RecordKey::Doubtful { .. })
                if item.has(Code::DuplicateId) =>
            {
                return;
            }
            Some(RecordKey::Call {
                identity,
                content,
                party,
            }) => self.ids.note(identity, content, party, place),
            Some(RecordKey::Doubtful {
                identity,
                content,
                party,
            }) => self.ids.look(identity, content, party, place),
            Some(key @ RecordKey::Unsent { .. }) => {
                return self.check_unsent(item, key, at, places);
            }
            Some(RecordKey::Case {
                identity,
                content,
                updated,
            }) => {
                let sight = self.cases.note(identity, content, updated);
                return check_case::<T>(item, sight, &record);
            }
        };
        let Some(mut problem) = self.check_call(item, sighting, at, places) else {
            return;
        };
        // Only the hash of the id has come this far; the few that clash are read once more.
        if let Some((column, id)) = mapping.id(&record) {
            problem = problem.at(&column, &id);
        }
        item.problems.push(problem);
    }

    /// What it means for a call that its id came before.
    fn check_call<J>(
        &self,
        item: &mut Proposal<J>,
        sighting: Sighting,
        PlacedRecord { record, place }: PlacedRecord<'_>,
        places: &RecordPositions,
    ) -> Option<Problem> {
        let problem = |code, message| Problem::new(code, record.place(), message);
        let is_there = item.is_there();
        Some(match sighting {
            Sighting::New => return None,
            Sighting::Repeat(first) => {
                leave_out(item, "repeat");
                let message = format!("the same record as {}", places.name(first));
                problem(Code::RepeatedRecord, message)
            }
            // What is in place stays so, whatever the newer files say.
            Sighting::Clash(first) | Sighting::OfRejected(first) | Sighting::OfLeftOut(first)
                if first.file != place.file && is_there =>
            {
                return None;
            }
            Sighting::Clash(first) | Sighting::OfRejected(first)
                if first.file != place.file && self.is_newest_first =>
            {
                item.leave_out_as_older();
                item.recording = None;
                let message = format!("an older copy of {}", places.name(first));
                problem(Code::RepeatedRecord, message)
            }
            Sighting::OfLeftOut(first) => {
                item.leave_out_as_older();
                item.recording = None;
                problem(Code::RepeatedRecord, older_than_left_out(places, first))
            }
            Sighting::Stranger(first) if is_there => {
                let message = format!(
                    "{} has the same id, another customer and another day, and cannot be sent; \
                     give it an id of its own",
                    places.name(first)
                );
                problem(Code::DuplicateId, message).with_severity(Severity::Warning)
            }
            Sighting::Stranger(first) => {
                reject(item);
                let message = format!(
                    "{} has the same id, another customer and another day; build the id from more \
                     columns",
                    places.name(first)
                );
                problem(Code::DuplicateId, message)
            }
            Sighting::Clash(first) | Sighting::OfRejected(first) => {
                item.forget_change();
                reject(item);
                let message = format!("{} has the same id and other content", places.name(first));
                problem(Code::DuplicateId, message)
            }
        })
    }

    /// Notes the id of a record that is rejected or that a rule leaves out, so that no older copy of it
    /// is sent in its place; a rejected one that is an older copy itself need not be mended.
    fn check_unsent<J>(
        &mut self,
        item: &mut Proposal<J>,
        key: RecordKey,
        PlacedRecord { record, place }: PlacedRecord<'_>,
        places: &RecordPositions,
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
            self.ids.note_left_out(identity, party, place);
            return;
        }
        if let Sighting::Stranger(_) = self.ids.look(identity, 0, party, place) {
            return;
        }
        let message = match self.ids.note_rejected(identity, place) {
            Sighting::Repeat(first) | Sighting::Clash(first) | Sighting::Stranger(first)
                if first.file != place.file =>
            {
                format!("an older copy of {}", places.name(first))
            }
            Sighting::OfLeftOut(first) if first.file != place.file => {
                older_than_left_out(places, first)
            }
            _ => return,
        };
        item.leave_out_as_older();
        for problem in &mut item.problems {
            problem.severity = problem.severity.min(Severity::Warning);
        }
        let problem = Problem::new(Code::RepeatedRecord, record.place(), message);
        item.problems.push(problem);
    }
}

/// What it means for the record of a whole case that the case came before.
fn check_case<T: ImportTarget>(
    item: &mut Proposal<T::Job>,
    sight: CaseSighting,
    record: &Record<'_>,
) {
    let (why, message) = match sight {
        CaseSighting::New => return,
        CaseSighting::Newer => {
            // What this run does with the earlier record is not in the ledger yet.
            if let Action::Send(job) = &mut item.action {
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
    item.action = Action::Finished(Outcome::Skipped, why.into());
    let problem = Problem::new(Code::RepeatedRecord, record.place(), message);
    item.problems.push(problem);
}

fn leave_out<J>(item: &mut Proposal<J>, why: &'static str) {
    item.action = Action::Finished(Outcome::Skipped, why.into());
    item.recording = None;
}

fn reject<J>(item: &mut Proposal<J>) {
    item.action = Action::Finished(Outcome::Rejected, "".into());
}

fn older_than_left_out(places: &RecordPositions, newer: RecordPlace) -> String {
    let newer = places.name(newer);
    format!("an older copy of {newer}, which a rule leaves out")
}
