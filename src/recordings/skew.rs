//! Times in the names of recordings against the times of their calls: a zone that was said wrongly
//! shows as the same difference in all of them.

use jiff::civil::DateTime;
use jiff::{Span, Timestamp, tz};

use super::timestamp::{NameTimestamp, epoch, stamp};

/// Zones differ by steps of this many minutes.
const STEP: i64 = 30;
/// A recording begins when somebody answers, and a row may tell when it rang: within so many minutes
/// of a step a difference is taken for the step, and within twice as many for none.
const NEAR: i64 = 10;
/// The most steps that two zones are apart, to either side.
const MOST: i64 = 28;

/// How far the time in a recording's name is ahead of the time of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Skew {
    /// In seconds; behind is negative.
    pub seconds: i64,
    /// What the call's time is ahead of UTC, in seconds.
    pub offset: i32,
    /// Whether the name says which instant it means. Else it is held against the clock of the place
    /// that the call's time has, which is that of the export's zone.
    pub is_absolute: bool,
    /// Whether the call's time says UTC, and the name's does not: a recorder that writes local time
    /// beside rows in UTC is nothing wrong.
    pub is_against_utc: bool,
}

impl Skew {
    /// What the name of a recording (without its folders) says against the text of its call's time,
    /// which is RFC 3339, and its instant.
    pub fn of(name: &str, time: &str, at: Timestamp) -> Option<Skew> {
        let offset = offset(time)?;
        let is_utc = offset == tz::Offset::UTC;
        let stamps = [epoch(name), stamp(name)];
        let NameTimestamp { at: written, utc } = stamps.into_iter().flatten().next()?;
        let call: DateTime = if utc { tz::Offset::UTC } else { offset }.to_datetime(at);
        let span: Span = written.since((jiff::Unit::Second, call)).ok()?;
        Some(Skew {
            seconds: span.get_seconds(),
            offset: offset.seconds(),
            is_absolute: utc,
            is_against_utc: is_utc && !utc,
        })
    }

    /// The difference in half hours, where it is one, 0 for none; `None` for any other.
    pub fn steps(&self) -> Option<i64> {
        let minutes = self.seconds.div_euclid(60);
        if minutes.abs() <= 2 * NEAR {
            return Some(0);
        }
        let steps = (minutes + STEP / 2).div_euclid(STEP);
        let is_near = (minutes - steps * STEP).abs() <= NEAR;
        (is_near && steps.abs() <= MOST).then_some(steps)
    }
}

fn offset(time: &str) -> Option<tz::Offset> {
    if time.ends_with(['Z', 'z']) {
        return Some(tz::Offset::UTC);
    }
    let text = time.get(time.len().checked_sub(6)?..)?;
    let (sign, rest) = match text.as_bytes()[0] {
        b'+' => (1, &text[1..]),
        b'-' => (-1, &text[1..]),
        _ => return None,
    };
    let (hours, minutes) = rest.split_once(':')?;
    let seconds = hours.parse::<i32>().ok()? * 3600 + minutes.parse::<i32>().ok()? * 60;
    tz::Offset::from_seconds(sign * seconds).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skew(name: &str, time: &str) -> Option<Skew> {
        Skew::of(name, time, time.parse().unwrap())
    }

    #[test]
    fn the_same_clock_shows_no_difference() {
        let skew = skew("out-1-2-20240514-130003-x.wav", "2024-05-14T13:00:01+02:00").unwrap();
        assert_eq!((skew.seconds, skew.steps()), (2, Some(0)));
        assert!(!skew.is_absolute && !skew.is_against_utc);
    }

    #[test]
    fn an_instant_in_the_name_is_held_against_the_instant_of_the_call() {
        // The row says 13:00, but it was said to be in New York.
        let name = "out-1-2-20240514-130001-1715684401.10.wav";
        let skew = skew(name, "2024-05-14T13:00:01-04:00").unwrap();
        assert_eq!((skew.steps(), skew.is_absolute), (Some(-12), true));
        let named = Skew::of(
            "c_20240514T11_00_UTC.wav",
            "2024-05-14T13:00:01+02:00",
            "2024-05-14T13:00:01+02:00".parse().unwrap(),
        );
        assert_eq!(named.unwrap().steps(), Some(0));
    }

    #[test]
    fn half_hours_are_steps_and_other_differences_are_none() {
        let of = |seconds| {
            let (is_absolute, is_against_utc) = (false, false);
            Skew {
                seconds,
                offset: 0,
                is_absolute,
                is_against_utc,
            }
            .steps()
        };
        assert_eq!(of(5 * 3600 + 1800 + 20), Some(11));
        assert_eq!(of(-2 * 3600 - 300), Some(-4));
        assert_eq!(of(900), Some(0));
        assert_eq!(of(45 * 60), None);
        assert_eq!(of(86_400 * 3), None);
        assert_eq!(of(-20), Some(0));
    }

    #[test]
    fn a_name_without_a_time_says_nothing() {
        assert_eq!(skew("a.wav", "2024-05-14T13:00:01Z"), None);
        let utc = skew("20240514-150001.wav", "2024-05-14T13:00:01Z").unwrap();
        assert!(utc.is_against_utc);
        assert_eq!(utc.steps(), Some(4));
    }
}
