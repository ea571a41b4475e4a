//! The zone that a time states, however people write it: `Z`, `+01:00`, `GMT+1`, `CEST`, `[Europe/Oslo]`.

use jiff::tz::{Offset, TimeZone};

use crate::domain::call::MOST_OFFSET;

/// What a text states about the clock of its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) enum Stated {
    /// So far ahead of UTC.
    Offset(Offset),
    /// The clock of this zone.
    Zone(TimeZone),
}

/// Why a text states no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum NoZone {
    /// It is none that is known.
    Unknown,
    /// Its letters are those of several zones.
    Several,
    /// No clock is so far from UTC.
    TooFar,
}

impl NoZone {
    /// The sentence of the problem.
    pub(in crate::mapping) fn message(self) -> &'static str {
        match self {
            NoZone::Unknown => "it ends with letters that are no known zone: write an offset",
            NoZone::Several => {
                "its letters mean several zones: write an offset, or a name such as Europe/Dublin"
            }
            NoZone::TooFar => "its offset is beyond 18 hours, and no clock is",
        }
    }
}

/// Letters that mean one zone only, in hours.
const LETTERS: [(&str, i8); 25] = [
    ("CET", 1),
    ("CEST", 2),
    ("MEZ", 1),
    ("MESZ", 2),
    ("WET", 0),
    ("WEST", 1),
    ("EET", 2),
    ("EEST", 3),
    ("MSK", 3),
    ("TRT", 3),
    ("SAST", 2),
    ("PKT", 5),
    ("ICT", 7),
    ("WIB", 7),
    ("SGT", 8),
    ("HKT", 8),
    ("AWST", 8),
    ("JST", 9),
    ("KST", 9),
    ("AEST", 10),
    ("AEDT", 11),
    ("NZST", 12),
    ("NZDT", 13),
    ("EDT", -4),
    ("PDT", -7),
];

/// Letters that mean several: Eastern in America and in Australia, China and Central, India and Ireland.
const SEVERAL: [&str; 14] = [
    "EST", "CST", "MST", "PST", "CDT", "MDT", "AST", "ADT", "BST", "IST", "GST", "AMT", "ECT",
    "WST",
];

impl Stated {
    /// Reads a zone that stands alone.
    pub(in crate::mapping) fn read(text: &str) -> Result<Stated, NoZone> {
        let inside = text
            .strip_prefix('[')
            .and_then(|text| text.strip_suffix(']'))
            .or_else(|| {
                text.strip_prefix('(')
                    .and_then(|text| text.strip_suffix(')'))
            });
        let text = inside.unwrap_or(text).trim();
        let letters = text.to_ascii_uppercase();
        if matches!(letters.as_str(), "Z" | "UTC" | "GMT" | "UT" | "ZULU") {
            return Ok(Stated::Offset(Offset::UTC));
        }
        let offset = letters
            .strip_prefix("UTC")
            .or_else(|| letters.strip_prefix("GMT"))
            .unwrap_or(&letters);
        if offset.starts_with(['+', '-', '\u{2212}']) {
            return read_offset(offset).map(Stated::Offset);
        }
        if let Some((_, hours)) = LETTERS.iter().find(|(known, _)| *known == letters) {
            return Ok(Stated::Offset(Offset::constant(*hours)));
        }
        if SEVERAL.contains(&letters.as_str()) {
            return Err(NoZone::Several);
        }
        if text.contains('/') {
            let zone = TimeZone::get(text).map_err(|_| NoZone::Unknown)?;
            return Ok(Stated::Zone(zone));
        }
        Err(NoZone::Unknown)
    }
}

/// `+01:00`, `+0100`, `+01`, `+1`, `+5:30`, `-053000`.
fn read_offset(text: &str) -> Result<Offset, NoZone> {
    let (sign, digits) = match text.strip_prefix('+') {
        Some(digits) => (1, digits),
        None => (-1, text.trim_start_matches(['-', '\u{2212}'])),
    };
    let part = |text: &str| match text.len() {
        1..=2 if text.bytes().all(|byte| byte.is_ascii_digit()) => {
            text.parse::<i32>().map_err(|_| NoZone::Unknown)
        }
        _ => Err(NoZone::Unknown),
    };
    let parts: Vec<&str> = if digits.contains(':') {
        digits.split(':').collect()
    } else if digits.is_ascii() {
        let cut = digits.len() - digits.len().saturating_sub(2) / 2 * 2;
        let (hours, rest) = digits.split_at(cut);
        let pairs = rest
            .as_bytes()
            .chunks(2)
            .map(|pair| std::str::from_utf8(pair).unwrap_or(""));
        std::iter::once(hours).chain(pairs).collect()
    } else {
        return Err(NoZone::Unknown);
    };
    let seconds = match parts.as_slice() {
        [hours] => part(hours)? * 3600,
        [hours, minutes] if minutes.len() == 2 => part(hours)? * 3600 + part(minutes)? * 60,
        [hours, minutes, seconds] if minutes.len() == 2 && seconds.len() == 2 => {
            part(hours)? * 3600 + part(minutes)? * 60 + part(seconds)?
        }
        _ => return Err(NoZone::Unknown),
    };
    if seconds > MOST_OFFSET || parts.iter().skip(1).any(|part| *part > "59") {
        return Err(NoZone::TooFar);
    }
    Offset::from_seconds(sign * seconds).map_err(|_| NoZone::TooFar)
}

