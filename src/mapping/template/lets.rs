//! The `[let]` table: names for values that several templates use.
//!
//! Each definition is a template of its own, worked out at most once a record and only when a
//! template asks for it (`rendering`). What a template's columns are is told by a copy with the
//! definitions in front, because the columns of a definition are those of all who use it.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use super::context::ColumnNames;

/// Definitions in the order of the file; each may use those before it.
#[derive(Debug, Clone, Default)]
pub(super) struct Lets(Vec<Let>);

#[derive(Debug, Clone)]
pub(super) struct Let {
    pub(super) name: String,
    /// The name of its template in the engine.
    pub(super) template: String,
    pub(super) expression: String,
    pub(super) uses: BTreeSet<String>,
    /// The columns that it uses itself.
    pub(super) names: ColumnNames,
    /// The definitions that it uses itself, by their positions.
    pub(super) lets: Vec<usize>,
}

impl Lets {
    pub(super) fn iter(&self) -> impl Iterator<Item = &Let> {
        self.0.iter()
    }

    /// Positions of the definitions that are among the names, and the names without them.
    pub(super) fn apart(&self, mut names: ColumnNames) -> (Vec<usize>, ColumnNames) {
        let lets = self.0.iter().enumerate();
        let lets = lets.filter(|(_, definition)| names.plain.contains(&definition.name));
        let lets = lets.map(|(at, _)| at).collect();
        let is_let = |name: &String| self.0.iter().any(|definition| definition.name == *name);
        names.plain.retain(|name| !is_let(name));
        (lets, names)
    }

    /// Adds a definition, which may use those before it.
    pub(super) fn add(&mut self, definition: Let) {
        self.0.push(definition);
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
    pub(super) fn statement(&self) -> String {
        let mut statement = String::new();
        let (name, expression) = (&self.name, &self.expression);
        let _ = write!(statement, "{{% set {name} = {expression} %}}");
        statement
    }
}
