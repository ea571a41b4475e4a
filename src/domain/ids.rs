//! What is wrong with a key: the id of a call, a case or a message, of an agent or a team.
//!
//! A key is compared for ever, so one that is not whole must not be sent. It makes a double as soon as
//! a good export brings the right one.

use super::Code;
use super::invisible::{named, unseen};
use super::rules::trimmed;

/// The most bytes of an id. What is longer is no id but a cell that was meant for something else, and
/// would not fit into the addresses that servers and proxies take.
pub(crate) const LONGEST_ID: usize = 1024;

/// What is told of a value in the guard of a spreadsheet.
pub(crate) const GUARDED: &str = "the guard of a spreadsheet is around it: repair = [\"formula\", \
                                  \"apostrophe\"] at the field takes it off";

/// The value in the guard of a spreadsheet, `="00124"` or `'00124`.
pub(crate) fn unguarded(text: &str) -> Option<&str> {
    let text = trimmed(text);
    in_formula(text).or_else(|| text.strip_prefix('\''))
}

/// The value in `="00124"`.
pub(crate) fn in_formula(text: &str) -> Option<&str> {
    text.strip_prefix("=\"")?.strip_suffix('"')
}

/// What is wrong with a key of any kind, if anything.
#[inline]
pub(crate) fn fault_of_key(key: &str) -> Option<(Code, String)> {
    if signs_of(key) & UNUSUAL == 0 {
        return None;
    }
    fault_of_unusual_key(key)
}

const HYPHEN: u8 = 1;
/// `.` and `@`, which are in order in a key, and in an id may be those of a day.
const POINT: u8 = 2;
const UNUSUAL: u8 = 4;

/// What each byte says of the key it stands in: nothing of letters, digits and `_`. A table, since each
/// record has several keys.
const SIGNS: [u8; 256] = {
    let mut signs = [UNUSUAL; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        if byte.is_ascii_alphanumeric() || byte == b'_' {
            signs[byte as usize] = 0;
        }
        byte += 1;
    }
    signs[b'-' as usize] = HYPHEN;
    signs[b'.' as usize] = POINT;
    signs[b'@' as usize] = POINT;
    signs
};

/// What the bytes of a key say, all together.
#[inline]
fn signs_of(key: &str) -> u8 {
    let signs = key.bytes().map(|byte| SIGNS[usize::from(byte)]);
    signs.fold(0, |all, sign| all | sign)
}

fn fault_of_unusual_key(key: &str) -> Option<(Code, String)> {
    if is_error_cell(key) {
        let message = "a spreadsheet could not work out this cell and wrote an error into it";
        return Some((Code::SpreadsheetDamage, message.to_owned()));
    }
    if let Some(sign) = unseen(key) {
        let message = format!("it holds {}: take the sign out", named(sign));
        return Some((Code::InvisibleSign, message));
    }
    // No system begins a key so, and a spreadsheet begins every formula so.
    (unguarded(key).is_some() || key.starts_with('='))
        .then(|| (Code::SpreadsheetDamage, GUARDED.to_owned()))
}

/// The error that a spreadsheet writes into a cell, in whichever language: `#N/A`, `#REF!`, `#NAVN?`,
/// `#DIV/0!`, `#NV`.
fn is_error_cell(text: &str) -> bool {
    let Some(name) = trimmed(text).strip_prefix('#') else {
        return false;
    };
    let is_of_name = |sign: char| sign.is_uppercase() || matches!(sign, '/' | '0' | '_');
    matches!(name, "N/A" | "I/T" | "NV" | "N/D" | "N/B")
        || name
            .strip_suffix(['!', '?'])
            .is_some_and(|name| name.len() >= 2 && name.chars().all(is_of_name))
}

/// Whether an id holds letters, digits and `_` alone, or also hyphens behind a letter at its beginning: a day and
/// a quantity begin with a digit or a sign.
#[inline]
fn is_plainly_an_id(id: &str) -> bool {
    let begins_with_letter = id.as_bytes().first().is_some_and(u8::is_ascii_alphabetic);
    let in_order = if begins_with_letter { HYPHEN } else { 0 };
    signs_of(id) & !in_order == 0
}

/// What is wrong with the id of a call, a case or a message, if anything.
#[inline]
pub(crate) fn fault_of_id(id: &str) -> Option<(Code, String)> {
    if id.len() <= LONGEST_ID && is_plainly_an_id(id) {
        return None;
    }
    if id.len() > LONGEST_ID {
        let message = format!("the id has {} bytes, and may have {LONGEST_ID}", id.len());
        Some((Code::RecordTooLarge, message))
    } else if let Some(damage) = damage_of_id(id) {
        Some((Code::SpreadsheetDamage, damage.to_owned()))
    } else if let Some(fault) = fault_of_key(id) {
        Some(fault)
    } else if trimmed(id).len() != id.len() {
        let message = "blanks before or after the id become part of it";
        Some((Code::PaddedId, message.to_owned()))
    } else {
        None
    }
}

/// What is wrong with the id of a person or a team, if anything. A spreadsheet gives several of them the
/// same short form.
#[inline]
pub(crate) fn fault_of_person_id(id: &str) -> Option<(Code, String)> {
    if is_plainly_an_id(id) {
        return None;
    }
    match damage_of_id(id) {
        Some(damage) => Some((Code::SpreadsheetDamage, damage.to_owned())),
        None => fault_of_key(id),
    }
}

