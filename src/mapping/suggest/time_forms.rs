//! The patterns that could have written a time, made of the text itself.
//!
//! People write times in more ways than any list holds, but of few parts: a weekday, a date, what joins
//! them, a clock, a zone. Each part is found by the library that reads it later.

use jiff::fmt::strtime::BrokenDownTime;

use crate::mapping::value::zone::first_word;

/// The date and the clock of Unix, whose year stands last.
const YEAR_LAST: [&str; 2] = ["%a %b %d %H:%M:%S %Y", "%a %b %d %H:%M:%S %Z %Y"];
/// Words between a date and its clock. `PM` there is none: it says which half of the day is meant.
const JOINTS: [&str; 6] = ["t", "at", "kl", "klo", "klokken", "um"];
/// What a clock may end with and does not mean.
const O_CLOCK: [&str; 2] = ["uhr", "h"];

/// The patterns of a date and a clock that read the whole text, the less doubtful of a pair first.
pub(super) fn of_times(text: &str) -> Vec<String> {
    let mut forms = Vec::new();
    let (weekday, rest) = weekday(text);
    for (date, behind) in dates(rest) {
        let Some(digit) = behind.find(|sign: char| sign.is_ascii_digit()) else {
            continue;
        };
        let (joint, clock) = behind.split_at(digit);
        let is_compact = date == "%Y%m%d";
        if !is_joint(joint, is_compact) {
            continue;
        }
        for clock in clocks(clock, date.starts_with("%Y")) {
            forms.push(format!("{weekday}{date}{joint}{clock}"));
        }
    }
    forms.extend(YEAR_LAST.map(str::to_owned));
    forms
}

/// The patterns of a date that read the whole text.
pub(super) fn of_dates(text: &str) -> Vec<String> {
    let (weekday, rest) = weekday(text);
    let whole = dates(rest)
        .into_iter()
        .filter(|(_, behind)| behind.is_empty());
    whole.map(|(date, _)| format!("{weekday}{date}")).collect()
}

/// The patterns of a clock that read the whole text.
pub(super) fn of_clocks(text: &str) -> Vec<String> {
    clocks(text, true)
}

fn is_joint(joint: &str, is_compact: bool) -> bool {
    if joint.is_empty() {
        return is_compact;
    }
    let is_word = |word: &str| word.is_empty() || JOINTS.contains(&word.to_lowercase().as_str());
    !joint.contains(['%', '+', '(']) && joint.split(|sign: char| !sign.is_alphabetic()).all(is_word)
}

/// The weekday in front and what joins it, as a pattern, and the rest of the text.
fn weekday(text: &str) -> (String, &str) {
    for name in ["%A", "%a"] {
        let Ok((_, end)) = BrokenDownTime::parse_prefix(name, text) else {
            continue;
        };
        let Some(behind) = text.get(end..) else {
            continue;
        };
        let joint = behind
            .find(|sign: char| sign.is_alphanumeric())
            .unwrap_or(behind.len());
        let (joint, rest) = behind.split_at(joint);
        if !joint.is_empty() && !joint.contains('%') {
            return (format!("{name}{joint}"), rest);
        }
    }
    (String::new(), text)
}

/// A run of digits or of letters, and what stands behind it up to the next run.
struct DatePart<'a> {
    text: &'a str,
    behind: &'a str,
}

impl DatePart<'_> {
    fn is_number(&self) -> bool {
        self.text.starts_with(|sign: char| sign.is_ascii_digit())
    }

    fn is_number_of(&self, digits: std::ops::RangeInclusive<usize>) -> bool {
        self.is_number() && digits.contains(&self.text.len())
    }

    /// The directives of a month that is written in letters.
    fn months(&self) -> Vec<&'static str> {
        let names = ["%b", "%B"].into_iter();
        let reads = |name: &&str| BrokenDownTime::parse(name, self.text).is_ok();
        names.filter(reads).collect()
    }
}

