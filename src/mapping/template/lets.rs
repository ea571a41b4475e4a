//! The `[let]` table: names for values that several templates use.
//!
//! A template that uses such a name is compiled with its definition in front, so that the engine
//! knows nothing new and a name costs nothing where it is not used.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use minijinja::Environment;
use toml::Spanned;
use toml::de::DeValue;

use super::{Templates, context, functions, report};
use crate::mapping::error::Findings;
use crate::mapping::reader::{Section, Text, wrong_type};

/// Definitions in the order of the file; each may use those before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Lets(Vec<Let>);

#[derive(Debug, Clone)]
struct Let {
    name: String,
    expression: String,
    uses: BTreeSet<String>,
}

impl Lets {
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
        for Let {
            name, expression, ..
        } in needed.iter().rev()
        {
            let _ = write!(prelude, "{{% set {name} = {expression} %}}");
        }
        prelude
    }
}

impl Templates {
    /// Reads the table; what is wrong with it is a finding.
    pub(in crate::mapping) fn read_lets(
        &mut self,
        section: &Section<'_, '_>,
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
                self.lets.0.push(Let {
                    name: name.to_owned(),
                    expression: text.into_inner(),
                    uses,
                });
            }
        }
    }

    /// The names that an expression uses.
    fn uses_of(&self, text: &Text, findings: &mut Findings) -> Option<BTreeSet<String>> {
        // Compiled on its own, so that nothing can close the tag around it early.
        if let Err(error) = self.engine.compile_expression_owned(text.get_ref().clone()) {
            report(&error, text, findings);
            return None;
        }
        if !functions::check(text, &self.engine, &self.lookups, findings) {
            return None;
        }
        let source = format!("{{{{ {} }}}}", text.get_ref());
        let template = Environment::template_from_str(&self.engine, &source).ok()?;
        Some(template.undeclared_variables(false).into_iter().collect())
    }
}
