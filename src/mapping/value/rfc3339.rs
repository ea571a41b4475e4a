//! Times that already are as they will be sent.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::Offset;

use crate::domain::call::MOST_OFFSET;

/// The shape `2024-03-15T09:12:03[.123](Z|+01:00)`. Whether the numbers are a time is not asked.
pub(super) fn is_rfc3339(text: &str) -> bool {
    const SHAPE: &[u8; 19] = b"0000-00-00T00:00:00";
    let bytes = text.as_bytes();
    let Some((head, mut tail)) = bytes.split_at_checked(SHAPE.len()) else {
        return false;
    };
    let fits = |(byte, shape): (&u8, &u8)| match shape {
        b'0' => byte.is_ascii_digit(),
        other => byte == other,
    };
    if !head.iter().zip(SHAPE).all(fits) {
        return false;
    }
    if let Some(fraction) = tail.strip_prefix(b".") {
        let digits = fraction
            .iter()
            .take_while(|byte| byte.is_ascii_digit())
            .count();
        if !(1..=9).contains(&digits) {
            return false;
        }
        tail = &fraction[digits..];
    }
    match tail {
        b"Z" => true,
        [b'+' | b'-', rest @ ..] => rest.len() == 5 && rest.iter().zip(b"00:00").all(fits),
        _ => false,
    }
}

/// The instant of text in this shape, in a fraction of the time of the full grammar; `None` for what is
/// no time (a second 60, numbers out of range) or has an offset that no clock has.
pub(super) fn rfc3339(bytes: &[u8]) -> Option<Timestamp> {
    let number = |from: usize, to: usize| {
        let digits = bytes.get(from..to)?;
        Some(
            digits
                .iter()
                .fold(0_i32, |sum, byte| sum * 10 + i32::from(byte - b'0')),
        )
    };
    let head: &[u8; 19] = bytes.first_chunk()?;
    let pair = |from: usize| (head[from] - b'0') * 10 + (head[from + 1] - b'0');
    let small = |from: usize| i8::try_from(pair(from)).ok();
    let is_zone = |byte: &u8| matches!(byte, b'Z' | b'+' | b'-');
    let zone = head.len() + bytes[head.len()..].iter().position(is_zone)?;
    let nanos = match zone {
        19 => 0,
        _ => number(20, zone)? * 10_i32.pow(u32::try_from(29 - zone).ok()?),
    };
    let year = i16::from(pair(0)) * 100 + i16::from(pair(2));
    let date = Date::new(year, small(5)?, small(8)?).ok()?;
    let time = Time::new(small(11)?, small(14)?, small(17)?, nanos).ok()?;
    let seconds = match bytes.get(zone)? {
        b'Z' => 0,
        sign => {
            let (hours, minutes) = (number(zone + 1, zone + 3)?, number(zone + 4, zone + 6)?);
            let seconds = hours * 3600 + minutes * 60;
            if minutes > 59 || seconds > MOST_OFFSET {
                return None;
            }
            if *sign == b'-' { -seconds } else { seconds }
        }
    };
    Offset::from_seconds(seconds)
        .ok()?
        .to_timestamp(date.to_datetime(time))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_shortcut_reads_what_the_full_grammar_reads(
            parts in (0_u32..=9999, 0_u32..=13, 0_u32..=32, 0_u32..=25, 0_u32..=61, 0_u32..=61),
            fraction in "(\\.[0-9]{1,9})?",
            zone in "(Z|[+-][0-2][0-9]:[0-6][0-9])",
        ) {
            let (year, month, day, hour, minute, second) = parts;
            let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}{fraction}{zone}");
            prop_assert!(is_rfc3339(&text), "{}", text);
            if let Some(at) = rfc3339(text.as_bytes()) {
                prop_assert_eq!(Some(at), text.parse().ok(), "{}", text);
            }
        }
    }
}
