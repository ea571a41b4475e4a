//! Lookup files that are JSON: one object a line, an array, or pages that hold one.
//!
//! Help desks export their people, groups and organisations so. Only what is no list and no object
//! becomes a column; anything below can be reached by no lookup.

use std::collections::HashMap;
use std::ops::Range;

use serde::de::IgnoredAny;
use serde_json::{Deserializer, Error, Map, Value as Json};

use super::rows::LookupRows;
use crate::source::Header;

/// A value of an object takes so many bytes while it is read, nearly.
const VALUE_BYTES: usize = 96;
/// An object takes at most so many.
const MOST_BYTES: usize = 48 << 20;
/// A name takes so many bytes besides its letters, nearly…
const NAME_BYTES: usize = 64;
/// … and all names at most so many.
const MOST_NAMES: usize = 4 << 20;

/// Whether the file is JSON and no table.
pub(in crate::mapping) fn is_json(text: &str) -> bool {
    text.trim_start_matches(['\u{feff}', ' ', '\t', '\r', '\n'])
        .starts_with(['{', '['])
}

/// The names and rows of the objects in `text`; the error is why there are none.
pub(in crate::mapping) fn parse(text: &str, room: usize) -> Result<(Header, LookupRows), String> {
    let text = text.trim_start_matches('\u{feff}');
    let mut table = JsonTable {
        rows: LookupRows::within(room),
        ..JsonTable::default()
    };
    let mut documents = Deserializer::from_str(text).into_iter::<IgnoredAny>();
    let mut start = 0;
    while let Some(document) = documents.next() {
        document.map_err(|error| error.to_string())?;
        let document = trim(text, start..documents.byte_offset());
        start = document.end;
        match text.as_bytes().get(document.start) {
            Some(b'{') => take_document(&mut table, text, document)?,
            Some(b'[') => take_all(&mut table, text, document)?,
            _ => return Err("it holds something else than objects".to_owned()),
        }
    }
    Ok((Header::new(table.names), table.rows))
}

/// A page such as `{"users": […], "next_page": …}` is no row: its list holds them.
fn take_document(table: &mut JsonTable, text: &str, document: Range<usize>) -> Result<(), String> {
    let mut list = None;
    let mut parts = JsonParts::of(text, &document);
    while let (Some(name), Some(value)) = (parts.next(), parts.next()) {
        if &text[name.clone()] == "\"id\"" {
            return take_object(table, text, document);
        }
        let is_list = || JsonParts::of(text, &value).all(|item| text[item].starts_with('{'));
        if list.is_none() && text[value.clone()].starts_with('[') && is_list() {
            list = Some(value);
        }
    }
    match list {
        Some(list) => take_all(table, text, list),
        None => take_object(table, text, document),
    }
}

/// The objects of a list, one after the other: all of them as trees would take many times the file.
fn take_all(table: &mut JsonTable, text: &str, list: Range<usize>) -> Result<(), String> {
    JsonParts::of(text, &list)
        .filter(|item| text[item.clone()].starts_with('{'))
        .try_for_each(|item| take_object(table, text, item))
}

fn take_object(table: &mut JsonTable, text: &str, object: Range<usize>) -> Result<(), String> {
    let part = &text[object.clone()];
    refuse_large(part)?;
    match serde_json::from_str(part) {
        Ok(members) => table.take(members),
        Err(error) => Err(in_whole(text, object.start, &error)),
    }
}

/// What is wrong in the part that begins at `start`, with its place in the text.
fn in_whole(text: &str, start: usize, error: &Error) -> String {
    let told = error.to_string();
    let reason = told
        .rsplit_once(" at line ")
        .map_or(&*told, |parts| parts.0);
    let before = &text.as_bytes()[..start];
    let line = memchr::memchr_iter(b'\n', before).count() + error.line();
    let begun = memchr::memrchr(b'\n', before).map_or(start, |end| start - end - 1);
    let column = error.column() + if error.line() == 1 { begun } else { 0 };
    format!("{reason} at line {line} column {column}")
}

