//! The `[let]` table: names for values that several templates use.
//!
//! Each definition is a template of its own, worked out at most once a record and only when a
//! template asks for it (`rendering`). What a template's columns are is told by a copy with the
//! definitions in front, because the columns of a definition are those of all who use it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use toml::Spanned;
use toml::de::DeValue;

use super::{Names, Templates, context, functions, report};
use crate::mapping::error::Findings;
use crate::mapping::file::toml_table::{SpannedText, TomlTable, wrong_type};

/// Definitions in the order of the file; each may use those before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Lets(Vec<Let>);

#[derive(Debug, Clone)]
pub(super) struct Let {
    pub(super) name: String,
    /// The name of its template in the engine.
    pub(super) template: String,
    expression: String,
    uses: BTreeSet<String>,
    /// The columns that it uses itself.
    pub(super) names: Names,
    /// The definitions that it uses itself, by their positions.
    pub(super) lets: Vec<usize>,
}

impl Lets {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Let> {
        self.0.iter()
    }

    /// Positions of the definitions that are among the names, and the names without them.
    pub(super) fn apart(&self, mut names: Names) -> (Vec<usize>, Names) {
        let lets = self.0.iter().enumerate();
        let lets = lets.filter(|(_, definition)| names.plain.contains(&definition.name));
        let lets = lets.map(|(at, _)| at).collect();
        let is_let = |name: &String| self.0.iter().any(|definition| definition.name == *name);
        names.plain.retain(|name| !is_let(name));
        (lets, names)
    }

    /// The definitions of the names in `uses`, and of those that they use in turn.
    pub(super) fn before<'n>(&self, uses: impl Iterator<Item = &'n String>) -> String {
        let mut wanted: BTreeSet<&String> = uses.collect();
        let mut needed = Vec::new();
        for definition in self.0.iter().rev() {
            if wanted.contains(&definition.name) {
                wanted.extend(&definition.uses);
                needed.push(definition);
            }
        }
        let mut prelude = String::new();
        for definition in needed.iter().rev() {
            prelude.push_str(&definition.statement());
        }
        prelude
    }
}

impl Let {
    fn statement(&self) -> String {
        let mut statement = String::new();
        let (name, expression) = (&self.name, &self.expression);
        let _ = write!(statement, "{{% set {name} = {expression} %}}");
        statement
    }
}

impl Templates {
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
                && name != context::ROW
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
            names: Names::default(),
            lets: Vec::new(),
        };
        let source = definition.statement();
        let names = self.names_of(&source);
        // It was compiled as an expression already.
        let _ = self
            .engine
            .add_template_owned(definition.template.clone(), source);
        (definition.lets, definition.names) = self.lets.apart(names);
        self.lets.0.push(definition);
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
}
