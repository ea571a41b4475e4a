//! How recordings are named, found out from their names: which columns stand in them, and a pattern
//! whose groups are held against these columns.
//!
//! Nothing is believed of a pattern that it does not do: it is tried on all names and on the records
//! that were looked at, and the file says what came of it.

use std::collections::{BTreeMap, HashMap};

use super::expressions::quoted;
use super::name_index::RecordingNames;
use super::name_patterns::NamePatterns;
use super::survey::ExportSurvey;

/// More names would only be more of the same, and a proposal should take seconds.
const NAMES: usize = 100_000;
/// A value that stands in more names than this tells no recording from the next.
const COMMON: usize = 200;
/// Columns of which pairs are tried.
const PAIRED: usize = 6;

/// What was found out, as lines of the `[audio]` table.
#[derive(Debug)]
pub(super) struct Named {
    /// What came of it, each a comment.
    pub(super) remarks: Vec<String>,
    /// The line that says how recordings are named; nothing when no column stands in a name.
    pub(super) rule: Option<String>,
    /// Records with the one name that they find.
    pub(super) pairs: Vec<(usize, usize)>,
}

/// Some columns, and the names in which their values stand.
struct Guess {
    columns: Vec<usize>,
    /// By record, the names that hold all its values; those without any are left out.
    hits: BTreeMap<usize, Vec<usize>>,
}

impl Guess {
    /// Records with one name.
    fn good(&self) -> usize {
        self.hits.values().filter(|names| names.len() == 1).count()
    }
}

/// How the recordings of these names, paths below their folder, belong to the records.
pub(super) fn name_recordings(survey: &ExportSurvey, recordings: &[String]) -> Named {
    let names = RecordingNames::new(&recordings[..recordings.len().min(NAMES)]);
    let Some(guess) = guess(survey, &names) else {
        let remark = format!(
            "check: no column's value is in the names of the {} recordings; say how they are \
             named",
            recordings.len()
        );
        return Named {
            remarks: vec![remark],
            rule: None,
            pairs: Vec::new(),
        };
    };
    if let [column] = guess.columns[..]
        && is_whole(survey, &guess, column, &names)
    {
        let name = survey.columns[column].in_template();
        let rule = format!("match = [{}]", quoted(&format!("{{{{ {name} }}}}")));
        return Named {
            remarks: remarks(survey, &guess.hits, names.all.len()),
            rule: Some(rule),
            pairs: pairs(&guess.hits),
        };
    }
    let patterns = NamePatterns::of(survey, &guess.columns, &guess.hits, names.all);
    let found = patterns.find(names.all);
    Named {
        remarks: remarks(survey, &found, names.all.len()),
        rule: Some(patterns.written()),
        pairs: pairs(&found),
    }
}

/// The records that have one name.
pub(super) fn pairs(found: &BTreeMap<usize, Vec<usize>>) -> Vec<(usize, usize)> {
    let one = |(record, names): (&usize, &Vec<usize>)| match names[..] {
        [name] => Some((*record, name)),
        _ => None,
    };
    found.iter().filter_map(one).collect()
}

/// The column, or the two, by which most records have one name.
fn guess(survey: &ExportSurvey, names: &RecordingNames<'_>) -> Option<Guess> {
    let single = |column: usize| Guess {
        columns: vec![column],
        hits: hits_of(survey, column, names),
    };
    let mut guesses: Vec<Guess> = (0..survey.columns.len()).map(single).collect();
    guesses.retain(|guess| !guess.hits.is_empty());
    // Stable: of equals the first column.
    guesses.sort_by_key(|guess| std::cmp::Reverse((guess.good(), guess.hits.len())));
    let best = guesses.first()?.good();
    let is_enough = |guess: &Guess| guess.good() == guess.hits.len();
    let alone = guesses
        .iter()
        .position(|guess| guess.good() == best && is_enough(guess));
    if let Some(alone) = alone.filter(|_| best > 0) {
        return Some(guesses.swap_remove(alone));
    }
    let tried = &guesses[..guesses.len().min(PAIRED)];
    let pairs = tried
        .iter()
        .enumerate()
        .flat_map(|(at, one)| tried[at + 1..].iter().map(move |other| both(one, other)));
    let pair = pairs.max_by_key(Guess::good);
    match pair {
        Some(pair) if pair.good() > best => Some(pair),
        _ => Some(guesses.swap_remove(0)).filter(|_| best > 0),
    }
}

/// The names in which the value of a column stands, by record.
fn hits_of(
    survey: &ExportSurvey,
    column: usize,
    names: &RecordingNames<'_>,
) -> BTreeMap<usize, Vec<usize>> {
    let mut hits = BTreeMap::new();
    if survey.columns[column].is_nested {
        return hits;
    }
    for (record, value) in &survey.columns[column].cells {
        let found = names.with(value.trim());
        if found.len() > COMMON {
            return BTreeMap::new();
        }
        if !found.is_empty() {
            hits.insert(*record, found);
        }
    }
    hits
}

