//! Finding the columns of a mapping in the header of an export, and saying what is missing.

use std::collections::BTreeSet;
use std::ops::Range;

use super::asked_keys::AskedKeys;
use super::columns::{BETWEEN_NAMES, NamedColumn, Source};
use crate::mapping::error::{Findings, did_you_mean, suggest};
use crate::mapping::file::MappingFile;
use crate::mapping::file::origin::ValueOrigin;
use crate::mapping::file::rule::FieldRule;
use crate::mapping::file::source_section::SourceSection;
use crate::mapping::file::toml_table::SpannedText;
use crate::mapping::template::{TemplateId, Templates};
use crate::source::{Column, Header, Sheet};

/// Resolves names against one sheet; collects what it could not find and what it used.
pub(in crate::mapping) struct Binder<'m> {
    sheet: &'m Sheet,
    templates: &'m Templates,
    pub(in crate::mapping) findings: Findings,
    used: BTreeSet<usize>,
    used_all: bool,
    /// The names that are looked for in JSON.
    keys: BTreeSet<String>,
    /// Whether it was said that nobody has named the columns: once for all names.
    has_told_unnamed: bool,
}

/// So many columns without names are told.
const MOST_UNNAMED: usize = 16;

impl<'m> Binder<'m> {
    pub(in crate::mapping) fn new(mapping: &'m MappingFile, sheet: &'m Sheet) -> Self {
        Binder {
            sheet,
            templates: &mapping.templates,
            findings: Findings::new(mapping.text.clone()),
            used: BTreeSet::new(),
            used_all: false,
            keys: BTreeSet::new(),
            has_told_unnamed: false,
        }
    }

    /// The columns that nothing uses, in the order of the file.
    pub(in crate::mapping) fn unused(&self) -> Vec<Box<str>> {
        let Some(header) = self.sheet.header.as_ref().filter(|_| !self.used_all) else {
            return Vec::new();
        };
        let is_unused = |(index, name): &(usize, &String)| {
            !self.used.contains(index) && *name != Header::PROBLEMS && !name.is_empty()
        };
        let unused = header.names().iter().enumerate().filter(is_unused);
        unused.map(|(_, name)| name.as_str().into()).collect()
    }

    /// What is looked for in the records of JSON.
    pub(in crate::mapping) fn keys(&self) -> AskedKeys {
        AskedKeys::new(self.keys.iter().cloned())
    }

    /// The source of a field; `None` when its columns are missing, which is a finding unless the
    /// rule is optional.
    pub(in crate::mapping) fn field(&mut self, rule: &FieldRule) -> Option<Source> {
        if let ValueOrigin::First(names) = &rule.origin {
            return self.first(names, rule);
        }
        self.source(&rule.origin, rule.optional)
    }

    fn first(&mut self, names: &[SpannedText], rule: &FieldRule) -> Option<Source> {
        let found = self.candidates(names);
        if found.is_empty() && !rule.optional && !self.tells_unnamed(&rule.span) {
            let wanted: Vec<&str> = names.iter().map(|name| name.get_ref().as_str()).collect();
            let message = format!(
                "{} has no column for `{}`: none of {}",
                self.sheet.file,
                rule.field,
                wanted.join(", ")
            );
            let nearest = wanted.iter().find_map(|name| self.nearest(name));
            let suggestion = nearest.or_else(|| self.suggestion(wanted[0]));
            self.findings
                .add_with(rule.span.clone(), message, suggestion);
        }
        first_of(found)
    }

    /// Reports an optional rule of a required field that found no column.
    pub(in crate::mapping) fn unfilled(&mut self, rule: &FieldRule) {
        let message = format!(
            "{} has none of the columns of `{}`, and a conversation cannot be created without it",
            self.sheet.file, rule.field
        );
        let hint = "name a column that it has, or a `default`".to_owned();
        self.findings
            .add_with(rule.span.clone(), message, Some(hint));
    }

    /// Reports the columns without which a table is not one of this mapping. JSON is looked at record by
    /// record.
    pub(in crate::mapping) fn required(&mut self, source: &SourceSection) {
        if self.sheet.header.is_none() || !source.has_requires {
            return;
        }
        for names in &source.known.0 {
            let is_there = names.iter().any(|name| self.sheet.column(name).is_some());
            let is_told = names.iter().any(|name| self.findings.mentions(name));
            if !is_there && !is_told {
                self.missing(&names.join("` or `"), source.requires_span.clone());
            }
        }
    }

