//! What a template sees of a record.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use minijinja::value::{Enumerator, Object, Value};
use minijinja::{Environment, Template};
use regex::Regex;
use serde_json::Value as Json;

use super::marks::is_mark;
use super::pattern::literal;
use crate::mapping::bound::record_scope::RecordScope;
use crate::source::{Column, Header, Record, Sheet};

/// The name under which a template reaches any column: `row["Call ID"]`.
pub(super) const ROW: &str = "row";

static ROW_USED: LazyLock<Regex> = LazyLock::new(|| literal(r"\brow\b"));
static SUBSCRIPTS: LazyLock<[Regex; 3]> = LazyLock::new(|| {
    [
        literal(r#"\brow\s*\[\s*"([^"\\]*)"\s*\]"#),
        literal(r"\brow\s*\[\s*'([^'\\]*)'\s*\]"),
        literal(r"\brow\.([A-Za-z_][A-Za-z_0-9]*)"),
    ]
});

/// The column names in a template.
#[derive(Debug, Clone, Default)]
pub(in crate::mapping) struct ColumnNames {
    /// Plain names, such as `campaign`.
    pub(in crate::mapping) plain: Vec<String>,
    /// Names by `row["…"]` or `row.…` as far as they stand in the text.
    pub(in crate::mapping) of_row: Vec<String>,
    /// Names that the engine also has as functions; a column of that name comes first.
    pub(in crate::mapping) globals: Vec<String>,
    /// Whether `row` is used in another way, so that any column may be meant.
    pub(in crate::mapping) whole_row: bool,
}

/// Finds the column names that a template uses.
pub(super) fn read_names(template: &Template<'_, '_>, engine: &Environment<'_>) -> ColumnNames {
    let is_global = |name: &String| engine.globals().any(|(global, _)| global == name);
    let names = template.undeclared_variables(false).into_iter();
    let (mut globals, mut plain): (Vec<String>, Vec<String>) = names.partition(is_global);
    plain.sort_unstable();
    globals.sort_unstable();
    let Some(at) = plain.iter().position(|name| name == ROW) else {
        return ColumnNames {
            plain,
            globals,
            ..ColumnNames::default()
        };
    };
    plain.remove(at);
    let source = template.source();
    let mut of_row = Vec::new();
    for subscript in SUBSCRIPTS.iter() {
        let found = subscript.captures_iter(source);
        of_row.extend(found.map(|found| found[1].to_owned()));
    }
    let uses = ROW_USED.find_iter(source).count();
    ColumnNames {
        plain,
        globals,
        whole_row: uses != of_row.len(),
        of_row,
    }
}

/// Where a template's names are found in the records of one sheet.
#[derive(Debug, Clone)]
pub(super) struct Context {
    plain: Vec<(Arc<str>, Column)>,
    /// Names of columns that the export may lack and does.
    lacking: Vec<Arc<str>>,
    row: RowShape,
}

#[derive(Debug, Clone)]
enum RowShape {
    Unused,
    /// `None` for a column that the export may lack and does.
    Columns(Arc<RowNames>, Vec<Option<Column>>),
    /// The whole JSON record, of which these keys are looked at; none when that is not known.
    Tree(Vec<Column>),
}

#[derive(Debug)]
struct RowNames {
    exact: Vec<String>,
    keys: Vec<String>,
}

impl Context {
    pub(super) fn new(names: &ColumnNames, sheet: &Sheet, optional: &[String]) -> Context {
        let is_lacking =
            |name: &&String| sheet.column(name).is_none() && optional.contains(&Header::key(name));
        let lacking = names.plain.iter().filter(is_lacking);
        let lacking = lacking.map(|name| Arc::from(name.as_str())).collect();
        let find = |name: &String| Some((Arc::from(name.as_str()), sheet.column(name)?));
        // In JSON every name could be a key, and `range` is the engine's there.
        let globals = names.globals.iter().filter(|_| sheet.header.is_some());
        let plain = names.plain.iter().chain(globals).filter_map(find).collect();
        let columns = match &sheet.header {
            _ if names.of_row.is_empty() && !names.whole_row => None,
            None => {
                let keys = names.of_row.iter().filter(|_| !names.whole_row);
                let keys = keys
                    .map(|name| Column::Path([name.clone()].into()))
                    .collect();
                return Context {
                    plain,
                    lacking,
                    row: RowShape::Tree(keys),
                };
            }
            Some(header) if names.whole_row => Some(header.names().to_vec()),
            Some(_) => Some(names.of_row.clone()),
        };
        let row = columns.map_or(RowShape::Unused, |names| {
            let found: Vec<(String, Option<Column>)> = names
                .into_iter()
                .map(|name| (sheet.column(&name), name))
                .filter(|(column, name)| column.is_some() || is_lacking(&name))
                .map(|(column, name)| (name, column))
                .collect();
            let (exact, columns): (Vec<_>, Vec<_>) = found.into_iter().unzip();
            let keys = exact.iter().map(|name| Header::key(name)).collect();
            RowShape::Columns(Arc::new(RowNames { exact, keys }), columns)
        });
        Context {
            plain,
            lacking,
            row,
        }
    }

    /// The values for one rendering, by their names; `others` stand in for what the record has in
    /// these columns.
    pub(super) fn values(
        &self,
        record: &Record<'_>,
        others: &[(Column, Value)],
        scope: &Scope<'_>,
    ) -> BTreeMap<Arc<str>, Value> {
        let value_of = |column: &Column| {
            let mut others = others.iter();
            match others.find(|(known, _)| known == column) {
                Some((_, value)) => value.clone(),
                None => scope.value_of(record, column),
            }
        };
        let mut values = BTreeMap::new();
        for (name, column) in &self.plain {
            values.insert(Arc::clone(name), value_of(column));
        }
        for name in &self.lacking {
            values.insert(Arc::clone(name), Value::from(""));
        }
        match &self.row {
            RowShape::Unused => {}
            RowShape::Tree(_) => {
                let tree = record.tree();
                let tree = tree.map_or_else(|| Value::from(""), |tree| scope.tree(tree, others));
                values.insert(Arc::from(ROW), tree);
            }
            RowShape::Columns(names, columns) => {
                let cell = |column: &Option<Column>| {
                    let column = column.as_ref();
                    column.map_or_else(|| Value::from(""), value_of)
                };
                let cells: Vec<Value> = columns.iter().map(cell).collect();
                let names = Arc::clone(names);
                values.insert(
                    Arc::from(ROW),
                    Value::from_object(TemplateRow { names, cells }),
                );
            }
        }
        values
    }

    /// Whether it looks at columns, and all of them are empty in this record.
    pub(super) fn finds_nothing(&self, record: &Record<'_>) -> bool {
        let is_filled = |column: &Column| match record.json(column) {
            Some(Json::Array(_) | Json::Object(_) | Json::Number(_) | Json::Bool(_)) => true,
            // `0` says something, too.
            _ => record
                .text(column)
                .is_some_and(|text| !text.trim().is_empty()),
        };
        let of_row = match &self.row {
            RowShape::Unused => false,
            RowShape::Tree(keys) => keys.is_empty() || keys.iter().any(is_filled),
            RowShape::Columns(_, columns) => columns.iter().flatten().any(is_filled),
        };
        let uses_columns = !self.plain.is_empty() || !matches!(self.row, RowShape::Unused);
        uses_columns && !of_row && !self.plain.iter().any(|(_, column)| is_filled(column))
    }
}

/// What the templates at a record share: all that is theirs, or what the messages of a record share.
#[derive(Debug)]
pub(super) enum Scope<'r> {
    Own(RecordScope),
    Shared(&'r RecordScope),
}

impl Scope<'_> {
    pub(super) fn get(&self) -> &RecordScope {
        match self {
            Scope::Own(scope) => scope,
            Scope::Shared(scope) => scope,
        }
    }

    /// The value of a column. Messages pay for what is copied for each of them.
    fn value_of(&self, record: &Record<'_>, column: &Column) -> Value {
        let Scope::Shared(scope) = self else {
            return value_of(record, column);
        };
        let read = || {
            if let Some(json) = record.json(column) {
                scope.take_copy(json);
            }
            value_of(record, column)
        };
        scope.around(column, read).unwrap_or_else(read)
    }

    /// A whole record, which says others in some of its keys.
    fn tree(&self, tree: &Json, others: &[(Column, Value)]) -> Value {
        let Scope::Shared(scope) = self else {
            return from_json(tree);
        };
        scope.take_copy(tree);
        let Json::Object(members) = tree else {
            return from_json(tree);
        };
        let value = |(key, value): (&String, &Json)| {
            let is_key =
                |column: &Column| matches!(column, Column::Path(path) if **path == [key.clone()]);
            let other = others.iter().find(|(column, _)| is_key(column));
            let value = other.map_or_else(|| from_json(value), |(_, value)| value.clone());
            (key.clone(), value)
        };
        Value::from_pairs(members.iter().map(value))
    }
}