/// Whether the column says the whole name, with its ending or without.
fn is_whole(
    survey: &ExportSurvey,
    guess: &Guess,
    column: usize,
    names: &RecordingNames<'_>,
) -> bool {
    guess.hits.iter().all(|(record, found)| {
        let value = survey.value(column, *record).unwrap_or_default();
        found.iter().all(|at| {
            let name = &names.all[*at];
            let stem = name
                .rsplit_once('.')
                .map_or(name.as_str(), |(stem, _)| stem);
            let ends = |text: &str| {
                text.strip_suffix(value)
                    .is_some_and(|before| before.is_empty() || before.ends_with('/'))
            };
            ends(name) || ends(stem)
        })
    })
}

/// What came of it.
pub(super) fn remarks(
    survey: &ExportSurvey,
    found: &BTreeMap<usize, Vec<usize>>,
    names: usize,
) -> Vec<String> {
    let one = found.values().filter(|names| names.len() == 1).count();
    let several = found.len() - one;
    let none = survey.records - found.len();
    let mut remarks = vec![format!(
        "From the names of {names} recordings: {one} of the {} records looked at find one, {none} \
         find none.",
        survey.records
    )];
    if several > 0 {
        remarks.push(format!(
            "check: {several} records fit several recordings, and are errors until `several` or \
             another group tells them apart"
        ));
    }
    let mut owners: HashMap<usize, usize> = HashMap::new();
    for names in found.values().filter(|names| names.len() == 1) {
        *owners.entry(names[0]).or_default() += 1;
    }
    let shared = owners.values().filter(|owners| **owners > 1).count();
    if shared > 0 {
        remarks.push(format!(
            "check: {shared} recordings fit several records: rows of one call ([legs]), or is \
             more of the name needed?"
        ));
    }
    if none > one {
        remarks.push("check: most records find no recording".to_owned());
    }
    remarks
}

/// The records and names that two guesses agree on.
fn both(one: &Guess, other: &Guess) -> Guess {
    let mut hits = BTreeMap::new();
    for (record, names) in &one.hits {
        let Some(others) = other.hits.get(record) else {
            continue;
        };
        let common: Vec<usize> = names
            .iter()
            .copied()
            .filter(|at| others.contains(at))
            .collect();
        if !common.is_empty() {
            hits.insert(*record, common);
        }
    }
    Guess {
        columns: [one.columns.clone(), other.columns.clone()].concat(),
        hits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Input, ReadOptions};

    fn derived(export: &str, recordings: &[&str]) -> (String, String) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls.csv");
        std::fs::write(&path, export).unwrap();
        let survey = ExportSurvey::of(&Input::file(&path), &ReadOptions::default()).unwrap();
        let recordings = recordings.iter().map(|name| (*name).to_owned());
        let found = name_recordings(&survey, &recordings.collect::<Vec<String>>());
        (found.rule.unwrap_or_default(), found.remarks.join("\n"))
    }

    const EXPORT: &str = "uniqueid,ext,phone\n\
        1710490323.42,101,+4512345601\n\
        1710490399.43,102,+4512345602\n\
        1710490400.4,101,+4512345603\n";

    #[test]
    fn a_pattern_with_a_group_is_derived_from_the_names() {
        let (rule, said) = derived(
            EXPORT,
            &[
                "2024/03/out-004512345601-101-20240315-091203-1710490323.42.wav",
                "2024/03/in-102-004512345602-20240315-091319-1710490399.43.wav",
                "2024/03/out-004512345603-101-20240315-091320-1710490400.4.mp3",
                "2024/03/out-004512345603-101-20240315-091320-1710490400.44.mp3",
            ],
        );
        assert!(
            rule.contains(r"\d+-(?P<uniqueid>\d+\.\d+)\.[^./]+$"),
            "{rule}"
        );
        assert!(!rule.contains('*') && !rule.contains("match"), "{rule}");
        assert!(said.contains("3 of the 3 records"), "{said}");
    }

    #[test]
    fn a_name_that_is_the_value_needs_no_pattern() {
        let names = ["a/1710490323.42.wav", "a/1710490399.43.wav"];
        let (rule, said) = derived(EXPORT, &names);
        assert_eq!(rule, "match = [\"{{ uniqueid }}\"]");
        assert!(
            said.contains("2 of the 3 records") && said.contains("1 find none"),
            "{said}"
        );
    }

    #[test]
    fn two_columns_are_taken_where_one_tells_nothing() {
        let (rule, said) = derived(
            "Call ID,ext\n151,101\n151,102\n152,101\n152,102\n",
            &[
                "101/x_101_(151).wav",
                "102/x_102_(151).wav",
                "101/x_101_(152).wav",
                "102/x_102_(152).wav",
            ],
        );
        assert!(rule.contains("Call_ID = { from = \"Call ID\" }"), "{rule}");
        assert!(rule.contains("ext = { from = \"ext\" }"), "{rule}");
        assert!(said.contains("4 of the 4 records"), "{said}");
    }

    #[test]
    fn what_is_not_unique_or_not_there_is_said() {
        let (_, said) = derived(EXPORT, &["x_101_1.wav", "x_101_2.wav", "y_102_3.wav"]);
        assert!(said.contains("fit several recordings"), "{said}");
        let (rule, said) = derived(EXPORT, &["one.wav", "two.wav"]);
        assert!(rule.is_empty() && said.contains("no column"), "{said}");
    }
}