    /// Whether the mapping says that an export may lack this column.
    pub(in crate::mapping) fn may_lack(&self, name: &str) -> bool {
        self.templates.is_optional(name)
    }

    fn candidates(&mut self, names: &[SpannedText]) -> Vec<NamedColumn> {
        let mut found: Vec<NamedColumn> = Vec::new();
        for name in names {
            self.refuse_twins(name.get_ref(), name.span());
            let next = self.find(name.get_ref());
            // Two spellings of one column in the list are one column.
            found.extend(next.filter(|next| found.iter().all(|known| known.column != next.column)));
        }
        found
    }

    /// Resolves an origin. With `optional`, missing columns are no finding.
    pub(in crate::mapping) fn source(
        &mut self,
        origin: &ValueOrigin,
        optional: bool,
    ) -> Option<Source> {
        match origin {
            ValueOrigin::Column(name) => self.column(name, optional).map(Source::Column),
            ValueOrigin::Joined { columns, join } => {
                let found: Vec<NamedColumn> = columns
                    .iter()
                    .filter_map(|name| self.column(name, optional))
                    .collect();
                (!found.is_empty()).then(|| Source::Joined {
                    columns: found,
                    join: join.clone(),
                })
            }
            ValueOrigin::First(names) => {
                let found = self.candidates(names);
                if found.is_empty() && !optional {
                    for name in names {
                        self.column(name, false);
                    }
                }
                first_of(found)
            }
            ValueOrigin::Constant(text) => Some(Source::Constant(text.clone())),
            ValueOrigin::Template(id) => {
                let names = self.template(*id, optional)?;
                Some(Source::Template(*id, names.join(BETWEEN_NAMES).into()))
            }
            ValueOrigin::Choice(cases) => {
                let mut bound = Vec::new();
                for (condition, origin) in cases {
                    if let Some(id) = condition {
                        self.template(*id, optional)?;
                    }
                    // A case without its columns says nothing, but it still is the case.
                    let source = self.source(origin, optional);
                    let source = source.unwrap_or_else(|| Source::Constant(String::new()));
                    bound.push((*condition, source));
                }
                (!bound.is_empty()).then_some(Source::Choice(bound))
            }
        }
    }

    /// Checks the names in a template or condition, and gives them as the export writes them.
    pub(in crate::mapping) fn template(
        &mut self,
        id: TemplateId,
        optional: bool,
    ) -> Option<Vec<Box<str>>> {
        let (names, span) = self.templates.names(id);
        self.used_all |= names.whole_row;
        let mut found = Vec::new();
        let mut is_complete = true;
        if self.sheet.header.is_some() {
            // A column may be called as a function of the engine is; it is the column then.
            found.extend(
                names
                    .globals
                    .iter()
                    .filter_map(|name| self.find(name))
                    .map(|named| named.name),
            );
        }
        for name in names.plain.iter().chain(&names.of_row) {
            self.refuse_twins(name, self.place_in(&span, name));
            if let Some(column) = self.find(name) {
                found.push(column.name);
            } else if !self.templates.is_optional(name) {
                is_complete = false;
                if !optional {
                    self.missing(name, self.place_in(&span, name));
                }
            }
        }
        is_complete.then_some(found)
    }

    /// Where the name stands inside of a template, as a whole word.
    fn place_in(&self, span: &Range<usize>, name: &str) -> Range<usize> {
        let text = self.findings.text().get(span.clone()).unwrap_or_default();
        let is_word = |char: char| char.is_alphanumeric() || char == '_';
        let found = text.match_indices(name).find(|(at, _)| {
            !text[..*at].ends_with(is_word) && !text[at + name.len()..].starts_with(is_word)
        });
        found.map_or(span.clone(), |(at, _)| {
            let start = span.start + at;
            start..start + name.len()
        })
    }

    pub(in crate::mapping) fn column(
        &mut self,
        name: &SpannedText,
        optional: bool,
    ) -> Option<NamedColumn> {
        self.refuse_twins(name.get_ref(), name.span());
        let found = self.find(name.get_ref());
        if found.is_none() && !optional {
            self.missing(name.get_ref(), name.span());
        }
        found
    }