fn value_of(record: &Record<'_>, column: &Column) -> Value {
    match record.json(column) {
        Some(json @ (Json::Array(_) | Json::Object(_) | Json::Number(_) | Json::Bool(_))) => {
            from_json(json)
        }
        _ => match record.text(column) {
            Some(text) => from_text(&text),
            None => Value::from(""),
        },
    }
}

fn from_text(text: &str) -> Value {
    if text.contains(is_mark) {
        return Value::from(text.replace(is_mark, "\u{fffd}"));
    }
    Value::from(text)
}

/// JSON for a template: `null` is empty, and a number that a float would change stays text.
pub(super) fn from_json(json: &Json) -> Value {
    match json {
        Json::Null => Value::from(""),
        Json::Bool(flag) => Value::from(*flag),
        Json::String(text) => from_text(text),
        Json::Number(number) => {
            let text = number.to_string();
            match (text.parse::<i64>(), text.parse::<f64>()) {
                (Ok(whole), _) => Value::from(whole),
                (_, Ok(float)) if float.to_string() == text => Value::from(float),
                _ => Value::from(text),
            }
        }
        Json::Array(items) => items.iter().map(from_json).collect(),
        Json::Object(pairs) => Value::from_pairs(
            pairs
                .iter()
                .map(|(key, value)| (key.as_str(), from_json(value))),
        ),
    }
}

/// `row["Call ID"]` over a table row.
#[derive(Debug)]
struct TemplateRow {
    names: Arc<RowNames>,
    cells: Vec<Value>,
}

impl Object for TemplateRow {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let name = key.as_str()?;
        let at = self
            .names
            .exact
            .iter()
            .position(|known| known == name)
            .or_else(|| {
                let key = Header::key(name);
                self.names.keys.iter().position(|known| *known == key)
            })?;
        self.cells.get(at).cloned()
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(
            self.names
                .exact
                .iter()
                .map(|name| Value::from(name.as_str()))
                .collect(),
        )
    }
}
