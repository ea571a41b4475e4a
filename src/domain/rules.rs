//! The rules of single texts, times and numbers, each once for all that check them.

use jiff::Timestamp;

use super::Code;

/// Whether there is nothing but blanks; most text says so by its first byte.
#[inline]
pub(crate) fn is_blank(text: &str) -> bool {
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic)
        && text.chars().all(char::is_whitespace)
}

/// The text without blanks around it; most text says by its first and last byte that it has none.
#[inline]
pub(crate) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Whether whoever reads the number finds one: beyond the reach of a double it becomes infinite, or
/// nothing at all.
#[inline]
pub(crate) fn is_held(number: &str) -> bool {
    if number.len() < 300 && has_no_letter(number.as_bytes()) {
        return true;
    }
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = mantissa.bytes().all(|byte| !matches!(byte, b'1'..=b'9'));
    let held = number.parse::<f64>().unwrap_or(f64::INFINITY);
    held.is_finite() && (is_zero || held != 0.0)
}

/// Whether a number has no exponent. Signs, points and digits lack the bit that all letters have, and most
/// numbers are looked at in two pieces, which may overlap.
#[inline]
fn has_no_letter(number: &[u8]) -> bool {
    const LETTER: u8 = 0x40;
    if let (4..=8, Some(first), Some(last)) =
        (number.len(), number.first_chunk(), number.last_chunk())
    {
        let all = u32::from_ne_bytes(*first) | u32::from_ne_bytes(*last);
        return all & u32::from_ne_bytes([LETTER; 4]) == 0;
    }
    number.iter().all(|byte| byte & LETTER == 0)
}

/// Whether nobody can mean the time: before 1970, an empty cell that became the day zero of a computer,
/// or seconds and days that were read as something smaller, which all end in January 1970.
#[inline]
pub(crate) fn is_too_early(at: Timestamp) -> bool {
    at.as_second() < 31 * 86_400
}

/// What is told of a time that is [too early](is_too_early).
pub(crate) const TOO_EARLY: &str =
    "before February 1970: an empty date, a year of two digits, or a number in another unit";

/// No call centre recorded to files before 1990.
#[inline]
pub(crate) fn is_plausible(at: Timestamp) -> bool {
    at.as_second() >= 631_152_000
}

/// Reads a time with an offset (RFC 3339, with `T`), and says whether a time without one is missing it
/// or is no time. A second 60 and an offset beyond 18 hours are no time: who reads strictly refuses both.
pub fn read_rfc3339(text: &str) -> Result<Timestamp, (Code, &'static str)> {
    const NONE: (Code, &str) = (Code::BadTime, "not a time, or a date that does not exist");
    let has_t = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    match text.parse::<Timestamp>() {
        Ok(_) if !has_t => Err((Code::BadTime, "not in the form 2024-03-15T09:12:03+01:00")),
        Ok(at) => is_strict(text).then_some(at).ok_or(NONE),
        Err(_) => match text.parse::<jiff::civil::DateTime>() {
            Ok(_) => Err((
                Code::TimeWithoutZone,
                "no offset, and the mapping names no zone",
            )),
            Err(_) => Err(NONE),
        },
    }
}

/// Whether a time that was read is one for strict readers, too: no second 60, no zone in brackets, no
/// offset beyond [`MOST_OFFSET`]. Told by the letters, since it is asked of each record.
fn is_strict(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.get(16..19) == Some(b":60") || memchr::memchr(b'[', bytes).is_some() {
        return false;
    }
    let clock = bytes.get(11..).unwrap_or_default();
    let Some(sign) = memchr::memchr2(b'+', b'-', clock) else {
        return true;
    };
    // `+01`, `+0100`, `+01:00`, `+01:00:00`: pairs of digits of hours, minutes and seconds.
    let digits = clock[sign + 1..].iter().filter(|byte| **byte != b':');
    let mut digits = digits.map(|byte| i32::from(byte.wrapping_sub(b'0')));
    let mut pair = || digits.next().unwrap_or(0) * 10 + digits.next().unwrap_or(0);
    pair() * 3600 + pair() * 60 + pair() <= MOST_OFFSET
}

/// The most seconds that a clock is ahead of UTC or behind it, as the readers of times have it.
pub(crate) const MOST_OFFSET: i32 = 18 * 3600;

/// The grammar of JSON numbers (RFC 8259): `-1`, `0.5`, `1e3`; not `01`, `.5`, `+1`, `1.`.
pub(crate) fn is_json_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|part| digits(part.strip_prefix(['+', '-']).unwrap_or(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exponent_is_found_wherever_it_stands() {
        for length in 1..24 {
            let digits = "7".repeat(length);
            assert!(has_no_letter(digits.as_bytes()), "{digits}");
            for at in 0..length {
                for sign in ["e", "E"] {
                    let mut number = digits.clone();
                    number.replace_range(at..=at, sign);
                    assert!(!has_no_letter(number.as_bytes()), "{number}");
                }
            }
        }
        assert!(has_no_letter(b"-12.50") && is_held("123456") && is_held("1e300"));
        assert!(!is_held("1.5e4000") && !is_held("1e-4000") && is_held("0e-4000"));
    }

    #[test]
    fn numbers_follow_the_grammar_of_json() {
        for good in ["0", "-1", "0.5", "12.50", "1e3", "1E-7", "9007199254740993"] {
            assert!(is_json_number(good), "{good}");
        }
        for bad in [
            "", "-", "01", ".5", "5.", "+1", "1,5", "NaN", "0x1", "1e", "1 ",
        ] {
            assert!(!is_json_number(bad), "{bad}");
        }
    }
}
