//! Cells that a spreadsheet neither calculates nor changes.
//!
//! A list may be opened with another separator than its own, and then what stands behind a comma or a
//! semicolon in a value becomes a cell of its own. So a formula is guarded by an apostrophe wherever a cell
//! may begin.

use std::borrow::Cow;

/// What a spreadsheet may begin a new cell or row behind. Quotes do not help where the list is split at
/// another sign than its own.
const SEPARATORS: [char; 6] = [',', ';', '\t', '|', '\n', '\r'];

/// What a formula begins with, also in the letters of East Asian keyboards.
const SIGNS: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// The longest text in a formula of Excel, in units of UTF-16. What is longer opens as an error.
const LONGEST_TEXT: usize = 255;

/// The most digits that a cell shows as they are; more become `1,23E+11`.
const MOST_DIGITS: usize = 11;

/// The beginnings of the months in Danish and English.
const MONTHS: [&str; 14] = [
    "jan", "feb", "mar", "apr", "maj", "may", "jun", "jul", "aug", "sep", "okt", "oct", "nov",
    "dec",
];

/// Words before a number that belong to it.
const CURRENCIES: [&str; 5] = ["kr", "dkk", "eur", "usd", "gbp"];

/// Words within or behind a number or a time that belong to it.
const WITHIN: [&str; 7] = ["e", "a", "p", "am", "pm", "t", "z"];

/// Words that are no text: yes and no, in Danish and English.
const TRUTHS: [&str; 4] = ["true", "false", "sand", "falsk"];

/// The cell with an apostrophe before whatever a spreadsheet would calculate. Plain numbers with a sign
/// (`-5`, `+4512345678`) are harmless and stay. [`read_back`] takes exactly these away again.
pub(in crate::report) fn guarded(cell: &str) -> Cow<'_, str> {
    guard(cell, Starts::All)
}

/// The cell in a list that is opened by a double click: `="00123"` is the text of such a cell.
pub(in crate::report) fn for_spreadsheets(cell: &str) -> Cow<'_, str> {
    let is_formula = begins_formula(cell, true);
    if !is_formula && !is_changed(cell) {
        return guard(cell, Starts::Inner);
    }
    let inner = guard(cell, Starts::Inner);
    if inner.encode_utf16().count() > LONGEST_TEXT {
        return guarded(cell);
    }
    Cow::Owned(format!("=\"{}\"", inner.replace('"', "\"\"")))
}

/// The value of a cell of a list of either form.
pub(in crate::report) fn read_back(cell: &str) -> Cow<'_, str> {
    let text = cell
        .strip_prefix("=\"")
        .and_then(|text| text.strip_suffix('"'));
    match text {
        // In a list for programs such a value would stand behind an apostrophe.
        Some(text) => Cow::Owned(unguard(&text.replace("\"\"", "\""), Starts::Inner).into_owned()),
        None => unguard(cell, Starts::All),
    }
}

/// Whether [`for_spreadsheets`] may have written this cell: a spreadsheet that saves a list again takes the
/// guards away.
pub(in crate::report) fn is_for_spreadsheets(cell: &str) -> bool {
    cell.starts_with('\'') || for_spreadsheets(&read_back(cell)) == cell
}

/// At which places where a cell may begin something is done.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Starts {
    /// At all of them.
    All,
    /// At those behind a separator.
    Inner,
}

fn guard(cell: &str, which: Starts) -> Cow<'_, str> {
    change(cell, which, |rest, out| {
        out.push('\'');
        out.push_str(rest);
    })
}

fn unguard(cell: &str, which: Starts) -> Cow<'_, str> {
    change(cell, which, |rest, out| {
        out.push_str(rest.strip_prefix('\'').unwrap_or(rest));
    })
}

