//! Rows in order, taken in bulk.

use memchr::memchr;

use super::byte_search::ByteHits;
use super::row_builder::RowBuilder;
use crate::source::format::Dialect;

/// What rows are taken without a closer look.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Expected {
    pub(in crate::source) width: usize,
    pub(in crate::source) max_field: usize,
    /// The line on which the first of them stands.
    pub(in crate::source) line: u64,
}

/// Takes rows off the front of `data` as long as they are whole, free of quotes and `expected`;
/// stops before the first one that needs a closer look. Gives the bytes taken and the next line.
pub(in crate::source) fn plain_rows(
    dialect: Dialect,
    data: &[u8],
    expected: Expected,
    rows: &mut RowBuilder,
) -> (usize, u64) {
    let terminator = dialect.newline.terminator();
    let (mut start, mut line) = (0, expected.line);
    // Rows that stand one behind the other are copied as one, from here on.
    let mut from = 0;
    let mut first = rows.ends.len();
    let mut base = rows.bytes.len();
    let quote = dialect.quote.unwrap_or(dialect.delimiter);
    for at in ByteHits::new(data, [dialect.delimiter, terminator, quote]) {
        let byte = data[at];
        if byte == dialect.delimiter {
            rows.end_at(base + at - start);
            continue;
        }
        if byte != terminator {
            break;
        }
        let text = dialect.trim_ending(&data[start..at]);
        line += 1;
        if text.is_empty() {
            rows.note_gap();
            rows.bytes.extend_from_slice(&data[from..start]);
            start = at + 1;
            from = start;
            continue;
        }
        let width = rows.ends.len() - first + 1;
        // A row may be the other half of a line ending, or several that end otherwise.
        let doubtful = width == 1 && memchr(b'\r', text).is_some() || text[0] == b'\n';
        if width != expected.width || text.len() > expected.max_field || doubtful {
            line -= 1;
            break;
        }
        let end = start + text.len();
        rows.end_at(base + text.len());
        if end < at || rows.drop_last {
            // The ending is longer than the one byte that separates cells, or a cell goes.
            rows.bytes.extend_from_slice(&data[from..=end]);
            from = at + 1;
        }
        start = at + 1;
        rows.end_row(line - 1, first);
        base = rows.bytes.len() + start - from;
        first = rows.ends.len();
        if rows.is_full_at(base) {
            break;
        }
    }
    rows.ends.truncate(first);
    rows.bytes.extend_from_slice(&data[from..start]);
    (start, line)
}