/// The first run of a text; `None` when another sign stands in front.
fn date_part(text: &str) -> Option<(DatePart<'_>, &str)> {
    let first = text.chars().next()?;
    let is_of_run = |sign: char| {
        if first.is_ascii_digit() {
            sign.is_ascii_digit()
        } else {
            sign.is_alphabetic()
        }
    };
    let end = text.find(|sign| !is_of_run(sign)).unwrap_or(text.len());
    let (word, rest) = text.split_at(end);
    let next = rest
        .find(|sign: char| sign.is_alphanumeric())
        .unwrap_or(rest.len());
    let part = DatePart {
        text: word,
        behind: &rest[..next],
    };
    (!word.is_empty()).then_some((part, &rest[next..]))
}

/// The patterns of a date in front of a text, each with what stands behind it.
fn dates(text: &str) -> Vec<(String, &str)> {
    let Some((first, rest)) = date_part(text) else {
        return Vec::new();
    };
    // `20240315` and the clock right behind it.
    if first.is_number() && first.text.len() >= 8 {
        return vec![("%Y%m%d".to_owned(), &text[8..])];
    }
    let (Some((second, rest)), true) = (date_part(rest), is_between(first.behind)) else {
        return Vec::new();
    };
    let (Some((third, _)), true) = (date_part(rest), is_between(second.behind)) else {
        return Vec::new();
    };
    let behind = &rest[third.text.len()..];
    let orders = orders(&first, &second, &third);
    let written = orders.into_iter().map(|[one, two, three]| {
        let pattern = format!("{one}{}{two}{}{three}", first.behind, second.behind);
        (pattern, behind)
    });
    written.collect()
}

/// Whether it may stand between the parts of a date.
fn is_between(text: &str) -> bool {
    !text.is_empty() && !text.contains(['%', ':', '+'])
}

/// The orders in which day, month and year may stand, the likelier first.
fn orders(
    first: &DatePart<'_>,
    second: &DatePart<'_>,
    third: &DatePart<'_>,
) -> Vec<[&'static str; 3]> {
    let year = |part: &DatePart<'_>| match part.text.len() {
        4 if part.is_number() => Some("%Y"),
        2 if part.is_number() => Some("%y"),
        _ => None,
    };
    let is_short = |part: &DatePart<'_>| part.is_number_of(1..=2);
    let mut orders = Vec::new();
    // A blank between numbers may as well be one in a telephone number.
    let is_numeric = is_short(second) && !first.behind.trim().is_empty();
    if let (Some(year), true) = (year(third), is_short(first) && is_numeric) {
        orders.extend([["%d", "%m", year], ["%m", "%d", year]]);
    }
    if let (Some(year), true) = (year(first), is_short(third) && is_numeric) {
        orders.push([year, "%m", "%d"]);
    }
    for month in second.months() {
        if let (Some(year), true) = (year(third), is_short(first)) {
            orders.push(["%d", month, year]);
        }
        if first.is_number_of(4..=4) && is_short(third) {
            orders.push(["%Y", month, "%d"]);
        }
    }
    for month in first.months() {
        if let (Some(year), true) = (year(third), is_short(second)) {
            orders.push([month, "%d", year]);
        }
    }
    orders
}

/// The patterns of a clock and its zone that read the whole text. Digits without signs between them are a
/// clock only behind a year that comes first.
fn clocks(text: &str, may_be_bare: bool) -> Vec<String> {
    let Some((first, _)) = date_part(text) else {
        return Vec::new();
    };
    let between = match first.behind {
        ":" | "." => first.behind,
        "-" if may_be_bare => first.behind,
        _ if may_be_bare && first.text.len() >= 4 => "",
        _ => return Vec::new(),
    };
    let minutes = format!("{between}%M");
    let seconds = format!("{minutes}{between}%S");
    let fractions = [".%f", ",%f", ":%f", "%f"].map(|fraction| format!("{seconds}{fraction}"));
    let mut clocks = Vec::new();
    for end in [minutes, seconds].into_iter().chain(fractions) {
        let Ok((_, at)) = BrokenDownTime::parse_prefix(format!("%H{end}"), text) else {
            continue;
        };
        // In `09-12-03` the end is a second and no offset.
        let tail = text
            .get(at..)
            .filter(|tail| between != "-" || !tail.starts_with('-'));
        if let Some(tail) = tail.and_then(tail_form) {
            let hour = if tail.contains("%p") { "%I" } else { "%H" };
            // A whole second is written without its fraction by some.
            let end = end.replace(".%f", "%.f");
            clocks.push(format!("{hour}{end}{tail}"));
        }
    }
    clocks
}

