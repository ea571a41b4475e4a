//! Which record claims which recording, and what becomes of a record whose recording another has claimed.

use std::collections::HashMap;

use super::action::Action;
use super::duplicates::LocatedRecord;
use super::proposal::Proposal;
use super::record_locations::RecordLocations;
use super::recording_use::RecordingUse;
use super::run_context::{Purpose, RunContext};
use super::seen_ids::RecordLocation;
use crate::domain::{Code, Problem};
use crate::events::Outcome;
use crate::recordings::{ClaimStatus, Claimant, Claims, Grade, Index};

/// The claims of all records so far.
#[derive(Debug)]
pub(super) struct RecordingClaims {
    claims: Claims,
    /// Why records were left out whose recordings are told of, by the number of the claimant.
    rules: HashMap<u64, String>,
    purpose: Purpose,
    is_newest_first: bool,
}

impl RecordingClaims {
    pub(super) fn new(index: &Index, run: &RunContext<'_>) -> RecordingClaims {
        RecordingClaims {
            claims: Claims::new(index),
            rules: HashMap::new(),
            purpose: run.purpose,
            is_newest_first: run.is_newest_first,
        }
    }

    /// The claims themselves.
    pub(super) fn claims(&self) -> &Claims {
        &self.claims
    }

    /// The rule that left out the record with these recordings.
    pub(super) fn rule_of(&self, claimant: Claimant) -> Option<&str> {
        self.rules.get(&claimant.record).map(String::as_str)
    }

    /// Lets a record claim its recordings, and tells whose they are.
    pub(super) fn check<J>(
        &mut self,
        proposal: &mut Proposal<J>,
        wanted: &RecordingUse,
        LocatedRecord { record, location }: LocatedRecord<'_>,
        locations: &mut RecordLocations,
    ) {
        let status = match &proposal.action {
            Action::Finished(Outcome::Rejected, _) => ClaimStatus::Rejected,
            Action::Finished(Outcome::Skipped, _) => ClaimStatus::LeftOut,
            _ => ClaimStatus::Live,
        };
        let claimant = Claimant {
            call: wanted.call,
            record: locations.add(location),
        };
        if let (Action::Finished(Outcome::Skipped, rule), Purpose::Check) =
            (&proposal.action, self.purpose)
        {
            self.rules.insert(claimant.record, rule.to_string());
        }
        let claims = &mut self.claims;
        for recording in wanted.recordings() {
            if wanted.grade != Grade::Exact {
                if status != ClaimStatus::LeftOut {
                    claims.claim_inexactly(recording, claimant, wanted.grade, status);
                }
                if status != ClaimStatus::Live {
                    claims.leave(recording, claimant, status);
                }
                continue;
            }
            let Some(first) = claims.claim(recording, claimant, status) else {
                continue;
            };
            if status != ClaimStatus::Live {
                // The files behind this one were read before it, and made their claims ahead of it.
                let is_behind = |owner: RecordLocation| owner.file < location.file;
                let is_behind = locations.location_of(first).is_some_and(is_behind);
                if status == ClaimStatus::Rejected && is_behind && self.is_newest_first {
                    claims.pass_on(recording, claimant, status);
                }
                continue;
            }
            // A call that has its recording already keeps it; only what would be sent is stopped.
            if matches!(proposal.action, Action::Ready | Action::Send(_)) {
                proposal.action = Action::Finished(Outcome::Rejected, "".into());
            }
            let first = locations.name_of(first);
            let message = format!("{first} claims this recording too");
            let problem = Problem::new(Code::RecordingShared, record.location(), message);
            proposal
                .problems
                .push(problem.at("recording", &recording.name));
        }
    }

    /// Claims the recordings of a record that is put aside, whose file is read after those that stand
    /// behind it in the command.
    pub(super) fn claim_ahead(
        &mut self,
        wanted: &RecordingUse,
        location: RecordLocation,
        locations: &mut RecordLocations,
    ) {
        let claimant = Claimant {
            call: wanted.call,
            record: locations.add(location),
        };
        for recording in wanted.recordings() {
            let first = self.claims.claim(recording, claimant, ClaimStatus::Live);
            let first = first.and_then(|first| locations.location_of(first));
            if first.is_some_and(|first| first.file != location.file) {
                self.claims.pass_on(recording, claimant, ClaimStatus::Live);
            }
        }
    }

    /// What a record that was put aside finds among the recordings that nobody owns.
    pub(super) fn claim_inexactly(
        &mut self,
        wanted: &RecordingUse,
        location: RecordLocation,
        locations: &mut RecordLocations,
    ) {
        let claimant = Claimant {
            call: wanted.call,
            record: locations.add(location),
        };
        let grade = wanted.grade;
        for recording in wanted.recordings().filter(|_| grade != Grade::Exact) {
            self.claims
                .claim_inexactly(recording, claimant, grade, ClaimStatus::Live);
        }
    }
}
