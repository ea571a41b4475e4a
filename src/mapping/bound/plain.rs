//! The short way through a mapping, for rows in order.
//!
//! Most mappings name a column for each field and little else, and most rows of an export are in
//! order. Of such a row this finds out, cell by cell, that the full evaluation would complain of nothing, and
//! what it would send; at the first cell of which that is not certain it gives up, and the row takes the
//! full evaluation. Both must say the same of every row that goes this way, which is tested for every mapping
//! and every cell that the tests of this folder know.

use std::borrow::Cow;

use super::columns::{NamedColumn, Source};
use super::rule::CompiledRule;
use crate::domain::call::{Field, Plain, ValueKind, is_blank, trimmed};
use crate::domain::{PhoneReading, fault_of_key, is_email, read_phone};
use crate::mapping::file::conversion::Conversion;
use crate::mapping::file::rule::Steps;
use crate::mapping::value::boolean::read_boolean;
use crate::mapping::value::list::parts;
use crate::mapping::value::number::read_number;
use crate::source::{Cells, Column, Sheet};

/// The rules of a mapping, where all of them are simple enough.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct PlainRules {
    /// In wire order.
    rules: Vec<PlainRule>,
    /// What stands for "nothing" in the export.
    nulls: Vec<String>,
}

#[derive(Debug, Clone)]
struct PlainRule {
    field: Field,
    /// The first of these cells that says something counts.
    cells: Vec<usize>,
    /// The rule itself, by its place in the profile.
    rule: usize,
}

impl PlainRules {
    /// The short way through these rules, if there is one.
    pub(in crate::mapping) fn of(rules: &[CompiledRule], sheet: &Sheet) -> Option<PlainRules> {
        let plain = rules.iter().enumerate().map(|(at, rule)| {
            let field = rule.field.field()?;
            let cells = cells(&rule.source)?;
            let is_simple = is_simple(&rule.steps, &rule.conversion, field.kind());
            is_simple.then_some(PlainRule {
                field,
                cells,
                rule: at,
            })
        });
        let mut plain: Vec<PlainRule> = plain.collect::<Option<_>>()?;
        plain.sort_by_key(|rule| rule.field);
        Some(PlainRules {
            rules: plain,
            nulls: sheet.nulls.clone(),
        })
    }

    /// Fills `plain` with the call of a row; `false` when the row must take the full evaluation, and then
    /// nothing is said of what is in `plain`. `rules` are those that this was made of.
    pub(in crate::mapping) fn read<'r>(
        &self,
        rules: &'r [CompiledRule],
        cells: Cells<'r>,
        plain: &mut Plain<'r>,
    ) -> bool {
        plain.clear();
        let all = self.rules.iter().all(|rule| {
            let Some(text) = self.first(&rule.cells, cells) else {
                // Nothing is there, unless the mapping has something for that case.
                return rules[rule.rule].steps.default.is_none();
            };
            read(rule.field, text, &rules[rule.rule], plain)
        });
        all && plain.is_complete()
    }

    /// The first cell that is not empty.
    #[inline]
    fn first<'r>(&self, columns: &[usize], cells: Cells<'r>) -> Option<&'r str> {
        let mut found = columns.iter().filter_map(|column| cells.get(*column));
        found.find(|text| !text.is_empty() && !self.nulls.iter().any(|null| null == text))
    }
}

/// The columns of a source that is nothing but columns of a table.
fn cells(source: &Source) -> Option<Vec<usize>> {
    let cell = |named: &NamedColumn| match named.column {
        Column::Cell(cell) => Some(cell),
        Column::Path(_) => None,
    };
    match source {
        Source::Column(named) => Some(vec![cell(named)?]),
        Source::First(columns) => columns.iter().map(cell).collect(),
        _ => None,
    }
}

fn is_simple(steps: &Steps, conversion: &Conversion, kind: ValueKind) -> bool {
    let is_known = match (conversion, kind) {
        (Conversion::Text | Conversion::Phone(_) | Conversion::Email, ValueKind::Text)
        | (Conversion::Time(_), ValueKind::Time)
        | (Conversion::Number(_), ValueKind::Number)
        | (Conversion::Boolean(_), ValueKind::Bool)
        // A row that says something here goes the full road.
        | (Conversion::Segments, ValueKind::Segments) => true,
        (Conversion::Labels, ValueKind::Labels) => steps.map.is_none(),
        _ => false,
    };
    is_known && steps.extract.is_none() && steps.repairs.is_empty() && steps.lookup.is_none()
}

/// Takes one value, unless it is doubtful.
fn read<'r>(field: Field, text: &'r str, rule: &'r CompiledRule, plain: &mut Plain<'r>) -> bool {
    let text = match &rule.steps.map {
        None => text,
        Some(map) => match map.get_exactly(text) {
            Some(text) => text,
            None => return false,
        },
    };
    if is_blank(text) {
        return false;
    }
    match &rule.conversion {
        Conversion::Text => plain.text(field, Cow::Borrowed(text)),
        Conversion::Phone(region) => match read_phone(text, *region) {
            PhoneReading::Possible(number) => plain.phone(field, number),
            _ => false,
        },
        Conversion::Email => {
            let is_bare = trimmed(text).len() == text.len() && !text.starts_with("mailto:");
            // Of an agent's address the field asks the same.
            let is_address =
                field == Field::AgentEmail || is_email(text) && fault_of_key(text).is_none();
            is_bare && is_address && plain.text(field, Cow::Borrowed(text))
        }
        Conversion::Time(rule) => match rule.read(text) {
            Ok((text, at)) => plain.time(field, text, at),
            Err(_) => false,
        },
        Conversion::Number(notation) => {
            read_number(text, *notation).is_some_and(|text| plain.number(field, text))
        }
        Conversion::Boolean(words) => {
            read_boolean(text, words).is_some_and(|flag| plain.flag(field, flag))
        }
        Conversion::Labels => labels(field, text, &rule.steps.split, plain),
        Conversion::Segments | Conversion::Seconds(_) | Conversion::Json => false,
    }
}

/// Labels between signs, where the cell is no JSON list.
fn labels<'r>(field: Field, text: &'r str, separators: &[String], plain: &mut Plain<'r>) -> bool {
    if text.trim_start().starts_with('[') {
        return false;
    }
    let labels = parts(text, separators).map(trimmed);
    plain.labels(field, labels.filter(|label| !label.is_empty()))
}
