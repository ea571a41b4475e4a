//! Calls over time: every day has its place, also those without calls.

use std::collections::BTreeMap;
use std::ops::Range;

use jiff::civil::Date;
use jiff::{ToSpan, Unit};

/// Most bars of the plot; beyond that, days are put together.
const BARS: i64 = 400;
/// Days without calls that are worth a word: longer than a weekend.
const GAP: i64 = 3;
/// Pieces without calls that are marked: a week of days, or one that is a week or longer itself.
const EMPTY_DAYS: usize = 7;

/// The calls in equal pieces of time, from the first to the last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::report) struct DayBars {
    /// What a piece is called: `day`, `week`, `month` or `year`.
    pub(in crate::report) unit: &'static str,
    /// Start and calls of each.
    pub(in crate::report) counts: Vec<(String, u64)>,
    /// The longest time without calls: its first day, its last and how many days.
    pub(in crate::report) gap: Option<(Date, Date, i64)>,
    /// Where nothing is for so long that something may be missing, by the places of `counts`.
    pub(in crate::report) voids: Vec<Range<usize>>,
}

/// The calls by day.
pub(in crate::report) fn spread(days: &BTreeMap<Date, u64>) -> Option<DayBars> {
    let (first, _) = days.first_key_value()?;
    let (last, _) = days.last_key_value()?;
    let (unit, step) = unit(days_between(*first, *last));
    let mut counts: Vec<(Date, u64)> = Vec::new();
    let mut start = start_of(unit, *first);
    while start <= *last {
        counts.push((start, 0));
        match start.checked_add(step) {
            Ok(next) => start = next,
            Err(_) => break,
        }
    }
    for (day, calls) in days {
        let index = counts.partition_point(|(start, _)| start <= day);
        if let Some((_, sum)) = index.checked_sub(1).and_then(|index| counts.get_mut(index)) {
            *sum += calls;
        }
    }
    let name = |start: Date| match unit {
        "year" => start.strftime("%Y").to_string(),
        "month" => start.strftime("%Y-%m").to_string(),
        _ => start.to_string(),
    };
    Some(DayBars {
        voids: voids(unit, &counts),
        unit,
        counts: counts
            .into_iter()
            .map(|(start, calls)| (name(start), calls))
            .collect(),
        gap: gap(days),
    })
}

/// The finest piece of time of which not too many fit.
fn unit(days: i64) -> (&'static str, jiff::Span) {
    if days < BARS {
        ("day", 1.day())
    } else if days / 7 < BARS {
        ("week", 1.week())
    } else if days / 28 < BARS {
        ("month", 1.month())
    } else {
        // At most 9,999 years exist here.
        ("year", 1.year())
    }
}

fn start_of(unit: &str, day: Date) -> Date {
    match unit {
        "week" => {
            let into_week = i64::from(day.weekday().to_monday_zero_offset());
            day.checked_sub(into_week.days()).unwrap_or(day)
        }
        "month" => day.first_of_month(),
        "year" => day.first_of_year(),
        _ => day,
    }
}

fn voids(unit: &str, counts: &[(Date, u64)]) -> Vec<Range<usize>> {
    let least = if unit == "day" { EMPTY_DAYS } else { 1 };
    let mut voids = Vec::new();
    let mut at = 0;
    while at < counts.len() {
        let empty = counts[at..].iter().take_while(|(_, calls)| *calls == 0);
        let length = empty.count();
        if length >= least {
            voids.push(at..at + length);
        }
        at += length + 1;
    }
    voids
}

fn gap(days: &BTreeMap<Date, u64>) -> Option<(Date, Date, i64)> {
    days.keys()
        .zip(days.keys().skip(1))
        .map(|(before, after)| (*before, *after, days_between(*before, *after) - 1))
        .filter(|(_, _, length)| *length >= GAP)
        .max_by_key(|(before, _, length)| (*length, std::cmp::Reverse(*before)))
        .and_then(|(before, after, length)| {
            Some((before.tomorrow().ok()?, after.yesterday().ok()?, length))
        })
}

fn days_between(first: Date, last: Date) -> i64 {
    first
        .until((Unit::Day, last))
        .map_or(0, |span| i64::from(span.get_days()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn by_day(days: &[(&str, u64)]) -> BTreeMap<Date, u64> {
        let days = days.iter();
        days.map(|(day, calls)| (day.parse().unwrap(), *calls))
            .collect()
    }

    #[test]
    fn days_without_calls_have_their_place() {
        let days = spread(&by_day(&[("2024-02-28", 1), ("2024-03-02", 3)])).unwrap();
        let expected = [
            ("2024-02-28", 1),
            ("2024-02-29", 0),
            ("2024-03-01", 0),
            ("2024-03-02", 3),
        ];
        assert_eq!(days.counts, expected.map(|(day, n)| (day.to_owned(), n)));
        assert_eq!((days.unit, days.gap), ("day", None));
    }

    #[test]
    fn a_missing_month_is_named() {
        let days = spread(&by_day(&[
            ("2024-01-31", 1),
            ("2024-03-01", 1),
            ("2024-03-04", 1),
        ]))
        .unwrap();
        let (first, last, length) = days.gap.unwrap();
        assert_eq!(
            (first.to_string(), last.to_string(), length),
            ("2024-02-01".to_owned(), "2024-02-29".to_owned(), 29)
        );
        let void = days.voids.first().map(|void| (void.start, void.end));
        assert_eq!((void, days.voids.len()), (Some((1, 30)), 1));
    }

    #[test]
    fn long_times_are_put_together_and_no_call_is_lost() {
        for (first, last, unit) in [
            ("2024-01-01", "2024-12-31", "day"),
            ("2022-01-05", "2024-12-31", "week"),
            ("2010-01-31", "2024-12-31", "month"),
            ("1900-05-05", "9999-12-31", "year"),
        ] {
            let days = spread(&by_day(&[(first, 2), ("2024-06-30", 3), (last, 5)])).unwrap();
            assert_eq!(days.unit, unit);
            let sum: u64 = days.counts.iter().map(|(_, calls)| calls).sum();
            assert_eq!(sum, 10, "{unit}");
            assert_eq!(
                days.counts.first().map(|(_, calls)| *calls),
                Some(2),
                "{unit}"
            );
            assert!(
                days.counts.last().is_some_and(|(_, calls)| *calls >= 5),
                "{unit}"
            );
        }
    }

    #[test]
    fn no_days_make_no_plot() {
        assert_eq!(spread(&BTreeMap::new()), None);
        assert_eq!(
            spread(&by_day(&[("2024-03-15", 1)])).unwrap().counts.len(),
            1
        );
    }
}
