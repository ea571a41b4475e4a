//! Times that are written as one number.

use jiff::civil::DateTime;
use jiff::{Timestamp, ToSpan as _};

/// A number of units since 1970, each of `10^nanos_power` nanoseconds.
pub(super) fn epoch(text: &str, nanos_power: usize) -> Option<Timestamp> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, ""));
    let is_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || whole.len() > 19 || !is_digits(whole) || !is_digits(fraction) {
        return None;
    }
    // Digits finer than a nanosecond are of no use to anyone.
    let fraction = &fraction[..fraction.len().min(nanos_power)];
    let scale = 10_i128.pow(u32::try_from(nanos_power).ok()?);
    let part = format!("0{fraction:0<nanos_power$}");
    let nanos = whole.parse::<i128>().ok()? * scale + part.parse::<i128>().ok()?;
    Timestamp::from_nanosecond(sign * nanos).ok()
}

/// The instant of `/Date(1714000000000+0200)/`, with the offset as it is written. JSON writes its slashes
/// as `\\/`, and tables that were made of JSON keep them so.
pub(super) fn json_date(text: &str) -> Option<(Timestamp, Option<&str>)> {
    let inside = text
        .strip_prefix('\\')
        .unwrap_or(text)
        .strip_prefix("/Date(")?
        .strip_suffix('/')?;
    let inside = inside.strip_suffix('\\').unwrap_or(inside);
    let inside = inside.strip_suffix(')')?;
    // A sign in front is that of the number.
    let signs = inside.char_indices().skip(1);
    let mut offsets = signs.filter(|(_, sign)| matches!(sign, '+' | '-'));
    match offsets.next() {
        None => Some((epoch(inside, 6)?, None)),
        Some((at, _)) => Some((epoch(&inside[..at], 6)?, Some(&inside[at..]))),
    }
}

/// Days since 1899-12-30, rounded to the second: the fifteen digits of a spreadsheet do not hold
/// more. Bare dates and serials before 1980 are more likely other numbers.
pub(super) fn spreadsheet(text: &str) -> Option<DateTime> {
    let (days, fraction) = text.split_once(['.', ','])?;
    if days.len() != 5 || fraction.is_empty() || fraction.len() > 18 {
        return None;
    }
    let days = days.parse::<u32>().ok().filter(|days| *days >= 29_221)?;
    let scale = 10_u128.pow(u32::try_from(fraction.len()).ok()?);
    let seconds = (fraction.parse::<u64>().ok().map(u128::from)? * 86_400 + scale / 2) / scale;
    let start = jiff::civil::date(1899, 12, 30).at(0, 0, 0, 0);
    start
        .checked_add(i64::from(days).days())
        .ok()?
        .checked_add(i64::try_from(seconds).ok()?.seconds())
        .ok()
}
