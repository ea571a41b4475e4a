//! Patterns of recordings' names: what a named group has captured must be what the call says.
//!
//! ```toml
//! [audio]
//! patterns = [
//!   '-(?P<uniqueid>\d+\.\d+)\.',                                     # a column, or a target field
//!   { pattern = '^(?P<session>[^_]+)_\d+', session = "{{ session_id }}" },  # anything else
//! ]
//! ```

use std::ops::Range;

use regex::Regex;
use toml::Spanned;
use toml::de::DeValue;

use super::expression::NO_EXPRESSION;
use super::origin::{ValueOrigin, read_origin};
use super::rule::RuleReader;
use super::toml_table::{TomlTable, wrong_type};
use crate::domain::call::Field;
use crate::mapping::error::suggest;

/// A pattern and what its named groups are held against, in their order.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct PatternRule {
    pub(in crate::mapping) regex: Regex,
    pub(in crate::mapping) groups: Vec<CaptureGroup>,
}

/// What a group is held against.
#[derive(Debug, Clone)]
pub(in crate::mapping) enum CaptureGroup {
    Field(Field),
    Other(ValueOrigin),
}

/// Reads the list behind `patterns`, or its only entry.
pub(in crate::mapping) fn read_patterns(
    value: &Spanned<DeValue<'_>>,
    reader: &mut RuleReader<'_>,
) -> Vec<PatternRule> {
    match value.get_ref() {
        DeValue::Array(items) => items
            .iter()
            .filter_map(|item| read_pattern(item, reader))
            .collect(),
        _ => read_pattern(value, reader).into_iter().collect(),
    }
}

fn read_pattern(value: &Spanned<DeValue<'_>>, reader: &mut RuleReader<'_>) -> Option<PatternRule> {
    let span = value.span();
    match value.get_ref() {
        DeValue::String(text) => {
            let regex = read_regex(text, span.clone(), reader)?;
            let groups = named_groups(&regex).map(|name| usual(name, span.clone()));
            let groups = groups.collect();
            Some(PatternRule { regex, groups })
        }
        DeValue::Table(table) => {
            let mut section = TomlTable::new(table, "an entry of `patterns`", span);
            let Some(pattern) = section.text("pattern", reader.findings) else {
                if section.value("pattern").is_none() {
                    let message = "an entry of `patterns` needs a `pattern`";
                    reader.findings.add(section.span(), message);
                }
                return None;
            };
            let regex = read_regex(pattern.get_ref(), pattern.span(), reader)?;
            for (key, _) in section.entries() {
                let word = key.get_ref().as_ref();
                if word != "pattern" && named_groups(&regex).all(|name| name != word) {
                    let message = format!("the pattern has no group called `{word}`");
                    let near = suggest(word, named_groups(&regex));
                    reader.findings.add_with(key.span(), message, near);
                }
            }
            let mut groups = Vec::new();
            for name in named_groups(&regex) {
                let said = section
                    .entries()
                    .find(|(key, _)| key.get_ref().as_ref() == name && name != "pattern");
                groups.push(match said {
                    Some((_, value)) => CaptureGroup::Other(read_group(name, value, reader)?),
                    None => usual(name, pattern.span()),
                });
            }
            Some(PatternRule { regex, groups })
        }
        other => wrong_type(
            "patterns",
            "a regular expression, a table, or a list of them",
            other,
            span,
            reader.findings,
        ),
    }
}

/// A group is a target field by its name, else a column.
fn usual(name: &str, span: Range<usize>) -> CaptureGroup {
    match Field::ALL.into_iter().find(|field| field.name() == name) {
        Some(field) => CaptureGroup::Field(field),
        None => CaptureGroup::Other(ValueOrigin::Column(Spanned::new(span, name.to_owned()))),
    }
}

/// What a group is held against: a template, or a table with the origins of a field.
pub(super) fn read_group(
    name: &str,
    value: &Spanned<DeValue<'_>>,
    reader: &mut RuleReader<'_>,
) -> Option<ValueOrigin> {
    match value.get_ref() {
        DeValue::String(text) => {
            let text = Spanned::new(value.span(), text.to_string());
            let template = reader.templates.template(&text, false, reader.findings)?;
            Some(ValueOrigin::Template(template))
        }
        DeValue::Table(table) => {
            let mut section = TomlTable::new(table, "a group of `patterns`", value.span());
            let origin = read_origin(&mut section, false, reader.templates, reader.findings);
            section.finish(reader.findings);
            origin
        }
        other => wrong_type(
            name,
            "a template or a table such as { from = \"column\" }",
            other,
            value.span(),
            reader.findings,
        ),
    }
}

fn read_regex(text: &str, span: Range<usize>, reader: &mut RuleReader<'_>) -> Option<Regex> {
    let regex = match reader.expressions.pattern(text) {
        Ok(regex) => regex,
        Err(why) => {
            let why = match why {
                NO_EXPRESSION => "not a regular expression".to_owned(),
                _ => format!("the pattern {why}"),
            };
            reader.findings.add(span, why);
            return None;
        }
    };
    if named_groups(&regex).next().is_none() {
        let message = "a pattern needs a group with a name, which says what of the call it must be";
        let near = Some("such as (?P<uniqueid>[0-9.]+)".to_owned());
        reader.findings.add_with(span, message, near);
        return None;
    }
    Some(regex)
}

fn named_groups(regex: &Regex) -> impl Iterator<Item = &str> + Clone {
    regex.capture_names().flatten()
}