/// What a spreadsheet made of an id that it took for a quantity or a day. Ids without digits in front
/// are none of these.
pub(crate) fn damage_of_id(id: &str) -> Option<&'static str> {
    if !id
        .trim_start()
        .starts_with(|sign: char| sign.is_ascii_digit() || sign == '-')
    {
        return None;
    }
    if is_shortened_id(id) {
        Some("a spreadsheet wrote this id with an exponent, and its last digits are lost")
    } else if has_decimal_comma(id) {
        Some("a spreadsheet wrote this id with a decimal comma: take the export from its source")
    } else if is_day(id) {
        Some("a spreadsheet made a date of this id: take the export from its source")
    } else {
        None
    }
}

/// Whether an id is a number that a spreadsheet or a program shortened: `1,23456789012346E+18`,
/// `1.2345678901234568e18`. An id of hexadecimal digits may hold an `e`, but no sign and no comma.
fn is_shortened_id(text: &str) -> bool {
    memchr::memchr3(b'+', b'.', b',', text.as_bytes()).is_some() && is_exponent(text)
}

/// `4.51E+09`, `4,51235E+09`, `3.108207129E9`, `4E+9`.
pub(super) fn is_exponent(text: &str) -> bool {
    let Some((mantissa, exponent)) = text.split_once(['E', 'e']) else {
        return false;
    };
    let exponent = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    digits(exponent)
        && exponent.len() <= 3
        && match mantissa.split_once(['.', ',']) {
            Some((whole, fraction)) => digits(whole) && digits(fraction),
            None => digits(mantissa),
        }
}

/// `1710494410,60`
fn has_decimal_comma(id: &str) -> bool {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = id.trim().trim_start_matches('-');
    unsigned
        .split_once(',')
        .is_some_and(|(whole, fraction)| digits(whole) && digits(fraction))
}

/// `15-03-2024`, `2024-03-15`, `3/15/2024`, `15.03.2024 00:00`, `15-Mar`, `Mar-24` is not: it begins
/// with a letter, and ids do, too.
fn is_day(id: &str) -> bool {
    const MONTHS: [&str; 18] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec", "maj",
        "mai", "okt", "dez", "mär", "des",
    ];
    let day = id.trim();
    let day = day
        .strip_suffix(" 00:00:00")
        .or_else(|| day.strip_suffix(" 00:00"))
        .unwrap_or(day);
    let Some(sign) = day.chars().find(|sign| matches!(sign, '-' | '/' | '.')) else {
        return false;
    };
    let mut parts = day.split(sign);
    let parts = (parts.next(), parts.next(), parts.next(), parts.next());
    let number = |part: &str, longest: usize| {
        let is_number = part.len() <= longest && part.bytes().all(|byte| byte.is_ascii_digit());
        is_number.then(|| part.parse::<u32>().ok()).flatten()
    };
    let is_month_and_day = |one: &str, other: &str| {
        let both = number(one, 2).zip(number(other, 2));
        both.is_some_and(|(one, other)| {
            (1..=31).contains(&one) && (1..=31).contains(&other) && (one <= 12 || other <= 12)
        })
    };
    let is_year = |part: &str| number(part, 4).is_some_and(|year| (1900..2100).contains(&year));
    match parts {
        (Some(one), Some(other), Some(year), None) if is_year(year) => is_month_and_day(one, other),
        (Some(year), Some(month), Some(day), None) if is_year(year) => is_month_and_day(month, day),
        (Some(day), Some(month), None, None) => {
            number(day, 2).is_some() && MONTHS.contains(&month.to_lowercase().as_str())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn each_damage_has_its_code_and_whole_ids_have_none() {
        use Code::*;
        for (id, code) in [
            ("00121\u{200b}", InvisibleSign),
            ("\u{1f}00122", InvisibleSign),
            ("12\u{ad}34", InvisibleSign),
            ("\t7", InvisibleSign),
            ("7\u{a0}", InvisibleSign),
            ("=\"00124\"", SpreadsheetDamage),
            ("=00124", SpreadsheetDamage),
            ("'00125", SpreadsheetDamage),
            ("1710494410,60", SpreadsheetDamage),
            ("1,23456789012346E+18", SpreadsheetDamage),
            ("15-03-2024", SpreadsheetDamage),
            ("2024-03-15", SpreadsheetDamage),
            ("3/15/2024", SpreadsheetDamage),
            ("15.03.2024 00:00", SpreadsheetDamage),
            ("1-feb", SpreadsheetDamage),
            ("#N/A", SpreadsheetDamage),
            ("#REF!", SpreadsheetDamage),
            ("#NAVN?", SpreadsheetDamage),
            ("#VÆRDI!", SpreadsheetDamage),
            ("#DIV/0!", SpreadsheetDamage),
            (" 1001", PaddedId),
        ] {
            assert_eq!(fault_of_id(id).map(|(code, _)| code), Some(code), "{id:?}");
        }
        for whole in [
            "#17",
            "#A1",
            "1710494410.60",
            "00121",
            "call-1",
            "20240315-091203-7",
            "2024-03-15T09:12:03Z-7",
            "12-34-5678",
            "99-99-2024",
            "a1,2",
            "1,2,3",
            "Øst 1",
            "1e5",
            "192.168.10.2",
            "1-abc",
            "3d9f1c1e-7c1d-4a55-9f53-0f2b8a1f0f11",
        ] {
            assert_eq!(fault_of_id(whole), None, "{whole}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in any::<String>(), near in "[0-9',=\"./ -]{0,16}") {
            for text in [text, near] {
                let _ = fault_of_id(&text);
                let _ = unguarded(&text);
            }
        }
    }
}
