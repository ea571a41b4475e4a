//! Values with units as people type them.

use std::path::PathBuf;
use std::time::Duration;

use jiff::tz::TimeZone;

use crate::delivery::{Bandwidth, Hours};

/// Reads `10MB`, `1.5 MiB`, `800k`, `0` as bytes. `MB` is a million, `MiB` is 1,048,576.
pub(super) fn bytes(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let split = text
        .find(|char: char| !char.is_ascii_digit() && char != '.')
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(split);
    let number: f64 = number
        .parse()
        .map_err(|_| "expected a size such as 10MB".to_owned())?;
    let factor = match unit
        .trim()
        .trim_end_matches("/s")
        .to_ascii_lowercase()
        .as_str()
    {
        "" if number == 0.0 => 1.0,
        "" => {
            return Err(format!(
                "{text} has no unit: write {text}MB for megabytes, or {text}B for bytes"
            ));
        }
        "b" => 1.0,
        "k" | "kb" => 1e3,
        "m" | "mb" => 1e6,
        "g" | "gb" => 1e9,
        "kib" => 1024.0,
        "mib" => 1_048_576.0,
        "gib" => 1_073_741_824.0,
        _ => return Err("expected a unit such as kB, MB, GB, KiB, MiB or GiB".to_owned()),
    };
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the number has no sign, and the cast saturates"
    )]
    let bytes = (number * factor) as u64;
    if bytes == 0 && number > 0.0 {
        return Err("less than one byte".to_owned());
    }
    Ok(bytes)
}

/// Reads bytes of which there must be some.
pub(super) fn size(text: &str) -> Result<u64, String> {
    bytes(text).and_then(|bytes| match bytes {
        0 => Err("expected a size such as 1GB".to_owned()),
        bytes => Ok(bytes),
    })
}

/// Reads `10MB`, or sizes by the hour and one for all other times: `08:00-18:00=2MB,20MB`.
pub(super) fn bandwidth(text: &str) -> Result<Bandwidth, String> {
    let mut bandwidth = Bandwidth::default();
    for part in text.split(',') {
        match part.split_once('=') {
            Some((hours, size)) => {
                let hours = Hours::parse(hours.trim())?;
                bandwidth.at.push((hours, bytes(size)?));
            }
            None if bandwidth.usual.is_some() => {
                return Err("only one size can be that of all other hours".to_owned());
            }
            None => bandwidth.usual = Some(bytes(part)?),
        }
    }
    Ok(bandwidth)
}

/// Reads the name of a zone.
pub(super) fn zone(text: &str) -> Result<TimeZone, String> {
    TimeZone::get(text.trim())
        .map_err(|_| "expected a zone such as Europe/Copenhagen or UTC".to_owned())
}

/// Reads `30s`, `10m`, `1h30m`, `2 hours`, `3d` or plain seconds. A day has 24 hours.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Ok(Duration::from_secs(seconds));
    }
    let days = jiff::SpanRelativeTo::days_are_24_hours();
    let span = text.trim().parse::<jiff::Span>().ok();
    span.and_then(|span| span.to_duration(days).ok())
        .and_then(|duration| Duration::try_from(duration).ok())
        .ok_or_else(|| "expected a duration such as 30s, 10m, 1h30m or 3d".to_owned())
}

/// Reads a duration under which something can happen: at least a millisecond.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration < Duration::from_millis(1) {
        return Err(
            "nothing can be sent in no time; expected a duration such as 30s or 10m".to_owned(),
        );
    }
    Ok(duration)
}

/// Reads a pace in requests a second; `0`, `unlimited` and `off` are no limit.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    match text.trim() {
        "unlimited" | "off" => Ok(0.0),
        other => other
            .parse::<f64>()
            .ok()
            .filter(|rate| rate.is_finite() && *rate >= 0.0)
            .ok_or_else(|| {
                "expected requests a second such as 20 or 0.5, or 0 for no limit".to_owned()
            }),
    }
}

/// Reads `5%` or `0.5 %`. A bare `0.05` may mean that or 5 %, and a limit that is a hundred times
/// what was meant is worse than none, so a number without the sign is refused.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let number = text.trim().strip_suffix('%').map(str::trim_end);
    number
        .and_then(|number| number.parse::<f64>().ok())
        .filter(|percent| (0.0..=100.0).contains(percent))
        .map(|percent| percent / 100.0)
        .ok_or_else(|| "expected a share with its sign, such as 5%".to_owned())
}

