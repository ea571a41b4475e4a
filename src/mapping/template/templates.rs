//! The templates of one mapping file, compiled.

use std::collections::{BTreeSet, HashSet};
use std::ops::Range;
use std::path::PathBuf;
use std::sync::LazyLock;

use minijinja::{Environment, UndefinedBehavior};
use regex::Regex;
use toml::Spanned;
use toml::de::DeValue;

use super::context::{ColumnNames, ROW, read_names};
use super::lets::{Let, Lets};
use super::marks::mark_wildcards;
use super::pattern::literal;
use super::slices::without_slices;
use super::{functions, limits, lists};
use crate::mapping::error::Findings;
use crate::mapping::file::toml_table::{SpannedText, TomlTable, wrong_type};
use crate::mapping::lookup::agents::Agents;
use crate::mapping::lookup::table::Lookups;
use crate::source::Header;

/// Steps that one rendering may take. A template over a record takes tens.
pub(super) const FUEL: u64 = 50_000;

static QUOTED: LazyLock<Regex> = LazyLock::new(|| literal(r#"'([^'\\]*)'|"([^"\\]*)""#));

/// A template or condition of the mapping file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::mapping) struct TemplateId(pub(super) usize);

#[derive(Debug, Clone)]
pub(super) struct CompiledTemplate {
    pub(super) name: String,
    pub(super) source: String,
    pub(super) span: Range<usize>,
    pub(super) is_condition: bool,
    /// The names of `[let]` that it uses itself, by their positions.
    pub(super) lets: Vec<usize>,
    /// The columns that it uses itself.
    pub(super) own: ColumnNames,
    /// The same with those of the names of `[let]`.
    pub(super) names: ColumnNames,
    /// Of a condition: the keys that it looks at, with the steps that lead to them.
    pub(super) keys: Vec<String>,
    /// Of a condition: the texts that stand in it.
    pub(super) literals: Vec<String>,
}

/// The compiled templates of one mapping file.
#[derive(Debug, Clone)]
pub(in crate::mapping) struct Templates {
    pub(super) engine: Environment<'static>,
    pub(super) entries: Vec<CompiledTemplate>,
    lookups: Lookups,
    pub(super) lets: Lets,
    /// Keys of the columns that an export may lack; they are empty then.
    pub(super) optional: Vec<String>,
}

impl Templates {
    pub(in crate::mapping) fn new(lookups: &Lookups) -> Self {
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
    pub(in crate::mapping) fn lookup_files(&self) -> &[PathBuf] {
        self.lookups.files()
    }

    /// Lets the filter `agent` answer by what is known of agents.
    pub(in crate::mapping) fn set_agents(&mut self, agents: &Agents) {
        agents.add_filter(&mut self.engine);
    }

    /// Names the columns that an export may lack.
    pub(in crate::mapping) fn set_optional(&mut self, columns: &[String]) {
        self.optional = columns.iter().map(|name| Header::key(name)).collect();
    }

    /// Whether an export may lack this column.
    pub(in crate::mapping) fn is_optional(&self, column: &str) -> bool {
        self.optional.contains(&Header::key(column))
    }

    /// Compiles a template. With `wildcards` a `*` in its literal text becomes the mark of a wildcard, and
    /// what the record says stands between marks.
    pub(in crate::mapping) fn template(
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
    pub(in crate::mapping) fn condition(
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

    /// Reads the table; what is wrong with it is a finding.
    pub(in crate::mapping) fn read_lets(
        &mut self,
        section: &TomlTable<'_, '_>,
        findings: &mut Findings,
    ) {
        let mut entries: Vec<_> = section.entries().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        for (key, value) in entries {
            let name = key.get_ref().as_ref();
            let is_name = !name.starts_with(|first: char| first.is_ascii_digit())
                && name != ROW
                && name
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
            if !is_name {
                findings.add(key.span(), format!("`{name}` is no name for [let]"));
                continue;
            }
            let DeValue::String(text) = value.get_ref() else {
                let wanted = "an expression, as a string";
                wrong_type::<()>(name, wanted, value.get_ref(), value.span(), findings);
                continue;
            };
            let text = Spanned::new(value.span(), text.to_string());
            if let Some(uses) = self.uses_of(&text, findings) {
                self.define(name, text.into_inner(), uses);
            }
        }
    }

    fn define(&mut self, name: &str, expression: String, uses: BTreeSet<String>) {
        let template = format!("let {name}");
        let mut definition = Let {
            name: name.to_owned(),
            template,
            expression,
            uses,
            names: ColumnNames::default(),
            lets: Vec::new(),
        };
        let source = definition.statement();
        let names = self.names_of(&source);
        // It was compiled as an expression already.
        let _ = self
            .engine
            .add_template_owned(definition.template.clone(), source);
        (definition.lets, definition.names) = self.lets.apart(names);
        self.lets.add(definition);
    }

    /// The names that an expression uses.
    fn uses_of(&self, text: &SpannedText, findings: &mut Findings) -> Option<BTreeSet<String>> {
        // Compiled on its own, so that nothing can close the tag around it early.
        if let Err(error) = self.engine.compile_expression_owned(text.get_ref().clone()) {
            report(&error, text, findings);
            return None;
        }
        if !functions::check(text, &self.engine, &self.lookups, findings) {
            return None;
        }
        let names = self.names_of(&format!("{{{{ {} }}}}", text.get_ref()));
        Some(names.plain.into_iter().collect())
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
    fn names_of(&self, source: &str) -> ColumnNames {
        let plain = without_slices(source);
        let template = Environment::template_from_str(&self.engine, &plain)
            .or_else(|_| Environment::template_from_str(&self.engine, source));
        template.map_or_else(
            |_| ColumnNames::default(),
            |template| read_names(&template, &self.engine),
        )
    }

    /// The keys that a template looks at, which uses these names; it compiles.
    fn keys_of(&self, source: &str, names: &ColumnNames) -> Vec<String> {
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
    pub(in crate::mapping) fn looks_at(&self, id: TemplateId) -> (&[String], &[String]) {
        let entry = &self.entries[id.0];
        (&entry.keys, &entry.literals)
    }

    /// The column names that a template uses, with the place of the template.
    pub(in crate::mapping) fn names(&self, id: TemplateId) -> (&ColumnNames, Range<usize>) {
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
