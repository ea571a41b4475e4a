//! Templates and conditions over the columns of a record.
//!
//! The engine is minijinja: strict about names that do not exist, with limited fuel, compiled once.
//! Templates that only put columns between literal text, and conditions that only compare a column
//! with literals, never reach it: they are most of them, and a million records use them.

mod context;
mod functions;
mod lets;
mod lists;
mod simple;

use std::ops::Range;

use minijinja::{Environment, UndefinedBehavior};

use super::agents::Agents;
use super::error::Findings;
use super::lookup::Lookups;
use super::reader::Text;
use crate::call::Code;
use crate::source::{Header, Record, Sheet};

pub(super) use context::Names;
use context::{Context, read_names};
pub(super) use functions::Missed;
use lets::Lets;
use simple::{Piece, SimpleCondition};

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
    /// Whether names of `[let]` are in it.
    has_lets: bool,
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
        let mut names = self.names_in(&name);
        let mut source = source;
        let prelude = self.lets.before(names.plain.iter());
        let has_lets = !prelude.is_empty();
        if has_lets {
            source.insert_str(0, &prelude);
            if let Err(error) = self.engine.add_template_owned(name.clone(), source.clone()) {
                report(&error, text, findings);
                return None;
            }
            names = self.names_in(&name);
        }
        if !functions::check(text, &self.engine, &self.lookups, findings) {
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
            has_lets,
            names,
        });
        Some(id)
    }

    fn names_in(&self, template: &str) -> Names {
        let template = self.engine.get_template(template);
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

    /// The templates for the records of one sheet.
    pub(super) fn bind(&self, sheet: &Sheet) -> Bound {
        let mut engine = self.engine.clone();
        if sheet.header.is_none() {
            // JSON records come without keys that another record has.
            engine.set_undefined_behavior(UndefinedBehavior::Chainable);
        }
        let bind = |entry: &Entry| BoundEntry {
            name: entry.name.clone(),
            context: Context::new(&entry.names, sheet, &self.optional),
            form: Form::new(entry, sheet),
        };
        Bound {
            entries: self.entries.iter().map(bind).collect(),
            engine,
        }
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

#[derive(Debug, Clone)]
enum Form {
    Pieces(Vec<Piece>),
    Condition(SimpleCondition),
    Engine,
}

impl Form {
    fn new(entry: &Entry, sheet: &Sheet) -> Form {
        if entry.has_lets {
            return Form::Engine;
        }
        if entry.is_condition {
            return SimpleCondition::read(&entry.source, sheet)
                .map_or(Form::Engine, Form::Condition);
        }
        simple::read_pieces(&entry.source, &entry.names, sheet).map_or(Form::Engine, Form::Pieces)
    }
}

#[derive(Debug, Clone)]
struct BoundEntry {
    name: String,
    context: Context,
    form: Form,
}

/// Templates with their columns found in one sheet.
#[derive(Debug, Clone)]
pub(super) struct Bound {
    engine: Environment<'static>,
    entries: Vec<BoundEntry>,
}

/// A rendered template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Rendered {
    pub(super) text: String,
    /// Whether a column that it puts between text was empty, or all columns that it looks at were.
    pub(super) lacks_columns: bool,
}

/// Why a template failed on a record; holds no value of the record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) code: Code,
    pub(super) message: String,
    /// The key that a table lacks, or nothing.
    pub(super) value: String,
}

impl Bound {
    pub(super) fn render(&self, id: TemplateId, record: &Record<'_>) -> Result<Rendered, Failure> {
        let entry = &self.entries[id.0];
        if let Form::Pieces(pieces) = &entry.form {
            return Ok(simple::render(pieces, record));
        }
        let (values, lacks_columns) = entry.context.values(record);
        let template = self
            .engine
            .get_template(&entry.name)
            .map_err(|error| failure(&error))?;
        let text = template.render(values).map_err(|error| failure(&error))?;
        Ok(Rendered {
            text,
            lacks_columns,
        })
    }

    /// Whether the condition holds for the record.
    pub(super) fn holds(&self, id: TemplateId, record: &Record<'_>) -> Result<bool, Failure> {
        match &self.entries[id.0].form {
            Form::Condition(condition) => Ok(condition.holds(record)),
            _ => self
                .render(id, record)
                .map(|rendered| !rendered.text.is_empty()),
        }
    }
}

/// The kind alone: the detail of an engine's error may quote the record.
fn failure(error: &minijinja::Error) -> Failure {
    if let Some(missed) = functions::missed(error) {
        return Failure {
            code: Code::LookupMissed,
            message: missed.to_string(),
            value: missed.key.clone(),
        };
    }
    Failure {
        code: Code::TemplateFailed,
        message: format!("the template failed: {}", error.kind()),
        value: String::new(),
    }
}