/// The parts of a list or an object that is known to be valid: its items, or its names and values by
/// turns.
struct JsonParts<'t> {
    text: &'t str,
    rest: Range<usize>,
}

impl<'t> JsonParts<'t> {
    fn of(text: &'t str, whole: &Range<usize>) -> Self {
        JsonParts {
            text,
            rest: whole.start + 1..whole.end - 1,
        }
    }
}

impl Iterator for JsonParts<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Range<usize>> {
        let rest = &self.text[self.rest.clone()];
        let begun = rest.trim_start_matches([',', ':', ' ', '\t', '\r', '\n']);
        let start = self.rest.end - begun.len();
        let mut values = Deserializer::from_str(begun).into_iter::<IgnoredAny>();
        values.next()?.ok()?;
        self.rest.start = start + values.byte_offset();
        Some(start..self.rest.start)
    }
}

/// The range without the white space before it.
fn trim(text: &str, range: Range<usize>) -> Range<usize> {
    let trimmed = text[range.clone()].trim_start_matches([' ', '\t', '\r', '\n']);
    range.end - trimmed.len()..range.end
}

/// Refuses an object that would take too much memory as a tree.
fn refuse_large(object: &str) -> Result<(), String> {
    let values = memchr::memchr3_iter(b',', b'{', b'[', object.as_bytes()).count();
    if object.len() + VALUE_BYTES * values > MOST_BYTES {
        return Err(format!(
            "one object of it takes more than {} MiB of memory",
            MOST_BYTES >> 20
        ));
    }
    Ok(())
}

#[derive(Default)]
struct JsonTable {
    names: Vec<String>,
    places: HashMap<String, usize>,
    name_bytes: usize,
    rows: LookupRows,
}

impl JsonTable {
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
                self.name_bytes += name.len() + NAME_BYTES;
                if self.name_bytes > MOST_NAMES {
                    let most = MOST_NAMES >> 20;
                    return Err(format!("its names take more than {most} MiB of memory"));
                }
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
    use std::fmt::Write as _;

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
    fn what_takes_too_much_is_refused() {
        let nested = format!("[{{\"id\":[{}1]}}]", "1,".repeat(1_100_000));
        let error = parse(&nested, usize::MAX).unwrap_err();
        assert!(error.contains("48 MiB"), "{error}");
        let error = parse("[{\"id\":123},{\"id\":1}]", 20).unwrap_err();
        assert!(error.contains("96 MiB"), "{error}");
        let mut names = String::new();
        for name in 0..70_000 {
            let _ = write!(names, "\"{name}\":1,");
        }
        let error = parse(&format!("{{{names}\"id\":1}}"), usize::MAX).unwrap_err();
        assert!(error.contains("4 MiB"), "{error}");
    }

    #[test]
    fn a_list_of_many_objects_costs_no_more_than_its_rows() {
        let mut members = String::new();
        for key in 0..40 {
            let _ = write!(members, "\"k{key}\":[1,2],");
        }
        let user = format!("{{{members}\"id\":7,\"name\":\"A\"}}");
        let users = vec![user; 9000].join(",");
        for text in [
            format!("[{users}]"),
            format!("{{\"count\":9000,\"users\":[{users}],\"next\":null}}"),
        ] {
            assert_eq!(cell(&text, 8999, "name"), "A");
        }
    }

    #[test]
    fn what_is_wrong_within_an_object_is_told_with_its_place() {
        let text = "[{\"id\":1},\n {\"id\":\"\\ud800\"}]";
        let error = parse(text, usize::MAX).unwrap_err();
        assert!(error.contains("line 2 column 1"), "{error}");
        for text in [
            "[{\"id\":1}{\"id\":2}]",
            "[{\"id\":1},]",
            "{\"a\" 1}",
            "[{}",
            "[],1",
            "[1 2]",
        ] {
            assert!(parse(text, usize::MAX).is_err(), "{text}");
        }
        for text in ["[]", "[ ]", "{ }", "", "[1,\"{\",null,[{}]]", "{\"a\":[ ]}"] {
            assert!(parse(text, usize::MAX).is_ok(), "{text}");
        }
    }
}