/// The cell with something done to each part that begins a formula: all but the part before the first such
/// part goes through `write`.
fn change(cell: &str, which: Starts, write: impl Fn(&str, &mut String)) -> Cow<'_, str> {
    let behind = cell
        .match_indices(SEPARATORS)
        .map(|(at, separator)| at + separator.len());
    let starts = (which == Starts::All).then_some(0).into_iter();
    let found = starts
        .chain(behind)
        .filter(|at| begins_formula(&cell[*at..], *at == 0));
    let found: Vec<usize> = found.collect();
    let Some(first) = found.first() else {
        return Cow::Borrowed(cell);
    };
    let mut out = String::with_capacity(cell.len() + found.len());
    out.push_str(&cell[..*first]);
    let ends = found[1..].iter().copied().chain([cell.len()]);
    for (start, end) in found.iter().copied().zip(ends) {
        write(&cell[start..end], &mut out);
    }
    Cow::Owned(out)
}

/// Whether a spreadsheet whose cell begins here would calculate it, or would without the apostrophes before
/// it: those of the value are guarded as well, so that `=1` and `'=1` stay two values. Blanks and quotes may
/// be dropped on the way.
fn begins_formula(rest: &str, is_start: bool) -> bool {
    let rest = rest.trim_start_matches('\'');
    if is_start && rest.starts_with(['\t', '\r', '\n']) {
        return true;
    }
    let rest = rest.trim_start_matches(|char: char| {
        char == '"' || (char.is_whitespace() && !SEPARATORS.contains(&char))
    });
    rest.starts_with(SIGNS) && !is_signed_number(rest)
}

