//! Reading a customer's phone number, leniently: "possible" is asked, never "valid", since the
//! strict rule would drop real customers whenever a country opens a new number range.

use std::borrow::Cow;

use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat, enums::Region};

use super::ids::{is_exponent, unguarded};
use super::invisible::{as_seen, named, unseen};

/// What a customer value turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PhoneReading<'t> {
    /// A possible number, in E.164; borrowed where the text is that already.
    Possible(Cow<'t, str>),
    /// Digits without a country code, and no region to take one from.
    NeedsRegion,
    /// Digits that could be a number of the region, and as well one of another country without its `+`.
    Ambiguous,
    /// Too short, too long, or not a number at all (`anonymous`, a name, a SIP address).
    NotAPhone,
    /// A spreadsheet's exponent notation: the last digits are gone for good.
    Damaged,
}

/// Reads `text` as a phone number. `region` is the two-letter country for numbers without a
/// country code. A leading `tel:` is taken off. Digits that cannot be a number of the region, and can
/// be one of another country, lack nothing but their `+`.
#[inline]
pub fn read_phone(text: &str, region: Option<Region>) -> PhoneReading<'_> {
    if is_plainly_possible(text) {
        return PhoneReading::Possible(Cow::Borrowed(text));
    }
    read_other_phone(text, region)
}

fn read_other_phone(text: &str, region: Option<Region>) -> PhoneReading<'_> {
    let text = text.trim();
    let text = text.strip_prefix("tel:").unwrap_or(text);
    if is_exponent(text) {
        return PhoneReading::Damaged;
    }
    if !looks_dialled(text) {
        return PhoneReading::NotAPhone;
    }
    let is_international = text.starts_with('+');
    if !is_international && region.is_none() {
        return PhoneReading::NeedsRegion;
    }
    let number = PHONE_NUMBER_UTIL.parse(text, region).ok();
    let number = number.filter(|number| PHONE_NUMBER_UTIL.is_possible_number(number));
    if is_international {
        return number.map_or(PhoneReading::NotAPhone, |number| possible(&number, text));
    }
    match (number, with_its_plus(text)) {
        (Some(own), Some(foreign)) if is_in_doubt(&own, &foreign) => PhoneReading::Ambiguous,
        (Some(number), _) | (None, Some(number)) => possible(&number, text),
        (None, None) => PhoneReading::NotAPhone,
    }
}

fn possible<'t>(number: &PhoneNumber, text: &'t str) -> PhoneReading<'t> {
    let country_code = number.country_code.to_string();
    let number = number.format_as(PhoneNumberFormat::E164);
    // Behind a zero too many the library takes off one zero at each reading: nobody knows the number.
    let has_zero_in_front = number[1..].strip_prefix(&country_code);
    let has_zero_in_front = has_zero_in_front.is_some_and(|digits| digits.starts_with('0'));
    if has_zero_in_front && number != text && !reads_as_itself(&number) {
        return PhoneReading::NotAPhone;
    }
    PhoneReading::Possible(if number == text {
        Cow::Borrowed(text)
    } else {
        Cow::Owned(number.into_owned())
    })
}

fn reads_as_itself(number: &str) -> bool {
    let again = PHONE_NUMBER_UTIL.parse(number, None).ok();
    again.is_some_and(|again| again.format_as(PhoneNumberFormat::E164) == number)
}

/// The possible number that digits with a country code mean. No country code begins with a zero, and
/// two zeros are dialled for the `+` in most countries.
fn with_its_plus(text: &str) -> Option<PhoneNumber> {
    // The longest code and the shortest numbers of a country that anybody calls.
    const FEWEST: usize = 8;
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    if digits.starts_with('0') || digits.len() < FEWEST {
        return None;
    }
    let number = PHONE_NUMBER_UTIL.parse(format!("+{digits}"), None).ok()?;
    PHONE_NUMBER_UTIL
        .is_possible_number(&number)
        .then_some(number)
}

/// Whether digits that are a possible number of the region mean one of another country as likely: they
/// are a valid number there, and in the region they are none, or would be dialled with a zero in front.
fn is_in_doubt(own: &PhoneNumber, foreign: &PhoneNumber) -> bool {
    let e164 = |number: &PhoneNumber| number.format_as(PhoneNumberFormat::E164).into_owned();
    if e164(own) == e164(foreign) {
        return false;
    }
    let lacks_zero = || {
        let dialled = own.format_as(PhoneNumberFormat::National);
        dialled.trim_start_matches('(').starts_with('0')
    };
    foreign.is_valid() && (!own.is_valid() || lacks_zero())
}

/// A customer without the signs that nobody sees and without the guard of a spreadsheet, and what was
/// taken off; `None` where there is none of them, or what is in the guard is no number.
pub(crate) fn bare_number(text: &str) -> Option<(String, String)> {
    if let Some(sign) = unseen(text) {
        let seen = as_seen(text).trim().to_owned();
        let message = format!("{} was taken off", named(sign));
        return (!seen.is_empty()).then_some((seen, message));
    }
    let inner = unguarded(text).filter(|inner| looks_dialled(inner))?;
    let message = "the guard of a spreadsheet was taken off".to_owned();
    Some((inner.to_owned(), message))
}

