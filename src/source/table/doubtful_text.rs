//! Cells whose text is not what somebody wrote, though it can be read.

use memchr::{memchr, memchr_iter, memmem};

use super::row_builder::RowBuilder;
use crate::domain::{Code, Problem, Severity};
use crate::source::bytes::lossy;
use crate::source::sheet::{Sheet, column_name};

/// What is looked for in a file that seems to quote no cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum QuoteSearch {
    /// Half a pair of quotes, which no cell has that is all there.
    Halves,
    /// Whole pairs, too: only the beginning of the file was looked at.
    All,
}

impl QuoteSearch {
    /// What is looked for in a file with these quotes, found or stated, whose beginning was all of it or not.
    pub(super) fn of(quote: Option<u8>, is_whole: bool) -> Option<QuoteSearch> {
        match (quote, is_whole) {
            (Some(_), _) => None,
            (None, true) => Some(QuoteSearch::Halves),
            (None, false) => Some(QuoteSearch::All),
        }
    }
}

/// What a cell has of a pair of quotes.
fn found_quotes(cell: &[u8], search: QuoteSearch) -> Option<(&'static str, Severity)> {
    if !cell.starts_with(b"\"") {
        return None;
    }
    let is_half = memchr_iter(b'"', cell).count() % 2 == 1;
    let is_whole = cell.len() > 1 && cell.ends_with(b"\"");
    if is_half {
        let message =
            "a quote that is opened and not closed: a delimiter or another quote may be missing";
        Some((message, Severity::Error))
    } else if is_whole && search == QuoteSearch::All {
        let message =
            "quotes around a cell, read as text: the file's beginning has no quoted cells";
        Some((message, Severity::Warning))
    } else {
        None
    }
}

/// Tells of quotes in a file that seemed to have none.
pub(super) fn report_quotes(rows: &mut RowBuilder, sheet: &Sheet, search: QuoteSearch) {
    if memchr(b'"', &rows.bytes).is_none() {
        return;
    }
    report(rows, sheet, Code::StrayQuote, |cell| {
        found_quotes(cell, search)
    });
}

/// Tells of UTF-8 that a program took for another encoding and wrote as UTF-8 again: `Ã¦` for `æ`.
pub(super) fn report_twice_encoded(rows: &mut RowBuilder, sheet: &Sheet) {
    if !is_twice_encoded(&rows.bytes) {
        return;
    }
    report(rows, sheet, Code::UndecodableBytes, |cell| {
        is_twice_encoded(cell).then_some((
            "text that was encoded as UTF-8 twice: its letters are not those that somebody wrote",
            Severity::Error,
        ))
    });
}

/// Whether the bytes have a letter of two bytes each of which became a letter: by Latin-1, and, where
/// the second one is no letter there, by Windows-1252.
fn is_twice_encoded(bytes: &[u8]) -> bool {
    [
        &b"\xc3\x83\xc2"[..],
        b"\xc3\x83\xe2\x80",
        b"\xc3\x83\xe2\x82",
    ]
    .iter()
    .any(|lead| memmem::find(bytes, lead).is_some())
}

fn report(
    rows: &mut RowBuilder,
    sheet: &Sheet,
    code: Code,
    test: impl Fn(&[u8]) -> Option<(&'static str, Severity)>,
) {
    let mut found = Vec::new();
    for index in 0..rows.len() {
        let mut cells = rows.cells(index).enumerate();
        if let Some((column, value, (message, severity))) =
            cells.find_map(|(column, cell)| Some((column, lossy(cell), test(cell)?)))
        {
            let problem = Problem::new(code, rows.location(sheet, index), message)
                .at(&column_name(sheet, column), &value)
                .with_severity(severity);
            found.push((index, problem));
        }
    }
    for (index, problem) in found {
        rows.problem_of(index, problem);
    }
}
