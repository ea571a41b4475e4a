//! Problems by kind.
//!
//! A hundred thousand problems of one kind take one line and the memory of three examples, so that
//! the one of another kind is seen.

use std::borrow::Cow;
use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::num::NonZeroU64;
use std::sync::Arc;

use serde::Serialize;

use crate::domain::{Code, Problem, Severity};
use crate::report::files::repeated_lines;

/// Examples that are kept of each kind.
const EXAMPLES: usize = 3;
/// Files that are kept by name of those that were found and not read: each may be one that somebody misses.
const FILES: usize = 20;
/// Different keys that are counted: a table that fits no record would else be kept in memory.
const KEYS: usize = 10_000;

/// All problems of one code and severity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProblemGroup {
    /// What kind of problem.
    #[serde(serialize_with = "name_of_code")]
    pub code: Code,
    /// How bad.
    #[serde(serialize_with = "name_of_severity")]
    pub severity: Severity,
    /// How many problems.
    pub problems: u64,
    /// How many of them `problems.csv` lists, where it does not list all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub listed: Option<u64>,
    /// In how many records.
    pub records: u64,
    /// The first of them.
    pub examples: Vec<Example>,
    /// Keys that a table lacks, and in how many records each, the most frequent first. They may be
    /// people's names, and are for the screen of who asked alone.
    #[serde(skip)]
    pub missing: Missing,
    /// What to do about them.
    pub cure: Cow<'static, str>,
}

/// How many problems of one code and severity there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct ProblemCount {
    /// What kind of problem.
    #[serde(serialize_with = "name_of_code")]
    pub code: Code,
    /// How bad.
    #[serde(serialize_with = "name_of_severity")]
    pub severity: Severity,
    /// How many problems.
    pub problems: u64,
}

/// Where one problem stands; its value is personal and stays in `problems.csv`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Example {
    /// The file as the operator named it.
    #[serde(serialize_with = "text")]
    pub file: Arc<str>,
    /// The line on which the record starts.
    pub line: u64,
    /// Which record of the file it is, where a line may hold several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub record: Option<NonZeroU64>,
    /// The id of the record; may be empty.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub id: Box<str>,
    /// The column; may be empty.
    pub column: Box<str>,
    /// Why it is a problem.
    pub message: Box<str>,
}

/// The keys that a table lacks.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Missing {
    /// Each with the records that ask for it.
    pub keys: Vec<(Box<str>, u64)>,
    /// Whether there are more than were counted.
    pub is_cut: bool,
}

/// The groups while they grow.
#[derive(Debug, Default)]
pub(super) struct Groups {
    groups: BTreeMap<(Severity, Code), Growing>,
}

#[derive(Debug, Default)]
struct Growing {
    problems: u64,
    records: u64,
    last_record: Option<u64>,
    examples: Vec<Example>,
    /// By key, with the record that asked last.
    missing: HashMap<Box<str>, (u64, Option<u64>)>,
    is_cut: bool,
}

impl Groups {
    /// Counts a problem of the record with this number; `None` for one that belongs to no record.
    /// Returns how many of its kind there are now.
    pub(super) fn add(&mut self, record: Option<u64>, problem: &Problem) -> u64 {
        let group = self
            .groups
            .entry((problem.severity, problem.code))
            .or_default();
        group.problems += 1;
        if record.is_some() && group.last_record != record {
            group.records += 1;
            group.last_record = record;
        }
        if problem.code == Code::LookupMissed && !problem.value.is_empty() {
            group.miss(&problem.value, record);
        }
        let most = match problem.code {
            Code::FileNotRead => FILES,
            _ => EXAMPLES,
        };
        if group.examples.len() < most {
            group.examples.push(Example {
                file: Arc::clone(&problem.location.file),
                line: problem.location.line,
                record: problem.location.record,
                id: problem.id.clone(),
                column: problem.column.clone(),
                message: problem.message.clone(),
            });
        }
        group.problems
    }

    /// How many problems there are of each kind.
    pub(super) fn counts(&self) -> Vec<ProblemCount> {
        let groups = self.groups.iter();
        groups
            .map(|(&(severity, code), group)| ProblemCount {
                code,
                severity,
                problems: group.problems,
            })
            .collect()
    }

