//! Numbers to call, which a server may group in its own way or write without the code of their country.

use std::collections::HashMap;

use super::words::Word;

/// Numbers to call by their last digits, by which they are known.
#[derive(Debug, Default)]
pub(super) struct Phones(HashMap<String, Phone>);

/// A number to call.
#[derive(Debug)]
struct Phone {
    digits: String,
    /// What is told in its place.
    mask: String,
}

/// Fewer digits are no number to call.
const LEAST: usize = 7;
/// Digits that tell one number from all others of a country.
const TELLING: usize = 8;
/// Bytes between two groups of one number: a bracket and blanks, also those of Unicode.
const WIDEST_GAP: usize = 4;
/// Values beyond this are prose.
const LONGEST: usize = 64;

impl Phones {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Adds the numbers of a value: the value itself, or what stands in `sip:4543007818@pbx`.
    pub(super) fn add(&mut self, field: &str, value: &str) {
        let is_grouping = |char: char| " +()./-\u{a0}".contains(char);
        let fits = |char: char| char.is_ascii_digit() || is_grouping(char);
        if value.chars().all(fits) {
            let digits: String = value.chars().filter(char::is_ascii_digit).collect();
            self.add_digits(field, &digits);
        // The name of a recording has its time in such digits, which tells nobody.
        } else if value.len() <= LONGEST && field != "recording" {
            let runs = value.split(|char: char| !char.is_ascii_digit());
            runs.for_each(|run| self.add_digits(field, run));
        }
    }

    fn add_digits(&mut self, field: &str, digits: &str) {
        if digits.len() >= LEAST {
            let ending = &digits[digits.len().saturating_sub(TELLING)..];
            self.0.entry(ending.to_owned()).or_insert_with(|| Phone {
                digits: digits.to_owned(),
                mask: format!("<{field}>"),
            });
        }
    }

    /// What is told in place of digits that end with one of the numbers.
    pub(super) fn mask_of(&self, digits: &str) -> Option<&str> {
        let mut lengths = (LEAST..=TELLING).rev();
        let phone = lengths.find_map(|length| {
            let start = digits.len().checked_sub(length)?;
            self.0.get(&digits[start..])
        });
        phone.map(|phone| phone.mask.as_str())
    }

    /// Gives the places of the numbers among the words of a text.
    pub(super) fn find<'p>(
        &'p self,
        groups: &[Digits],
        mut found: impl FnMut((usize, usize), &'p str),
    ) {
        for group in groups {
            for length in LEAST..=TELLING {
                for end in length..=group.text.len() {
                    let at = end - length;
                    let Some(phone) = self.0.get(&group.text[at..end]) else {
                        continue;
                    };
                    let before = group.text[..at].bytes().rev();
                    let code = phone.digits[..phone.digits.len() - length].bytes().rev();
                    let same = before
                        .zip(code)
                        .take_while(|(one, other)| one == other)
                        .count();
                    let first = group.places[at - same].0;
                    found((first, group.places[end - 1].1), &phone.mask);
                }
            }
        }
    }
}

/// Digits that stand together but for what groups them.
#[derive(Debug, Default)]
pub(super) struct Digits {
    text: String,
    /// For each digit the place of the group it stands in.
    places: Vec<(usize, usize)>,
}

impl Digits {
    /// Those of a text that are enough for a number to call.
    pub(super) fn of(words: &[Word]) -> Vec<Digits> {
        let mut all: Vec<Digits> = Vec::new();
        let mut end = None;
        for word in words {
            if !word.is_number() {
                end = None;
                continue;
            }
            let is_next = end.is_some_and(|end| word.place.start <= end + WIDEST_GAP);
            if !is_next {
                all.push(Digits::default());
            }
            if let Some(digits) = all.last_mut() {
                digits.text.push_str(&word.text);
                let place = (word.place.start, word.place.end);
                digits.places.resize(digits.text.len(), place);
            }
            end = Some(word.place.end);
        }
        all.retain(|digits| digits.text.len() >= LEAST);
        all
    }
}
