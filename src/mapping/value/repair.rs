//! Repairs of what spreadsheets do to numbers, each only where the mapping asks for it, and each
//! counted.

use std::borrow::Cow;

use rlibphonenumber::enums::Region;

use crate::domain::{PhoneReading, read_phone};

/// A repair that a mapping may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) enum Repair {
    /// `'0123`: the mark that keeps a spreadsheet from reading a number.
    Apostrophe,
    /// `="0123"`, `=+45…`: the same, as a formula.
    Formula,
    /// `12345678.0`: a whole number that was kept as a decimal.
    PointZero,
    /// `4512345678` for `+4512345678`, where that is a possible number.
    Plus,
    /// `12345678` for `012345678`.
    LeadingZero,
}

impl Repair {
    /// The words of `repair`.
    pub(in crate::mapping) const WORDS: &'static [(&'static str, Repair)] = &[
        ("apostrophe", Repair::Apostrophe),
        ("formula", Repair::Formula),
        ("point-zero", Repair::PointZero),
        ("plus", Repair::Plus),
        ("leading-zero", Repair::LeadingZero),
    ];

    /// The name in mapping files.
    pub(in crate::mapping) fn name(self) -> &'static str {
        Self::WORDS
            .iter()
            .find(|(_, repair)| *repair == self)
            .map_or("", |(name, _)| name)
    }

    /// The repaired text; `None` when there is nothing to repair. What is a number of the region as
    /// it stands has lost no plus: `12345602` is Danish there, and not American.
    pub(in crate::mapping) fn apply(
        self,
        text: &str,
        region: Option<Region>,
    ) -> Option<Cow<'_, str>> {
        let is_digits =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let text = text.trim();
        match self {
            Repair::Apostrophe => text.strip_prefix('\'').map(Cow::Borrowed),
            Repair::Formula => {
                let inner = text.strip_prefix('=')?;
                let quoted = inner
                    .strip_prefix('"')
                    .and_then(|inner| inner.strip_suffix('"'));
                Some(Cow::Borrowed(quoted.unwrap_or(inner)))
            }
            Repair::PointZero => {
                let whole = text
                    .strip_suffix(".0")
                    .or_else(|| text.strip_suffix(",0"))?;
                is_digits(whole.strip_prefix('+').unwrap_or(whole)).then_some(Cow::Borrowed(whole))
            }
            Repair::Plus => {
                let full = format!("+{text}");
                let is_possible = is_digits(text)
                    && !text.starts_with('0')
                    && matches!(read_phone(&full, None), PhoneReading::Possible(_));
                let own = region.map(|_| read_phone(text, region));
                let is_own = match &own {
                    Some(PhoneReading::Possible(own)) => **own != *full,
                    Some(PhoneReading::Ambiguous) => true,
                    _ => false,
                };
                (is_possible && !is_own).then_some(Cow::Owned(full))
            }
            Repair::LeadingZero => {
                (is_digits(text) && !text.starts_with('0')).then(|| Cow::Owned(format!("0{text}")))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_repair_changes_only_what_it_is_for() {
        for (repair, broken, whole) in [
            (Repair::Apostrophe, "'0123", Some("0123")),
            (Repair::Apostrophe, "0123", None),
            (Repair::Formula, "=\"0123\"", Some("0123")),
            (Repair::Formula, "=+4512345678", Some("+4512345678")),
            (Repair::PointZero, "12345678.0", Some("12345678")),
            (Repair::PointZero, "1.5", None),
            (Repair::Plus, "4512345678", Some("+4512345678")),
            (Repair::Plus, "12", None),
            (Repair::Plus, "+4512345678", None),
            (Repair::Plus, "4,51E+09", None),
            (Repair::LeadingZero, "12345678", Some("012345678")),
            (Repair::LeadingZero, "012345678", None),
        ] {
            assert_eq!(
                repair.apply(broken, None).as_deref(),
                whole,
                "{repair:?} {broken}"
            );
        }
    }

    #[test]
    fn a_number_of_the_region_has_lost_no_plus() {
        let plus = |text| Repair::Plus.apply(text, Some(Region::DK));
        assert_eq!(plus("12345602"), None);
        assert_eq!(plus("4512345602").as_deref(), Some("+4512345602"));
        assert_eq!(plus("46846500411").as_deref(), Some("+46846500411"));
    }
}
