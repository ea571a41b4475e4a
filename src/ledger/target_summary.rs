//! The calls of a ledger by their states and failures, or the cases.

use std::collections::HashMap;

use jiff::Timestamp;

use super::blocker::Blocker;
use super::call::status::CallStatus;

/// How many ids are named for a reason, or for what is in doubt.
const EXAMPLES: usize = 5;

/// The most reasons that are told apart; what is beyond is counted without its words, so that a server
/// which never says the same thing twice cannot fill the memory.
const REASONS: usize = 200;

/// The calls of a ledger, or its cases: how many are in each state, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetSummary {
    /// What is counted: `call` or `case`.
    pub noun: &'static str,
    /// How many are in each state, in the order of [`CallStatus::ALL`]; empty states as well.
    pub states: Vec<(CallStatus, u64)>,
    /// What was refused, failed or is held, the most frequent first.
    pub failures: Vec<FailureCounts>,
    /// Those of which a request left without an answer.
    pub in_doubt: InDoubt,
}

impl TargetSummary {
    /// Of a ledger that knows none.
    pub(super) fn new(noun: &'static str) -> Self {
        TargetSummary {
            noun,
            states: CallStatus::ALL.iter().map(|state| (*state, 0)).collect(),
            failures: Vec::new(),
            in_doubt: InDoubt::default(),
        }
    }

    /// So many more are in this state.
    pub(super) fn add(&mut self, state: CallStatus, count: u64) {
        if let Some((_, sum)) = self.states.iter_mut().find(|(it, _)| *it == state) {
            *sum += count;
        }
    }

    /// How many are in this state.
    pub fn count(&self, state: CallStatus) -> u64 {
        let mut states = self.states.iter();
        states
            .find(|(it, _)| *it == state)
            .map_or(0, |(_, count)| *count)
    }

    /// How many the ledger knows.
    pub fn total(&self) -> u64 {
        self.states.iter().map(|(_, count)| count).sum()
    }
}

/// One reason why something is not complete.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailureCounts {
    /// The reason; its words are empty for what is beyond the reasons that are told apart.
    pub blocker: Blocker,
    /// How many it keeps.
    pub count: u64,
    /// The first few of their ids.
    pub examples: Vec<String>,
    /// Since when the one is held that waits longest.
    pub held_at: Option<Timestamp>,
}

/// What a server may have or not have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct InDoubt {
    /// How many.
    pub count: u64,
    /// The first few of their ids.
    pub examples: Vec<String>,
}

impl InDoubt {
    /// One more.
    pub(super) fn add(&mut self, identity: &str) {
        self.count += 1;
        add_example(&mut self.examples, identity);
    }
}

/// Counts reasons while rows are read.
#[derive(Debug, Default)]
pub(super) struct FailureCounter {
    reasons: HashMap<Blocker, BlockedRows>,
}

/// What one reason keeps.
#[derive(Debug, Default)]
struct BlockedRows {
    count: u64,
    examples: Vec<String>,
    held_at: Option<Timestamp>,
}

impl FailureCounter {
    /// One more that is kept for this reason; since when, where it is held.
    pub(super) fn add(&mut self, blocker: Blocker, identity: &str, held_at: Option<Timestamp>) {
        let blocker = if self.reasons.len() < REASONS || self.reasons.contains_key(&blocker) {
            blocker
        } else {
            without_words(blocker)
        };
        let since = held_at.filter(|_| matches!(blocker, Blocker::Held { .. }));
        let blocked = self.reasons.entry(blocker).or_default();
        blocked.count += 1;
        blocked.held_at = [blocked.held_at, since].into_iter().flatten().min();
        add_example(&mut blocked.examples, identity);
    }

    /// All of them, the most frequent first.
    pub(super) fn finish(self) -> Vec<FailureCounts> {
        let reasons = self.reasons.into_iter();
        let mut failures: Vec<FailureCounts> = reasons
            .map(|(blocker, blocked)| FailureCounts {
                blocker,
                count: blocked.count,
                examples: blocked.examples,
                held_at: blocked.held_at,
            })
            .collect();
        failures
            .sort_by(|one, other| (other.count, &one.examples).cmp(&(one.count, &other.examples)));
        failures
    }
}

fn add_example(examples: &mut Vec<String>, identity: &str) {
    if examples.len() < EXAMPLES {
        examples.push(identity.to_owned());
    }
}

fn without_words(mut blocker: Blocker) -> Blocker {
    if let Blocker::Failed(failure) = &mut blocker {
        failure.message.clear();
    }
    blocker
}
