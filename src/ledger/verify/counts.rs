//! How many calls compare how.

use std::collections::BTreeMap;

use super::conversation_state::ConversationState;
use super::outcome::VerifyOutcome;

/// How many calls compare how.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyCounts {
    /// Calls that the destination should have.
    pub known: u64,
    /// Of these, which were compared, by the place of their outcome.
    pub(super) outcomes: [u64; 6],
    /// What is missing, other or not told, and of how many calls.
    pub words: BTreeMap<&'static str, u64>,
    /// How far the destination is, by the day of the conversation, counted from 1970-01-01.
    pub days: BTreeMap<i64, [u64; 6]>,
    /// How many calls are verified whose fields the ledger could not compare: somebody else made them, they
    /// are of an earlier program, or a purge forgot what was sent.
    pub without_fields: u64,
}

impl VerifyCounts {
    /// How many have this outcome.
    pub fn of(&self, outcome: VerifyOutcome) -> u64 {
        self.outcomes[outcome as usize]
    }

    /// Whether each known call has exactly one outcome.
    pub fn adds_up(&self) -> bool {
        self.known == self.outcomes.iter().sum::<u64>()
    }

    /// Whether all are verified.
    pub fn is_all_verified(&self) -> bool {
        self.known == self.of(VerifyOutcome::Verified)
    }

    /// How many conversations are in this state.
    pub fn in_state(&self, state: ConversationState) -> u64 {
        let days = self.days.values();
        days.map(|states| states[state as usize]).sum()
    }
}
