//! `newest` in `[source]`: a record that was delivered several times, of which the newest counts.
//!
//! ```toml
//! [source]
//! newest = { by = "ContactId", at = "LastUpdateTimestamp" }
//! ```

use jiff::fmt::temporal::Pieces;
use jiff::tz::Offset;
use toml::de::DeValue;

use super::bind::{Binder, Named};
use super::error::Findings;
use super::reader::{Section, Text, wrong_type};
use crate::source::{Column, Record};

/// Which of several copies counts, by the columns of one export.
#[derive(Debug, Clone)]
pub struct Newest {
    by: Vec<Column>,
    at: Named,
}

/// The same by the names in the file.
#[derive(Debug, Clone)]
pub(super) struct NewestSection {
    by: Vec<Text>,
    at: Text,
}

impl NewestSection {
    pub(super) fn read(
        section: &mut Section<'_, '_>,
        findings: &mut Findings,
    ) -> Option<NewestSection> {
        let value = section.value("newest")?;
        let DeValue::Table(table) = value.get_ref() else {
            let wanted = "a table such as { by = \"id\", at = \"updated\" }";
            return wrong_type("newest", wanted, value.get_ref(), value.span(), findings);
        };
        let mut table = Section::new(table, "`newest`", value.span());
        let by = table.texts("by", findings).unwrap_or_default();
        let at = table.text("at", findings);
        if by.is_empty() || at.is_none() {
            let message = "`newest` needs `by`, the columns of the id, and `at`, that of the time";
            findings.add(value.span(), message);
        }
        table.finish(findings);
        (!by.is_empty()).then_some(NewestSection { by, at: at? })
    }

    pub(super) fn bind(&self, binder: &mut Binder<'_>) -> Option<Newest> {
        let by = self.by.iter().filter_map(|name| binder.column(name, false));
        let by = by.map(|named| named.column).collect();
        let at = binder.column(&self.at, false)?;
        Some(Newest { by, at })
    }
}

impl Newest {
    /// Writes what the copies of a record have in common to `key`, and whether all of it is there:
    /// a record without an id is a copy of nothing.
    pub fn key(&self, record: &Record<'_>, key: &mut Vec<u8>) -> bool {
        key.clear();
        self.by.iter().all(|column| {
            let text = record.text(column).unwrap_or_default();
            let text = text.trim();
            key.extend_from_slice(&text.len().to_le_bytes());
            key.extend_from_slice(text.as_bytes());
            !text.is_empty()
        })
    }

    /// How new the record is: nanoseconds of its time, or of a number's seconds. Nothing at all is
    /// older than anything; `None` is what cannot be compared.
    pub fn rank(&self, record: &Record<'_>) -> Option<i128> {
        let text = record.text(&self.at.column).unwrap_or_default();
        let text = text.trim();
        if text.is_empty() {
            return Some(i128::MIN);
        }
        number(text).or_else(|| time(text))
    }

    /// The column of the time, and what the record says there.
    pub fn at<'r>(&'r self, record: &Record<'r>) -> (&'r str, String) {
        let text = record.text(&self.at.column).unwrap_or_default();
        (&self.at.name, text.into_owned())
    }
}

fn number(text: &str) -> Option<i128> {
    const DIGITS: usize = 9;
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let is_number = !whole.is_empty()
        && fraction.len() <= DIGITS
        && whole
            .bytes()
            .chain(fraction.bytes())
            .all(|byte| byte.is_ascii_digit());
    if !is_number {
        return None;
    }
    format!("{whole}{fraction:0<DIGITS$}").parse().ok()
}

/// Without an offset the times of one export are comparable all the same.
fn time(text: &str) -> Option<i128> {
    let pieces = Pieces::parse(text).ok()?;
    let local = pieces.date().to_datetime(pieces.time()?);
    let offset = pieces.to_numeric_offset().unwrap_or(Offset::UTC);
    Some(offset.to_timestamp(local).ok()?.as_nanosecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_numbers_are_compared_by_value() {
        let rank = |text| number(text).or_else(|| time(text));
        assert!(rank("2024-03-15T08:00:00.5Z") > rank("2024-03-15T08:00:00Z"));
        assert!(rank("2024-03-15T08:00:00+02:00") < rank("2024-03-15T07:00:00Z"));
        assert!(rank("2024-03-15 08:00:01") > rank("2024-03-15 08:00:00"));
        assert!(rank("10") > rank("9.75"));
        assert_eq!(rank("yesterday"), None);
        assert_eq!(rank("2024-03-15"), None);
    }
}
