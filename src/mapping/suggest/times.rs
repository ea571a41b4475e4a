//! How the times of a column are written, told from the values alone.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

use super::majority::most;
use super::time_forms;
use crate::domain::{Code, as_seen};
use crate::mapping::value::ambiguous_time::AmbiguousTime;
use crate::mapping::value::spelled_time::{MonthForm, respelled};
use crate::mapping::value::time::{TimeFormat, TimeRule};
use crate::mapping::value::zone::{NoZone, Stated};

/// The named formats that are tried before any pattern.
const NAMED: [&str; 4] = ["iso", "epoch", "epoch_ms", "json_date"];
/// The named formats of numbers that may as well be ids or amounts.
const NUMBERS: [&str; 3] = ["epoch_us", "epoch_ns", "spreadsheet"];
/// From how many values, of different looks, patterns are made.
const LOOKS: usize = 4;
/// So many different years in few values are days of a month.
const MANY_YEARS: usize = 3;
/// What is left of a time whose letters mean several zones.
const WITHOUT_LETTERS: &str = r"^(.*)\s[A-Z]{3,5}$";

/// How the times of a column are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Times {
    /// The form that fits all of them.
    pub(super) format: String,
    /// Others that do as well: a day that could be a month.
    pub(super) also: Vec<String>,
    /// Whether they name instants without a zone.
    pub(super) has_offset: bool,
    /// An example of letters that mean several zones, which the format leaves out.
    pub(super) letters: Option<String>,
}

impl Times {
    /// How these values are written; `None` when most of them are no times.
    pub(super) fn of(values: &[String]) -> Option<Times> {
        let named = NAMED.into_iter().find(|format| fits(values, format));
        match named {
            Some(format) => Some(Times::with(values, format.to_owned(), Vec::new())),
            None => {
                by_pattern(values, time_forms::of_times).or_else(|| Times::without_letters(values))
            }
        }
    }

    /// How some of these values are written, where most are not written alike.
    pub(super) fn of_some(values: &[String]) -> Option<Times> {
        looks(values)
            .into_iter()
            .find_map(|value| Times::of(&[value]))
    }

    /// Whether a value is written so.
    pub(super) fn reads(&self, value: &str) -> bool {
        let rule = rule(&self.format, Some(TimeZone::UTC));
        rule.is_some_and(|rule| rule.read(value.trim()).is_ok())
    }

    /// The same, with the reading that alone fits other columns of the export, which one program wrote.
    pub(super) fn told_apart(&self, others: &[Times]) -> Times {
        let is_known = |format: &&String| {
            let mut others = others.iter();
            others.any(|other| other.also.is_empty() && other.format == **format)
        };
        let mut known = std::iter::once(&self.format)
            .chain(&self.also)
            .filter(is_known);
        match (known.next(), known.next()) {
            (Some(format), None) if !self.also.is_empty() => Times {
                format: format.clone(),
                also: Vec::new(),
                ..self.clone()
            },
            _ => self.clone(),
        }
    }

    /// The same of numbers that are times only if the name of their column says so.
    pub(super) fn of_numbers(values: &[String]) -> Option<Times> {
        let format = NUMBERS.into_iter().find(|format| fits(values, format))?;
        Some(Times::with(values, format.to_owned(), Vec::new()))
    }

    fn with(values: &[String], format: String, also: Vec<String>) -> Times {
        let rule = rule(&format, None);
        let needs_zone = |value: &String| {
            rule.as_ref()
                .is_some_and(|rule| matches!(rule.read(value), Err((Code::TimeWithoutZone, _))))
        };
        Times {
            has_offset: !values.iter().any(needs_zone),
            format,
            also,
            letters: None,
        }
    }

    /// Times whose letters mean several zones, such as `EST`: the clock without them.
    fn without_letters(values: &[String]) -> Option<Times> {
        let cut = |value: &String| -> Option<(String, String)> {
            let (clock, letters) = value.trim().rsplit_once(' ')?;
            let is_zone = !matches!(Stated::read(letters), Err(NoZone::Unknown | NoZone::TooFar));
            let are_letters = letters.bytes().all(|byte| byte.is_ascii_uppercase());
            (is_zone && are_letters).then(|| (clock.to_owned(), letters.to_owned()))
        };
        let parts: Vec<(String, String)> = values.iter().filter_map(cut).collect();
        let means_several =
            |letters: &&String| matches!(Stated::read(letters), Err(NoZone::Several));
        let letters = parts
            .iter()
            .map(|(_, letters)| letters)
            .find(means_several)?
            .clone();
        if parts.len() < values.len() {
            return None;
        }
        let clocks: Vec<String> = parts.into_iter().map(|(clock, _)| clock).collect();
        let times = Times::of(&clocks)?;
        Some(Times {
            letters: Some(letters),
            ..times
        })
    }

