//! What the values of a column could be, told from the values alone.

use jiff::tz::TimeZone;

use crate::domain::{Code, PhoneReading, is_email, read_phone};
use crate::mapping::value::ambiguous_time::AmbiguousTime;
use crate::mapping::value::duration::{Unit, read_seconds};
use crate::mapping::value::time::{TimeFormat, TimeRule};

/// The forms of times that are tried, the less doubtful of a pair first.
const TIMES: [&str; 53] = [
    "iso",
    "epoch",
    "epoch_ms",
    "%a, %d %b %Y %H:%M:%S %z",
    "%Y/%m/%d %H:%M:%S",
    "%Y/%m/%d %H:%M",
    "%Y%m%d%H%M%S",
    "%Y%m%d-%H%M%S",
    "%d-%m-%Y %H:%M:%S",
    "%d-%m-%Y %H:%M",
    "%d-%m-%Y %H.%M.%S",
    "%d.%m.%Y %H:%M:%S",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H.%M",
    "%d/%m/%Y %H:%M:%S",
    "%d/%m/%Y %H:%M",
    "%m/%d/%Y %H:%M:%S",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%y %I:%M:%S %p",
    "%m/%d/%y %I:%M %p",
    "%d/%m/%Y %I:%M:%S %p",
    "%d/%m/%Y %I:%M %p",
    "%Y-%m-%d %I:%M:%S %p",
    "%Y-%m-%d %I:%M %p",
    "%d-%m-%Y %I:%M:%S %p",
    "%d-%m-%Y %I:%M %p",
    "%d-%m-%y %H:%M:%S",
    "%d-%m-%y %H:%M",
    "%d.%m.%y %H:%M:%S",
    "%d.%m.%y %H:%M",
    "%d/%m/%y %H:%M:%S",
    "%d/%m/%y %H:%M",
    "%m/%d/%y %H:%M:%S",
    "%m/%d/%y %H:%M",
    "%a, %d %b %Y %H:%M:%S",
    "%a %d %b %Y %H:%M:%S",
    "%a %b %d %H:%M:%S %Y",
    "%d %b %Y %H:%M:%S",
    "%b %d, %Y %I:%M:%S %p",
    "%b %d, %Y %I:%M %p",
    "%b %d, %Y, %I:%M %p",
    "%b %d, %Y, %I:%M:%S %p",
    "%d-%b-%Y %H:%M:%S",
    "%d-%b-%Y %H:%M",
    "%d-%b-%y %H:%M:%S",
    "%d %b %Y %H:%M",
    "%d %b %Y, %H:%M",
    "%b %d, %Y %H:%M:%S",
    "%b %d, %Y %H:%M",
    "%a %m/%d/%Y %I:%M %p",
    "%Y.%m.%d %H:%M:%S",
];
/// The forms of days and of clocks, for exports with a column of each.
pub(super) const DAYS: [&str; 17] = [
    "%Y-%m-%d",
    "%d-%m-%Y",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y%m%d",
    "%Y/%m/%d",
    "%d-%b-%Y",
    "%d %b %Y",
    "%b %d, %Y",
    "%a %m/%d/%Y",
    "%a %d/%m/%Y",
    "%d-%m-%y",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%y",
];
pub(super) const CLOCKS: [&str; 6] = [
    "%H:%M:%S",
    "%H:%M",
    "%H.%M.%S",
    "%H.%M",
    "%I:%M:%S %p",
    "%I:%M %p",
];

/// How the times of a column are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Times {
    /// The form that fits all of them.
    pub(super) format: &'static str,
    /// Others that do as well: a day that could be a month.
    pub(super) also: Vec<&'static str>,
    /// Whether they name instants without a zone.
    pub(super) has_offset: bool,
}

/// What the values of a column could be.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked on its own")]
pub(super) struct ColumnProfile {
    pub(super) is_email: bool,
    /// Whether most are telephone numbers.
    pub(super) is_phone: bool,
    /// Whether some of those have no country code.
    pub(super) lacks_country: bool,
    pub(super) times: Option<Times>,
    pub(super) is_duration: bool,
    /// Whether durations are fractions, which are days or minutes.
    pub(super) is_fraction: bool,
    pub(super) is_number: bool,
    /// Whether they are yes and no.
    pub(super) is_flag: bool,
    /// Whether most are digits that are a telephone number once a `+` stands before them.
    pub(super) lacks_plus: bool,
    /// Whether they look like names of people.
    pub(super) is_person: bool,
    /// Whether they are names of recordings.
    pub(super) is_recording: bool,
}

impl ColumnProfile {
    pub(super) fn of(values: &[String]) -> ColumnProfile {
        if values.is_empty() {
            return ColumnProfile::default();
        }
        let all = |test: &dyn Fn(&str) -> bool| most(values, 4, |value| test(value.trim()));
        let phones = values.iter().filter(|value| is_dialled(value)).count();
        let are_days = days(values).is_some();
        ColumnProfile {
            is_email: most(values, 1, |value| is_email(value.trim())),
            is_phone: phones * 2 > values.len() && !are_days,
            lacks_country: values
                .iter()
                .any(|value| read_phone(value, None) == PhoneReading::NeedsRegion),
            times: times(values),
            is_duration: all(&|value| {
                let value = value.strip_prefix('-').unwrap_or(value);
                read_seconds(value, Unit::MinutesSeconds).is_some()
            }),
            is_fraction: all(&|value| value.parse::<f64>().is_ok_and(|number| number < 1.0e3))
                && values.iter().any(|value| value.contains(['.', ',', 'e'])),
            is_number: all(&|value| value.parse::<f64>().is_ok()),
            is_flag: all(&is_flag),
            lacks_plus: most(values, 4, |value| lacks_plus(value.trim())),
            is_person: all(&is_person),
            is_recording: all(&is_recording),
        }
    }
}

