//! The table of one target field: where its value comes from and how it is read.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::conversion::{Conversion, read_conversion};
use super::expression::{Expression, Expressions};
use super::origin::{ValueOrigin, read_origin};
use super::target::TargetField;
use super::toml_table::{TomlTable, scalar, texts_of, wrong_type};
use crate::domain::call::ValueKind;
use crate::mapping::error::{Findings, suggest};
use crate::mapping::lookup::table::{LookupTable, Lookups};
use crate::mapping::template::Templates;
use crate::mapping::value::boolean::fold;
use crate::mapping::value::repair::Repair;

/// A table of values: exact, else without regard to case and blanks around.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct ValueMap {
    exact: BTreeMap<String, String>,
    folded: BTreeMap<String, String>,
    refusal: String,
}

impl ValueMap {
    pub(in crate::mapping) fn get(&self, text: &str) -> Option<&str> {
        let found = self
            .exact
            .get(text)
            .or_else(|| self.folded.get(&fold(text)));
        found.map(String::as_str)
    }

    /// The entry of exactly this text.
    pub(in crate::mapping) fn get_exactly(&self, text: &str) -> Option<&str> {
        self.exact.get(text).map(String::as_str)
    }

    /// Why a value has no entry, as a sentence.
    pub(in crate::mapping) fn refusal(&self) -> &str {
        &self.refusal
    }
}

/// The checked table of one target field.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct FieldRule {
    pub(in crate::mapping) field: TargetField,
    /// Place of the field's name in the file.
    pub(in crate::mapping) span: Range<usize>,
    pub(in crate::mapping) origin: ValueOrigin,
    /// Whether the columns may be missing from the export.
    pub(in crate::mapping) optional: bool,
    pub(in crate::mapping) steps: Steps,
    pub(in crate::mapping) conversion: Conversion,
}

/// What happens to a text between its origin and its conversion.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct Steps {
    /// The part of the text to keep: the first group, or the whole match.
    pub(in crate::mapping) extract: Option<Expression>,
    pub(in crate::mapping) map: Option<ValueMap>,
    /// In place of a value that the map does not know.
    pub(in crate::mapping) otherwise: Option<String>,
    /// In place of an empty value.
    pub(in crate::mapping) default: Option<String>,
    /// The first of these that occurs separates labels.
    pub(in crate::mapping) split: Vec<String>,
    /// Repairs, in the order of the file.
    pub(in crate::mapping) repairs: Vec<Repair>,
    /// The table that the text is a key of, and the column to take from it.
    pub(in crate::mapping) lookup: Option<(Arc<LookupTable>, usize)>,
}

impl Steps {
    /// Whether another text than that of the record goes into the map.
    pub(in crate::mapping) fn change_text(&self) -> bool {
        self.extract.is_some() || !self.repairs.is_empty() || self.lookup.is_some()
    }
}

/// What the tables of fields share while they are read.
pub(in crate::mapping) struct RuleReader<'f> {
    pub(in crate::mapping) lookups: &'f Lookups,
    pub(in crate::mapping) templates: &'f mut Templates,
    pub(in crate::mapping) expressions: &'f mut Expressions,
    pub(in crate::mapping) findings: &'f mut Findings,
}

