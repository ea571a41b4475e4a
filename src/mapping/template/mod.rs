//! Templates and conditions over the columns of a record.
//!
//! The engine is minijinja: strict about names that do not exist, with limited fuel, compiled once.
//! Templates that only put columns between literal text, and conditions that only compare a column
//! with literals, never reach it: they are most of them, and a million records use them.

mod bound;
mod context;
mod functions;
mod lets;
mod limits;
mod lists;
mod simple;
mod slices;

use std::collections::HashSet;
use std::ops::Range;
use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior};
use regex::Regex;

use super::error::Findings;
use super::file::toml_table::SpannedText;
use super::lookup::agents::Agents;
use super::lookup::table::Lookups;
use crate::source::Header;

pub(super) use bound::{BoundTemplates, Rendering, TemplateError};
pub(super) use context::Names;
use context::read_names;
pub(super) use functions::Missed;
use lets::Lets;
use slices::without_slices;

/// Steps that one rendering may take. A template over a record takes tens.
const FUEL: u64 = 50_000;

static QUOTED: LazyLock<Regex> = LazyLock::new(|| functions::literal(r#"'([^'\\]*)'|"([^"\\]*)""#));

/// Stands for the `*` of a template until its columns are filled in: a character that no text
/// contains, so that a `*` in the export is never taken for a wildcard.
pub(super) const WILDCARD: char = '\u{fdd0}';

/// Stand around what the record says in a template that may have wildcards.
pub(super) const VALUE_START: char = '\u{fdd1}';
pub(super) const VALUE_END: char = '\u{fdd2}';

/// Whether a character of the export could be taken for one of the above.
pub(in crate::mapping) fn is_mark(char: char) -> bool {
    matches!(char, WILDCARD | VALUE_START | VALUE_END)
}

/// A template or condition of the mapping file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TemplateId(usize);

#[derive(Debug, Clone)]
struct CompiledTemplate {
    name: String,
    source: String,
    span: Range<usize>,
    is_condition: bool,
    /// The names of `[let]` that it uses itself, by their positions.
    lets: Vec<usize>,
    /// The columns that it uses itself.
    own: Names,
    /// The same with those of the names of `[let]`.
    names: Names,
    /// Of a condition: the keys that it looks at, with the steps that lead to them.
    keys: Vec<String>,
    /// Of a condition: the texts that stand in it.
    literals: Vec<String>,
}

/// The compiled templates of one mapping file.
#[derive(Debug, Clone)]
pub(super) struct Templates {
    engine: Environment<'static>,
    entries: Vec<CompiledTemplate>,
    lookups: Lookups,
    lets: Lets,
    /// Keys of the columns that an export may lack; they are empty then.
    optional: Vec<String>,
}

impl Templates {
    pub(super) fn new(lookups: &Lookups) -> Self {
        let mut engine = Environment::new();
        engine.set_undefined_behavior(UndefinedBehavior::SemiStrict);
        engine.set_fuel(Some(FUEL));
        engine.set_debug(false);
        engine.set_recursion_limit(50);
        limits::restrict(&mut engine);
        functions::add_filters(&mut engine, lookups);
        lists::add_filters(&mut engine);
        Agents::default().add_filter(&mut engine);
        Templates {
            engine,
            entries: Vec::new(),
            lookups: lookups.clone(),
            lets: Lets::default(),
            optional: Vec::new(),
        }
    }

    /// The files of the tables that were read.
    pub(super) fn lookup_files(&self) -> &[std::path::PathBuf] {
        self.lookups.files()
    }

    /// Lets the filter `agent` answer by what is known of agents.
    pub(super) fn set_agents(&mut self, agents: &Agents) {
        agents.add_filter(&mut self.engine);
    }

    /// Names the columns that an export may lack.
    pub(super) fn set_optional(&mut self, columns: &[String]) {
        self.optional = columns.iter().map(|name| Header::key(name)).collect();
    }

    /// Whether an export may lack this column.
    pub(super) fn is_optional(&self, column: &str) -> bool {
        self.optional.contains(&Header::key(column))
    }

    /// Compiles a template. With `wildcards` a `*` in its literal text becomes [`WILDCARD`], and what
    /// the record says stands between [`VALUE_START`] and [`VALUE_END`].
    pub(super) fn template(
        &mut self,
        text: &SpannedText,
        wildcards: bool,
        findings: &mut Findings,
    ) -> Option<TemplateId> {
        let source = if wildcards {
            mark_wildcards(text.get_ref())
        } else {
            text.get_ref().clone()
        };
        self.add(text, source, false, findings)
    }

    /// Compiles a condition.
    pub(super) fn condition(
        &mut self,
        text: &SpannedText,
        findings: &mut Findings,
    ) -> Option<TemplateId> {
        // Compiled on its own first, so that nothing can close the tag around it early.
        if let Err(error) = self.engine.compile_expression_owned(text.get_ref().clone()) {
            report(&error, text, findings);
            return None;
        }
        let source = format!("{{% if {} %}}1{{% endif %}}", text.get_ref());
        self.add(text, source, true, findings)
    }

    fn add(
        &mut self,
        text: &SpannedText,
        source: String,
        is_condition: bool,
        findings: &mut Findings,
    ) -> Option<TemplateId> {
        let id = TemplateId(self.entries.len());
        let name = id.0.to_string();
        if let Err(error) = self.engine.add_template_owned(name.clone(), source.clone()) {
            report(&error, text, findings);
            return None;
        }
        let found = self.names_of(&source);
        let prelude = self.lets.before(found.plain.iter());
        let (lets, own) = self.lets.apart(found);
        let whole = prelude + &source;
        let names = if whole.len() == source.len() {
            own.clone()
        } else {
            self.names_of(&whole)
        };
        let (keys, literals) = if is_condition {
            (self.keys_of(&whole, &names), literals_of(&whole))
        } else {
            Default::default()
        };
        if !limits::check(text, findings)
            || !functions::check(text, &self.engine, &self.lookups, findings)
        {
            return None;
        }
        self.entries.push(CompiledTemplate {
            name,
            source: if is_condition {
                text.get_ref().clone()
            } else {
                source
            },
            span: text.span(),
            is_condition,
            lets,
            own,
            names,
            keys,
            literals,
        });
        Some(id)
    }

    /// The names that a template uses; it compiles.
    fn names_of(&self, source: &str) -> Names {
        let plain = without_slices(source);
        let template = Environment::template_from_str(&self.engine, &plain)
            .or_else(|_| Environment::template_from_str(&self.engine, source));
        template.map_or_else(
            |_| Names::default(),
            |template| read_names(&template, &self.engine),
        )
    }

    /// The keys that a template looks at, which uses these names; it compiles.
    fn keys_of(&self, source: &str, names: &Names) -> Vec<String> {
        let template = Environment::template_from_str(&self.engine, source);
        let nested =
            template.map_or_else(|_| HashSet::new(), |found| found.undeclared_variables(true));
        let is_key = |name: &String| {
            let first = name.split('.').next().unwrap_or_default();
            names.plain.iter().any(|plain| plain == first)
        };
        let mut keys: Vec<String> = nested.into_iter().filter(is_key).collect();
        keys.sort_unstable();
        keys.extend(names.of_row.iter().cloned());
        keys
    }

    /// The keys that a condition looks at, and the texts that stand in it.
    pub(super) fn looks_at(&self, id: TemplateId) -> (&[String], &[String]) {
        let entry = &self.entries[id.0];
        (&entry.keys, &entry.literals)
    }

    /// The column names that a template uses, with the place of the template.
    pub(super) fn names(&self, id: TemplateId) -> (&Names, Range<usize>) {
        let entry = &self.entries[id.0];
        (&entry.names, entry.span.clone())
    }
}

/// Reports an error of the engine at its place inside of the template, as far as it stands in the
/// file as it is (a TOML string may have escapes).
fn report(error: &minijinja::Error, text: &SpannedText, findings: &mut Findings) {
    let detail = error.detail().unwrap_or("the template cannot be read");
    let whole = text.span();
    let quotes = findings
        .text()
        .get(whole.clone())
        .and_then(|raw| raw.find(text.get_ref().as_str()));
    let span = match (quotes, error.range()) {
        (Some(quotes), Some(range)) if !range.is_empty() => {
            let start = whole.start + quotes;
            start + range.start..(start + range.end).min(whole.end)
        }
        _ => whole,
    };
    findings.add(span, format!("{}: {detail}", error.kind()));
}

/// Texts in quotes.
fn literals_of(source: &str) -> Vec<String> {
    let mut literals: Vec<String> = Vec::new();
    for found in QUOTED.captures_iter(source) {
        let text = found
            .get(1)
            .or(found.get(2))
            .map_or("", |text| text.as_str());
        if !text.is_empty() && !literals.iter().any(|known| known == text) {
            literals.push(text.to_owned());
        }
    }
    literals
}

/// Replaces `*` outside of `{{ }}` and `{% %}`, and marks where a `{{ }}` begins and ends.
fn mark_wildcards(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let is_value = rest[open..].starts_with("{{");
        let end = if is_value { "}}" } else { "%}" };
        let close = rest[open..]
            .find(end)
            .map_or(rest.len(), |at| open + at + end.len());
        let (before, tag) = (&rest[..open], &rest[open..close]);
        rest = &rest[close..];
        // A tag that takes the blanks beside it would find the mark there.
        let takes_before = is_value && tag.starts_with("{{-");
        let before = if takes_before {
            before.trim_end()
        } else {
            before
        };
        marked.push_str(&before.replace('*', WILDCARD.encode_utf8(&mut [0; 4])));
        if is_value {
            marked.push(VALUE_START);
        }
        marked.push_str(tag);
        if is_value {
            marked.push(VALUE_END);
            rest = if tag.ends_with("-}}") {
                rest.trim_start()
            } else {
                rest
            };
        }
    }
    marked.push_str(&rest.replace('*', WILDCARD.encode_utf8(&mut [0; 4])));
    marked
}
