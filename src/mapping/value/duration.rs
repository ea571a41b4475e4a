//! Durations in the forms that dialers write, as seconds.
//!
//! Two parts with a colon (`03:20`) are minutes and seconds in one system and hours and minutes in
//! the next; they are read only when the mapping says which.

use std::borrow::Cow;

use super::number::{Decimal, Notation, read_number};

/// What a bare number, or a pair with a colon, counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::mapping) enum Unit {
    /// Bare numbers are seconds.
    #[default]
    Seconds,
    /// Bare numbers are milliseconds.
    Milliseconds,
    /// Bare numbers are minutes.
    Minutes,
    /// Bare numbers are hours.
    Hours,
    /// Bare numbers are days: how spreadsheets keep durations.
    Days,
    /// Pairs are minutes and seconds.
    MinutesSeconds,
    /// Pairs are hours and minutes.
    HoursMinutes,
}

impl Unit {
    /// The words of `unit`.
    pub(in crate::mapping) const WORDS: &'static [(&'static str, Unit)] = &[
        ("seconds", Unit::Seconds),
        ("s", Unit::Seconds),
        ("ms", Unit::Milliseconds),
        ("minutes", Unit::Minutes),
        ("hours", Unit::Hours),
        ("days", Unit::Days),
        ("mm:ss", Unit::MinutesSeconds),
        ("hh:mm", Unit::HoursMinutes),
    ];
}

/// How durations are written in the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::mapping) struct Lengths {
    /// What a bare number counts.
    pub(in crate::mapping) unit: Unit,
    /// The signs of a bare number, where the mapping names them.
    pub(in crate::mapping) notation: Option<Notation>,
}

impl From<Unit> for Lengths {
    fn from(unit: Unit) -> Self {
        Lengths {
            unit,
            notation: None,
        }
    }
}

/// Whether three digits behind the one sign of a number may be thousands as well as parts: `1,234` and
/// `1.234`, but not `0,250`, `1234,567`, `200,5` and `1,234.5`.
pub(in crate::mapping) fn is_thousands_or_parts(text: &str) -> bool {
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    text.split_once(['.', ',']).is_some_and(|(whole, rest)| {
        (1..=3).contains(&whole.len())
            && !whole.starts_with('0')
            && digits(whole)
            && rest.len() == 3
            && digits(rest)
    })
}

/// A number whose two kinds of signs, or whose sign that stands twice, say which of them is which:
/// `1,234.5`, `1.234,5`, `1,234,567`.
fn with_two_signs(text: &str) -> Option<Decimal> {
    let last = text.rfind(['.', ','])?;
    let sign = char::from(text.as_bytes()[last]);
    let other = if sign == ',' { '.' } else { ',' };
    let notation = match (text.matches(sign).count(), text.contains(other)) {
        (1, true) => Notation {
            decimal: sign,
            thousands: Some(other),
        },
        (2.., false) => Notation {
            decimal: other,
            thousands: Some(sign),
        },
        _ => return None,
    };
    Decimal::read(&read_number(text, notation)?)
}

/// Reads a duration as [`read_seconds`] does, in the notation of the mapping. `is_certain` says that a point can
/// only be a decimal one: JSON and arithmetic know no other.
pub(in crate::mapping) fn read_length(
    text: &str,
    lengths: Lengths,
    is_certain: bool,
) -> Option<Cow<'_, str>> {
    let bare = text.trim();
    if let Some(notation) = lengths.notation {
        if let Some(number) = read_number(bare, notation) {
            let seconds = in_unit(Decimal::read(&number)?, lengths.unit)?;
            return Some(Cow::Owned(seconds.to_thousandths().to_text()));
        }
        // What is no bare number has its own signs; a number in another notation is none.
        if bare
            .bytes()
            .all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b','))
        {
            return None;
        }
        return read_seconds(text, lengths.unit);
    }
    let is_doubtful = !is_certain
        // A thousand days or hours is no call.
        && !matches!(lengths.unit, Unit::Days | Unit::Hours)
        && is_thousands_or_parts(bare);
    if is_doubtful {
        return None;
    }
    read_seconds(text, lengths.unit)
}