    /// The groups, the worst and the largest first.
    pub(super) fn sorted(&self) -> Vec<ProblemGroup> {
        let mut groups: Vec<ProblemGroup> = self
            .groups
            .iter()
            .map(|(&(severity, code), group)| ProblemGroup {
                code,
                severity,
                problems: group.problems,
                listed: (group.problems > repeated_lines::MOST).then_some(repeated_lines::MOST),
                records: group.records,
                examples: group.examples.clone(),
                missing: group.missing(),
                cure: code.explanation().cure.into(),
            })
            .collect();
        groups.sort_by_key(|group| (Reverse(group.severity), Reverse(group.problems), group.code));
        groups
    }
}

impl Growing {
    /// Counts a key that a table lacks, once for each record.
    fn miss(&mut self, key: &str, record: Option<u64>) {
        if let Some((count, last)) = self.missing.get_mut(key) {
            if record.is_none() || *last != record {
                *count += 1;
                *last = record;
            }
        } else if self.missing.len() < KEYS {
            self.missing.insert(key.into(), (1, record));
        } else {
            self.is_cut = true;
        }
    }

    fn missing(&self) -> Missing {
        let keys = self.missing.iter();
        let mut keys: Vec<_> = keys
            .map(|(key, (count, _))| (key.clone(), *count))
            .collect();
        keys.sort_by(|(a, many), (b, more)| (more, a).cmp(&(many, b)));
        Missing {
            keys,
            is_cut: self.is_cut,
        }
    }
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn name_of_code<S: serde::Serializer>(code: &Code, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(code.name())
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "the signature is serde's"
)]
fn name_of_severity<S: serde::Serializer>(severity: &Severity, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(severity.name())
}

fn text<S: serde::Serializer>(text: &Arc<str>, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Location;

    fn problem(code: Code, line: u64) -> Problem {
        Problem::new(code, Location::on_line("a.csv", line), "why")
    }

    #[test]
    fn many_of_one_kind_do_not_drown_the_one_of_another() {
        let mut groups = Groups::default();
        for line in 0..100_000 {
            groups.add(Some(line), &problem(Code::CustomerNotAPhone, line));
        }
        groups.add(Some(7), &problem(Code::BadTime, 7));
        let sorted = groups.sorted();
        assert_eq!(sorted[0].code, Code::BadTime);
        assert_eq!(sorted[1].problems, 100_000);
        assert_eq!(sorted[1].examples.len(), EXAMPLES);
    }

    #[test]
    fn files_that_were_not_read_are_kept_by_name() {
        let mut groups = Groups::default();
        for line in 0..30 {
            groups.add(None, &problem(Code::FileNotRead, line));
        }
        assert_eq!(groups.sorted()[0].examples.len(), FILES);
    }

    #[test]
    fn a_record_counts_once_however_often_it_has_the_problem() {
        let mut groups = Groups::default();
        for record in [1, 1, 2] {
            groups.add(Some(record), &problem(Code::BadNumber, record));
        }
        groups.add(None, &problem(Code::BadNumber, 0));
        let group = &groups.sorted()[0];
        assert_eq!((group.problems, group.records), (4, 2));
    }

    #[test]
    fn missing_keys_are_counted_by_record_and_are_bounded() {
        let mut groups = Groups::default();
        let mut miss = |record: u64, key: &str| {
            let problem = Problem::new(
                Code::LookupMissed,
                Location::on_line("a.csv", record),
                "why",
            );
            groups.add(Some(record), &problem.at("agent", key));
        };
        for record in 0..40 {
            miss(record, "108");
            miss(record, "108");
        }
        miss(41, "109");
        let missing = &groups.sorted()[0].missing;
        assert_eq!(missing.keys, [("108".into(), 40), ("109".into(), 1)]);
        assert!(!missing.is_cut);
        for record in 0..20_000 {
            let problem = Problem::new(
                Code::LookupMissed,
                Location::on_line("a.csv", record),
                "why",
            );
            groups.add(Some(record), &problem.at("agent", &format!("k{record}")));
        }
        let missing = &groups.sorted()[0].missing;
        assert!(missing.is_cut && missing.keys.len() <= KEYS);
    }

    #[test]
    fn a_policy_that_changes_the_severity_makes_a_group_of_its_own() {
        let mut groups = Groups::default();
        groups.add(Some(1), &problem(Code::RecordingMissing, 1));
        let strict = problem(Code::RecordingMissing, 2).with_severity(Severity::Error);
        groups.add(Some(2), &strict);
        let severities: Vec<_> = groups.sorted().iter().map(|group| group.severity).collect();
        assert_eq!(severities, [Severity::Error, Severity::Warning]);
    }
}
