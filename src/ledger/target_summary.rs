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
        let rows = self.reasons.entry(blocker).or_default();
        rows.count += 1;
        rows.held_at = [rows.held_at, since].into_iter().flatten().min();
        add_example(&mut rows.examples, identity);
    }

    /// All of them, the most frequent first.
    pub(super) fn finish(self) -> Vec<FailureCounts> {
        let reasons = self.reasons.into_iter();
        let mut failures: Vec<FailureCounts> = reasons
            .map(|(blocker, rows)| FailureCounts {
                blocker,
                count: rows.count,
                examples: rows.examples,
                held_at: rows.held_at,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Code;
    use crate::ledger::{Failure, FailureKind};

    fn refused(message: &str) -> Blocker {
        Blocker::Failed(Failure {
            kind: FailureKind::Refused,
            request: None,
            status: Some(400),
            message: message.to_owned(),
        })
    }

    #[test]
    fn reasons_come_by_their_counts_with_a_few_examples() {
        let mut counter = FailureCounter::default();
        let at = |second| Timestamp::from_second(second).unwrap();
        let held = Blocker::Held {
            why: Code::RecordingMissing,
        };
        for (id, second) in [("h-1", 30), ("h-2", 10), ("h-3", 20)] {
            counter.add(held.clone(), id, Some(at(second)));
        }
        for number in 0..7 {
            counter.add(refused("no"), &format!("r-{number}"), Some(at(5)));
        }
        let failures = counter.finish();
        let [first, second] = &failures[..] else {
            panic!("{failures:?}");
        };
        assert_eq!((&first.blocker, first.count), (&refused("no"), 7));
        assert_eq!(first.examples, ["r-0", "r-1", "r-2", "r-3", "r-4"]);
        assert_eq!(first.held_at, None, "only what is held waits");
        assert_eq!((&second.blocker, second.count), (&held, 3));
        assert_eq!(second.held_at, Some(at(10)));
    }

    #[test]
    fn reasons_without_end_are_counted_without_their_words() {
        let mut counter = FailureCounter::default();
        for number in 0..REASONS + 9 {
            counter.add(refused(&format!("no {number}")), "id", None);
        }
        // One that is known keeps its words.
        counter.add(refused("no 0"), "id", None);
        let failures = counter.finish();
        assert_eq!(failures.len(), REASONS + 1);
        assert_eq!((&failures[0].blocker, failures[0].count), (&refused(""), 9));
        assert_eq!(
            (&failures[1].blocker, failures[1].count),
            (&refused("no 0"), 2)
        );
    }

    #[test]
    fn what_is_in_doubt_is_counted_and_the_first_named() {
        let mut in_doubt = InDoubt::default();
        for number in 0..7 {
            in_doubt.add(&number.to_string());
        }
        assert_eq!(in_doubt.count, 7);
        assert_eq!(in_doubt.examples, ["0", "1", "2", "3", "4"]);
    }
}