impl RuleReader<'_> {
    /// Reads what stands behind a target field.
    pub(in crate::mapping) fn field(
        &mut self,
        field: TargetField,
        key: Range<usize>,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<FieldRule> {
        let table = match value.get_ref() {
            DeValue::String(name) => {
                let column = Spanned::new(value.span(), name.to_string());
                let conversion = Conversion::of(&field);
                return Some(FieldRule {
                    field,
                    span: key,
                    origin: ValueOrigin::Column(column),
                    optional: false,
                    steps: Steps::default(),
                    conversion,
                });
            }
            DeValue::Table(table) => table,
            other => {
                let wanted = "the name of a column or a table such as { from = \"column\" }";
                return wrong_type(&field.name(), wanted, other, value.span(), self.findings);
            }
        };
        let mut section = TomlTable::new(table, format!("`{field}`"), value.span());
        let origin = read_origin(&mut section, false, self.templates, self.findings);
        let optional = section.flag("optional", self.findings).unwrap_or_default();
        let steps = self.steps(&mut section, &field);
        let conversion = read_conversion(&mut section, &field, self.findings);
        section.finish(self.findings);
        Some(FieldRule {
            field,
            span: key,
            origin: origin?,
            optional,
            steps,
            conversion,
        })
    }

    fn steps(&mut self, section: &mut TomlTable<'_, '_>, field: &TargetField) -> Steps {
        let lookup = self.lookup(section);
        let findings = &mut *self.findings;
        let repairs = read_repairs(section, findings);
        let extract = section.text("extract", findings).and_then(|pattern| {
            let expression = self.expressions.extract(pattern.get_ref());
            if let Err(why) = &expression {
                findings.add(pattern.span(), format!("`extract` {why}"));
            }
            expression.ok()
        });
        let map = section
            .table("map", findings)
            .and_then(|table| read_map(&table, findings));
        let otherwise = read_scalar(section, "otherwise", findings);
        if otherwise.is_some() && map.is_none() {
            findings.add(
                section.key_span("otherwise"),
                "`otherwise` belongs to a `map`",
            );
        }
        let default = read_scalar(section, "default", findings);
        let split = section.value("split").and_then(|value| {
            if field.kind() != ValueKind::Labels {
                findings.add(
                    section.key_span("split"),
                    format!("`{field}` is no list, so nothing can be split"),
                );
            }
            texts_of("split", value, findings)
        });
        let split = split
            .unwrap_or_default()
            .into_iter()
            .map(Spanned::into_inner);
        Steps {
            extract,
            map,
            otherwise,
            default,
            split: split.filter(|separator| !separator.is_empty()).collect(),
            repairs,
            lookup,
        }
    }

    fn lookup(&mut self, section: &mut TomlTable<'_, '_>) -> Option<(Arc<LookupTable>, usize)> {
        let table = section.text("lookup", self.findings);
        let column = section.text("column", self.findings);
        let (table, column) = match (table, column) {
            (Some(table), Some(column)) => (table, column),
            (Some(table), None) => {
                self.findings
                    .add(table.span(), "a `lookup` also needs the `column` to take");
                return None;
            }
            (None, Some(_)) => {
                self.findings
                    .add(section.key_span("column"), "`column` belongs to a `lookup`");
                return None;
            }
            (None, None) => return None,
        };
        let lookup = self.lookups.find(&table, self.findings)?;
        let found = lookup.column(column.get_ref());
        if found.is_none() {
            let message = format!(
                "[lookup.{}] has no column `{}`",
                lookup.name,
                column.get_ref()
            );
            let suggestion = lookup.suggest_column(column.get_ref());
            self.findings.add_with(column.span(), message, suggestion);
        }
        found.map(|column| (lookup, column))
    }
}

fn read_scalar(
    section: &mut TomlTable<'_, '_>,
    key: &'static str,
    findings: &mut Findings,
) -> Option<String> {
    let value = section.value(key)?;
    match scalar(value.get_ref()) {
        Some(text) => Some(text),
        None => wrong_type(key, "a string", value.get_ref(), value.span(), findings),
    }
}

fn read_repairs(section: &mut TomlTable<'_, '_>, findings: &mut Findings) -> Vec<Repair> {
    let mut repairs = Vec::new();
    for text in section.texts("repair", findings).unwrap_or_default() {
        let word = text.get_ref().as_str();
        match Repair::WORDS.iter().find(|(known, _)| *known == word) {
            Some((_, repair)) => repairs.push(*repair),
            None => findings.add_with(
                text.span(),
                format!("`{word}` is no repair"),
                suggest(word, Repair::WORDS.iter().map(|(known, _)| *known)),
            ),
        }
    }
    repairs
}

fn read_map(table: &TomlTable<'_, '_>, findings: &mut Findings) -> Option<ValueMap> {
    let mut map = ValueMap::default();
    for (key, value) in table.entries() {
        let Some(text) = scalar(value.get_ref()) else {
            return wrong_type(
                key.get_ref(),
                "a string",
                value.get_ref(),
                value.span(),
                findings,
            );
        };
        let other = map.folded.insert(fold(key.get_ref()), text.clone());
        if other.is_some_and(|other| other != text) {
            let message = format!("`{}` is there twice, but for case or blanks", key.get_ref());
            findings.add(key.span(), message);
        }
        map.exact.insert(key.get_ref().to_string(), text);
    }
    let keys: Vec<&str> = table
        .entries()
        .map(|(key, _)| key.get_ref().as_ref())
        .collect();
    let (shown, more) = keys.split_at(keys.len().min(8));
    let more = if more.is_empty() { "" } else { ", …" };
    map.refusal = format!(
        "none of the values in the mapping's table: {}{more}",
        shown.join(", ")
    );
    Some(map)
}
