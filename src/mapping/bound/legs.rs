//! Which rows of an export are one call, by its columns.

use super::binder::Binder;
use super::columns::NamedColumn;
use super::ranking::Ranking;
use crate::domain::call::Field;
use crate::mapping::file::MappingFile;
use crate::mapping::file::legs::{LegKey, LegOrder, LegRule, LegsSection};
use crate::mapping::file::toml_table::SpannedText;
use crate::source::{Column, Record};

/// How rows become one call, by the columns of one export.
#[derive(Debug, Clone)]
pub struct Legs {
    pub(in crate::mapping) group: LegKey<Column>,
    pub(in crate::mapping) order: Option<LegOrder<Ranking>>,
    pub(in crate::mapping) length: Option<NamedColumn>,
    /// By [`Field::index`].
    pub(in crate::mapping) fields: [LegRule; 36],
    pub(in crate::mapping) requires: Vec<Field>,
}

impl Legs {
    /// Finds the columns of the table.
    pub(in crate::mapping) fn bind(
        section: &LegsSection,
        mapping: &MappingFile,
        binder: &mut Binder<'_>,
    ) -> Legs {
        let mut find = |name: &SpannedText| binder.column(name, false);
        let group = match &section.group {
            LegKey::All(names) => {
                let found = names.iter().filter_map(&mut find);
                LegKey::All(found.map(|named| named.column).collect())
            }
            LegKey::First(names) => LegKey::First(first_columns(names, binder)),
        };
        let order = section.order.as_ref().and_then(|order| match order {
            LegOrder::Column(name) => Ranking::bind(name, mapping, binder).map(LegOrder::Column),
            LegOrder::Time => Some(LegOrder::Time),
        });
        let mut find = |name: &SpannedText| binder.column(name, false);
        Legs {
            group,
            order,
            length: section.length.as_ref().and_then(&mut find),
            fields: section.fields,
            requires: section.requires.clone(),
        }
    }

    /// Writes what the rows of a call have in common to `key`, and whether there is anything: a row
    /// without it is a call of its own.
    pub fn key(&self, record: &Record<'_>, key: &mut Vec<u8>) -> bool {
        key.clear();
        let mut is_filled = false;
        let mut put = |column: &Column| {
            let text = record.text(column).unwrap_or_default();
            let text = text.trim();
            // The length keeps `1` + `23` apart from `12` + `3`.
            key.extend_from_slice(&text.len().to_le_bytes());
            key.extend_from_slice(text.as_bytes());
            !text.is_empty()
        };
        match &self.group {
            LegKey::All(columns) => columns.iter().for_each(|column| is_filled |= put(column)),
            LegKey::First(columns) => {
                let says = |column: &&Column| {
                    record
                        .text(column)
                        .is_some_and(|text| !text.trim().is_empty())
                };
                is_filled = columns.iter().find(says).is_some_and(put);
            }
        }
        is_filled
    }
}

/// Those of the columns that the export has; it needs to have one.
fn first_columns(names: &[SpannedText], binder: &mut Binder<'_>) -> Vec<Column> {
    let found: Vec<NamedColumn> = names
        .iter()
        .filter_map(|name| binder.column(name, true))
        .collect();
    if found.is_empty()
        && let Some(name) = names.first()
        && !binder.may_lack(name.get_ref())
    {
        binder.column(name, false);
    }
    found.into_iter().map(|named| named.column).collect()
}
