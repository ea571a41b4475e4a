//! Whether the values of a document are records or pages of an API with the records inside.
//!
//! Looked for by the keys of the mapping's records alone: a value that has them is a record, and a list
//! whose first object has them holds the records. Of everything else nothing is known.

use serde_json::{Map, Value as Json};

use super::span::{JsonSpan, JsonWalk};
use crate::source::known::KnownKeys;

/// So many values of a document are looked at.
const FIRST_VALUES: usize = 20;
/// So many steps lead from a page to its records.
const DEEPEST: usize = 3;
/// So many levels of a value are looked at.
const LEVELS: usize = 8;

/// What the first values of a document are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum DocumentKind {
    /// Nobody knows.
    Nothing,
    /// Records.
    Records,
    /// Pages: these steps lead to the records in each of them.
    Pages(Vec<String>),
}

/// What the values that `text` begins with are, or the elements of the array that it begins with.
pub(super) fn find(text: &[u8], known: &KnownKeys) -> DocumentKind {
    if known.is_empty() {
        return DocumentKind::Nothing;
    }
    let text = text.trim_ascii_start();
    let mut rest = text.strip_prefix(b"[").unwrap_or(text);
    for _ in 0..FIRST_VALUES {
        let apart = |byte: &u8| !byte.is_ascii_whitespace() && !b",\x1e".contains(byte);
        let start = rest.iter().position(apart).unwrap_or(rest.len());
        rest = &rest[start..];
        rest = rest.strip_prefix(b"\xef\xbb\xbf").unwrap_or(rest);
        if !rest.starts_with(b"{") {
            break;
        }
        let value = outline(rest, LEVELS);
        if known.fits(&value) {
            return DocumentKind::Records;
        }
        let mut found = Vec::new();
        collect(&value, known, &mut Vec::new(), &mut found);
        match found.len() {
            0 => {}
            1 => return DocumentKind::Pages(found.remove(0)),
            _ => return DocumentKind::Nothing,
        }
        let JsonWalk::End(end) = JsonSpan::default().walk(rest) else {
            break;
        };
        rest = &rest[end..];
    }
    DocumentKind::Nothing
}

/// Pointers to the lists in `value` whose first object is a record.
fn collect(value: &Json, known: &KnownKeys, path: &mut Vec<String>, found: &mut Vec<Vec<String>>) {
    let Json::Object(members) = value else { return };
    if path.len() == DEEPEST {
        return;
    }
    for (name, member) in members {
        path.push(name.clone());
        match member {
            Json::Array(items) if items.first().is_some_and(|item| known.fits(item)) => {
                found.push(path.clone());
            }
            // What is inside of a record is part of it.
            Json::Object(_) if !known.fits(member) => collect(member, known, path, found),
            _ => {}
        }
        path.pop();
    }
}

/// The keys of the value that `text` begins with, as far as the text goes: of a list its first element,
/// of a scalar only whether it is empty.
fn outline(text: &[u8], levels: usize) -> Json {
    match text.first() {
        Some(b'{') if levels > 0 => Json::Object(members(text, levels)),
        Some(b'[') => {
            let first = text[1..].trim_ascii_start();
            let is_empty = first.is_empty() || first.starts_with(b"]");
            let items = (!is_empty && levels > 0).then(|| outline(first, levels - 1));
            Json::Array(items.into_iter().collect())
        }
        Some(b'n') => Json::Null,
        Some(b'"') if text.starts_with(b"\"\"") => Json::String(String::new()),
        _ => Json::Bool(true),
    }
}

fn members(text: &[u8], levels: usize) -> Map<String, Json> {
    let mut members = Map::new();
    let mut rest = &text[1..];
    loop {
        rest = rest.trim_ascii_start();
        rest = rest.strip_prefix(b",").unwrap_or(rest).trim_ascii_start();
        let JsonWalk::End(length) = JsonSpan::default().walk(rest) else {
            return members;
        };
        let Ok(key) = serde_json::from_slice::<String>(&rest[..length]) else {
            return members;
        };
        let Some(value) = rest[length..].trim_ascii_start().strip_prefix(b":") else {
            return members;
        };
        rest = value.trim_ascii_start();
        members.insert(key, outline(rest, levels - 1));
        let JsonWalk::End(length) = JsonSpan::default().walk(rest) else {
            return members;
        };
        rest = &rest[length..];
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> DocumentKind {
        let known = ["id", "user.id"].map(|name| vec![name.to_owned()]);
        find(text.as_bytes(), &KnownKeys(known.into()))
    }

    fn pages(steps: &[&str]) -> DocumentKind {
        DocumentKind::Pages(steps.iter().map(|&step| step.to_owned()).collect())
    }

    #[test]
    fn pages_are_told_from_records() {
        let call = r#"{"id": 1, "user": {"id": 7}, "comments": [{"id": 2, "user": {"id": 7}}]}"#;
        let page = format!(r#"{{"meta": {{"next": null}}, "calls": [{call}]}}"#);
        assert_eq!(told(call), DocumentKind::Records);
        assert_eq!(told(&format!("[{call}, {call}]")), DocumentKind::Records);
        assert_eq!(told(&page), pages(&["calls"]));
        assert_eq!(told(&format!("{page}\n{page}")), pages(&["calls"]));
        assert_eq!(told(&format!("[ {page}, {page}]")), pages(&["calls"]));
        assert_eq!(
            told(&format!(r#"{{"data": {page}}}"#)),
            pages(&["data", "calls"])
        );
        let cut = &page[..page.len() - 5];
        assert_eq!(told(cut), pages(&["calls"]));
        assert_eq!(
            told(&format!(r#"{{"error": "busy"}}{{"calls": []}}{page}"#)),
            pages(&["calls"])
        );
        assert_eq!(told(r#"{"error": "busy"}"#), DocumentKind::Nothing);
        assert_eq!(
            told(&format!(r#"{{"event": "ended", "data": {call}}}"#)),
            DocumentKind::Nothing
        );
        assert_eq!(
            told(&format!(r#"{{"old": [{call}], "new": [{call}]}}"#)),
            DocumentKind::Nothing
        );
        assert_eq!(told("[]"), DocumentKind::Nothing);
        assert_eq!(told("no JSON"), DocumentKind::Nothing);
    }
}
