//! Recordings whose names hold what tells their call somewhere in the middle.
//!
//! A pattern is a regular expression over the path below the audio folder whose named groups
//! capture what a call says of itself: `-(?P<uniqueid>[0-9.]+)\.`, `conversation_id=(?P<id>[^/]+)/`.
//! It is applied to every recording once, when the index is built, and calls are then matched by
//! what was captured. Tools that copy recordings write `_`, `+` or `%3A` for characters that they
//! cannot hold, so that values are equal when they are once these are undone.

use regex::Regex;

use crate::recordings::spelling::{NameLikeness, composed, decoded, folded, loosened};

/// Patterns of recordings' paths, tried in order; the first that matches a path counts.
#[derive(Debug, Clone)]
pub struct Naming {
    patterns: Vec<Regex>,
}

/// What a pattern must have captured in the path of a call's recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaptureKey {
    pattern: u32,
    text: String,
}

/// Stands between the values of a key; no name has it.
const BETWEEN: char = '\u{1f}';

impl CaptureKey {
    /// The values of the pattern's named groups, in their order. `None` when one of them is blank:
    /// it would fit any recording that lacks it.
    pub fn new(pattern: usize, values: &[impl AsRef<str>]) -> Option<CaptureKey> {
        let mut text = String::new();
        for value in values {
            let value = value.as_ref().trim();
            if value.is_empty() {
                return None;
            }
            if !text.is_empty() {
                text.push(BETWEEN);
            }
            text.push_str(&composed(value));
        }
        let pattern = u32::try_from(pattern).ok()?;
        (!text.is_empty()).then_some(CaptureKey { pattern, text })
    }

    /// The values for people.
    pub fn shown(&self) -> String {
        self.text.replace(BETWEEN, ", ")
    }

    /// By what keys are ordered and found.
    fn loose(&self) -> (u32, String) {
        let values = self.text.split(BETWEEN).map(loosened);
        let values: Vec<_> = values.collect();
        (self.pattern, values.join("\u{1f}"))
    }
}

/// Longer paths are held against no pattern: a hostile one could take a second with each.
const LONGEST: usize = 1_024;

impl Naming {
    /// Patterns to be tried in this order.
    pub fn new(patterns: impl IntoIterator<Item = Regex>) -> Naming {
        let patterns = patterns.into_iter().collect();
        Naming { patterns }
    }

    /// What the first pattern that matches captures in a path, as it stands or with its percent
    /// escapes undone.
    pub fn key(&self, path: &str) -> Option<CaptureKey> {
        if path.len() > LONGEST {
            return None;
        }
        let plain = decoded(path);
        let (at, captures) = self.patterns.iter().enumerate().find_map(|(at, regex)| {
            let captures = regex.captures(path);
            Some((at, captures.or_else(|| regex.captures(&plain))?))
        })?;
        let names = self.patterns[at].capture_names().flatten();
        let values = names.map(|name| captures.name(name).map_or("", |found| found.as_str()));
        CaptureKey::new(at, &values.collect::<Vec<_>>())
    }
}

/// What patterns captured, each with its recording.
#[derive(Debug, Default)]
pub(in crate::recordings) struct Captures {
    /// By the loosened key, then by recording.
    keys: Vec<((u32, String), CaptureKey, u32)>,
    /// The recordings that no pattern names, by position.
    without: Vec<u32>,
}

