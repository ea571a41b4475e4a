//! Times in the names of recordings, which show a wrong zone when they are held against the rows.

use jiff::civil::{Date, DateTime, Time};

/// A date and time that a file name holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NameTimestamp {
    /// As written, in whatever zone the recorder has.
    pub at: DateTime,
    /// Whether the name says that it is UTC (`…_UTC`, `…Z`).
    pub utc: bool,
}

/// The first date and time in a name: year, month, day, hour, minute and perhaps second, with or
/// without separators (`20240315-091203`, `20240315T08:12_UTC`, `2024-03-15 09.12.03`). Dates
/// before 1990 are taken for other numbers.
pub fn stamp(name: &str) -> Option<NameTimestamp> {
    let bytes = name.as_bytes();
    (0..bytes.len())
        .filter(|at| *at == 0 || !bytes[at - 1].is_ascii_digit())
        .find_map(|at| read(&bytes[at..]))
}

/// The instant in the unique id of an Asterisk channel (`1710490323.42`): seconds since 1970, a point,
/// and a running number.
pub(super) fn epoch(name: &str) -> Option<NameTimestamp> {
    let bytes = name.as_bytes();
    let is_digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let point = (10..bytes.len()).find(|at| {
        let digits = (at - 10..*at).all(is_digit) && (*at == 10 || !is_digit(at - 11));
        let number = (at + 1..bytes.len())
            .take_while(|next| is_digit(*next))
            .count();
        bytes[*at] == b'.' && digits && (1..=7).contains(&number) && bytes[at - 10] == b'1'
    })?;
    let seconds = name[point - 10..point].parse().ok()?;
    let at = jiff::Timestamp::from_second(seconds).ok()?;
    let at = jiff::tz::Offset::UTC.to_datetime(at);
    Some(NameTimestamp { at, utc: true })
}

/// Reads a stamp that starts here and is not followed by more digits.
fn read(bytes: &[u8]) -> Option<NameTimestamp> {
    let mut cursor = NameCursor { rest: bytes };
    let year = i16::try_from(cursor.number(4)?).ok()?;
    let month = i8::try_from(cursor.after(b"-._/", 2)?).ok()?;
    let day = i8::try_from(cursor.after(b"-._/", 2)?).ok()?;
    let hour = i8::try_from(cursor.after(b"-_T tT+", 2)?).ok()?;
    let minute = i8::try_from(cursor.after(b":._-h", 2)?).ok()?;
    let before_seconds = cursor.rest;
    let second = cursor.after(b":._-m", 2);
    if second.is_none() {
        cursor.rest = before_seconds;
    }
    let second = i8::try_from(second.unwrap_or(0)).ok()?;
    if cursor.rest.first().is_some_and(u8::is_ascii_digit) || year < 1990 {
        return None;
    }
    let time = Time::new(hour, minute, second, 0).ok()?;
    let at = DateTime::from_parts(Date::new(year, month, day).ok()?, time);
    let utc = cursor.rest.starts_with(b"Z")
        || ["_UTC", "UTC", "-UTC", " UTC"]
            .iter()
            .any(|mark| cursor.rest.starts_with(mark.as_bytes()));
    Some(NameTimestamp { at, utc })
}

struct NameCursor<'a> {
    rest: &'a [u8],
}

impl NameCursor<'_> {
    /// A number of exactly so many digits.
    fn number(&mut self, digits: usize) -> Option<u16> {
        let text = self.rest.get(..digits)?;
        let number = text.iter().try_fold(0u16, |number, byte| {
            byte.is_ascii_digit()
                .then(|| number * 10 + u16::from(byte - b'0'))
        })?;
        self.rest = &self.rest[digits..];
        Some(number)
    }

    /// The same, perhaps behind one of these separators or a percent-encoded colon.
    fn after(&mut self, separators: &[u8], digits: usize) -> Option<u16> {
        match self.rest {
            [b'%', b'3', b'A' | b'a', rest @ ..] => self.rest = rest,
            [first, rest @ ..] if separators.contains(first) => self.rest = rest,
            _ => {}
        }
        self.number(digits)
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_stamps_of_real_recorders_are_read() {
        let morning = date(2024, 3, 15).at(9, 12, 3, 0);
        for name in [
            "out-004512345601-101-20240315-091203-1710490323.42.wav",
            "20240315-091203_12345601-all.mp3",
            "[Coles, Zoe]_117-12345601_20240315091203(152).wav",
            "agent__2024-03-15__x 2024-03-15 09.12.03.wav",
            "2024-03-15T09:12:03.wav",
            "2024_03_15_09_12_03.wav",
        ] {
            let stamp = stamp(name).unwrap();
            assert_eq!((stamp.at, stamp.utc), (morning, false), "{name}");
        }
        for name in [
            "id_20240315T08:12_UTC.wav",
            "id_20240315T08%3A12_UTC.wav",
            "20240315T0812Z",
        ] {
            let stamp = stamp(name).unwrap();
            assert_eq!(
                (stamp.at, stamp.utc),
                (date(2024, 3, 15).at(8, 12, 0, 0), true),
                "{name}"
            );
        }
    }

    #[test]
    fn the_unique_id_of_a_channel_is_an_instant() {
        let morning = date(2024, 3, 15).at(8, 12, 3, 0);
        for name in [
            "out-0045-101-20240315-091203-1710490323.42.wav",
            "1710490323.1",
        ] {
            assert_eq!(
                epoch(name).map(|stamp| (stamp.at, stamp.utc)),
                Some((morning, true))
            );
        }
        for name in [
            "1710490323.wav",
            "11710490323.42",
            "1710490323.mp3",
            "4512345678.1",
            "",
        ] {
            assert_eq!(epoch(name), None, "{name}");
        }
    }

    #[test]
    fn other_numbers_are_no_times() {
        for name in [
            "1710490323.42.wav",
            "20240315.wav",
            "20241315-091203.wav",
            "20240315-251203.wav",
            "202403150912034.wav",
            "19040315-091203.wav",
            "",
        ] {
            assert_eq!(stamp(name), None, "{name}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_read_without_a_panic(name in ".*", digits in "[0-9:T%_-]{0,30}") {
            let _ = stamp(&name);
            let _ = (stamp(&digits), epoch(&digits), epoch(&name));
        }
    }
}
