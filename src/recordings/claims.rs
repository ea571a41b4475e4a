//! Who has asked for which recording.

use std::collections::HashMap;

use super::index::lookup::Index;
use super::search::grade::Grade;
use super::store::recording::Recording;

/// A record that asks for a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claimant {
    /// The hash of its call's id: rows of one call share their recordings.
    pub call: u64,
    /// Any number that tells records apart.
    pub record: u64,
}

/// What became of a record that asks for a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ClaimStatus {
    /// It is sent, is in place or waits.
    Live,
    /// It is rejected. Nobody sends its recording before it is put right.
    Rejected,
    /// It was left out, and its recording with it.
    LeftOut,
}

/// A claim by anything but the whole name.
#[derive(Debug, Clone, Copy)]
struct Inexact {
    claimant: Claimant,
    grade: Grade,
    status: ClaimStatus,
}

/// Which calls claim each recording: by its whole name or by a pattern, or in another way. Bounded by
/// the number of recordings.
#[derive(Debug, Clone)]
pub struct Claims {
    /// By recording: 0 for nobody, else one more than the place in `claimants`.
    owners: Vec<u32>,
    claimants: Vec<(Claimant, ClaimStatus)>,
    /// The best two calls that claim a recording in another way.
    inexact: HashMap<u32, Vec<Inexact>>,
    /// Records that are not sent and would have claimed a recording in another way.
    left: HashMap<u32, (Claimant, ClaimStatus)>,
}

impl Claims {
    /// Nobody has claimed anything from `index` yet.
    pub fn new(index: &Index) -> Self {
        Claims {
            owners: vec![0; index.entries.len()],
            claimants: Vec::new(),
            inexact: HashMap::new(),
            left: HashMap::new(),
        }
    }

    /// Claims a recording for a record that asks for it by its whole name. `Some` is the record of
    /// another call that was earlier; its claim stays, unless it was left out.
    pub fn claim(
        &mut self,
        recording: &Recording,
        claimant: Claimant,
        status: ClaimStatus,
    ) -> Option<Claimant> {
        let next = self.claimants.len();
        let at = recording.id as usize;
        // Recordings that are asked for by URL come behind those that were listed.
        if at >= self.owners.len() {
            self.owners.resize(at + 1, 0);
        }
        let slot = self.owners.get_mut(at)?;
        let known = match slot.checked_sub(1) {
            Some(at) => self.claimants.get_mut(at as usize),
            None => None,
        };
        match known {
            None => {
                *slot = u32::try_from(next + 1).unwrap_or(u32::MAX);
                self.claimants.push((claimant, status));
                None
            }
            // Of one call the record that is sent speaks.
            Some((first, theirs)) if first.call == claimant.call => {
                if status < *theirs {
                    (*first, *theirs) = (claimant, status);
                }
                None
            }
            Some((first, theirs)) if *theirs == ClaimStatus::LeftOut && status != *theirs => {
                (*first, *theirs) = (claimant, status);
                None
            }
            Some((first, _)) => Some(*first),
        }
    }

    /// Gives a recording that has an owner to another record, which stands before it.
    pub fn pass_on(&mut self, recording: &Recording, claimant: Claimant, status: ClaimStatus) {
        let slot = self.owners.get(recording.id as usize).copied();
        let at = slot.and_then(|slot| slot.checked_sub(1));
        if let Some(owner) = at.and_then(|at| self.claimants.get_mut(at as usize)) {
            *owner = (claimant, status);
        }
    }

    /// Claims a recording for a record that finds it in another way.
    pub fn claim_inexactly(
        &mut self,
        recording: &Recording,
        claimant: Claimant,
        grade: Grade,
        status: ClaimStatus,
    ) {
        if status == ClaimStatus::LeftOut {
            return;
        }
        let known = self.inexact.entry(recording.id).or_default();
        match known
            .iter_mut()
            .find(|other| other.claimant.call == claimant.call)
        {
            Some(other) => {
                other.grade = grade.min(other.grade);
                other.status = status.min(other.status);
            }
            None => known.push(Inexact {
                claimant,
                grade,
                status,
            }),
        }
        known.sort_by_key(|other| (other.grade, other.status));
        known.truncate(2);
    }

    /// Remembers that a record that is not sent would have found a recording. That is no claim.
    pub fn leave(&mut self, recording: &Recording, claimant: Claimant, status: ClaimStatus) {
        self.left.entry(recording.id).or_insert((claimant, status));
    }

    /// The record that a recording belongs to, unless it is one of this call.
    pub(super) fn owner_besides(&self, id: u32, call: u64) -> Option<Claimant> {
        let (owner, _) = self.owner(id)?;
        (owner.call != call).then_some(owner)
    }

    /// The same for a recording of the index.
    pub fn owner_of(&self, recording: &Recording, call: u64) -> Option<Claimant> {
        self.owner_besides(recording.id, call)
    }

    /// Whether it belongs to a record that was left out.
    pub(super) fn is_left_out(&self, id: u32) -> bool {
        self.owner(id)
            .is_some_and(|(_, status)| status == ClaimStatus::LeftOut)
    }

    /// A record of another call that claims the recording no worse than by this grade.
    pub fn rival_of(&self, recording: &Recording, call: u64, grade: Grade) -> Option<Claimant> {
        let known = self.inexact.get(&recording.id)?;
        let mut rivals = known.iter().filter(|other| other.claimant.call != call);
        rivals.find_map(|other| (other.grade <= grade).then_some(other.claimant))
    }

    /// The record that is not sent and would have had this recording, and what became of it.
    pub fn left_by(&self, recording: &Recording) -> Option<(Claimant, ClaimStatus)> {
        let owner = self.owner(recording.id);
        owner
            .filter(|(_, status)| *status != ClaimStatus::Live)
            .or_else(|| self.left.get(&recording.id).copied())
    }

    /// The recordings of `index` that no call has claimed.
    pub fn unclaimed<'a>(&'a self, index: &'a Index) -> impl Iterator<Item = Recording> + 'a {
        index
            .ready_ids()
            .filter(|id| !self.is_claimed(*id))
            .map(|id| index.recording(id))
    }

    /// Whether a call that is sent, is in place or waits claims this.
    fn is_claimed(&self, id: u32) -> bool {
        let is_live = |(_, status): (Claimant, ClaimStatus)| status == ClaimStatus::Live;
        let inexact = self.inexact.get(&id);
        let is_sent = |other: &Inexact| other.status == ClaimStatus::Live;
        self.owner(id).is_some_and(is_live)
            || inexact.is_some_and(|known| known.iter().any(is_sent))
    }

    fn owner(&self, id: u32) -> Option<(Claimant, ClaimStatus)> {
        let at = self.owners.get(id as usize)?.checked_sub(1)?;
        self.claimants.get(at as usize).copied()
    }
}