/// Reads a duration as seconds in JSON's notation. Conversions are exact, then rounded to the
/// millisecond: a spreadsheet's fraction of a day has fifteen digits and means a whole second.
pub(in crate::mapping) fn read_seconds(text: &str, unit: Unit) -> Option<Cow<'_, str>> {
    let text = text.trim();
    if matches!(unit, Unit::Seconds)
        && text.len() <= 18
        && (text == "0" || !text.starts_with('0'))
        && !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_digit())
    {
        return Some(Cow::Borrowed(text));
    }
    let seconds = if text.contains(':') {
        clock(text, unit)
    } else if text.starts_with(['P', 'p']) {
        iso(text)
    } else if let Some(number) = Decimal::read(text) {
        in_unit(number, unit)
    } else if let Some(plain) = without_exponent(text) {
        in_unit(Decimal::read(&plain)?, unit)
    } else if let Some(number) = with_two_signs(text) {
        in_unit(number, unit)
    } else {
        worded(text)
    }?;
    Some(Cow::Owned(seconds.to_thousandths().to_text()))
}

/// `6.94e-05` as `0.0000694`: how programs write small fractions of a day. Digits that a positive
/// exponent stands for are lost.
fn without_exponent(text: &str) -> Option<String> {
    let (mantissa, exponent) = text.split_once(['e', 'E'])?;
    let places: usize = exponent.strip_prefix('-')?.parse().ok()?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = whole.len() == 1
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit());
    (is_number && (1..=30).contains(&places))
        .then(|| format!("0.{}{whole}{fraction}", "0".repeat(places - 1)))
}

fn in_unit(number: Decimal, unit: Unit) -> Option<Decimal> {
    match unit {
        Unit::Seconds | Unit::MinutesSeconds | Unit::HoursMinutes => Some(number),
        Unit::Milliseconds => Some(number.thousandth()),
        Unit::Minutes => number.times(60),
        Unit::Hours => number.times(3600),
        // Systems that write days count seconds: half of the last digit is what they rounded off.
        Unit::Days => {
            let seconds = number.times(86_400)?;
            Some(seconds.whole_within(43_200).unwrap_or(seconds))
        }
    }
}

/// `HH:MM:SS`, `HH:MM:SS.mmm`, `D:HH:MM:SS`, and pairs where the unit says what they are.
fn clock(text: &str, unit: Unit) -> Option<Decimal> {
    let parts: Vec<&str> = text.split(':').map(str::trim).collect();
    let (head, last) = parts.split_last().map(|(last, head)| (head, *last))?;
    let whole = |part: &&str| {
        let is_whole = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        is_whole.then(|| Decimal::read(part)).flatten()
    };
    let last = Decimal::read(last)?;
    let head: Vec<Decimal> = head.iter().map(whole).collect::<Option<_>>()?;
    let (factors, limits): (&[u32], &[u32]) = match (head.len(), unit) {
        (1, Unit::MinutesSeconds) => (&[60, 1], &[60]),
        (1, Unit::HoursMinutes) => (&[3600, 60], &[60]),
        (2, _) => (&[3600, 60, 1], &[60, 60]),
        (3, _) => (&[86_400, 3600, 60, 1], &[24, 60, 60]),
        _ => return None,
    };
    let parts = || head.iter().copied().chain([last]);
    if parts()
        .skip(1)
        .zip(limits)
        .any(|(part, limit)| part.is_at_least(*limit))
    {
        return None;
    }
    parts()
        .zip(factors)
        .try_fold(Decimal::ZERO, |sum, (part, factor)| {
            sum.plus(part.times(*factor)?)
        })
}

/// `PT3M20S`, `P1DT2H`, `PT0.5M`. Years and months have no fixed length.
fn iso(text: &str) -> Option<Decimal> {
    let text = text.to_ascii_uppercase();
    let body = text.strip_prefix('P')?;
    let (days, time) = match body.split_once('T') {
        Some((_, "")) => return None,
        Some((days, time)) => (days, time),
        None => (body, ""),
    };
    if days.is_empty() && time.is_empty() {
        return None;
    }
    let days = pieces(days, &[("W", 604_800), ("D", 86_400)])?;
    days.plus(pieces(time, &[("H", 3600), ("M", 60), ("S", 1)])?)
}

