//! How recordings are named, found out from their names: which columns stand in them, and a pattern
//! whose groups are held against these columns.
//!
//! Nothing is believed of a pattern that it does not do: it is tried on all names and on the records
//! that were looked at, and the file says what came of it.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

use regex::Regex;

use super::expressions::quoted;
use super::name_shape::{Granularity, class, place, shape};
use super::survey::ExportSurvey;
use crate::domain::call::Field;

/// More names would only be more of the same, and a proposal should take seconds.
const NAMES: usize = 100_000;
/// A value that stands in more names than this tells no recording from the next.
const COMMON: usize = 200;
/// Columns of which pairs are tried.
const PAIRED: usize = 6;
/// Shapes of names that get a pattern of their own.
const SHAPES: usize = 4;

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

/// The names of the recordings, by the words in them.
struct RecordingNames<'n> {
    all: &'n [String],
    by_word: HashMap<String, Vec<usize>>,
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
            "check: no column's value stands in the names of the {} recordings; say how they are \
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
    let groups = group_names(survey, &guess.columns);
    let patterns = patterns_of(survey, &guess, &groups, &names);
    let found = found_by(survey, &patterns, (&guess.columns, &groups), &names);
    Named {
        remarks: remarks(survey, &found, names.all.len()),
        rule: Some(written(survey, &patterns, &guess.columns, &groups)),
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

fn value_of(survey: &ExportSurvey, column: usize, record: usize) -> Option<&str> {
    let cells = &survey.columns[column].cells;
    let at = cells
        .binary_search_by_key(&record, |(record, _)| *record)
        .ok()?;
    Some(cells[at].1.trim())
}

/// Whether the column says the whole name, with its ending or without.
fn is_whole(
    survey: &ExportSurvey,
    guess: &Guess,
    column: usize,
    names: &RecordingNames<'_>,
) -> bool {
    guess.hits.iter().all(|(record, found)| {
        let value = value_of(survey, column, *record).unwrap_or_default();
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

/// The names of the groups of these columns.
fn group_names(survey: &ExportSurvey, columns: &[usize]) -> Vec<String> {
    let named = columns.iter().enumerate().map(|(at, column)| {
        let name = survey.columns[*column].name.chars();
        let name: String = name
            .map(|char| {
                if char.is_ascii_alphanumeric() {
                    char
                } else {
                    '_'
                }
            })
            .collect();
        let is_usable = name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name != "pattern"
            && Field::from_name(&name).is_none();
        if is_usable {
            name
        } else {
            format!("value{}", at + 1)
        }
    });
    let mut groups: Vec<String> = named.collect();
    if groups.len() == 2 && groups[0] == groups[1] {
        groups[1].push('2');
    }
    groups
}

/// A pattern for each shape of the names that were found, the most frequent first.
fn patterns_of(
    survey: &ExportSurvey,
    guess: &Guess,
    groups: &[String],
    names: &RecordingNames<'_>,
) -> Vec<Regex> {
    let classes: Vec<String> = guess
        .columns
        .iter()
        .map(|column| {
            let cells = survey.columns[*column].cells.iter();
            class(&cells.map(|(_, value)| value.trim()).collect::<Vec<_>>())
        })
        .collect();
    let shapes_of = |grain: Granularity| {
        let mut shapes: BTreeMap<String, usize> = BTreeMap::new();
        for (record, found) in guess.hits.iter().filter(|(_, found)| found.len() == 1) {
            let values = guess
                .columns
                .iter()
                .map(|column| value_of(survey, *column, *record));
            let values: Vec<&str> = values.map(Option::unwrap_or_default).collect();
            let name = &names.all[found[0]];
            if let Some(shape) = shape(name, &values, (groups, &classes), grain) {
                *shapes.entry(shape).or_default() += 1;
            }
        }
        shapes
    };
    let mut shapes = shapes_of(Granularity::Fine);
    if shapes.len() > SHAPES {
        shapes = shapes_of(Granularity::Coarse);
    }
    let mut shapes: Vec<(String, usize)> = shapes.into_iter().collect();
    shapes.sort_by(|(a, many), (b, more)| (more, a).cmp(&(many, b)));
    let shapes = shapes.into_iter().take(SHAPES);
    shapes
        .filter_map(|(shape, _)| Regex::new(&shape).ok())
        .collect()
}

/// The names that the patterns find for each record.
fn found_by(
    survey: &ExportSurvey,
    patterns: &[Regex],
    (columns, groups): (&[usize], &[String]),
    names: &RecordingNames<'_>,
) -> BTreeMap<usize, Vec<usize>> {
    let mut by_key: HashMap<Vec<&str>, Vec<usize>> = HashMap::new();
    for (at, name) in names.all.iter().enumerate() {
        // The first pattern that matches counts, as it does in a run.
        if let Some(captures) = patterns.iter().find_map(|regex| regex.captures(name)) {
            let values = groups.iter().map(|group| captures.name(group));
            let values = values.map(|value| value.map_or("", |value| value.as_str()));
            by_key.entry(values.collect()).or_default().push(at);
        }
    }
    let mut found = BTreeMap::new();
    for record in 0..survey.records {
        let values = columns
            .iter()
            .map(|column| value_of(survey, *column, record));
        let values = values.collect::<Option<Vec<&str>>>();
        if let Some(names) = values.and_then(|values| by_key.get(&values)) {
            found.insert(record, names.clone());
        }
    }
    found
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

fn written(
    survey: &ExportSurvey,
    patterns: &[Regex],
    columns: &[usize],
    groups: &[String],
) -> String {
    let mut line = "patterns = [\n".to_owned();
    for regex in patterns {
        let is_plain = columns
            .iter()
            .zip(groups)
            .all(|(column, group)| survey.columns[*column].name == *group);
        if is_plain {
            let _ = writeln!(line, "  {},", quoted(regex.as_str()));
            continue;
        }
        let _ = write!(line, "  {{ pattern = {}", quoted(regex.as_str()));
        for (column, group) in columns.iter().zip(groups) {
            let name = quoted(&survey.columns[*column].name);
            let _ = write!(line, ", {group} = {{ from = {name} }}");
        }
        line.push_str(" },\n");
    }
    line.push(']');
    line
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

impl<'n> RecordingNames<'n> {
    fn new(all: &'n [String]) -> RecordingNames<'n> {
        let mut by_word: HashMap<String, Vec<usize>> = HashMap::new();
        for (at, name) in all.iter().enumerate() {
            for word in words(name) {
                let names = by_word.entry(word.to_owned()).or_default();
                if names.last() != Some(&at) {
                    names.push(at);
                }
            }
        }
        RecordingNames { all, by_word }
    }

    /// The names in which a value stands, and does not run on into its own kind.
    fn with(&self, value: &str) -> Vec<usize> {
        let rarest = words(value).map(|word| self.by_word.get(word));
        // A word that no name has: no name has the value.
        let Some(lists) = rarest.collect::<Option<Vec<_>>>() else {
            return Vec::new();
        };
        let Some(names) = lists.into_iter().min_by_key(|names| names.len()) else {
            return Vec::new();
        };
        let names = names.iter().copied();
        names
            .filter(|at| place(&self.all[*at], value).is_some())
            .collect()
    }
}

/// The longest runs of letters and digits.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let parts = text.split(|char: char| !char.is_alphanumeric());
    parts.filter(|part| !part.is_empty())
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
