//! The names of recordings, found by the words in them.

use std::collections::HashMap;

use super::name_shape::place;

/// The names of the recordings, by the words in them.
pub(super) struct RecordingNames<'n> {
    pub(super) all: &'n [String],
    by_word: HashMap<String, Vec<usize>>,
}

impl<'n> RecordingNames<'n> {
    /// Of these names.
    pub(super) fn new(all: &'n [String]) -> RecordingNames<'n> {
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
    pub(super) fn with(&self, value: &str) -> Vec<usize> {
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
