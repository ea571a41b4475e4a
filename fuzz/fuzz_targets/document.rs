//! Any bytes as JSON, and what a JSON library says of the same bytes.
#![no_main]

use capturi_import_fuzz::domain::Code;
use capturi_import_fuzz::read::{Content, most_lines, read};
use capturi_import_fuzz::source::{Error, ReadOptions};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value as Json};

/// What reading adds to a record that was read as it stands.
const REMARKS: [Code; 2] = [Code::NulByte, Code::DuplicateKey];

fuzz_target!(|bytes: &[u8]| {
    for name in ["calls.json", "calls.ndjson"] {
        let read = read(name, bytes, &ReadOptions::default());
        if let Ok(content) = &read {
            assert!(content.records.iter().all(|record| record.line <= most_lines(bytes)));
        }
        match std::str::from_utf8(bytes) {
            Ok(text) if !text.starts_with('\u{feff}') && !text.contains("_problems") => {
                agree(name, text, &read);
            }
            _ => {}
        }
    }
});

/// The library and we say the same of an array of objects, of objects line by line, and of an array
/// that is none.
fn agree(name: &str, text: &str, read: &Result<Content, Error>) {
    if text.contains("serde_json::private") {
        return;
    }
    let array = serde_json::from_str::<Vec<Map<String, Json>>>(text);
    let lines: Result<Vec<Map<String, Json>>, _> = text
        .lines()
        .filter(|line| !line.trim().is_empty())
        .map(serde_json::from_str)
        .collect();
    let expected = match (array, lines) {
        (Ok(array), _) if name == "calls.json" => array,
        (_, Ok(lines)) if name == "calls.ndjson" => lines,
        _ => return notice(text, name, read),
    };
    // A file without a record is told as empty.
    if expected.is_empty() && read.is_err() {
        return;
    }
    let content = read.as_ref().expect("valid JSON is readable");
    assert_eq!(content.records.len(), expected.len());
    for (record, expected) in content.records.iter().zip(expected) {
        assert!(
            record.problems.iter().all(|problem| REMARKS.contains(&problem.code)),
            "{record:?}"
        );
        // Of a key that stands twice the library keeps the last value and we the first.
        if !record.has(Code::DuplicateKey) {
            assert_eq!(record.tree, Some(Json::Object(expected)));
        }
    }
}

/// An array that the library refuses is not read without a word.
fn notice(text: &str, name: &str, read: &Result<Content, Error>) {
    let Ok(content) = read else { return };
    if name != "calls.json" || !text.trim_start().starts_with('[') {
        return;
    }
    let mut first = serde_json::Deserializer::from_str(text).into_iter::<Json>();
    if matches!(first.next(), Some(Err(_))) {
        assert!(content.records.iter().any(|record| !record.problems.is_empty()));
    }
}
