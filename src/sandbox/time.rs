//! The strict reading of a time stamp: RFC 3339 with an offset, nothing more forgiving.

use jiff::Timestamp;

/// What a time stamp must look like, for the texts of refusals.
pub(super) const EXPECTED: &str =
    "must be an RFC 3339 time with an offset, like 2024-05-01T09:30:00+02:00";

/// The moment that `text` names, if it is `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)` and exists.
///
/// The shape is checked here because the library also takes spaces, short offsets and zone names,
/// which a server of another make would refuse.
pub(super) fn read(text: &str) -> Option<Timestamp> {
    if has_shape(text) {
        text.parse().ok()
    } else {
        None
    }
}

fn has_shape(text: &str) -> bool {
    let bytes = text.as_bytes();
    let Some((clock, rest)) = bytes.split_at_checked(19) else {
        return false;
    };
    // A leap second has no place in the calendars of most servers, and year 0 in none.
    follows(clock, b"dddd-dd-ddTdd:dd:dd") && &clock[17..] != b"60" && &clock[..4] != b"0000" && {
        let offset = without_fraction(rest);
        offset.is_some_and(|offset| offset == b"Z" || is_offset(offset))
    }
}

/// What follows an optional fraction of one to nine digits; nothing if the fraction is malformed.
fn without_fraction(rest: &[u8]) -> Option<&[u8]> {
    let Some(fraction) = rest.strip_prefix(b".") else {
        return Some(rest);
    };
    let digits = fraction
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    (1..=9).contains(&digits).then(|| &fraction[digits..])
}

/// Fourteen hours is the widest offset in use.
fn is_offset(offset: &[u8]) -> bool {
    let Some((sign, clock)) = offset.split_first() else {
        return false;
    };
    matches!(sign, b'+' | b'-') && follows(clock, b"dd:dd") && clock <= b"14:00".as_slice()
}

/// Whether every byte is the pattern's byte, where `d` stands for a digit.
fn follows(bytes: &[u8], pattern: &[u8]) -> bool {
    bytes.len() == pattern.len()
        && bytes.iter().zip(pattern).all(|(byte, wanted)| {
            if *wanted == b'd' {
                byte.is_ascii_digit()
            } else {
                byte == wanted
            }
        })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn times_with_an_offset_are_read() {
        for text in [
            "2024-05-01T09:30:00Z",
            "2024-05-01T09:30:00+02:00",
            "2024-02-29T23:59:59.123456789-14:00",
            "2024-05-01T09:30:00.5+00:00",
        ] {
            assert!(read(text).is_some(), "{text}");
        }
        assert_eq!(
            read("2024-05-01T09:30:00+02:00"),
            read("2024-05-01T07:30:00Z")
        );
    }

    #[test]
    fn anything_looser_is_refused() {
        for text in [
            "",
            "2024-05-01",
            "2024-05-01T09:30:00",
            "2024-05-01 09:30:00Z",
            "2024-05-01t09:30:00z",
            "2024-05-01T09:30Z",
            "2024-05-01T09:30:00+0200",
            "2024-05-01T09:30:00+02",
            "2024-05-01T09:30:00+02:00[Europe/Copenhagen]",
            "2024-05-01T09:30:00.Z",
            "2024-05-01T09:30:00.0123456789Z",
            "2024-05-01T09:30:00+15:00",
            "2024-05-01T09:30:60Z",
            "2023-02-29T09:30:00Z",
            "2024-13-01T09:30:00Z",
            "2024-05-01T25:30:00Z",
            "0000-05-01T09:30:00Z",
            " 2024-05-01T09:30:00Z",
            "2024-05-01T09:30:00Z ",
            "1714548600",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "\\PC{0,40}") {
            let _ = read(&text);
        }

        #[test]
        fn almost_right_texts_do_not_make_it_panic(text in "[0-9:.T+Z-]{18,32}") {
            let _ = read(&text);
        }
    }
}
