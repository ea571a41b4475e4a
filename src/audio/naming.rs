//! Recordings whose names hold the id somewhere in the middle.
//!
//! A pattern is a regular expression over the path below the audio folder with a group `id`, such
//! as `^(?P<id>[0-9-]+_[0-9]+)-all\.` or `conversation_id=(?P<id>[^/]+)/`. It is applied to every
//! recording once, when the index is built, and calls are then matched by what was captured.

use regex::Regex;

use super::Recording;
use super::spelling::{composed, folded};

/// Patterns of recordings' names, tried in order; the first that matches a name gives its id.
#[derive(Debug, Clone)]
pub struct Naming {
    patterns: Vec<Regex>,
}

/// Why a pattern cannot be used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum NamingError {
    /// It is no regular expression, or one that is too large.
    #[error("the pattern {pattern:?} cannot be read: {source}")]
    Syntax {
        /// The pattern as given.
        pattern: String,
        /// Where it stops making sense.
        source: regex::Error,
    },
    /// It has no group called `id`.
    #[error("the pattern {pattern:?} has no group (?P<id>…)")]
    NoId {
        /// The pattern as given.
        pattern: String,
    },
}

impl Naming {
    /// Reads the patterns.
    pub fn new<P: AsRef<str>>(patterns: &[P]) -> Result<Naming, NamingError> {
        let read = |pattern: &P| {
            let pattern = pattern.as_ref();
            let regex = Regex::new(pattern).map_err(|source| NamingError::Syntax {
                pattern: pattern.to_owned(),
                source,
            })?;
            if regex.capture_names().flatten().any(|name| name == "id") {
                Ok(regex)
            } else {
                Err(NamingError::NoId {
                    pattern: pattern.to_owned(),
                })
            }
        };
        let patterns = patterns.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Naming { patterns })
    }

    /// The id in a name, unless no pattern matches or what it captures is blank.
    pub fn id<'n>(&self, name: &'n str) -> Option<&'n str> {
        let captures = self
            .patterns
            .iter()
            .find_map(|regex| regex.captures(name))?;
        let id = captures.name("id")?.as_str();
        (!id.trim().is_empty()).then_some(id)
    }
}

/// The ids that patterns found, each with its recording.
#[derive(Debug, Default)]
pub(super) struct Captured {
    /// By folded id, then by recording.
    ids: Vec<(Box<str>, u32)>,
    /// The recordings without one.
    without: u32,
}

impl Captured {
    pub(super) fn new(naming: &Naming, recordings: impl Iterator<Item = (u32, String)>) -> Self {
        let mut captured = Captured::default();
        for (recording, name) in recordings {
            match naming.id(&name) {
                Some(id) => captured.ids.push((id.into(), recording)),
                None => captured.without += 1,
            }
        }
        captured.ids.sort_unstable_by(|(a, one), (b, other)| {
            folded(a).cmp(&folded(b)).then(one.cmp(other))
        });
        captured.ids.shrink_to_fit();
        captured
    }

    pub(super) fn without(&self) -> u32 {
        self.without
    }

    /// The recordings of an id in its very letters, else those in other letter case.
    pub(super) fn find(&self, id: &str) -> Option<(Vec<u32>, bool)> {
        let asked = folded(id);
        let first = self.ids.partition_point(|(other, _)| folded(other) < asked);
        let same = self.ids[first..]
            .iter()
            .take_while(|(other, _)| folded(other) == asked);
        let id = composed(id);
        let exact: Vec<u32> = same
            .clone()
            .filter(|(other, _)| **other == *id)
            .map(|(_, recording)| *recording)
            .collect();
        if !exact.is_empty() {
            return Some((exact, true));
        }
        let similar: Vec<u32> = same.map(|(_, recording)| *recording).collect();
        (!similar.is_empty()).then_some((similar, false))
    }
}

/// What to do when several recordings belong to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Several {
    /// Report it; nothing is sent.
    #[default]
    Error,
    /// Take the first by name; recorders number the parts of a call.
    First,
    /// Take the longest by its header.
    Longest,
    /// All of them, one after the other, in the order of their names.
    Join,
}

/// What a policy made of several recordings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// This one.
    One(Recording),
    /// All of these, in this order.
    Join(Vec<Recording>),
    /// A person must decide.
    Undecided,
}

impl Several {
    /// The policy of exactly this name (`error`, `first`, `longest`, `join`), or `None`.
    pub fn from_name(name: &str) -> Option<Several> {
        Some(match name {
            "error" => Several::Error,
            "first" => Several::First,
            "longest" => Several::Longest,
            "join" => Several::Join,
            _ => return None,
        })
    }

