//! Numbers and durations as exact decimals. Nothing passes through a float: `0.1` stays `0.1`, and
//! an id of nineteen digits keeps them all.

use std::borrow::Cow;

use crate::domain::call::trimmed;

/// How numbers are written in the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) struct Notation {
    /// The decimal sign.
    pub(in crate::mapping) decimal: char,
    /// The sign between groups of three digits.
    pub(in crate::mapping) thousands: Option<char>,
}

impl Default for Notation {
    fn default() -> Self {
        Notation {
            decimal: '.',
            thousands: None,
        }
    }
}

/// Reads a number and gives it in JSON's notation, unchanged where it already is one.
pub(in crate::mapping) fn read_number(text: &str, notation: Notation) -> Option<Cow<'_, str>> {
    let text = trimmed(text);
    if notation == Notation::default() && is_json_decimal(text) {
        return Some(Cow::Borrowed(text));
    }
    if notation == Notation::default()
        && let Some((mantissa, exponent)) = text.split_once(['e', 'E'])
    {
        let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
        let is_json = is_json_decimal(mantissa) && is_digits(digits) && digits.len() <= 3;
        return is_json.then_some(Cow::Borrowed(text));
    }
    let (sign, unsigned) = split_sign(text);
    let (whole, fraction) = match unsigned.split_once(notation.decimal) {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let whole = ungroup(whole, notation.thousands)?;
    if !(whole.is_empty() || is_digits(&whole)) || !fraction.is_none_or(is_digits) {
        return None;
    }
    if whole.is_empty() && fraction.is_none() {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(Cow::Owned(match fraction {
        Some(fraction) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{whole}"),
    }))
}

fn split_sign(text: &str) -> (&'static str, &str) {
    match text.strip_prefix(['-', '\u{2212}']) {
        Some(rest) => ("-", rest),
        None => ("", text.strip_prefix('+').unwrap_or(text)),
    }
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `0`, `-12`, `3.50`: JSON without an exponent.
fn is_json_decimal(text: &str) -> bool {
    let bytes = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let digits = |from: usize| {
        let rest = bytes[from..].iter();
        rest.take_while(|byte| byte.is_ascii_digit()).count()
    };
    let whole = digits(0);
    let is_whole = whole == 1 || (whole > 1 && bytes[0] != b'0');
    is_whole
        && match bytes.get(whole) {
            None => true,
            Some(b'.') => {
                let fraction = digits(whole + 1);
                fraction > 0 && whole + 1 + fraction == bytes.len()
            }
            Some(_) => false,
        }
}

/// Takes the signs between thousands out; `None` where they do not stand between groups of three,
/// since `1.5` with a thousands point is more likely a wrong mapping than fifteen.
fn ungroup(whole: &str, thousands: Option<char>) -> Option<Cow<'_, str>> {
    let Some(sign) = thousands else {
        return Some(Cow::Borrowed(whole));
    };
    let is_sign = |char: char| {
        char == sign || (sign == ' ' && matches!(char, '\u{a0}' | '\u{202f}' | '\u{2009}'))
    };
    if !whole.contains(is_sign) {
        return Some(Cow::Borrowed(whole));
    }
    let mut groups = whole.split(is_sign);
    let first = groups.next().unwrap_or_default();
    let mut digits = String::with_capacity(whole.len());
    if !is_digits(first) || first.len() > 3 {
        return None;
    }
    digits.push_str(first);
    for group in groups {
        if group.len() != 3 || !is_digits(group) {
            return None;
        }
        digits.push_str(group);
    }
    Some(Cow::Owned(digits))
}

/// A decimal that is not negative: `units / 10^scale`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) struct Decimal {
    units: u128,
    scale: u32,
}

impl Decimal {
    /// Zero.
    pub(in crate::mapping) const ZERO: Decimal = Decimal { units: 0, scale: 0 };

    /// Digits with at most one point or comma; `None` beyond 24 digits.
    pub(in crate::mapping) fn read(text: &str) -> Option<Decimal> {
        let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
        if !is_digits(whole) || (!fraction.is_empty() && !is_digits(fraction)) {
            return None;
        }
        if text.ends_with(['.', ',']) || whole.len() + fraction.len() > 24 {
            return None;
        }
        let units = whole
            .bytes()
            .chain(fraction.bytes())
            .fold(0_u128, |units, byte| units * 10 + u128::from(byte - b'0'));
        Some(Decimal {
            units,
            scale: u32::try_from(fraction.len()).ok()?,
        })
    }

    pub(in crate::mapping) fn times(self, factor: u32) -> Option<Decimal> {
        let units = self.units.checked_mul(u128::from(factor))?;
        Some(Decimal { units, ..self })
    }

    /// A thousandth of it.
    pub(in crate::mapping) fn thousandth(self) -> Decimal {
        Decimal {
            scale: self.scale + 3,
            ..self
        }
    }

    pub(in crate::mapping) fn plus(self, other: Decimal) -> Option<Decimal> {
        let scale = self.scale.max(other.scale);
        let raise = |decimal: Decimal| {
            let factor = 10_u128.checked_pow(scale - decimal.scale)?;
            decimal.units.checked_mul(factor)
        };
        let units = raise(self)?.checked_add(raise(other)?)?;
        Some(Decimal { units, scale })
    }