/// `3m20s`, `1 h 2 min`, `45 sek.`, `200ms`.
fn worded(text: &str) -> Option<Decimal> {
    const UNITS: &[&[&str]] = &[
        &["d", "day", "days", "dag", "dage"],
        &[
            "h", "hr", "hrs", "hour", "hours", "t", "time", "timer", "std",
        ],
        &[
            "m", "min", "mins", "minute", "minutes", "minut", "minutter", "minuten",
        ],
        &[
            "s", "sec", "secs", "second", "seconds", "sek", "sekund", "sekunder", "sekunden",
        ],
        &["ms", "msec", "millis"],
    ];
    const SECONDS: [u32; 4] = [86_400, 3600, 60, 1];
    let mut rest = text;
    let mut sum = Decimal::ZERO;
    let mut next = 0;
    while !rest.is_empty() {
        let end = rest.find(|char: char| !(char.is_ascii_digit() || matches!(char, '.' | ',')))?;
        let (number, tail) = rest.split_at(end);
        let tail = tail.trim_start();
        let end = tail
            .find(|char: char| !char.is_alphabetic())
            .unwrap_or(tail.len());
        let (word, tail) = tail.split_at(end);
        let word = word.to_lowercase();
        // Each unit once, from large to small: `20s 3m` is more likely damage than a duration.
        let at = next
            + UNITS[next..]
                .iter()
                .position(|names| names.contains(&word.as_str()))?;
        next = at + 1;
        // Behind minutes there are no thousand seconds.
        if sum == Decimal::ZERO && at > 1 && is_thousands_or_parts(number) {
            return None;
        }
        let number = Decimal::read(number)?;
        sum = sum.plus(match SECONDS.get(at) {
            Some(seconds) => number.times(*seconds)?,
            None => number.thousandth(),
        })?;
        rest = tail.trim_start_matches(['.', ',']).trim_start();
    }
    (next > 0).then_some(sum)
}

