//! A value that was sent, by its words and their spellings.

use unicode_normalization::UnicodeNormalization;

use super::beginning;
use super::vocabulary;
use super::words::{MARK, Word, words};

/// Shorter words say too many things to be known alone.
const SHORTEST_PART: usize = 4;
/// Shorter beginnings of words say nothing.
pub(super) const SHORTEST_BEGINNING: usize = 3;
/// A value of more words is prose, whose words say nothing alone.
const MOST_WORDS: usize = 6;
/// Letters of a name that is known without its blanks.
const LONG_JOINED: usize = 8;
/// So much of a value is looked at.
const GLANCE: usize = 64 * 1024;

/// A word of a value.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct ValueWord {
    /// As it is written, without the letters that are not ASCII, and with a mark in their place.
    pub(super) forms: Vec<String>,
    /// Whether it is known alone.
    pub(super) is_known_alone: bool,
    /// Whether it could belong to any sentence.
    pub(super) is_common: bool,
    pub(super) letters: usize,
}

/// A value by its words.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Spelled {
    /// What is told in its place.
    pub(super) mask: String,
    pub(super) parts: Vec<ValueWord>,
    /// All of it as one word.
    pub(super) joined: Option<String>,
    pub(super) is_prose: bool,
}

impl Spelled {
    /// The value of a field, unless it has too few letters.
    pub(super) fn of(field: &str, value: &str) -> Option<Spelled> {
        let value: String = beginning(value, GLANCE).nfc().collect();
        let found = words(value.as_bytes(), false);
        let is_prose = found.len() > MOST_WORDS;
        // Behind it stands a domain, which many share.
        let domain = value.find('@').unwrap_or(value.len());
        let parts: Vec<ValueWord> = found
            .iter()
            .map(|word| ValueWord {
                is_known_alone: !is_prose && word.place.start < domain && is_telling(word),
                is_common: !is_telling(word),
                letters: word.letters,
                forms: forms(&value[word.place.clone()], word),
            })
            .collect();
        let has_letters = found.iter().filter(|word| !word.is_number());
        let letters: usize = has_letters.map(|word| word.letters).sum();
        let is_name = (2..=4).contains(&found.len()) && !found.iter().any(Word::is_number);
        let joined = || found.iter().map(|word| word.text.as_str()).collect();
        (letters >= SHORTEST_PART && parts.iter().any(|part| !part.is_common || !is_prose)).then(
            || Spelled {
                mask: format!("<{field}>"),
                joined: (is_name && letters >= LONG_JOINED).then(joined),
                parts,
                is_prose,
            },
        )
    }
}

/// Whether a word tells something that not every answer says.
fn is_telling(word: &Word) -> bool {
    word.letters >= SHORTEST_PART && !word.is_number() && !vocabulary::has(&word.text)
}

/// The spellings of a word that stands in a value like this.
fn forms(said: &str, word: &Word) -> Vec<String> {
    let mut forms = vec![word.text.clone()];
    if said.is_ascii() {
        return forms;
    }
    let without: String = said.chars().filter(char::is_ascii).collect();
    let mark = |char: char| if char.is_ascii() { char } else { MARK };
    let marked: String = said.chars().map(mark).collect();
    for (text, marks) in [(without, false), (marked, true)] {
        // Enough must be left to tell it.
        if let [form] = &words(text.as_bytes(), marks)[..]
            && form.letters >= SHORTEST_BEGINNING
            && !vocabulary::has(&form.text)
            && !forms.contains(&form.text)
        {
            forms.push(form.text.clone());
        }
    }
    forms
}
