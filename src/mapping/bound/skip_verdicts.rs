//! What was found out about skip rules by trying them, so that alike records need no trial of their own.

use std::collections::BTreeMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::sync::{Mutex, PoisonError};

/// So many records of one kind, each with other values, that got the same verdict settle it for the kind.
const ENOUGH: usize = 256;

/// So many kinds of records are remembered; then it begins anew.
const MOST_KINDS: usize = 1024;

/// What a verdict depends on: the rule, the keys that the record lacks, and its values of the others.
#[derive(Debug, Clone, Copy)]
pub(in crate::mapping) struct Question {
    /// Rule, missing keys, and of the others whether each is empty, a text of the rule, or anything else.
    kind: u64,
    /// The kind with the values themselves.
    values: u64,
}

impl Question {
    /// What is asked about this rule of a record that lacks these keys.
    pub(in crate::mapping) fn about(rule: usize, missing: u64) -> Asking {
        let mut asking = Asking::default();
        (rule, missing).hash(&mut asking.kind);
        asking
    }
}

/// A question of which not all values have been told.
#[derive(Debug, Default)]
pub(in crate::mapping) struct Asking {
    kind: DefaultHasher,
    values: DefaultHasher,
}

impl Asking {
    /// Adds a value, and which text of the rule it is.
    pub(in crate::mapping) fn add(&mut self, text: Option<&str>, said: Option<usize>) {
        let is_empty = text.is_none_or(|text| matches!(text.trim(), "" | "[]" | "{}"));
        (is_empty, said).hash(&mut self.kind);
        text.hash(&mut self.values);
    }

    /// Adds what makes no kind of its own.
    pub(in crate::mapping) fn add_value(&mut self, value: &impl Hash) {
        value.hash(&mut self.values);
    }

    pub(in crate::mapping) fn done(mut self) -> Question {
        let kind = self.kind.finish();
        kind.hash(&mut self.values);
        Question {
            kind,
            values: self.values.finish(),
        }
    }
}

/// The verdicts so far.
#[derive(Debug, Default)]
pub(in crate::mapping) struct Verdicts(Mutex<BTreeMap<u64, BTreeMap<u64, bool>>>);

impl Verdicts {
    /// The verdict, by `find` unless it is known.
    pub(in crate::mapping) fn get(&self, question: Question, find: impl FnOnce() -> bool) -> bool {
        if let Some(known) = self.known(question) {
            return known;
        }
        // Not under the lock: other threads have records to judge.
        let found = find();
        let mut kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if kinds.len() >= MOST_KINDS && !kinds.contains_key(&question.kind) {
            kinds.clear();
        }
        let verdicts = kinds.entry(question.kind).or_default();
        if verdicts.len() < ENOUGH {
            verdicts.insert(question.values, found);
        }
        found
    }

    fn known(&self, question: Question) -> Option<bool> {
        let kinds = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let verdicts = kinds.get(&question.kind)?;
        if let Some(verdict) = verdicts.get(&question.values) {
            return Some(*verdict);
        }
        let mut all = verdicts.values();
        let first = *all.next()?;
        (verdicts.len() >= ENOUGH && all.all(|verdict| *verdict == first)).then_some(first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn question(text: &str) -> Question {
        let mut asking = Question::about(0, 1);
        asking.add(Some(text), None);
        asking.done()
    }

    #[test]
    fn a_record_of_the_same_values_is_not_tried_again() {
        let verdicts = Verdicts::default();
        assert!(verdicts.get(question("a"), || true));
        assert!(!verdicts.get(question("b"), || false));
        for _ in 0..3 {
            assert!(verdicts.get(question("a"), || unreachable!()));
            assert!(!verdicts.get(question("b"), || unreachable!()));
        }
    }

    #[test]
    fn many_of_one_kind_settle_it_only_when_they_agree() {
        let (alike, mixed) = (Verdicts::default(), Verdicts::default());
        for number in 0..ENOUGH {
            alike.get(question(&number.to_string()), || false);
            mixed.get(question(&number.to_string()), || number == 7);
        }
        assert!(!alike.get(question("new"), || unreachable!()));
        // What is empty is of another kind.
        assert!(alike.get(question(" "), || true));
        assert!(mixed.get(question("new"), || true));
        assert!(!mixed.get(question("newer"), || false));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let verdicts = Verdicts::default();
        for rule in 0..=MOST_KINDS * 2 {
            verdicts.get(Question::about(rule, 0).done(), || true);
        }
        assert_eq!(verdicts.0.lock().unwrap().len(), 1);
    }
}
