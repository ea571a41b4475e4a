//! The record of a call as its page shows it, and who called whom by it.

use serde_json::Value as Json;

use crate::domain::CallDirection;
use crate::domain::call::{Call, Field};
use crate::mapping::direction_rank;
use crate::source::Record;

/// Cells that are shown of a record.
const MOST_CELLS: usize = 120;
/// Letters of a cell.
const MOST_LETTERS: usize = 300;
/// How deep a JSON record is shown.
const DEPTH: usize = 4;

/// The cells of a record that are not empty, by their names and in their order; of JSON the paths of its
/// values.
pub(super) fn cells_of(record: &Record<'_>) -> Vec<(String, String)> {
    let mut cells = Vec::new();
    if let Some(tree) = record.tree() {
        walk(&mut cells, String::new(), tree, DEPTH);
        return cells;
    }
    let header = record.sheet().header.as_ref();
    for (at, cell) in record.cells().enumerate() {
        let name = header.and_then(|header| header.names().get(at).cloned());
        push(
            &mut cells,
            name.unwrap_or_else(|| format!("column{}", at + 1)),
            cell,
        );
    }
    cells
}

fn walk(cells: &mut Vec<(String, String)>, path: String, value: &Json, depth: usize) {
    let inside = |key: &str| {
        if path.is_empty() {
            key.to_owned()
        } else {
            format!("{path}.{key}")
        }
    };
    match value {
        Json::Null => {}
        Json::String(text) => push(cells, path, text),
        Json::Object(members) if depth > 0 => {
            for (key, value) in members {
                walk(cells, inside(key), value, depth - 1);
            }
        }
        Json::Array(values) if depth > 0 => {
            for (at, value) in values.iter().enumerate() {
                walk(cells, inside(&at.to_string()), value, depth - 1);
            }
        }
        other => push(cells, path, &other.to_string()),
    }
}

fn push(cells: &mut Vec<(String, String)>, name: String, text: &str) {
    if text.trim().is_empty() || cells.len() >= MOST_CELLS {
        return;
    }
    let text = match text.char_indices().nth(MOST_LETTERS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    };
    cells.push((name, text));
}

/// Who called whom: by the likeliest column that says so, else by a word among what is sent.
pub(super) fn direction_of(cells: &[(String, String)], call: &Call<'_>) -> Option<CallDirection> {
    let told = cells.iter().filter_map(|(name, text)| {
        let rank = direction_rank(name)?;
        Some((rank, CallDirection::of_word(text)?))
    });
    let by_column = told.min_by_key(|(rank, _)| *rank);
    by_column.map(|(_, direction)| direction).or_else(|| {
        let texts = call.fields().map(|(field, _)| call.text(field));
        let whole = |text: &str| {
            let word = text.to_lowercase();
            [CallDirection::Inbound, CallDirection::Outbound]
                .into_iter()
                .find(|direction| direction.name() == word)
        };
        let labels = || match call.get(Field::Labels) {
            crate::domain::Value::Labels(labels) => labels.iter().find_map(|label| whole(label)),
            _ => None,
        };
        texts.into_iter().find_map(whole).or_else(labels)
    })
}
