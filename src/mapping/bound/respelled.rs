//! Other spellings of a cell that a condition may have meant.
//!
//! `kind == 'Note'` does not hold for `note` or for `Note` with a blank that nobody sees, although a reader
//! takes them for the same. Where something must not happen by mistake, the condition is asked with
//! these spellings as well.

use std::borrow::Cow;

use serde_json::Value as Json;
use unicode_normalization::UnicodeNormalization;

use crate::domain::as_seen;

/// Spellings of one cell that are tried.
const MOST: usize = 8;

/// The texts in a condition, to compare cells with.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct Literals(Vec<Literal>);

#[derive(Debug, Clone)]
struct Literal {
    text: String,
    folded: Vec<char>,
}

impl Literals {
    pub(in crate::mapping) fn new(texts: &[String]) -> Literals {
        let literal = |text: &String| Literal {
            text: text.clone(),
            folded: small(&plain(text)),
        };
        let literals = texts.iter().map(literal);
        Literals(
            literals
                .filter(|literal| !literal.folded.is_empty())
                .collect(),
        )
    }

    /// The other spellings of a text: as it is seen, and with each literal in it to the letter. Almost
    /// every text has none.
    pub(in crate::mapping) fn spellings(&self, text: &str) -> Vec<String> {
        let seen = plain(text);
        let mut spellings = Vec::new();
        if seen != text {
            spellings.push(seen.clone().into_owned());
        }
        let letters = small(&seen);
        for literal in &self.0 {
            if spellings.len() == MOST
                || text == literal.text
                || literal.folded.len() > letters.len()
            {
                continue;
            }
            let spelling = literal.put_into(&seen, &letters);
            if spelling != text && !spellings.contains(&spelling) {
                spellings.push(spelling);
            }
        }
        spellings
    }

    /// The other spellings of a value. Of an object or a list there is one, with the first other spelling of
    /// each text in it.
    pub(in crate::mapping) fn spellings_of(&self, value: &Json) -> Vec<Json> {
        match value {
            Json::String(text) => self.spellings(text).into_iter().map(Json::String).collect(),
            Json::Array(_) | Json::Object(_) => {
                let mut other = value.clone();
                self.respell(&mut other);
                (other != *value).then_some(other).into_iter().collect()
            }
            Json::Null | Json::Bool(_) | Json::Number(_) => Vec::new(),
        }
    }

    fn respell(&self, value: &mut Json) {
        match value {
            Json::String(text) => {
                // The last one has a literal to the letter, if any is in the text.
                if let Some(other) = self.spellings(text).pop() {
                    *text = other;
                }
            }
            Json::Array(items) => items.iter_mut().for_each(|item| self.respell(item)),
            Json::Object(members) => members.values_mut().for_each(|item| self.respell(item)),
            Json::Null | Json::Bool(_) | Json::Number(_) => {}
        }
    }
}

impl Literal {
    /// The text with this literal to the letter wherever it stands in another spelling.
    fn put_into(&self, text: &str, letters: &[char]) -> String {
        let length = self.folded.len();
        let mut spelling = String::new();
        let mut said = text.chars();
        let mut at = 0;
        while at < letters.len() {
            if letters[at..].starts_with(&self.folded) {
                spelling.push_str(&self.text);
                said.by_ref().take(length).for_each(drop);
                at += length;
            } else {
                spelling.extend(said.next());
                at += 1;
            }
        }
        spelling
    }
}

/// A text as people see it: without hidden signs, blanks around, and more than one blank in a row.
fn plain(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: &u8| matches!(byte, b'!'..=b'~');
    if text.as_bytes().iter().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let seen: String = as_seen(text).nfc().collect();
    let words: Vec<&str> = seen.split_whitespace().collect();
    Cow::Owned(words.join(" "))
}

/// One small letter for each character.
fn small(text: &str) -> Vec<char> {
    let small = |char: char| char.to_lowercase().next().unwrap_or(char);
    text.chars().map(small).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn literals(texts: &[&str]) -> Literals {
        Literals::new(
            &texts
                .iter()
                .map(|text| (*text).to_owned())
                .collect::<Vec<_>>(),
        )
    }

    #[test]
    fn a_cell_has_the_spellings_that_a_condition_may_have_meant() {
        let literals = literals(&["Note", "Intern besked", ""]);
        for (text, spellings) in [
            ("Note", &[][..]),
            ("Comment", &[]),
            ("not", &[]),
            ("note", &["Note"]),
            ("NOTE of a call", &["Note of a call"]),
            (" Note", &["Note"]),
            ("No\u{ad}te\u{feff}", &["Note"]),
            ("intern\u{a0}besked", &["intern besked", "Intern besked"]),
            ("a  b", &["a b"]),
        ] {
            assert_eq!(literals.spellings(text), spellings, "{text}");
        }
    }

    #[test]
    fn a_text_in_parts_of_letters_is_the_same() {
        let spellings = literals(&["Privé"]).spellings("Prive\u{301}");
        assert_eq!(spellings, ["Privé"]);
    }

    #[test]
    fn texts_inside_of_others_have_their_spelling() {
        let value = json!({"kind": "NOTE", "more": [1, "x", {"a": "Note\u{200b}"}]});
        let other = json!({"kind": "Note", "more": [1, "x", {"a": "Note"}]});
        let literals = literals(&["Note"]);
        assert_eq!(literals.spellings_of(&value), std::slice::from_ref(&other));
        assert_eq!(literals.spellings_of(&other), Vec::<Json>::new());
    }

    proptest! {
        #[test]
        fn any_text_has_few_spellings(text in "\\PC{0,20}", literal in "\\PC{0,4}") {
            let found = literals(&[&literal, "a", "B"]).spellings(&text);
            prop_assert!(found.len() <= MOST && !found.contains(&text));
        }
    }
}
