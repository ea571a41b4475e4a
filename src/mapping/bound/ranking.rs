//! What puts records in order: a column of numbers or of times, by what they mean.

use std::cmp::Ordering;

use serde_json::Value as Json;

use jiff::tz::TimeZone;

use super::binder::Binder;
use super::columns::NamedColumn;
use crate::domain::as_seen;
use crate::domain::call::trimmed;
use crate::mapping::file::MappingFile;
use crate::mapping::file::conversion::Conversion;
use crate::mapping::file::origin::ValueOrigin;
use crate::mapping::file::toml_table::SpannedText;
use crate::mapping::value::duration::is_thousands_or_parts;
use crate::mapping::value::time::TimeRule;
use crate::source::Record;

/// A column by which records are put in order.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct Ranking {
    pub(in crate::mapping) named: NamedColumn,
    /// How a time in it is read; of a field that is fed by the same column, if there is one.
    time: TimeRule,
    /// Whether the mapping says how its times are written, so that digits are a time as well.
    is_time: bool,
}

/// Where a record stands. Ranks of one kind have a total order; those of two kinds say nothing about
/// each other, but for [`Rank::Nothing`], which is before all.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::mapping) enum Rank {
    /// The record says nothing.
    Nothing,
    /// A number, however many digits it has.
    Number(Exact),
    /// Nanoseconds since 1970.
    Time(i128),
}

impl Rank {
    /// Whether the two can be compared.
    pub(in crate::mapping) fn is_like(&self, other: &Rank) -> bool {
        let is_nothing = matches!(self, Rank::Nothing) || matches!(other, Rank::Nothing);
        is_nothing || std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

/// A decimal number of any length.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) struct Exact {
    is_negative: bool,
    /// Without zeros in front.
    whole: String,
    /// Without zeros behind.
    fraction: String,
}

impl Exact {
    /// Digits with at most one sign between whole and parts; `None` where that sign may stand between
    /// thousands.
    pub(in crate::mapping) fn read(text: &str) -> Option<Exact> {
        let unsigned = text.strip_prefix(['-', '\u{2212}']);
        let digits = unsigned.unwrap_or_else(|| text.strip_prefix('+').unwrap_or(text));
        let (whole, fraction) = digits.split_once(['.', ',']).unwrap_or((digits, "0"));
        let is_digits =
            |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !is_digits(whole) || !is_digits(fraction) {
            return None;
        }
        let (whole, fraction) = (
            whole.trim_start_matches('0'),
            fraction.trim_end_matches('0'),
        );
        Some(Exact {
            // Zero has no sign.
            is_negative: unsigned.is_some() && !(whole.is_empty() && fraction.is_empty()),
            whole: whole.to_owned(),
            fraction: fraction.to_owned(),
        })
    }
}

impl Exact {
    /// The number in billionths, cut there; `None` for one that is negative or beyond every time.
    pub(in crate::mapping) fn billionths(&self) -> Option<i128> {
        const DIGITS: usize = 9;
        let fraction = &self.fraction[..self.fraction.len().min(DIGITS)];
        let is_fit = !self.is_negative && self.whole.len() <= 28;
        let digits = is_fit.then(|| format!("{}{fraction:0<DIGITS$}", self.whole))?;
        digits.parse().ok()
    }
}

impl Ord for Exact {
    fn cmp(&self, other: &Self) -> Ordering {
        fn size(number: &Exact) -> (usize, &str, &str) {
            (number.whole.len(), &number.whole, &number.fraction)
        }
        match (self.is_negative, other.is_negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (false, false) => size(self).cmp(&size(other)),
            (true, true) => size(other).cmp(&size(self)),
        }
    }
}

impl PartialOrd for Exact {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ranking {
    /// Finds the column, and how the mapping reads the times in it.
    pub(in crate::mapping) fn bind(
        name: &SpannedText,
        mapping: &MappingFile,
        binder: &mut Binder<'_>,
    ) -> Option<Ranking> {
        let column = binder.column(name, false)?;
        let mut reads = mapping.fields.iter().filter_map(|rule| {
            let names = match &rule.origin {
                ValueOrigin::Column(name) => std::slice::from_ref(name),
                ValueOrigin::First(names) => names,
                _ => return None,
            };
            let is_it = names.iter().any(|name| binder.is_column(name, &column));
            match rule.conversion.bound(mapping.zone.as_ref(), None) {
                Conversion::Time(time) if is_it => Some(*time),
                _ => None,
            }
        });
        let found = reads.next();
        let mut time = found.unwrap_or_else(|| TimeRule {
            zone: mapping.zone.clone(),
            ..TimeRule::default()
        });
        let is_time = !time.formats.is_empty();
        // Without a zone the clocks of one export are comparable all the same.
        time.zone.get_or_insert(TimeZone::UTC);
        Some(Ranking {
            named: column,
            time,
            is_time,
        })
    }

    /// Where the record stands; `None` for what is neither a number nor a time.
    pub(in crate::mapping) fn rank(&self, record: &Record<'_>) -> Option<Rank> {
        let text = record.text(&self.named.column).unwrap_or_default();
        let text = as_seen(&text);
        let text = trimmed(&text);
        if text.is_empty() {
            return Some(Rank::Nothing);
        }
        let is_certain = matches!(record.json(&self.named.column), Some(Json::Number(_)));
        let number = || {
            let is_one = is_certain || !is_thousands_or_parts(text);
            is_one
                .then(|| Exact::read(text))
                .flatten()
                .map(Rank::Number)
        };
        let time = || {
            let read = self.time.read(text).ok();
            read.map(|(_, at)| Rank::Time(at.as_nanosecond()))
        };
        if self.is_time {
            time().or_else(number)
        } else {
            number().or_else(time)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn exact(text: &str) -> Exact {
        Exact::read(text).unwrap()
    }

    #[test]
    fn numbers_of_any_length_are_compared_by_value() {
        let ordered = [
            "-123456789012345678901234567890",
            "-10",
            "-9.5",
            "0",
            "0.07",
            "0,5",
            "9",
            "10",
            "10.25",
            "123456789012345678901234567890",
            "123456789012345678901234567891",
        ];
        for pair in ordered.windows(2) {
            assert!(exact(pair[0]) < exact(pair[1]), "{pair:?}");
        }
        assert_eq!(exact("-0"), exact("0.0"));
        for none in ["", "1x", "NaN", "1e3", "-", "1.", "inf"] {
            assert_eq!(Exact::read(none), None, "{none}");
        }
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_the_numbers(one in any::<i64>(), other in any::<i64>()) {
            prop_assert_eq!(exact(&one.to_string()).cmp(&exact(&other.to_string())), one.cmp(&other));
        }

        #[test]
        fn the_order_is_total(texts in prop::collection::vec("[-+]?[0-9]{1,4}([.,][0-9]{1,3})?", 3)) {
            let [one, two, three] = [&texts[0], &texts[1], &texts[2]].map(|text| exact(text));
            prop_assert_eq!(one.cmp(&two), two.cmp(&one).reverse());
            prop_assert_eq!(one == two, one.cmp(&two) == Ordering::Equal);
            if one <= two && two <= three {
                prop_assert!(one <= three);
            }
        }
    }
}