impl Captures {
    /// What the patterns capture in the path of each recording, and what `said` has of it from elsewhere,
    /// as if a last pattern had captured it.
    pub(in crate::recordings) fn new<'k>(
        naming: Option<&Naming>,
        recordings: impl Iterator<Item = (u32, String)>,
        said: impl Fn(u32) -> Option<&'k [String]>,
    ) -> Self {
        let mut captured = Captures::default();
        let last = naming.map_or(0, |naming| naming.patterns.len());
        for (recording, path) in recordings {
            let named = naming.and_then(|naming| naming.key(&path));
            let told = said(recording).and_then(|values| CaptureKey::new(last, values));
            if named.is_none() && told.is_none() {
                captured.without.push(recording);
            }
            let keys = named.into_iter().chain(told);
            captured
                .keys
                .extend(keys.map(|key| (key.loose(), key, recording)));
        }
        captured
            .keys
            .sort_unstable_by(|a, b| (&a.0, a.2).cmp(&(&b.0, b.2)));
        captured.keys.shrink_to_fit();
        captured
    }

    /// How many recordings no pattern names.
    pub(in crate::recordings) fn without(&self) -> usize {
        self.without.len()
    }

    /// Whether a pattern names this recording.
    pub(in crate::recordings) fn has(&self, recording: u32) -> bool {
        self.without.binary_search(&recording).is_err()
    }

    /// The recordings of a key in its very letters, else in other letter case, else with other
    /// characters for those that could not be written; of each only those that `free` leaves.
    pub(in crate::recordings) fn find(
        &self,
        key: &CaptureKey,
        free: impl Fn(Vec<u32>) -> Option<Vec<u32>>,
    ) -> Option<(Vec<u32>, NameLikeness)> {
        let loose = key.loose();
        let first = self.keys.partition_point(|(other, ..)| *other < loose);
        let same: Vec<_> = self.keys[first..]
            .iter()
            .take_while(|(other, ..)| *other == loose)
            .collect();
        let of = |fits: &dyn Fn(&str) -> bool| -> Option<Vec<u32>> {
            let hits = same.iter().filter(|(_, other, _)| fits(&other.text));
            free(hits.map(|(.., recording)| *recording).collect())
        };
        let asked = folded(&key.text);
        if let Some(exact) = of(&|text| text == key.text) {
            return Some((exact, NameLikeness::Exact));
        }
        if let Some(similar) = of(&|text| folded(text) == asked) {
            return Some((similar, NameLikeness::OtherCase));
        }
        Some((of(&|_| true)?, NameLikeness::Escaped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn naming(patterns: &[&str]) -> Naming {
        Naming::new(patterns.iter().map(|pattern| Regex::new(pattern).unwrap()))
    }

    fn key(values: &[&str]) -> CaptureKey {
        CaptureKey::new(0, values).unwrap()
    }

    #[test]
    fn the_first_pattern_that_matches_gives_the_key() {
        let naming = naming(&[
            r"(?P<name>[0-9]+-[0-9]+_[0-9]+)-all\.(wav|mp3)$",
            r"conversation_id=(?<id>[^/]+)/",
            r"_(?<to>\d+)-\d+_\d+\((?<id>\d*)\)\.wav$",
        ]);
        for (path, shown) in [
            ("MP3/20240315-091203_1-all.mp3", Some("20240315-091203_1")),
            ("org/conversation_id=ab-cd/x.opus", Some("ab-cd")),
            ("org/conversation_id%3Dab-cd/x.opus", Some("ab-cd")),
            (
                "117/[Coles, Zoe]_117-555_20240315091203(152).wav",
                Some("117, 152"),
            ),
            ("117/[Coles, Zoe]_117-555_20240315091203().wav", None),
            ("other.wav", None),
        ] {
            let found = naming.key(path).map(|key| key.shown());
            assert_eq!(found.as_deref(), shown, "{path}");
        }
    }

    #[test]
    fn a_key_is_found_in_its_letters_before_other_letters() {
        let names = [
            "A1.wav",
            "a1.wav",
            "a1.mp3",
            "B2.wav",
            ".hidden",
            "I+O.wav",
            "t08%3A12.wav",
        ];
        let names = (0u32..).zip(names.map(str::to_owned));
        let captured = Captures::new(Some(&naming(&["^(?P<id>[^.]+)"])), names, |_| None);
        let some = |ids: Vec<u32>| (!ids.is_empty()).then_some(ids);
        let find = |value| captured.find(&key(&[value]), some);
        assert_eq!(find("a1"), Some((vec![1, 2], NameLikeness::Exact)));
        assert_eq!(find("A1"), Some((vec![0], NameLikeness::Exact)));
        assert_eq!(find("b2"), Some((vec![3], NameLikeness::OtherCase)));
        assert_eq!(find("I O"), Some((vec![5], NameLikeness::Escaped)));
        assert_eq!(find("T08:12"), Some((vec![6], NameLikeness::Escaped)));
        assert_eq!(find("c3"), None);
        assert_eq!(captured.without(), 1);
        assert!(captured.has(3) && !captured.has(4));
    }

    #[test]
    fn values_do_not_run_into_each_other_and_a_blank_one_fits_nothing() {
        assert_ne!(key(&["1", "23"]), key(&["12", "3"]));
        assert_eq!(CaptureKey::new(0, &["1", " "]), None);
        assert_eq!(CaptureKey::new(0, &[] as &[&str]), None);
    }
}
