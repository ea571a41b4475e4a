//! Numbers, sizes, times and foreign text in the form in which people read them.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::domain::spell;
pub(super) use crate::domain::{count, counted};
use crate::events::Outcome;
use crate::report::Mode;

/// `once`, `2 times`.
pub(super) fn often(times: u32) -> String {
    match times {
        1 => "once".to_owned(),
        times => format!("{times} times"),
    }
}

/// `it` for one of something, `them` for any other number.
pub(super) fn them(number: u64) -> &'static str {
    if number == 1 { "it" } else { "them" }
}

/// `1 record was`, `2 records were`.
pub(super) fn were(number: u64, noun: &str) -> String {
    let verb = if number == 1 { "was" } else { "were" };
    format!("{} {verb}", counted(number, noun))
}

/// `1 is`, `2 are`.
pub(super) fn are(number: u64) -> String {
    let verb = if number == 1 { "is" } else { "are" };
    format!("{} {verb}", count(number))
}

/// `it is` of one of something, `they are` of any other number.
pub(super) fn it_is(number: u64) -> &'static str {
    if number == 1 { "it is" } else { "they are" }
}

/// Bytes in decimal units, as `--bandwidth` takes them: `999 B`, `4.5 MB`.
pub(super) fn bytes(number: u64) -> String {
    const UNITS: [&str; 5] = ["kB", "MB", "GB", "TB", "PB"];
    if number < 1_000 {
        return format!("{number} B");
    }
    let mut value = float(number) / 1_000.0;
    let mut unit = 0;
    // 999.95 would be printed as 1000.0.
    while value >= 999.95 && unit + 1 < UNITS.len() {
        value /= 1_000.0;
        unit += 1;
    }
    format!("{value:.1} {}", UNITS[unit])
}

/// Seconds as `h:mm:ss`, rounded to the nearest second.
pub(super) fn clock(seconds: f64) -> String {
    let whole = whole(seconds);
    format!(
        "{}:{:02}:{:02}",
        count(whole / 3_600),
        whole / 60 % 60,
        whole % 60
    )
}

/// A wait as `h:mm:ss`, rounded up: no wait reads as none.
pub(super) fn wait(seconds: f64) -> String {
    clock(seconds.ceil())
}

/// The share of `part` in `whole`, where what is not nothing never reads as nothing and what is
/// not everything never as everything.
pub(super) fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let percent = float(part) * 100.0 / float(whole);
    if part > 0 && percent < 0.1 {
        "< 0.1 %".to_owned()
    } else if part < whole && percent > 99.9 {
        "> 99.9 %".to_owned()
    } else {
        format!("{percent:.1} %")
    }
}

/// What an outcome is called in this mode.
pub(super) fn outcome(outcome: Outcome, mode: Mode) -> &'static str {
    match (outcome, mode) {
        (Outcome::Created, _) => "created",
        (Outcome::AlreadyThere, Mode::Run) => "already there",
        (Outcome::AlreadyThere, _) => "in place",
        (Outcome::Skipped, Mode::Run) => "skipped",
        (Outcome::Skipped, _) => "left out",
        (Outcome::Held, _) => "held",
        (Outcome::Rejected, _) => "rejected",
        (Outcome::Failed, _) => "failed",
        (Outcome::NotAttempted, Mode::Check | Mode::DryRun) => "to send",
        (Outcome::NotAttempted, Mode::Run | Mode::Rehearsal) => "not attempted",
        (Outcome::OtherShard, _) => "of other shards",
    }
}

/// Foreign text for a terminal: whatever could move the cursor, change the order of the letters or
/// hide is written as its code (`<U+001B>`). One line stays one line.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    clean(text, is_unsafe)
}

/// The same for text of several lines.
pub(super) fn safe_lines(text: &str) -> Cow<'_, str> {
    clean(text, |char| char != '\n' && is_unsafe(char))
}

/// The same for a line of the log, whose own colours stay; the library that writes it has cleaned
/// the escapes in the foreign parts.
pub(super) fn safe_log(text: &str) -> Cow<'_, str> {
    clean(text, |char| char != '\u{1b}' && is_unsafe(char))
}

fn clean(text: &str, is_unsafe: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for char in text.chars() {
        if is_unsafe(char) {
            spell(&mut clean, char);
        } else {
            clean.push(char);
        }
    }
    Cow::Owned(clean)
}

/// Finished JSON in which the same characters are JSON escapes. Outside of strings JSON has none of
/// them but line breaks, which one line of JSON does not have either.
pub(super) fn safe_json(json: String) -> String {
    if !json.chars().any(is_unsafe) {
        return json;
    }
    let mut clean = String::with_capacity(json.len() + 16);
    for char in json.chars() {
        if is_unsafe(char) {
            for unit in char.encode_utf16(&mut [0; 2]) {
                let _ = write!(clean, "\\u{unit:04x}");
            }
        } else {
            clean.push(char);
        }
    }
    clean
}

/// At most `limit` characters, with an ellipsis where something was cut off.
pub(super) fn shorten(text: &str, limit: usize) -> Cow<'_, str> {
    match text.char_indices().nth(limit) {
        Some((end, _)) => Cow::Owned(format!("{}…", &text[..end])),
        None => Cow::Borrowed(text),
    }
}

/// Lines that are broken between words where they are too long.
pub(super) fn wrapped(lines: &[String], width: u16) -> Vec<String> {
    let width = usize::from(width).max(40);
    let mut broken = Vec::new();
    for line in lines {
        let mut current = String::new();
        for word in line.split(' ') {
            let is_full = current.chars().count() + 1 + word.chars().count() > width;
            if is_full && !current.trim().is_empty() {
                broken.push(std::mem::replace(&mut current, format!("  {word}")));
            } else {
                if !current.is_empty() {
                    current.push(' ');
                }
                current.push_str(word);
            }
        }
        broken.push(current);
    }
    broken
}

