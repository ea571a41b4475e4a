//! Lookup files that are JSON: one object a line, an array, or pages that hold one.
//!
//! Help desks export their people, groups and organisations so. Only what is no list and no object
//! becomes a column; anything below can be reached by no lookup.

use std::collections::HashMap;

use serde_json::{Map, Value as Json};

use super::lookup_rows::Rows;
use crate::source::Header;

/// A value of a document takes so many bytes while it is read, nearly.
const VALUE_BYTES: usize = 96;
/// A document takes at most so many.
const MOST_BYTES: usize = 48 << 20;

/// Whether the file is JSON and no table.
pub(super) fn is_json(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .starts_with(['{', '['])
}

/// The names and rows of the objects in `text`; the error is why there are none.
pub(super) fn parse(text: &str, room: usize) -> Result<(Header, Rows), String> {
    let mut table = Table {
        rows: Rows::within(room),
        ..Table::default()
    };
    let text = text.trim_start_matches('\u{feff}');
    refuse_large(text)?;
    for document in serde_json::Deserializer::from_str(text).into_iter::<Json>() {
        match document.map_err(|error| error.to_string())? {
            Json::Object(members) => table.take_document(members)?,
            Json::Array(items) => table.take_all(items)?,
            _ => return Err("it holds something else than objects".to_owned()),
        }
    }
    Ok((Header::new(table.names), table.rows))
}

/// Refuses a text of which one document would take too much memory as a tree. Documents that stand on
/// lines of their own are read one after the other, so the largest line counts.
fn refuse_large(text: &str) -> Result<(), String> {
    let is_lines = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .all(|line| line.starts_with('{') && line.trim_end().ends_with('}'));
    let bytes = |text: &str| {
        let values = memchr::memchr3_iter(b',', b'{', b'[', text.as_bytes()).count();
        text.len() + VALUE_BYTES * values
    };
    let largest = if is_lines {
        text.lines().map(bytes).max().unwrap_or(0)
    } else {
        bytes(text)
    };
    if largest > MOST_BYTES {
        return Err(format!(
            "one document of it takes more than {} MiB of memory; one object a line takes less",
            MOST_BYTES >> 20
        ));
    }
    Ok(())
}

#[derive(Default)]
struct Table {
    names: Vec<String>,
    places: HashMap<String, usize>,
    rows: Rows,
}

impl Table {
    /// A page such as `{"users": […], "next_page": …}` is no row: its list holds them.
    fn take_document(&mut self, mut members: Map<String, Json>) -> Result<(), String> {
        let is_list =
            |value: &Json| matches!(value, Json::Array(items) if items.iter().all(Json::is_object));
        let has_id = members.contains_key("id");
        let list = members.iter().find(|(_, value)| !has_id && is_list(value));
        match list.map(|(name, _)| name.clone()) {
            Some(name) => {
                if let Some(Json::Array(items)) = members.remove(&name) {
                    self.take_all(items)?;
                }
                Ok(())
            }
            None => self.take(members),
        }
    }

    fn take_all(&mut self, items: Vec<Json>) -> Result<(), String> {
        for item in items {
            if let Json::Object(members) = item {
                self.take(members)?;
            }
        }
        Ok(())
    }

    fn take(&mut self, members: Map<String, Json>) -> Result<(), String> {
        let mut row = vec![String::new(); self.names.len()];
        for (name, value) in members {
            let text = match value {
                Json::Null | Json::Array(_) | Json::Object(_) => String::new(),
                Json::String(text) => text,
                other => other.to_string(),
            };
            if let Some(place) = self.places.get(&name) {
                row[*place] = text;
            } else {
                self.places.insert(name.clone(), self.names.len());
                self.names.push(name);
                row.push(text);
            }
        }
        self.rows.push(row.iter().map(String::as_str))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(text: &str, row: usize, name: &str) -> String {
        let (header, rows) = parse(text, usize::MAX).unwrap();
        let column = header.find(name).unwrap();
        rows.cell(row, column).unwrap_or_default().to_owned()
    }

    #[test]
    fn lines_arrays_and_pages_are_read_alike() {
        for text in [
            "{\"id\":1,\"name\":\"A\"}\n{\"id\":2,\"name\":\"B\u{2028}C\",\"role\":\"agent\"}\n",
            "[{\"id\":1,\"name\":\"A\"},{\"id\":2,\"name\":\"B\u{2028}C\",\"role\":\"agent\"}]",
            "{\"count\":1,\"users\":[{\"id\":1,\"name\":\"A\"}]}{\"users\":[{\"id\":2,\"name\":\"B\u{2028}C\",\"role\":\"agent\"}]}",
        ] {
            assert_eq!(cell(text, 0, "id"), "1", "{text}");
            assert_eq!(cell(text, 0, "role"), "", "{text}");
            assert_eq!(cell(text, 1, "name"), "B\u{2028}C", "{text}");
            assert_eq!(cell(text, 1, "role"), "agent", "{text}");
        }
    }

    #[test]
    fn what_is_nested_or_null_is_empty_and_no_digit_is_lost() {
        let text = r#"{"id":12345678901234567890123,"email":null,"photo":{"id":7},"tags":["x"]}"#;
        assert_eq!(cell(text, 0, "id"), "12345678901234567890123");
        assert_eq!(cell(text, 0, "email"), "");
        assert_eq!(cell(text, 0, "photo"), "");
    }

    #[test]
    fn a_cut_file_is_an_error_with_its_place() {
        let error = parse("{\"id\":1}\n{\"id\":2,\"na", usize::MAX).unwrap_err();
        assert!(error.contains("line 2"), "{error}");
        assert!(parse("7", usize::MAX).is_err());
    }

    #[test]
    fn a_document_that_takes_too_much_as_a_tree_is_refused() {
        let error = parse(&format!("[{}1]", "1,".repeat(1_100_000)), usize::MAX).unwrap_err();
        assert!(error.contains("48 MiB"), "{error}");
        let lines = "{\"id\":1,\"a\":2}\n".repeat(600_000);
        assert!(refuse_large(&lines).is_ok());
        let error = parse("[{\"id\":123},{\"id\":1}]", 20).unwrap_err();
        assert!(error.contains("96 MiB"), "{error}");
    }
}