/// Whether the text is a possible number at a glance: a Danish or Norwegian one in E.164. Neither
/// country has a trunk prefix, and every number of eight digits is possible there; the library
/// says the same (and a test asks it) at fifty times the cost, for a million rows.
#[inline]
fn is_plainly_possible(text: &str) -> bool {
    let digits = text
        .strip_prefix("+45")
        .or_else(|| text.strip_prefix("+47"));
    digits
        .is_some_and(|digits| digits.len() == 8 && digits.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Whether nothing speaks against the text as a customer, at a glance: a possible number as
/// [`is_plainly_possible`] knows it, with blanks or without, or digits that lack nothing but a country.
pub(crate) fn is_plainly_dialled(text: &str) -> bool {
    let mut digits = [0; 11];
    let mut count = 0;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'0'..=b'9' if count < digits.len() => {
                digits[count] = byte;
                count += 1;
            }
            b' ' => {}
            b'+' if at == 0 => {}
            _ => return false,
        }
    }
    if text.starts_with('+') {
        count == 10 && (digits.starts_with(b"45") || digits.starts_with(b"47"))
    } else {
        (5..=digits.len()).contains(&count)
    }
}

/// Whether the text has the characters and the number of digits of something that can be dialled.
/// The library would also read letters as keys ("1-800-FLOWERS") and find numbers inside prose.
fn looks_dialled(text: &str) -> bool {
    let mut digits = 0;
    for (at, char) in text.char_indices() {
        match char {
            '0'..='9' => digits += 1,
            '+' if at == 0 => {}
            ' ' | '-' | '.' | '(' | ')' | '/' | '\u{a0}' | '\u{2009}' | '\u{202f}' => {}
            _ => return false,
        }
    }
    (5..=17).contains(&digits)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_read_as_people_write_them() {
        let dk = Some(Region::DK);
        let possible = |text: &'static str| PhoneReading::Possible(text.into());
        assert_eq!(read_phone("+45 12 34 56 78", None), possible("+4512345678"));
        assert_eq!(read_phone("tel:+4512345678", None), possible("+4512345678"));
        assert_eq!(read_phone("12 34 56 78", dk), possible("+4512345678"));
        assert_eq!(read_phone("0045 12345678", dk), possible("+4512345678"));
        assert_eq!(read_phone("12345678", None), PhoneReading::NeedsRegion);
        for not in [
            "anonymous",
            "",
            "12",
            "+45",
            "sip:a@example.com",
            "1-800-FLOWERS",
            "call 12345678",
        ] {
            assert_eq!(read_phone(not, dk), PhoneReading::NotAPhone, "{not}");
        }
    }

    #[test]
    fn digits_with_a_country_code_get_their_plus_unless_they_could_be_both() {
        let possible = |text: &'static str| PhoneReading::Possible(text.into());
        for (text, region, reading) in [
            ("46846500771", Region::DK, possible("+46846500771")),
            ("442079460771", Region::DK, possible("+442079460771")),
            ("44 20 7946 0771", Region::NO, possible("+442079460771")),
            ("447700900123", Region::DK, possible("+447700900123")),
            ("4512345601", Region::DK, possible("+4512345601")),
            ("12345601", Region::DK, possible("+4512345601")),
            ("0046846500771", Region::US, possible("+46846500771")),
            ("2025550101", Region::US, possible("+12025550101")),
            ("12025550101", Region::US, possible("+12025550101")),
            ("030 1234567", Region::DE, possible("+49301234567")),
            // A number of Denmark, and one of Stade without its zero.
            ("4533445566", Region::DE, PhoneReading::Ambiguous),
            ("4533445566", Region::US, PhoneReading::Ambiguous),
            ("99999999999999", Region::DK, PhoneReading::NotAPhone),
            ("43000000", Region::US, PhoneReading::NotAPhone),
            ("+43 000000", Region::US, PhoneReading::NotAPhone),
            ("+39 06 12345678", Region::US, possible("+390612345678")),
        ] {
            assert_eq!(read_phone(text, Some(region)), reading, "{text} {region:?}");
        }
    }

    #[test]
    fn what_a_spreadsheet_destroyed_is_named_as_such() {
        for damaged in [
            "4,51235E+09",
            "4.41E+11",
            "3.108207129E9",
            "4E+9",
            "4.5e+09",
        ] {
            assert_eq!(
                read_phone(damaged, None),
                PhoneReading::Damaged,
                "{damaged}"
            );
        }
        assert_eq!(read_phone("E45", None), PhoneReading::NotAPhone);
    }

    proptest! {
        #[test]
        fn the_glance_never_accepts_what_the_library_refuses(text in "[+]4[57][0-9]{7,9}") {
            if is_plainly_possible(&text) {
                prop_assert_eq!(read_other_phone(&text, None), PhoneReading::Possible((&text).into()));
            }
        }

        #[test]
        fn what_is_written_as_possible_is_possible(text in "[+]?[1-9][0-9 -]{4,16}") {
            for region in [None, Some(Region::DK), Some(Region::DE), Some(Region::US), Some(Region::IT)] {
                if let PhoneReading::Possible(number) = read_phone(&text, region) {
                    prop_assert_eq!(read_phone(&number, None), PhoneReading::Possible((&*number).into()));
                }
            }
        }

        #[test]
        fn what_is_plainly_dialled_is_never_refused(text in "[+]?[+]?[45 ][57 ][0-9 ]{3,14}") {
            if is_plainly_dialled(&text) {
                let reading = read_phone(&text, None);
                let is_fine = matches!(reading, PhoneReading::Possible(_) | PhoneReading::NeedsRegion);
                prop_assert!(is_fine, "{:?}", reading);
            }
        }

        #[test]
        fn any_text_is_answered(text in any::<String>(), digits in "[+0-9 ()./-]{0,30}") {
            let _ = read_phone(&text, Some(Region::DK));
            let _ = read_phone(&digits, None);
        }
    }
}
