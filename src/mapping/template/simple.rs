//! The templates and conditions that need no engine.

use std::sync::LazyLock;

use regex::Regex;

use super::context::ColumnNames;
use super::marks::is_mark;
use super::pattern::literal;
use crate::source::{Column, Record, Sheet};

static COMPARISON: LazyLock<Regex> = LazyLock::new(|| {
    literal(r#"^\s*([A-Za-z_][A-Za-z_0-9]*)\s*(==|!=)\s*(?:'([^'"\\]*)'|"([^'"\\]*)")\s*$"#)
});

/// A part of a template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum TemplatePart {
    Literal(String),
    Cell(Column),
}

/// A filled-in template.
pub(super) struct Rendered {
    pub(super) text: String,
    /// Whether a column that it puts between text was empty.
    pub(super) lacks_columns: bool,
}

/// Reads a template that is only text and `{{ column }}`; `None` for all others.
pub(super) fn read_pieces(
    source: &str,
    names: &ColumnNames,
    sheet: &Sheet,
) -> Option<Vec<TemplatePart>> {
    // In JSON a column may hold a list or a number, which the engine shows in its own way.
    sheet.header.as_ref()?;
    let mut pieces = Vec::new();
    // The engine takes one line break off the end of a template.
    let mut rest = source.strip_suffix('\n').unwrap_or(source);
    rest = rest
        .strip_suffix('\r')
        .filter(|_| source.ends_with('\n'))
        .unwrap_or(rest);
    while let Some((literal, tail)) = rest.split_once("{{") {
        let (name, tail) = tail.split_once("}}")?;
        let name = name.trim_matches(' ');
        if !names.plain.iter().any(|known| known == name) {
            return None;
        }
        pieces.push(TemplatePart::Literal(literal.to_owned()));
        pieces.push(TemplatePart::Cell(sheet.column(name)?));
        rest = tail;
    }
    pieces.push(TemplatePart::Literal(rest.to_owned()));
    let is_plain = |piece: &TemplatePart| match piece {
        TemplatePart::Literal(text) => !["{%", "{#", "{{"].iter().any(|tag| text.contains(tag)),
        TemplatePart::Cell(_) => true,
    };
    let plain = pieces.iter().all(is_plain);
    pieces.retain(|piece| *piece != TemplatePart::Literal(String::new()));
    plain.then_some(pieces)
}

/// Puts the cells between the text.
pub(super) fn render(pieces: &[TemplatePart], record: &Record<'_>) -> Rendered {
    let mut text = String::with_capacity(32);
    let mut lacks_columns = false;
    for piece in pieces {
        match piece {
            TemplatePart::Literal(literal) => text.push_str(literal),
            TemplatePart::Cell(column) => match record.text(column) {
                Some(cell) if cell.contains(is_mark) => {
                    text.push_str(&cell.replace(is_mark, "\u{fffd}"));
                }
                Some(cell) if !cell.trim().is_empty() => text.push_str(&cell),
                Some(cell) => {
                    lacks_columns = true;
                    text.push_str(&cell);
                }
                None => lacks_columns = true,
            },
        }
    }
    Rendered {
        text,
        lacks_columns,
    }
}

/// `a == 'x' or b != 'y'`, or the same with `and`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SimpleCondition {
    comparisons: Vec<Comparison>,
    all: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Comparison {
    column: Column,
    literal: String,
    equal: bool,
}

impl SimpleCondition {
    /// Reads a condition of this form; `None` for all others.
    pub(super) fn read(source: &str, sheet: &Sheet) -> Option<SimpleCondition> {
        sheet.header.as_ref()?;
        let compare = |part: &str| {
            let found = COMPARISON.captures(part)?;
            Some(Comparison {
                column: sheet.column(&found[1])?,
                equal: &found[2] == "==",
                literal: found.get(3).or(found.get(4))?.as_str().to_owned(),
            })
        };
        let read = |mark: &str| source.split(mark).map(compare).collect::<Option<Vec<_>>>();
        if let Some(comparisons) = read(" or ") {
            return Some(SimpleCondition {
                comparisons,
                all: false,
            });
        }
        Some(SimpleCondition {
            comparisons: read(" and ")?,
            all: true,
        })
    }

    pub(super) fn holds(&self, record: &Record<'_>) -> bool {
        let holds = |comparison: &Comparison| {
            let cell = record.text(&comparison.column);
            (cell.as_deref().unwrap_or_default() == comparison.literal) == comparison.equal
        };
        if self.all {
            self.comparisons.iter().all(holds)
        } else {
            self.comparisons.iter().any(holds)
        }
    }
}
