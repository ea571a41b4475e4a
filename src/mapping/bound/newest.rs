//! Which of several copies of a record is the newest, by the columns of an export.

use super::binder::Binder;
use super::ranking::{Rank, Ranking};
use crate::mapping::file::MappingFile;
use crate::mapping::file::newest::NewestSection;
use crate::source::{Column, Record};

/// Which of several copies counts, by the columns of one export.
#[derive(Debug, Clone)]
pub struct Newest {
    by: Vec<Column>,
    at: Ranking,
}

impl Newest {
    /// Finds its columns.
    pub(in crate::mapping) fn bind(
        section: &NewestSection,
        mapping: &MappingFile,
        binder: &mut Binder<'_>,
    ) -> Option<Newest> {
        let by = section
            .by
            .iter()
            .filter_map(|name| binder.column(name, false));
        let by = by.map(|named| named.column).collect();
        let at = Ranking::bind(&section.at, mapping, binder)?;
        Some(Newest { by, at })
    }

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
