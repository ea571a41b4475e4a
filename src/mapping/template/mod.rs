//! Templates and conditions over the columns of a record.
//!
//! The engine is minijinja: strict about names that do not exist, with limited fuel, compiled once.
//! Templates that only put columns between literal text, and conditions that only compare a column
//! with literals, never reach it: they are most of them, and a million records use them.

mod bounds;
mod context;
mod functions;
mod lets;
mod lists;
mod rendering;
mod simple;
mod slices;

use std::ops::Range;

use minijinja::{Environment, UndefinedBehavior};

use super::agents::Agents;
use super::error::Findings;
use super::lookup::Lookups;
use super::reader::Text;
use crate::source::Header;

pub(super) use context::Names;
use context::read_names;
pub(super) use functions::Missed;
use lets::Lets;
pub(super) use rendering::{Bound, Failure, Rendering};
use slices::without_slices;

/// Steps that one rendering may take. A template over a record takes tens.
const FUEL: u64 = 50_000;

/// Stands for the `*` of a template until its columns are filled in: a character that no text
/// contains, so that a `*` in the export is never taken for a wildcard.
pub(super) const WILDCARD: char = '\u{fdd0}';

/// A template or condition of the mapping file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TemplateId(usize);

#[derive(Debug, Clone)]
struct Entry {
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
}

/// The compiled templates of one mapping file.
#[derive(Debug, Clone)]
pub(super) struct Templates {
    engine: Environment<'static>,
    entries: Vec<Entry>,
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
        bounds::restrict(&mut engine);
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

    /// Compiles a template. With `wildcards` a `*` in its literal text becomes [`WILDCARD`].
    pub(super) fn template(
        &mut self,
        text: &Text,
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
    pub(super) fn condition(&mut self, text: &Text, findings: &mut Findings) -> Option<TemplateId> {
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
        text: &Text,
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
        let names = if prelude.is_empty() {
            own.clone()
        } else {
            self.names_of(&(prelude + &source))
        };
        if !bounds::check(text, findings)
            || !functions::check(text, &self.engine, &self.lookups, findings)
        {
            return None;
        }
        self.entries.push(Entry {
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

    /// The column names that a template uses, with the place of the template.
    pub(super) fn names(&self, id: TemplateId) -> (&Names, Range<usize>) {
        let entry = &self.entries[id.0];
        (&entry.names, entry.span.clone())
    }
}

/// Reports an error of the engine at its place inside of the template, as far as it stands in the
/// file as it is (a TOML string may have escapes).
fn report(error: &minijinja::Error, text: &Text, findings: &mut Findings) {
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

/// Replaces `*` outside of `{{ }}` and `{% %}`.
fn mark_wildcards(text: &str) -> String {
    let mut marked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("{{").into_iter().chain(rest.find("{%")).min() {
        let end = if rest[open..].starts_with("{{") {
            "}}"
        } else {
            "%}"
        };
        let close = rest[open..]
            .find(end)
            .map_or(rest.len(), |at| open + at + end.len());
        marked.push_str(&rest[..open].replace('*', WILDCARD.encode_utf8(&mut [0; 4])));
        marked.push_str(&rest[open..close]);
        rest = &rest[close..];
    }
    marked.push_str(&rest.replace('*', WILDCARD.encode_utf8(&mut [0; 4])));
    marked
}