/// Numbers followed by their sign, each at most once and in this order.
fn pieces(text: &str, signs: &[(&str, u32)]) -> Option<Decimal> {
    let mut rest = text;
    let mut sum = Decimal::ZERO;
    for (sign, seconds) in signs {
        if let Some((number, tail)) = rest.split_once(sign) {
            sum = sum.plus(Decimal::read(number)?.times(*seconds)?)?;
            rest = tail;
        }
    }
    rest.is_empty().then_some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_small_fraction_of_a_day_may_have_an_exponent() {
        for (text, seconds) in [
            ("6.94e-05", "6"),
            ("0.0000694", "6"),
            ("0.003078704", "266"),
            ("0.1234567", "10666.659"),
            ("5E-1", "43200"),
            ("6.9444444444e-05", "6"),
        ] {
            assert_eq!(
                read_seconds(text, Unit::Days).as_deref(),
                Some(seconds),
                "{text}"
            );
        }
        for text in [
            "6.94e5", "6.94e+5", "69.4e-5", "e-5", "1e-", "1e-99", ".5e-1",
        ] {
            assert_eq!(read_seconds(text, Unit::Days), None, "{text}");
        }
    }

    #[test]
    fn every_form_of_the_dialers_is_seconds() {
        for (text, seconds) in [
            ("00:03:20", "200"),
            (" 01:08:39.283", "4119.283"),
            ("26:00:00", "93600"),
            ("1:02:03:04", "93784"),
            ("3m20s", "200"),
            ("1 h 2 min 3 sek.", "3723"),
            ("45 s", "45"),
            ("1500ms", "1.5"),
            ("200", "200"),
            ("200,5", "200.5"),
            ("0200", "200"),
            ("200.50", "200.5"),
            ("PT3M20S", "200"),
            ("P1DT2H", "93600"),
            ("PT1,5M", "90"),
            ("0", "0"),
        ] {
            assert_eq!(
                read_seconds(text, Unit::Seconds).as_deref(),
                Some(seconds),
                "{text}"
            );
        }
    }

    #[test]
    fn a_unit_says_what_bare_numbers_and_pairs_are() {
        for (text, unit, seconds) in [
            ("200500", Unit::Milliseconds, "200.5"),
            ("3.5", Unit::Minutes, "210"),
            ("0.00231481481481481", Unit::Days, "200"),
            ("1,5", Unit::Hours, "5400"),
            ("03:20", Unit::MinutesSeconds, "200"),
            ("03:20", Unit::HoursMinutes, "12000"),
            ("00:03:20", Unit::Milliseconds, "200"),
        ] {
            assert_eq!(
                read_seconds(text, unit).as_deref(),
                Some(seconds),
                "{text} {unit:?}"
            );
        }
    }

    #[test]
    fn what_could_mean_two_things_or_nothing_is_refused() {
        for bad in [
            "",
            "-5",
            "03:20",
            "00:61:00",
            "00:00:60",
            ":",
            "::",
            "1:2:3:4:5",
            "P",
            "PT",
            "P1Y",
            "PT1S1M",
            "20s3m",
            "3m3m",
            "abc",
            "1.2.3",
            "1,",
            "5 bananas",
            "00:03:20 PM",
            "1e3",
            "#####",
        ] {
            assert_eq!(read_seconds(bad, Unit::Seconds), None, "{bad}");
        }
    }

    #[test]
    fn three_digits_behind_one_sign_are_read_only_where_they_have_one_meaning() {
        let read = |text, lengths: Lengths| read_length(text, lengths, false).map(Cow::into_owned);
        for doubtful in [
            "1,234", "1.234", "12.345", "999,000", " 1.234 ", "1.234 s", "1,234ms",
        ] {
            assert_eq!(read(doubtful, Unit::Seconds.into()), None, "{doubtful}");
        }
        for (text, seconds) in [
            ("1,234.5", "1234.5"),
            ("1.234,5", "1234.5"),
            ("1,234,567", "1234567"),
            ("200,5", "200.5"),
            ("0,250", "0.25"),
            ("1234,567", "1234.567"),
            ("2m3.456s", "123.456"),
            ("00:00:01.234", "1.234"),
            ("PT1.234S", "1.234"),
        ] {
            assert_eq!(
                read(text, Unit::Seconds.into()).as_deref(),
                Some(seconds),
                "{text}"
            );
        }
        assert_eq!(read("1.234", Unit::Days.into()).as_deref(), Some("106618"));
        let certain = read_length("1.234", Unit::Seconds.into(), true);
        assert_eq!(certain.as_deref(), Some("1.234"));
        let stated = |decimal, thousands| Lengths {
            unit: Unit::Seconds,
            notation: Some(Notation { decimal, thousands }),
        };
        for (text, lengths, seconds) in [
            ("1.234", stated('.', None), Some("1.234")),
            ("1.234", stated(',', Some('.')), Some("1234")),
            ("1,234", stated(',', None), Some("1.234")),
            ("1,234", stated('.', Some(',')), Some("1234")),
            ("1,23", stated('.', Some(',')), None),
            ("00:03:20", stated(',', None), Some("200")),
            ("-5", stated('.', None), None),
        ] {
            assert_eq!(
                read(text, lengths).as_deref(),
                seconds,
                "{text} {lengths:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered_with_a_number_or_nothing(text in any::<String>(), near in "[0-9:.,PTHMSdhms -]{0,16}") {
            for text in [text, near] {
                for (_, unit) in Unit::WORDS {
                    let _ = read_length(&text, (*unit).into(), false);
                    if let Some(seconds) = read_seconds(&text, *unit) {
                        prop_assert!(serde_json::from_str::<serde_json::Number>(&seconds).is_ok(), "{seconds}");
                    }
                }
            }
        }

        #[test]
        fn a_clock_is_read_exactly(hours in 0_u64..500, minutes in 0_u64..60, millis in 0_u64..60_000) {
            let text = format!("{hours}:{minutes:02}:{:02}.{:03}", millis / 1000, millis % 1000);
            let total = (hours * 3600 + minutes * 60) * 1000 + millis;
            let wanted = Decimal::read(&total.to_string()).unwrap().thousandth().to_text();
            let seconds = read_seconds(&text, Unit::Seconds);
            prop_assert_eq!(seconds.as_deref(), Some(wanted.as_str()));
        }
    }
}