    /// The expression that leaves out letters which mean several zones.
    pub(super) fn extract(&self) -> Option<&'static str> {
        self.letters.as_ref().map(|_| WITHOUT_LETTERS)
    }

    /// What to look at before the format is believed.
    pub(super) fn doubt(&self) -> Option<String> {
        let also = (!self.also.is_empty())
            .then(|| format!("the values could as well be {}", self.also.join(" or ")));
        let letters = self.letters.as_ref().map(|letters| {
            format!(
                "`{letters}` means several zones and is left out: say which one the clock is of"
            )
        });
        let doubts: Vec<String> = also.into_iter().chain(letters).collect();
        (!doubts.is_empty()).then(|| doubts.join("; "))
    }
}

/// How the days in a column are written, for exports with a column of each.
pub(super) fn days(values: &[String]) -> Option<Times> {
    const CLOCK: &str = " %H:%M";
    let whole = beside(values, |day| format!("{day} 12:00"));
    let forms = |text: &str| -> Vec<String> {
        let day = text.strip_suffix(" 12:00").unwrap_or_default();
        let days = time_forms::of_dates(day).into_iter();
        days.map(|form| format!("{form}{CLOCK}")).collect()
    };
    let times = by_pattern(&whole, forms)?;
    let day = |form: &String| form.strip_suffix(CLOCK).unwrap_or(form).to_owned();
    Some(Times {
        format: day(&times.format),
        also: times.also.iter().map(day).collect(),
        ..times
    })
}

/// How the clocks in a column are written.
pub(super) fn clocks(values: &[String]) -> Option<String> {
    const DAY: &str = "%Y-%m-%d ";
    let whole = beside(values, |clock| format!("2024-01-15 {clock}"));
    let forms = |text: &str| -> Vec<String> {
        let clock = text.strip_prefix("2024-01-15 ").unwrap_or_default();
        let clocks = time_forms::of_clocks(clock).into_iter();
        clocks.map(|form| format!("{DAY}{form}")).collect()
    };
    let times = by_pattern(&whole, forms)?;
    times.format.strip_prefix(DAY).map(str::to_owned)
}

fn beside(values: &[String], other: impl Fn(&str) -> String) -> Vec<String> {
    values.iter().map(|value| other(value.trim())).collect()
}

/// The first of the patterns made of the values that fits them, and the others.
fn by_pattern(values: &[String], forms: impl Fn(&str) -> Vec<String>) -> Option<Times> {
    let mut patterns: Vec<String> = Vec::new();
    // Either reads the months of the other.
    let plain = |form: &str| form.replace("%B", "%b").replace("%b.", "%b");
    let is_new =
        |patterns: &[String], form: &str| !patterns.iter().any(|known| plain(known) == plain(form));
    let texts = looks(values);
    let in_english = || {
        texts
            .iter()
            .filter_map(|text| respelled(text, MonthForm::Short))
    };
    for text in texts.iter().cloned().chain(in_english()) {
        for form in forms(&text) {
            if is_new(&patterns, &form) && fits(values, &form) {
                patterns.push(form);
            }
        }
    }
    let mut patterns = likely(values, patterns).into_iter();
    let format = patterns.next()?;
    // Points stand in dates that begin with the day.
    let is_odd = |form: &String| form.contains("%m.%d.%Y") || form.contains("%y.%m.%d");
    let also = patterns.filter(|form| !is_odd(form)).collect();
    Some(Times::with(values, format, also))
}

/// The first values of different looks.
fn looks(values: &[String]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut texts = Vec::new();
    for value in values {
        let text = as_seen(value).trim().to_owned();
        let look: String = text
            .chars()
            .map(|sign| if sign.is_ascii_digit() { '0' } else { sign })
            .collect();
        if texts.len() < LOOKS && seen.insert(look) {
            texts.push(text);
        }
    }
    texts
}

/// Patterns with a year of two digits, where days may be taken for years: the ones with the later years
/// first, and none whose years change as days do when another has fewer.
fn likely(values: &[String], patterns: Vec<String>) -> Vec<String> {
    if !patterns.iter().any(|pattern| pattern.contains("%y")) {
        return patterns;
    }
    let years = |pattern: &str| -> BTreeSet<i16> {
        let Some(rule) = rule(pattern, Some(TimeZone::UTC)) else {
            return BTreeSet::new();
        };
        let read = values
            .iter()
            .filter_map(|value| rule.read(value.trim()).ok());
        read.map(|(_, at)| at.to_zoned(TimeZone::UTC).year())
            .collect()
    };
    let mut with_years: Vec<(BTreeSet<i16>, String)> = patterns
        .into_iter()
        .map(|pattern| (years(&pattern), pattern))
        .collect();
    let fewest = with_years.iter().map(|(years, _)| years.len()).min();
    with_years.retain(|(years, _)| years.len() < MANY_YEARS || Some(years.len()) == fewest);
    let is_rare = |pattern: &str| pattern.contains("%y.%m") || pattern.contains("%y/%m");
    with_years.sort_by_key(|(years, pattern)| (is_rare(pattern), Reverse(years.last().copied())));
    with_years.into_iter().map(|(_, pattern)| pattern).collect()
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
    // 1990 to 2100: a telephone number is no time. Bare numbers are from 2000 to 2033, since one of
    // ten digits is a telephone's in other countries. A year of two digits is none that is to come.
    let plausible = match format {
        "epoch" | "epoch_us" | "epoch_ns" => 946_684_800..2_000_000_000,
        _ if format.contains("%y") => 631_152_000..tomorrow(),
        _ => 631_152_000..4_102_444_800,
    };
    most(values, 4, |value| {
        let read = rule.read(value.trim());
        read.is_ok_and(|(_, at)| plausible.contains(&at.as_second()))
    })
}

