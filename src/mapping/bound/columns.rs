//! Where a value comes from in one export, and what a record says there.

use std::borrow::Cow;

use serde_json::Value as Json;

use crate::domain::call::is_blank;
use crate::mapping::template::{Rendering, TemplateError, TemplateId};
use crate::source::{Column, Record};

/// Stands between the names of the columns of a template.
pub(in crate::mapping) const BETWEEN_NAMES: &str = " + ";

/// A column and its name, as the export writes it.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct NamedColumn {
    pub(in crate::mapping) column: Column,
    pub(in crate::mapping) name: Box<str>,
}

/// Where a value comes from, by positions in the export.
#[derive(Debug, Clone)]
pub(in crate::mapping) enum Source {
    Column(NamedColumn),
    Joined {
        columns: Vec<NamedColumn>,
        join: String,
    },
    First(Vec<NamedColumn>),
    Constant(String),
    Template(TemplateId, Box<str>),
    Choice(Vec<(Option<TemplateId>, Source)>),
}

impl Source {
    /// The column to name in a problem of any record; empty when no column feeds the value.
    pub(in crate::mapping) fn label(&self) -> &str {
        match self {
            Source::Column(named) => &named.name,
            Source::Joined { columns, .. } | Source::First(columns) => {
                columns.first().map_or("", |named| &named.name)
            }
            Source::Constant(_) => "",
            Source::Template(_, name) => name,
            Source::Choice(cases) => cases
                .iter()
                .map(|(_, source)| source.label())
                .find(|label| !label.is_empty())
                .unwrap_or(""),
        }
    }

    /// All columns that feed the value, as the export writes them.
    pub(in crate::mapping) fn columns(&self) -> Vec<&str> {
        match self {
            Source::Column(named) => vec![&named.name],
            Source::Joined { columns, .. } | Source::First(columns) => {
                columns.iter().map(|named| &*named.name).collect()
            }
            Source::Constant(_) => Vec::new(),
            Source::Template(_, names) => {
                let names = names.split(BETWEEN_NAMES);
                names.filter(|name| !name.is_empty()).collect()
            }
            Source::Choice(cases) => {
                let mut all: Vec<&str> = Vec::new();
                for name in cases.iter().flat_map(|(_, source)| source.columns()) {
                    if !all.contains(&name) {
                        all.push(name);
                    }
                }
                all
            }
        }
    }

    /// The column to name in a problem of this record: of several the one that was used.
    pub(in crate::mapping) fn label_for(
        &self,
        record: &Record<'_>,
        templates: &Rendering<'_>,
    ) -> &str {
        match self {
            Source::First(columns) => {
                first(columns, record).map_or_else(|| self.label(), |(named, _)| &named.name)
            }
            Source::Choice(cases) => {
                let chosen = chosen(cases, templates).ok().flatten();
                chosen.map_or_else(
                    || self.label(),
                    |source| source.label_for(record, templates),
                )
            }
            _ => self.label(),
        }
    }

    /// The columns that feed the value of this record, with what they hold; those that say nothing
    /// are left out.
    pub(in crate::mapping) fn cells<'r>(
        &'r self,
        record: &Record<'r>,
        templates: &Rendering<'_>,
    ) -> Vec<(&'r str, Cow<'r, str>)> {
        let cell = |named: &'r NamedColumn| {
            let text = record.text(&named.column)?;
            (!text.is_empty()).then_some((&*named.name, text))
        };
        match self {
            Source::Column(named) => cell(named).into_iter().collect(),
            Source::Joined { columns, .. } => columns.iter().filter_map(cell).collect(),
            Source::First(columns) => {
                let used = first(columns, record).map(|(named, _)| named);
                used.and_then(cell).into_iter().collect()
            }
            Source::Constant(_) => Vec::new(),
            Source::Template(_, names) => names
                .split(BETWEEN_NAMES)
                .filter_map(|name| {
                    let text = record.text(&record.sheet().column(name)?)?;
                    (!text.is_empty()).then_some((name, text))
                })
                .collect(),
            Source::Choice(cases) => {
                let chosen = chosen(cases, templates).ok().flatten();
                chosen.map_or_else(Vec::new, |source| source.cells(record, templates))
            }
        }
    }
}

/// The source of the first case whose condition holds.
pub(in crate::mapping) fn chosen<'s>(
    cases: &'s [(Option<TemplateId>, Source)],
    templates: &Rendering<'_>,
) -> Result<Option<&'s Source>, TemplateError> {
    for (condition, source) in cases {
        let holds = match condition {
            Some(id) => templates.holds(*id)?,
            None => true,
        };
        if holds {
            return Ok(Some(source));
        }
    }
    Ok(None)
}

/// What the origin of a field says.
#[derive(Debug)]
pub(in crate::mapping) enum RawText<'r> {
    /// Nothing.
    Missing,
    /// A text that is not empty.
    Text(Cow<'r, str>),
    /// A JSON list or object.
    Tree(&'r Json),
}

impl<'r> RawText<'r> {
    /// Fetches from the record. The error is a template's.
    pub(in crate::mapping) fn of(
        source: &'r Source,
        record: &Record<'r>,
        templates: &Rendering<'_>,
    ) -> Result<RawText<'r>, TemplateError> {
        Ok(match source {
            Source::Column(named) => RawText::at(named, record),
            Source::First(columns) => {
                first(columns, record).map_or(RawText::Missing, |(_, raw)| raw)
            }
            Source::Joined { columns, join } => {
                let mut joined = String::new();
                for named in columns {
                    let text = record.text(&named.column).unwrap_or_default();
                    if !text.is_empty() {
                        if !joined.is_empty() {
                            joined.push_str(join);
                        }
                        joined.push_str(&text);
                    }
                }
                RawText::text(Cow::Owned(joined))
            }
            Source::Constant(text) => RawText::text(Cow::Borrowed(text)),
            Source::Template(id, _) => RawText::text(Cow::Owned(templates.render(*id)?)),
            Source::Choice(cases) => match chosen(cases, templates)? {
                Some(source) => return RawText::of(source, record, templates),
                None => RawText::Missing,
            },
        })
    }

    fn at(named: &NamedColumn, record: &Record<'r>) -> RawText<'r> {
        let text = match record.json(&named.column) {
            Some(tree @ (Json::Array(_) | Json::Object(_))) => return RawText::Tree(tree),
            Some(value) => record.text_of(value),
            None if record.tree().is_some() => None,
            None => record.text(&named.column),
        };
        text.map_or(RawText::Missing, RawText::text)
    }

    pub(in crate::mapping) fn text(text: Cow<'r, str>) -> RawText<'r> {
        if text.is_empty() {
            RawText::Missing
        } else {
            RawText::Text(text)
        }
    }

    pub(in crate::mapping) fn is_blank(&self) -> bool {
        match self {
            RawText::Missing => true,
            RawText::Text(text) => is_blank(text),
            RawText::Tree(_) => false,
        }
    }
}

/// The first of the columns that holds more than blanks, else the first that holds anything.
fn first<'c, 'r>(
    columns: &'c [NamedColumn],
    record: &Record<'r>,
) -> Option<(&'c NamedColumn, RawText<'r>)> {
    let mut blank = None;
    for named in columns {
        let raw = RawText::at(named, record);
        if !raw.is_blank() {
            return Some((named, raw));
        }
        if blank.is_none() && matches!(raw, RawText::Text(_)) {
            blank = Some((named, raw));
        }
    }
    blank
}
