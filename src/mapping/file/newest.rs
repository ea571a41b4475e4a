//! `newest` in `[source]`: a record that was delivered several times, of which the newest counts.
//!
//! ```toml
//! [source]
//! newest = { by = "ContactId", at = "LastUpdateTimestamp" }
//! ```

use toml::de::DeValue;

use super::MappingFile;
use super::toml_table::{SpannedText, TomlTable, wrong_type};
use crate::mapping::bound::binder::Binder;
use crate::mapping::bound::ranking::{Rank, Ranking};
use crate::mapping::error::Findings;
use crate::source::{Column, Record};

/// Which of several copies counts, by the columns of one export.
#[derive(Debug, Clone)]
pub struct Newest {
    by: Vec<Column>,
    at: Ranking,
}

/// The same by the names in the file.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct NewestSection {
    by: Vec<SpannedText>,
    at: SpannedText,
}

impl NewestSection {
    pub(in crate::mapping) fn read(
        section: &mut TomlTable<'_, '_>,
        findings: &mut Findings,
    ) -> Option<NewestSection> {
        let value = section.value("newest")?;
        let DeValue::Table(table) = value.get_ref() else {
            let wanted = "a table such as { by = \"id\", at = \"updated\" }";
            return wrong_type("newest", wanted, value.get_ref(), value.span(), findings);
        };
        let mut table = TomlTable::new(table, "`newest`", value.span());
        let by = table.texts("by", findings).unwrap_or_default();
        let at = table.text("at", findings);
        if by.is_empty() || at.is_none() {
            let message = "`newest` needs `by`, the columns of the id, and `at`, that of the time";
            findings.add(value.span(), message);
        }
        table.finish(findings);
        (!by.is_empty()).then_some(NewestSection { by, at: at? })
    }

    pub(in crate::mapping) fn bind(
        &self,
        mapping: &MappingFile,
        binder: &mut Binder<'_>,
    ) -> Option<Newest> {
        let by = self.by.iter().filter_map(|name| binder.column(name, false));
        let by = by.map(|named| named.column).collect();
        let at = Ranking::bind(&self.at, mapping, binder)?;
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
        match self.at.rank(record)? {
            Rank::Nothing => Some(i128::MIN),
            Rank::Number(number) => number.billionths(),
            Rank::Time(at) => Some(at),
        }
    }

    /// The column of the time, and what the record says there.
    pub fn at<'r>(&'r self, record: &Record<'r>) -> (&'r str, String) {
        let text = record.text(&self.at.named.column).unwrap_or_default();
        (&self.at.named.name, text.into_owned())
    }
}
