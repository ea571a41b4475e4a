//! What a person sees in a cell.

use std::borrow::Cow;

use calamine::{DataRef, ExcelDateTime};

use super::number_format::ShownTime;

/// What is wrong with a cell.
#[derive(Debug, Clone, Copy)]
pub(super) enum CellError {
    /// A number with more digits than a spreadsheet keeps.
    Digits,
    /// A formula that came to nothing.
    Formula,
    /// Over the limit.
    TooLarge,
}

/// What a person sees in the cell; of its number format it counts what that says of times.
pub(super) fn text<'v>(
    value: &'v DataRef<'_>,
    format: ShownTime,
) -> (Cow<'v, str>, Option<CellError>) {
    let made = |text: String| (Cow::Owned(text), None);
    let read = |text: &'v str| (Cow::Borrowed(text), None);
    match value {
        DataRef::Empty => read(""),
        DataRef::Int(number) => made(number.to_string()),
        DataRef::Float(number) => {
            let (text, fault) = number_text(*number);
            (Cow::Owned(text), fault)
        }
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            read(text)
        }
        DataRef::SharedString(text) => read(text),
        DataRef::Bool(true) => read("true"),
        DataRef::Bool(false) => read("false"),
        DataRef::DateTime(time) => made(time_text(*time, format)),
        DataRef::Error(error) => (Cow::Owned(error.to_string()), Some(CellError::Formula)),
    }
}

/// A number without exponent, and with the 15 digits that a spreadsheet really has.
fn number_text(number: f64) -> (String, Option<CellError>) {
    if number.fract() == 0.0 {
        let fault = (number.abs() >= 1e15).then_some(CellError::Digits);
        return (format!("{number:.0}"), fault);
    }
    let rounded = format!("{number:.14e}").parse::<f64>().unwrap_or(number);
    (rounded.to_string(), None)
}

/// A time in the form of ISO 8601: what its format shows of day and clock. Without a known format, a day at
/// midnight is a day.
fn time_text(time: ExcelDateTime, format: ShownTime) -> String {
    let days = time.as_f64();
    if !(0.0..2_958_466.0).contains(&days) {
        return number_text(days).0;
    }
    let is_clock = format == ShownTime::Clock && !time.is_duration();
    let days = if is_clock { days.fract() } else { days };
    if time.is_duration() || days < 1.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above to be positive and below the year 10000"
        )]
        let milliseconds = (days * 86_400_000.0).round() as u64;
        let seconds = milliseconds / 1000;
        let clock = format!(
            "{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
        return with_milliseconds(clock, milliseconds % 1000);
    }
    let (year, month, day, hour, minute, second, millisecond) = time.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let is_midnight = (hour, minute, second, millisecond) == (0, 0, 0, 0);
    if format == ShownTime::Day || (is_midnight && format != ShownTime::DayAndClock) {
        return date;
    }
    let clock = format!("{date}T{hour:02}:{minute:02}:{second:02}");
    with_milliseconds(clock, u64::from(millisecond))
}

fn with_milliseconds(clock: String, milliseconds: u64) -> String {
    if milliseconds == 0 {
        clock
    } else {
        format!("{clock}.{milliseconds:03}")
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    fn numbers_are_written_as_people_see_them() {
        assert_eq!(number_text(4_512_345_601.0).0, "4512345601");
        assert_eq!(number_text(-0.5).0, "-0.5");
        assert_eq!(number_text(0.1 + 0.2).0, "0.3");
        assert_eq!(number_text(1_710_490_323.42 + 2e-7).0, "1710490323.42");
        assert!(number_text(999_999_999_999_999.0).1.is_none());
        assert!(number_text(1e15).1.is_some());
        assert_eq!(number_text(1e21).0, "1000000000000000000000");
    }

    #[test]
    fn times_are_written_as_iso_text() {
        let time = |days, kind, is_1904| {
            let time = ExcelDateTime::new(days, kind, is_1904);
            time_text(time, ShownTime::Unknown)
        };
        let moment = ExcelDateTimeType::DateTime;
        assert_eq!(
            time(45_366.383_368_055_56, moment, false),
            "2024-03-15T09:12:03"
        );
        assert_eq!(
            time(43_904.383_368_055_56, moment, true),
            "2024-03-15T09:12:03"
        );
        assert_eq!(time(45_366.0, moment, false), "2024-03-15");
        assert_eq!(time(0.5, moment, false), "12:00:00");
        assert_eq!(time(1.25, ExcelDateTimeType::TimeDelta, false), "30:00:00");
        assert_eq!(time(-1.0, moment, false), "-1");
    }

    #[test]
    fn the_format_says_what_is_seen_of_a_time() {
        let seen = |days, format| {
            time_text(
                ExcelDateTime::new(days, ExcelDateTimeType::DateTime, false),
                format,
            )
        };
        assert_eq!(
            seen(45_366.0, ShownTime::DayAndClock),
            "2024-03-15T00:00:00"
        );
        assert_eq!(seen(45_366.0, ShownTime::Day), "2024-03-15");
        assert_eq!(seen(45_366.75, ShownTime::Day), "2024-03-15");
        assert_eq!(seen(45_366.75, ShownTime::Clock), "18:00:00");
        assert_eq!(seen(45_366.0, ShownTime::Clock), "00:00:00");
        assert_eq!(seen(0.75, ShownTime::DayAndClock), "18:00:00");
        let hours = ExcelDateTime::new(1.25, ExcelDateTimeType::TimeDelta, false);
        assert_eq!(time_text(hours, ShownTime::Clock), "30:00:00");
    }
}
