//! Any bytes as a table.
#![no_main]

use capturi_import_fuzz::read::{Content, most_lines, read};
use capturi_import_fuzz::source::{HeaderKind, ReadOptions, Quote};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(content) = read("calls.csv", bytes, &ReadOptions::default()) {
        hold(bytes, &content);
    }
    for quote in [Quote::Byte(b'"'), Quote::None] {
        keep_characters(bytes, quote);
    }
});

/// A row that has not the width of the table says so, and no position is outside of the file.
fn hold(bytes: &[u8], content: &Content) {
    let width = content.names.as_ref().map_or(0, Vec::len);
    for record in &content.records {
        assert!(record.line <= most_lines(bytes), "{record:?}");
        assert!(
            record.cells.len() == width || !record.problems.is_empty(),
            "{record:?} of {width}"
        );
    }
}

/// Where the dialect is said, every character that is no part of it comes out once, in order.
fn keep_characters(bytes: &[u8], quote: Quote) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let is_special = text.starts_with(['\u{feff}', '\u{fffe}'])
        || ["sep=", "\"sep=", "PK", "%PDF", "RIFF", "SQLite"]
            .iter()
            .any(|head| text.starts_with(head))
        || text.contains("_problems");
    if is_special {
        return;
    }
    let options = ReadOptions {
        delimiter: Some(b','),
        quote: Some(quote),
        header: Some(HeaderKind::None),
        encoding: Some("utf-8".to_owned()),
        ..ReadOptions::default()
    };
    let Ok(content) = read("calls.csv", bytes, &options) else {
        let is_empty = text.trim_matches([' ', '\t', '\r', '\n', '\u{1a}', ',']).is_empty();
        return assert!(is_empty || text.contains('\0'), "a table without a header is readable");
    };
    // Marks of files that were put one behind the other are taken off the beginnings of rows, and blanks
    // beside quotes belong to no cell.
    let own = |text: &str| {
        let is_own = |c: &char| !"\",\r\n \t\u{1a}\u{feff}".contains(*c);
        text.chars().filter(is_own).collect::<String>()
    };
    let cells: String = content.records.iter().flat_map(|record| record.cells.clone()).collect();
    assert_eq!(own(&cells), own(text));
}