/// The second until which calls may have been made, in whatever zone.
fn tomorrow() -> i64 {
    let now = Timestamp::now();
    now.checked_add(24.hours()).unwrap_or(now).as_second()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> Option<Times> {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        Times::of(&values)
    }

    #[test]
    fn a_short_year_is_told_from_a_day_by_what_changes() {
        for (values, format, also) in [
            (vec!["25.03.24 09:12"], "%d.%m.%y %H:%M", vec![]),
            (
                vec!["15.03.24 09:12", "16.03.24 09:12", "18.03.24 09:12"],
                "%d.%m.%y %H:%M",
                vec![],
            ),
            (
                vec!["05.03.24 09:12"],
                "%d.%m.%y %H:%M",
                vec!["%m.%d.%y %H:%M"],
            ),
            (
                vec!["24-03-15 09:12", "24-03-16 09:12", "24-03-22 09:12"],
                "%y-%m-%d %H:%M",
                vec![],
            ),
            (
                vec!["01-12-24 09:12", "01-01-25 09:12"],
                "%d-%m-%y %H:%M",
                vec!["%m-%d-%y %H:%M", "%y-%m-%d %H:%M"],
            ),
            (vec!["03/15/99 09:12"], "%m/%d/%y %H:%M", vec![]),
        ] {
            let times = of(&values).unwrap();
            assert_eq!(
                (times.format.as_str(), times.also),
                (format, also.into_iter().map(str::to_owned).collect()),
                "{values:?}"
            );
            assert!(!times.has_offset);
        }
    }

    #[test]
    fn letters_of_several_zones_are_left_out_and_told() {
        let times = of(&["03/15/2024 9:12 AM EST", "07/16/2024 10:12 PM EDT"]).unwrap();
        assert_eq!(times.format, "%m/%d/%Y %I:%M %p");
        assert_eq!(times.letters.as_deref(), Some("EST"));
        assert!(!times.has_offset);
        assert!(times.doubt().unwrap().contains("`EST` means several zones"));
        let known = of(&["03/15/2024 9:12 AM EDT"]).unwrap();
        assert_eq!(
            (known.format.as_str(), known.has_offset),
            ("%m/%d/%Y %I:%M %p %Z", true)
        );
        assert_eq!(of(&["03/15/2024 9:12 PLN"]), None);
    }

    #[test]
    fn numbers_are_times_only_by_a_name() {
        for value in [
            "45366.38336805556",
            "1714000000123456",
            "1714000000123456789",
        ] {
            assert_eq!(of(&[value]), None, "{value}");
        }
        let values = ["45366.38336805556".to_owned()];
        assert_eq!(Times::of_numbers(&values).unwrap().format, "spreadsheet");
        assert!(!Times::of_numbers(&values).unwrap().has_offset);
    }

    #[test]
    fn days_and_clocks_in_columns_of_their_own_are_read() {
        let values = |values: &[&str]| values.iter().map(ToString::to_string).collect::<Vec<_>>();
        let found = days(&values(&["15-03-2024", "16-03-2024"])).unwrap();
        assert_eq!((found.format.as_str(), found.also.len()), ("%d-%m-%Y", 0));
        assert_eq!(days(&values(&["2024-03-15"])).unwrap().format, "%Y-%m-%d");
        assert_eq!(days(&values(&["20240315"])).unwrap().format, "%Y%m%d");
        assert_eq!(
            days(&values(&["Fri 03/15/2024"])).unwrap().format,
            "%a %m/%d/%Y"
        );
        assert_eq!(days(&values(&["12345678"])), None);
        assert_eq!(clocks(&values(&["09.12.03"])).as_deref(), Some("%H.%M.%S"));
        assert_eq!(
            clocks(&values(&["9:12 AM", "10:12 PM"])).as_deref(),
            Some("%I:%M %p")
        );
        assert_eq!(clocks(&values(&["261", "soon"])), None);
    }
}