/// A sign and digits, with at most one decimal point or comma between them.
fn is_signed_number(cell: &str) -> bool {
    let Some(number) = cell.strip_prefix(['+', '-']) else {
        return false;
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    match number.split_once(['.', ',']) {
        Some((whole, fraction)) => is_digits(whole) && is_digits(fraction),
        None => is_digits(number),
    }
}

/// Whether a spreadsheet may read a number, a date, a time or a yes from this text and show something else.
/// Where that is not certain it counts as changed: a guard too many is not seen.
fn is_changed(cell: &str) -> bool {
    let text = cell.trim();
    if !text.contains(char::is_numeric) {
        return TRUTHS.contains(&text.to_lowercase().as_str());
    }
    if is_short_number(cell) {
        return false;
    }
    let is_sign = |char: char| ".,-/: '()%$€£¥+".contains(char) || char.is_whitespace();
    if text.contains(|char: char| !char.is_alphanumeric() && !is_sign(char)) {
        return false;
    }
    let is_letter = |char: char| char.is_alphabetic();
    let mut words = text.split(|char: char| !is_letter(char)).peekable();
    let begins = words.next_if(|word| !word.is_empty());
    begins.is_none_or(|word| is_month(word) || is_one_of(word, &CURRENCIES))
        && words
            .filter(|word| !word.is_empty())
            .all(|word| is_month(word) || is_one_of(word, &CURRENCIES) || is_one_of(word, &WITHIN))
}

/// A whole number as a spreadsheet writes it itself.
fn is_short_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_usual = !digits.starts_with('0') || text == "0";
    is_usual && digits.len() <= MOST_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_month(word: &str) -> bool {
    let word = word.to_lowercase();
    MONTHS.iter().any(|month| word.starts_with(month)) && word.len() <= "september".len()
}

fn is_one_of(word: &str, known: &[&str]) -> bool {
    known.contains(&word.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_ordinary_apostrophe_stays() {
        for cell in ["'", "'t Hart", "'+4512345678", "", "a'=1", "a;'b", "a, 'b"] {
            assert_eq!(guarded(cell), cell);
            assert_eq!(read_back(cell), cell);
        }
    }

    #[test]
    fn formulas_get_an_apostrophe() {
        for cell in [
            "=1+1", "+1+1", "-1-1", "@SUM(A1)", "\ta", "\r1", "＝1", "+45 12+3", "-", "+",
            "+1.2.3", "-1,x", " =1", "\"=1", "'=1",
        ] {
            assert_eq!(guarded(cell), format!("'{cell}"));
            assert_eq!(read_back(&guarded(cell)), cell);
        }
    }

    #[test]
    fn a_formula_behind_any_separator_gets_one_too() {
        for (cell, right) in [
            ("a1;=cmd|'/C calc'!A1;z", "a1;'=cmd|'/C calc'!A1;z"),
            ("a,=1", "a,'=1"),
            ("a|@x", "a|'@x"),
            ("a\t+1+1", "a\t'+1+1"),
            ("a\n-1-1", "a\n'-1-1"),
            ("a; =1", "a;' =1"),
            ("a;\"=1\";b", "a;'\"=1\";b"),
            ("=1;=2", "'=1;'=2"),
            ("-5\n=1", "'-5\n'=1"),
            ("a;'=1", "a;''=1"),
            ("a, -5", "a, -5"),
        ] {
            assert_eq!(guarded(cell), right);
            assert_eq!(read_back(right), cell);
        }
    }

    #[test]
    fn numbers_and_ordinary_text_stay_as_they_are() {
        for cell in ["+4512345678", "-5", "-0.5", "+1,5", "", "a=b", "1-2"] {
            assert_eq!(guarded(cell), cell);
        }
    }

    #[test]
    fn what_a_spreadsheet_would_change_is_text() {
        for cell in [
            "00123",
            "1234567890123456",
            "123456789012",
            "1E5",
            "12e34",
            "1-2",
            "1/2",
            "1-2-3",
            "12.5",
            "1,50",
            "1.000",
            "10:30",
            "2024-03-15",
            "15. marts 2024",
            "mar-24",
            "Sep 5",
            "5 maj",
            "50%",
            "(12)",
            "+4512345678",
            "-0",
            " 12 ",
            "kr 5",
            "5 kr.",
            "5 pm",
            "TRUE",
            "Falsk",
            "2024-03-15T08:00:00.000Z",
            "20 30 40 50",
        ] {
            assert_eq!(for_spreadsheets(cell), format!("=\"{cell}\""));
        }
        assert_eq!(for_spreadsheets("=\"00123\""), "=\"=\"\"00123\"\"\"");
    }

    #[test]
    fn what_a_spreadsheet_shows_as_it_is_stays() {
        for cell in [
            "",
            "a",
            "c-1",
            "a.wav",
            "0",
            "123",
            "-5",
            "12345678901",
            "call 5",
            "12_3",
            "3fa85f64-5717",
            "2024-03.csv",
            "https://api.example.com",
            "may",
            "agent@example.com",
            "blake3:12e4",
        ] {
            assert_eq!(for_spreadsheets(cell), cell);
        }
    }

    #[test]
    fn a_text_that_no_formula_can_hold_gets_the_apostrophe() {
        let long = format!("={}", "a".repeat(LONGEST_TEXT));
        assert_eq!(for_spreadsheets(&long), format!("'{long}"));
        assert_eq!(read_back(&for_spreadsheets(&long)), long);
    }

    proptest! {
        #[test]
        fn every_cell_is_read_back_as_it_was(cell in "[-=+@'\"0-9a-cæ＝;,| \t\n.]{0,14}") {
            for written in [guarded(&cell), for_spreadsheets(&cell)] {
                prop_assert_eq!(read_back(&written), cell.as_str());
            }
        }

        #[test]
        fn no_part_of_a_cell_is_a_formula(cell in "[-=+@'\"0-9a;,| \t\n]{0,14}") {
            for written in [guarded(&cell), for_spreadsheets(&cell)] {
                let inner = written.strip_prefix("=\"").unwrap_or(&written);
                for part in inner.split(SEPARATORS).skip(1) {
                    let part = part.trim_start_matches([' ', '"']);
                    prop_assert!(!part.starts_with(['=', '@']), "{written:?}");
                }
            }
        }
    }
}