    /// Rounded half up to thousandths, when it is finer.
    pub(in crate::mapping) fn to_thousandths(self) -> Decimal {
        let Some(excess @ 1..) = self.scale.checked_sub(3) else {
            return self;
        };
        let Some(divisor) = 10_u128.checked_pow(excess) else {
            return Decimal::ZERO;
        };
        let units = self.units / divisor + u128::from(self.units % divisor >= divisor.div_ceil(2));
        Decimal { units, scale: 3 }
    }

    /// The nearest whole number, where no more than `reach` steps of the last digit lead to it.
    pub(in crate::mapping) fn whole_within(self, reach: u128) -> Option<Decimal> {
        let one = 10_u128.checked_pow(self.scale)?;
        let rest = self.units % one;
        let whole = self.units / one + u128::from(rest >= one - rest);
        (rest.min(one - rest) <= reach).then_some(Decimal {
            units: whole,
            scale: 0,
        })
    }

    /// Whether it is at least the given whole number.
    pub(in crate::mapping) fn is_at_least(self, whole: u32) -> bool {
        10_u128
            .checked_pow(self.scale)
            .and_then(|factor| factor.checked_mul(u128::from(whole)))
            .is_some_and(|limit| self.units >= limit)
    }

    /// Plain digits without needless zeros.
    pub(in crate::mapping) fn to_text(self) -> String {
        let digits = self.units.to_string();
        let scale = self.scale as usize;
        if scale == 0 {
            return digits;
        }
        let digits = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = digits.split_at(digits.len() - scale);
        match fraction.trim_end_matches('0') {
            "" => whole.to_owned(),
            fraction => format!("{whole}.{fraction}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn danish() -> Notation {
        Notation {
            decimal: ',',
            thousands: Some('.'),
        }
    }

    #[test]
    fn a_json_number_is_borrowed_and_others_are_made_one() {
        let plain = Notation::default();
        for same in ["0", "-1", "12.50", "1e3", "12345678901234567890123"] {
            assert!(matches!(read_number(same, plain), Some(Cow::Borrowed(text)) if text == same));
        }
        for (text, number) in [
            ("007", "7"),
            ("+5", "5"),
            (".5", "0.5"),
            (" 3 ", "3"),
            ("-0042.10", "-42.10"),
        ] {
            assert_eq!(read_number(text, plain).as_deref(), Some(number), "{text}");
        }
        for bad in [
            "", " ", "1,5", "1.", "1.2.3", "--1", "1e", "e5", "1e+", "twelve", "0x10", "NaN",
            "inf", "1 000",
        ] {
            assert_eq!(read_number(bad, plain), None, "{bad}");
        }
    }

    #[test]
    fn decimal_comma_and_thousands_are_read_only_where_they_can_stand() {
        for (text, number) in [
            ("1.234,50", "1234.50"),
            ("1234,5", "1234.5"),
            ("12.345.678", "12345678"),
            ("-1.000", "-1000"),
        ] {
            assert_eq!(
                read_number(text, danish()).as_deref(),
                Some(number),
                "{text}"
            );
        }
        for bad in ["1.5", "1.23,4", "1,234.5", ".123", "1234.567", "1.2345"] {
            assert_eq!(read_number(bad, danish()), None, "{bad}");
        }
        let spaced = Notation {
            decimal: ',',
            thousands: Some(' '),
        };
        assert_eq!(
            read_number("1\u{a0}234,5", spaced).as_deref(),
            Some("1234.5")
        );
    }

    #[test]
    fn decimals_are_exact() {
        let read = |text| Decimal::read(text).unwrap();
        assert_eq!(read("0,1").plus(read("0.2")).unwrap().to_text(), "0.3");
        assert_eq!(read("200500").thousandth().to_text(), "200.5");
        assert_eq!(read("0.5").times(60).unwrap().to_text(), "30");
        assert_eq!(read("0.0005").to_thousandths().to_text(), "0.001");
        assert_eq!(read("0.0004").to_thousandths().to_text(), "0");
        assert!(read("60.0").is_at_least(60));
        assert!(!read("59.999").is_at_least(60));
    }

    proptest! {
        #[test]
        fn any_text_is_answered_and_what_is_read_is_json(text in any::<String>(), near in "[-+0-9., e]{0,20}") {
            for text in [text, near] {
                for notation in [Notation::default(), danish()] {
                    if let Some(number) = read_number(&text, notation) {
                        prop_assert!(serde_json::from_str::<serde_json::Number>(&number).is_ok(), "{number}");
                    }
                }
                let _ = Decimal::read(&text);
            }
        }

        #[test]
        fn whole_numbers_keep_their_digits(number in any::<i128>()) {
            let text = number.to_string();
            let read = read_number(&text, Notation::default());
            prop_assert_eq!(read.as_deref(), Some(text.as_str()));
        }

        #[test]
        fn grouping_changes_no_digit(number in any::<u64>()) {
            let digits = number.to_string();
            let mut grouped = String::new();
            for (index, digit) in digits.chars().enumerate() {
                if index > 0 && (digits.len() - index) % 3 == 0 {
                    grouped.push('.');
                }
                grouped.push(digit);
            }
            let read = read_number(&grouped, danish());
            prop_assert_eq!(read.as_deref(), Some(digits.as_str()));
        }
    }
}