/// The pattern of what stands behind a clock: `AM` or `PM`, and a zone.
fn tail_form(text: &str) -> Option<String> {
    let mut pattern = String::new();
    let mut rest = text;
    let half = rest.trim_start();
    if BrokenDownTime::parse_prefix("%p", half).is_ok()
        && !half[2..].starts_with(char::is_alphabetic)
    {
        pattern.push_str(&rest[..rest.len() - half.len()]);
        pattern.push_str("%p");
        rest = &half[2..];
    }
    if O_CLOCK.contains(&rest.trim_start().to_lowercase().as_str()) {
        pattern.push_str(rest);
        return Some(pattern);
    }
    // An offset and its name: of both the first says it.
    for _ in 0..2 {
        if rest.is_empty() {
            return Some(pattern);
        }
        let zone = rest.trim_start();
        let word = first_word(zone);
        if word == 0 || zone.starts_with(|sign: char| sign.is_ascii_digit()) {
            return None;
        }
        pattern.push_str(&rest[..rest.len() - zone.len()]);
        pattern.push_str("%Z");
        rest = &zone[word..];
    }
    rest.is_empty().then_some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_time_says_the_patterns_that_could_have_written_it() {
        for (text, wanted) in [
            ("15.03.2024 09:12", "%d.%m.%Y %H:%M"),
            ("15.03.2024, 09:12:03,123", "%d.%m.%Y, %H:%M:%S,%f"),
            ("15.03.2024 kl. 09.12", "%d.%m.%Y kl. %H.%M"),
            ("15.03.2024 09:12 Uhr", "%d.%m.%Y %H:%M Uhr"),
            ("3/15/24, 9:12 AM", "%m/%d/%y, %I:%M %p"),
            ("15-Mar-24 09.12.03.123456 AM", "%d-%b-%y %I.%M.%S%.f %p"),
            ("Friday, March 15, 2024 9:12 AM", "%A, %B %d, %Y %I:%M %p"),
            (
                "Fri Mar 15 2024 09:12:03 GMT+0100 (Standard Time)",
                "%a %b %d %Y %H:%M:%S %Z %Z",
            ),
            ("15/Mar/2024:09:12:03 +0100", "%d/%b/%Y:%H:%M:%S %Z"),
            ("20240315091203123", "%Y%m%d%H%M%S%f"),
            ("20240315_0912", "%Y%m%d_%H%M"),
            ("2024-03-15-09.12.03.123456", "%Y-%m-%d-%H.%M.%S%.f"),
            ("2024-03-15_09-12-03", "%Y-%m-%d_%H-%M-%S"),
        ] {
            let forms = of_times(text);
            assert!(forms.iter().any(|form| form == wanted), "{text}: {forms:?}");
        }
        assert_eq!(of_times("2024-03-15_09-12-03").len(), 1 + YEAR_LAST.len());
        for other in [
            "2024-03-15 PM 09:12",
            "12 10 56 78",
            "12-10-24 1234",
            "10.0.24.1",
            "15.03.2024",
        ] {
            let forms = of_times(other);
            assert_eq!(forms, YEAR_LAST, "{other}");
        }
        assert_eq!(of_dates("15.03.24"), ["%d.%m.%y", "%m.%d.%y", "%y.%m.%d"]);
        assert_eq!(of_clocks("09.12"), ["%H.%M"]);
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>(), near in "[0-9a-zA-Z:+. /,()%-]{0,30}") {
            for text in [text, near] {
                of_times(&text);
                of_dates(&text);
                of_clocks(&text);
            }
        }
    }
}