/// One line that is broken between words where it is too long; what follows begins below the text of
/// the first piece. A word that is longer than a line stays whole, as a path must.
pub(super) fn hung(line: &str, width: u16) -> Vec<String> {
    let width = usize::from(width).max(40);
    let text = line.trim_start_matches([' ', '→']);
    let hang = columns(&line[..line.len() - text.len()]);
    let mut pieces = Vec::new();
    let mut current = line[..line.len() - text.len()].to_owned();
    let mut used = hang;
    for (index, word) in text.split(' ').enumerate() {
        let length = columns(word);
        if index > 0 && used + 1 + length > width && used > hang {
            pieces.push(std::mem::replace(&mut current, " ".repeat(hang)));
            used = hang;
        } else if index > 0 {
            current.push(' ');
            used += 1;
        }
        current.push_str(word);
        used += length;
    }
    pieces.push(current);
    pieces
}

/// How many columns text takes; our own colours take none.
fn columns(text: &str) -> usize {
    let mut columns = 0;
    let mut is_color = false;
    for char in text.chars() {
        match char {
            '\u{1b}' => is_color = true,
            'm' if is_color => is_color = false,
            _ if is_color => {}
            _ => columns += 1,
        }
    }
    columns
}

/// A number for ratios; beyond 2^53 its last digits are lost, which no ratio shows.
#[expect(
    clippy::cast_precision_loss,
    reason = "only shown rounded, as a share or a speed"
)]
pub(super) fn float(number: u64) -> f64 {
    number as f64
}

/// The nearest whole number that is not below zero; nothing for what is no number.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the cast saturates, and below zero is cut off before"
)]
pub(super) fn whole(number: f64) -> u64 {
    number.max(0.0).round() as u64
}

fn is_unsafe(char: char) -> bool {
    char.is_control()
        || matches!(char,
            '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}'
            | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// The date of a day that is counted from 1970-01-01.
pub(super) fn date_of_day(day: i64) -> Option<String> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let hours = day.checked_mul(24)?;
    let date = epoch.checked_add(jiff::SignedDuration::try_from_hours(hours)?);
    date.ok().map(|date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_grouped_by_thousands() {
        let texts = [0, 12, 999, 1_000, 123_456, 1_234_567].map(count);
        assert_eq!(texts, ["0", "12", "999", "1,000", "123,456", "1,234,567"]);
    }

    #[test]
    fn sizes_never_read_a_thousand_of_a_unit() {
        let texts = [0, 999, 1_000, 4_540_000, 999_960, u64::MAX].map(bytes);
        assert_eq!(
            texts,
            ["0 B", "999 B", "1.0 kB", "4.5 MB", "1.0 MB", "18446.7 PB"]
        );
    }

    #[test]
    fn long_times_are_hours_and_rounding_carries_over() {
        assert_eq!(clock(0.4), "0:00:00");
        assert_eq!(clock(3_599.6), "1:00:00");
        assert_eq!(clock(4_000_000.0), "1,111:06:40");
        assert_eq!(clock(f64::NAN), "0:00:00");
        assert_eq!(
            (wait(0.2), wait(2.0)),
            ("0:00:01".to_owned(), "0:00:02".to_owned())
        );
    }

    #[test]
    fn something_is_never_shown_as_nothing_nor_almost_as_all() {
        assert_eq!(share(1, 1_000_000), "< 0.1 %");
        assert_eq!(share(999_999, 1_000_000), "> 99.9 %");
        assert_eq!(share(1, 8), "12.5 %");
        assert_eq!(share(8, 8), "100.0 %");
        assert_eq!(share(0, 0), "–");
    }

    #[test]
    fn escape_sequences_and_turned_letters_are_written_as_codes() {
        assert_eq!(safe("\x1b[31mred"), "<U+001B>[31mred");
        assert_eq!(safe("cod.\u{202e}vsc"), "cod.<U+202E>vsc");
        assert_eq!(safe("Blåbær ☎ 電話"), "Blåbær ☎ 電話");
    }

    #[test]
    fn long_lines_are_broken_between_words() {
        let lines = wrapped(&["word ".repeat(20).trim().to_owned()], 40);
        assert_eq!(lines.len(), 3);
        assert!(lines.iter().all(|line| line.chars().count() <= 40));
    }

    #[test]
    fn a_long_line_hangs_below_its_text_and_no_word_is_cut() {
        let line = format!("    → {}", "word ".repeat(20).trim());
        let pieces = hung(&line, 40);
        assert_eq!(pieces.len(), 3);
        assert!(pieces[1].starts_with("      word"), "{pieces:?}");
        assert!(pieces.iter().all(|piece| piece.chars().count() <= 40));
        let words: Vec<&str> = pieces
            .iter()
            .flat_map(|piece| piece.split_whitespace())
            .collect();
        assert_eq!(words.join(" "), line.trim());
        let path = format!("  /{}", "x".repeat(60));
        assert_eq!(hung(&format!("{path} end"), 40), [path.as_str(), "  end"]);
        let painted = "\u{1b}[1;31mwarning\u{1b}[0m the words that just fit here";
        assert_eq!(hung(painted, 40), [painted]);
    }

    proptest! {
        #[test]
        fn whatever_comes_no_unsafe_character_is_left(text in any::<String>()) {
            prop_assert!(!safe(&text).chars().any(is_unsafe));
        }

        #[test]
        fn made_safe_json_still_says_the_same(text in any::<String>()) {
            let json = safe_json(serde_json::to_string(&text).unwrap());
            prop_assert!(!json.chars().any(is_unsafe));
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