/// The zone that stands in front of a text, and how many bytes it takes: as long a word as there is.
pub(in crate::mapping) fn first_word(text: &str) -> usize {
    let closing = match text.as_bytes().first() {
        Some(b'[') => Some(']'),
        Some(b'(') => Some(')'),
        _ => None,
    };
    if let Some(end) = closing.and_then(|sign| text.find(sign)) {
        return end + 1;
    }
    let is_part = |sign: char| {
        sign.is_ascii_alphanumeric() || matches!(sign, '/' | '_' | '+' | '-' | ':' | '\u{2212}')
    };
    text.find(|sign| !is_part(sign)).unwrap_or(text.len())
}

/// The zone that a pattern states in its own letters, such as `UTC` in `%H:%M:%S UTC`. The error says why
/// letters that may be a zone cannot be used; what is no zone at all is none.
pub(in crate::mapping) fn in_literals(literals: &[String]) -> Result<Option<Stated>, String> {
    let mut stated = None;
    let is_between = |sign: char| sign.is_whitespace() || ",;()[]'".contains(sign);
    for word in literals
        .iter()
        .flat_map(|literal| literal.split(is_between))
    {
        // `.000Z` is a fraction and a zone.
        let word = word.trim_start_matches(|sign: char| sign == '.' || sign.is_ascii_digit());
        let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
        let is_shouted = word
            .bytes()
            .take(letters)
            .all(|byte| byte.is_ascii_uppercase());
        match Stated::read(word) {
            Ok(zone) => stated = Some(zone),
            Err(NoZone::Unknown)
                if letters == word.len()
                    && (3..=5).contains(&letters)
                    && is_shouted
                    && word != "UHR" =>
            {
                return Err(format!(
                    "`{word}` may be a zone, which is not known: write %Z for it, or leave it out by \
                     `extract`"
                ));
            }
            Err(NoZone::Unknown) => {}
            Err(NoZone::Several) if !is_shouted => {}
            Err(reason @ (NoZone::Several | NoZone::TooFar)) => {
                return Err(format!("`{word}` cannot be used: {}", reason.message()));
            }
        }
    }
    Ok(stated)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn seconds(text: &str) -> Result<i32, NoZone> {
        match Stated::read(text)? {
            Stated::Offset(offset) => Ok(offset.seconds()),
            Stated::Zone(_) => Ok(i32::MAX),
        }
    }

    #[test]
    fn a_zone_is_read_as_people_write_it() {
        for (text, wanted) in [
            ("Z", 0),
            ("utc", 0),
            ("GMT", 0),
            ("+00:00", 0),
            ("+01:00", 3600),
            ("+0100", 3600),
            ("+01", 3600),
            ("+1", 3600),
            ("-0530", -19_800),
            ("+5:30", 19_800),
            ("GMT+2", 7200),
            ("UTC-05:00", -18_000),
            ("CEST", 7200),
            ("(CET)", 3600),
            ("[Europe/Copenhagen]", i32::MAX),
            ("America/New_York", i32::MAX),
            ("+18:00", 64_800),
        ] {
            assert_eq!(seconds(text), Ok(wanted), "{text}");
        }
        for (text, reason) in [
            ("EST", NoZone::Several),
            ("IST", NoZone::Several),
            ("+18:01", NoZone::TooFar),
            ("-24:00", NoZone::TooFar),
            ("+01:60", NoZone::TooFar),
            ("Europe/Nowhere", NoZone::Unknown),
            ("+", NoZone::Unknown),
            ("-", NoZone::Unknown),
            ("+12345678", NoZone::Unknown),
            ("PM", NoZone::Unknown),
            ("", NoZone::Unknown),
        ] {
            assert_eq!(seconds(text), Err(reason), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>(), near in "[-+0-9:GMTUC\\[\\]()/]{0,12}") {
            for text in [text, near] {
                let _ = Stated::read(&text);
                let end = first_word(&text);
                prop_assert!(text.is_char_boundary(end));
                let _ = in_literals(std::slice::from_ref(&text));
            }
        }
    }
}