/// A name and the file that it stands for.
pub(super) fn named_file(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => {
            Ok((name.to_owned(), PathBuf::from(file)))
        }
        _ => Err("a name and a file are expected, such as users=people.json".to_owned()),
    }
}

/// The most characters of a label.
const LONGEST_LABEL: usize = 100;

/// A label as it is sent: without blanks around it, and without signs that nobody sees.
pub(super) fn label(text: &str) -> Result<String, String> {
    let label = text.trim();
    if label.is_empty() {
        return Err("a label has at least one character".to_owned());
    }
    if label.chars().count() > LONGEST_LABEL {
        return Err(format!("a label has at most {LONGEST_LABEL} characters"));
    }
    if label.chars().any(char::is_control) {
        return Err("a label has no control characters".to_owned());
    }
    Ok(label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_decimal_and_binary_units() {
        for (text, size) in [
            ("10MB", 10_000_000),
            ("1.5 MiB", 1_572_864),
            ("800k", 800_000),
            ("0", 0),
            ("2GB/s", 2_000_000_000),
        ] {
            assert_eq!(bytes(text), Ok(size), "{text}");
        }
        for not in [
            "",
            "MB",
            "1.2.3",
            "-5",
            "5 parsecs",
            "1e9",
            "5",
            "5000000",
            "0.5",
            "0.1B",
            "inf",
            "nan",
        ] {
            assert!(bytes(not).is_err(), "{not}");
        }
        assert!(bytes("5").unwrap_err().contains("write 5MB"));
        assert_eq!(bytes("5B"), Ok(5));
        assert_eq!((size("1B"), size("0").is_err()), (Ok(1), true));
    }

    #[test]
    fn a_bandwidth_may_follow_the_hour() {
        assert_eq!(bandwidth("10MB").unwrap().usual, Some(10_000_000));
        let by_hour = bandwidth("08:00-18:00=2MB, 22:00-05:00=0, 20MB").unwrap();
        assert_eq!(by_hour.usual, Some(20_000_000));
        assert_eq!(by_hour.at.len(), 2);
        assert_eq!(bandwidth("08:00-18:00=2MB").unwrap().usual, None);
        for not in [
            "",
            "1MB,2MB",
            "08:00=1MB",
            "08:00-18:00",
            "08:00-18:00=fast",
        ] {
            assert!(bandwidth(not).is_err(), "{not}");
        }
    }

    #[test]
    fn durations_are_seconds_or_have_units() {
        for (text, seconds) in [
            ("30", 30),
            ("30s", 30),
            ("1h30m", 5400),
            ("10 minutes", 600),
        ] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for not in ["", "soon", "-5s", "1 month"] {
            assert!(duration(not).is_err(), "{not}");
        }
    }

    #[test]
    fn in_no_time_nothing_can_happen() {
        assert_eq!(span("1ms"), Ok(Duration::from_millis(1)));
        assert_eq!(span("1m"), Ok(Duration::from_secs(60)));
        for not in ["0", "0s", "0m", "0ms", "1ns", "-1s", "soon"] {
            assert!(span(not).is_err(), "{not}");
        }
    }

    #[test]
    fn a_share_is_one_of_a_hundred() {
        assert_eq!(share("5%"), Ok(0.05));
        assert_eq!(share(" 50 % "), Ok(0.5));
        assert_eq!(share("0.05%"), Ok(0.0005));
        for not in [
            "", "%", "5%%", "-1%", "101%", "NaN%", "five", "5", "0.05", "1", "100",
        ] {
            assert!(share(not).is_err(), "{not}");
        }
    }

    #[test]
    fn a_pace_of_zero_is_no_limit() {
        assert_eq!(rate("0"), Ok(0.0));
        assert_eq!(rate("unlimited"), Ok(0.0));
        assert_eq!(rate("0.5"), Ok(0.5));
        for not in ["", "-1", "NaN", "inf", "fast"] {
            assert!(rate(not).is_err(), "{not}");
        }
    }
}