    /// Applies the policy to all recordings of a call. [`Several::Longest`] reads their headers; it
    /// decides nothing when one cannot be read or two are longest.
    pub fn choose(self, mut recordings: Vec<Recording>) -> Choice {
        recordings.sort_by(|a, b| by_parts(&a.name).cmp(by_parts(&b.name)));
        match self {
            Several::Error => Choice::Undecided,
            Several::First => {
                let first = recordings.into_iter().next();
                first.map_or(Choice::Undecided, Choice::One)
            }
            Several::Longest => longest(recordings).map_or(Choice::Undecided, Choice::One),
            Several::Join => Choice::Join(recordings),
        }
    }
}

fn longest(recordings: Vec<Recording>) -> Option<Recording> {
    let mut best: Option<(f64, Recording)> = None;
    let mut tied = false;
    for recording in recordings {
        let seconds = super::probe(&recording.path).ok()?.seconds?;
        match &best {
            Some((most, _)) if seconds < *most => {}
            Some((most, _)) if seconds.total_cmp(most).is_eq() => tied = true,
            _ => {
                best = Some((seconds, recording));
                tied = false;
            }
        }
    }
    best.filter(|_| !tied).map(|(_, recording)| recording)
}

/// A name as people sort it: numbers by their value (`part-9` before `part-10`), the rest by its
/// characters.
fn by_parts(name: &str) -> impl Iterator<Item = (usize, &str)> {
    name.split_inclusive(|character: char| !character.is_ascii_digit())
        .map(|part| {
            let digits = part.trim_start_matches('0');
            let length = digits.bytes().take_while(u8::is_ascii_digit).count();
            (length, digits)
        })
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;
    use std::time::SystemTime;

    use super::*;

    fn recordings(names: &[&str]) -> Vec<Recording> {
        names
            .iter()
            .map(|name| Recording {
                path: PathBuf::from(name),
                name: (*name).to_owned(),
                bytes: 100,
                modified: SystemTime::UNIX_EPOCH,
                id: 0,
            })
            .collect()
    }

    #[test]
    fn the_first_pattern_that_matches_gives_the_id() {
        let naming = Naming::new(&[
            r"(?P<id>[0-9]+-[0-9]+_[0-9]+)-all\.(wav|mp3)$",
            r"conversation_id=(?<id>[^/]+)/",
            r"\((?<id>\d*)\)\.wav$",
        ])
        .unwrap();
        for (name, id) in [
            ("MP3/20240315-091203_1-all.mp3", Some("20240315-091203_1")),
            ("org/conversation_id=ab-cd/x.opus", Some("ab-cd")),
            (
                "117/[Coles, Zoe]_117-555_20240315091203(152).wav",
                Some("152"),
            ),
            ("117/[Coles, Zoe]_117-555_20240315091203().wav", None),
            ("other.wav", None),
        ] {
            assert_eq!(naming.id(name), id, "{name}");
        }
    }

    #[test]
    fn a_pattern_without_an_id_and_one_that_is_none_are_errors() {
        assert!(matches!(
            Naming::new(&["(a)"]),
            Err(NamingError::NoId { .. })
        ));
        assert!(matches!(
            Naming::new(&["(?P<id>"]),
            Err(NamingError::Syntax { .. })
        ));
    }

    #[test]
    fn an_id_is_found_in_its_letters_before_other_letters() {
        let naming = Naming::new(&["^(?P<id>[^.]+)"]).unwrap();
        let names = ["A1.wav", "a1.wav", "a1.mp3", "B2.wav", ".hidden"];
        let names = (0u32..).zip(names.map(str::to_owned));
        let captured = Captured::new(&naming, names);
        assert_eq!(captured.find("a1"), Some((vec![1, 2], true)));
        assert_eq!(captured.find("A1"), Some((vec![0], true)));
        assert_eq!(captured.find("b2"), Some((vec![3], false)));
        assert_eq!(captured.find("c3"), None);
        assert_eq!(captured.without(), 1);
    }

    #[test]
    fn parts_are_ordered_by_number() {
        let parts = recordings(&["x-10.wav", "x-9.wav", "x-09b.wav"]);
        let Choice::Join(joined) = Several::Join.choose(parts.clone()) else {
            panic!("not joined");
        };
        let names: Vec<_> = joined.iter().map(|recording| &*recording.name).collect();
        assert_eq!(names, ["x-9.wav", "x-09b.wav", "x-10.wav"]);
        assert!(
            matches!(Several::First.choose(parts), Choice::One(first) if first.name == "x-9.wav")
        );
    }

    #[test]
    fn nothing_is_chosen_by_default_or_from_unreadable_files() {
        let parts = recordings(&["nowhere/a.wav", "nowhere/b.wav"]);
        assert_eq!(Several::default().choose(parts.clone()), Choice::Undecided);
        assert_eq!(Several::Longest.choose(parts), Choice::Undecided);
        assert_eq!(Several::First.choose(vec![]), Choice::Undecided);
    }
}