/// Whether at least one value and `to_one` times as many as fail pass the test: an export of real
/// calls has its typing errors.
fn most(values: &[String], to_one: usize, test: impl Fn(&str) -> bool) -> bool {
    let good = values.iter().filter(|value| test(value)).count();
    good > 0 && good >= (values.len() - good) * to_one
}

/// Two words or more that begin with capitals, without digits.
fn is_person(value: &str) -> bool {
    let words = || value.split([' ', ',']).filter(|word| !word.is_empty());
    words().count() >= 2
        && words().all(|word| word.starts_with(char::is_uppercase))
        && !value.contains(|char: char| char.is_ascii_digit())
}

fn is_recording(value: &str) -> bool {
    let ending = value
        .rsplit_once('.')
        .map(|(_, ending)| ending.to_lowercase());
    ending.is_some_and(|ending| {
        ["wav", "mp3", "ogg", "opus", "m4a", "flac", "gsm", "wma"].contains(&ending.as_str())
    })
}

/// Whether it is one word of yes and no; digits may as well be counts.
fn is_flag(value: &str) -> bool {
    const WORDS: [&str; 12] = [
        "true", "false", "yes", "no", "ja", "nej", "nei", "nein", "y", "n", "t", "f",
    ];
    WORDS.contains(&value.to_lowercase().as_str())
}

/// Whether these digits are a number with its country code, and without a `+`.
fn lacks_plus(value: &str) -> bool {
    const SHORTEST: usize = 10;
    value.len() >= SHORTEST
        && !value.starts_with('0')
        && value.bytes().all(|byte| byte.is_ascii_digit())
        && matches!(
            read_phone(&format!("+{value}"), None),
            PhoneReading::Possible(_)
        )
}

fn is_dialled(value: &str) -> bool {
    let digits = value.bytes().filter(u8::is_ascii_digit).count();
    digits >= 7
        && matches!(
            read_phone(value.trim_start_matches('\''), None),
            PhoneReading::Possible(_) | PhoneReading::NeedsRegion | PhoneReading::Damaged
        )
}

fn times(values: &[String]) -> Option<Times> {
    let mut fitting = TIMES.into_iter().filter(|format| fits(values, format));
    let format = fitting.next()?;
    let also = fitting.filter(|_| format.starts_with('%')).collect();
    let rule = rule(format, None)?;
    let needs_zone = |value: &String| matches!(rule.read(value), Err((Code::TimeWithoutZone, _)));
    Some(Times {
        format,
        also,
        has_offset: !values.iter().any(needs_zone),
    })
}

fn rule(format: &str, zone: Option<TimeZone>) -> Option<TimeRule> {
    Some(TimeRule {
        formats: vec![TimeFormat::read(format).ok()?],
        zone,
        fold: AmbiguousTime::Earlier,
        gap: AmbiguousTime::Earlier,
    })
}

/// Whether every value is a plausible time in this form.
fn fits(values: &[String], format: &str) -> bool {
    let Some(rule) = rule(format, Some(TimeZone::UTC)) else {
        return false;
    };
    // 1990 to 2100: a telephone number is no time. Bare seconds are from 2000 to 2033, since a number of
    // ten digits is a telephone's in other countries.
    let plausible = match format {
        "epoch" => 946_684_800..2_000_000_000,
        _ => 631_152_000..4_102_444_800,
    };
    most(values, 4, |value| {
        let read = rule.read(value.trim());
        read.is_ok_and(|(_, at)| plausible.contains(&at.as_second()))
    })
}

/// The first of the forms in which every value is read, beside a value of the other half.
pub(super) fn half(
    values: &[String],
    forms: &[&'static str],
    other: (&str, &str),
) -> Option<&'static str> {
    if values.is_empty() {
        return None;
    }
    let (other_form, other_value) = other;
    let whole: Vec<String> = values
        .iter()
        .map(|value| format!("{} {other_value}", value.trim()))
        .collect();
    forms
        .iter()
        .copied()
        .find(|form| fits(&whole, &format!("{form} {other_form}")))
}

/// The form of days in a column.
pub(super) fn days(values: &[String]) -> Option<&'static str> {
    half(values, &DAYS, ("%H:%M", "12:00"))
}

/// Another form in which all days of a column are read: a day that could be a month.
pub(super) fn days_also(values: &[String], days: &str) -> Option<&'static str> {
    let others: Vec<&'static str> = DAYS.into_iter().filter(|form| *form != days).collect();
    half(values, &others, ("%H:%M", "12:00"))
}

/// The form of clocks in a column.
pub(super) fn clocks(values: &[String]) -> Option<&'static str> {
    if values.is_empty() {
        return None;
    }
    let whole: Vec<String> = values
        .iter()
        .map(|value| format!("2024-01-15 {}", value.trim()))
        .collect();
    CLOCKS
        .into_iter()
        .find(|form| fits(&whole, &format!("%Y-%m-%d {form}")))
}