    /// Reports a name that fits several columns, none of them to the letter.
    fn refuse_twins(&mut self, name: &str, span: Range<usize>) {
        let Some(header) = &self.sheet.header else {
            return;
        };
        let columns = header.all(name);
        if let [first, .., last] = columns.as_slice()
            && !header.names().iter().any(|known| known == name)
        {
            let names = header.names();
            let message = format!(
                "{} has two columns for `{name}`: `{}` and `{}`",
                self.sheet.file, names[*first], names[*last]
            );
            let hint = "write one of them to the letter".to_owned();
            self.findings.add_with(span, message, Some(hint));
        }
    }

    /// The columns by which a condition decides, in a record of JSON with the steps that lead to them, and the
    /// texts that stand in it. Its names are found.
    pub(in crate::mapping) fn asked(&mut self, id: TemplateId) -> (Vec<NamedColumn>, &'m [String]) {
        let (keys, literals) = self.templates.looks_at(id);
        let (names, _) = self.templates.names(id);
        let asked = match &self.sheet.header {
            Some(header) if names.whole_row => header.names().to_vec(),
            Some(_) => [&names.plain[..], &names.of_row, &names.globals].concat(),
            None => keys.to_vec(),
        };
        let asked = asked.iter().filter_map(|name| self.find(name));
        (asked.collect(), literals)
    }

    /// The column of a name that the mapping has used before, if there is one.
    pub(in crate::mapping) fn named(&mut self, name: &str) -> Option<NamedColumn> {
        self.find(name)
    }

    /// Whether the name is that of this column.
    pub(in crate::mapping) fn is_column(&self, name: &SpannedText, named: &NamedColumn) -> bool {
        self.sheet.column(name.get_ref()).as_ref() == Some(&named.column)
    }

    /// Reports that a table has no names at all, in place of each that is missing.
    fn tells_unnamed(&mut self, span: &Range<usize>) -> bool {
        let header = self.sheet.header.as_ref();
        let columns = header.into_iter().flat_map(Header::unnamed_columns);
        let columns: Vec<String> = columns
            .map(|(name, look)| format!("{name} {look}"))
            .collect();
        let more = if columns.len() > MOST_UNNAMED {
            " and more"
        } else {
            ""
        };
        if columns.is_empty() || self.has_told_unnamed {
            return self.has_told_unnamed;
        }
        self.has_told_unnamed = true;
        let message = format!(
            "{} has no header line, and its columns do not fit the mapping: they seem to be {}{more}",
            self.sheet.file,
            columns[..columns.len().min(MOST_UNNAMED)].join(", ")
        );
        let hint = "name them in their order by `columns = [\"…\"]` in [source]".to_owned();
        self.findings.add_with(span.clone(), message, Some(hint));
        true
    }

    fn missing(&mut self, name: &str, span: Range<usize>) {
        let is_number = name
            .strip_prefix("column")
            .is_some_and(|number| number.parse::<usize>().is_ok());
        if !is_number && self.tells_unnamed(&span) {
            return;
        }
        let message = format!("{} has no column `{name}`", self.sheet.file);
        let suggestion = self.suggestion(name);
        self.findings.add_with(span, message, suggestion);
    }

    fn find(&mut self, name: &str) -> Option<NamedColumn> {
        let column = self.sheet.column(name)?;
        if let Column::Path(path) = &column {
            self.keys.extend(path.first().cloned());
        }
        let name = match (&column, &self.sheet.header) {
            (Column::Cell(cell), Some(header)) => {
                self.used.insert(*cell);
                header.names().get(*cell).map_or(name, String::as_str)
            }
            _ => name,
        };
        let name = name.into();
        Some(NamedColumn { column, name })
    }

    fn names(&self) -> impl Iterator<Item = &'m str> + Clone + use<'m> {
        let names: &'m [String] = self.sheet.header.as_ref().map_or(&[], Header::names);
        names.iter().map(String::as_str)
    }

    fn nearest(&self, name: &str) -> Option<String> {
        did_you_mean(name, self.names())
    }

    fn suggestion(&self, name: &str) -> Option<String> {
        suggest(name, self.names())
    }
}

/// Of one candidate nothing needs to be chosen, record by record.
fn first_of(mut found: Vec<NamedColumn>) -> Option<Source> {
    match found.len() {
        0 => None,
        1 => found.pop().map(Source::Column),
        _ => Some(Source::First(found)),
    }
}
