//! Numbers to call, which a server may group in its own way or write without the code of their country.

use super::words::Word;

/// A number to call.
#[derive(Debug, PartialEq)]
pub(super) struct Phone {
    digits: String,
    /// What is told in its place.
    pub(super) mask: String,
}

/// Fewer digits are no number to call.
const LEAST: usize = 7;
/// Digits that tell one number from all others of a country.
const TELLING: usize = 8;
/// Bytes between two groups of one number: a bracket and blanks, also those of Unicode.
const WIDEST_GAP: usize = 4;
/// Values beyond this are prose.
const LONGEST: usize = 64;

impl Phone {
    /// The numbers of a value: the value itself, or what stands in `sip:4543007818@pbx`.
    pub(super) fn all_of(field: &str, value: &str) -> Vec<Phone> {
        let is_grouping = |char: char| " +()./-\u{a0}".contains(char);
        let fits = |char: char| char.is_ascii_digit() || is_grouping(char);
        let phone = |digits: String| Phone {
            digits,
            mask: format!("<{field}>"),
        };
        let whole: String = value.chars().filter(char::is_ascii_digit).collect();
        if value.chars().all(fits) {
            return (whole.len() >= LEAST)
                .then(|| phone(whole))
                .into_iter()
                .collect();
        }
        // The name of a recording has its time in such digits, which tells nobody.
        if value.len() > LONGEST || field == "recording" {
            return Vec::new();
        }
        let runs = value.split(|char: char| !char.is_ascii_digit());
        let runs = runs.filter(|run| run.len() >= LEAST);
        runs.map(|run| phone(run.to_owned())).collect()
    }

    /// The last digits, by which it is known.
    pub(super) fn ending(&self) -> &str {
        &self.digits[self.digits.len().saturating_sub(TELLING)..]
    }

    /// Gives the places of the number among the words of a text.
    pub(super) fn find(&self, groups: &[Digits], mut found: impl FnMut((usize, usize))) {
        for group in groups {
            let ending = self.ending();
            for (at, _) in group.text.match_indices(ending) {
                let before = group.text[..at].bytes().rev();
                let code = self.digits[..self.digits.len() - ending.len()]
                    .bytes()
                    .rev();
                let same = before
                    .zip(code)
                    .take_while(|(one, other)| one == other)
                    .count();
                let first = group.places[at - same].0;
                found((first, group.places[at + ending.len() - 1].1));
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
