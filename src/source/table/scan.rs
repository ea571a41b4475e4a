//! Where cells and rows of a table begin and end.
//!
//! Knows nothing of headers and widths. Reads what is well formed as RFC 4180 says, and quotes that
//! are out of place as text, so that whoever knows the width can judge the result.

use memchr::{memchr, memchr_iter, memchr2};

use super::sink::{Count, Sink};
use crate::source::format::Dialect;

/// What stands at the beginning of some text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Scanned {
    /// A row.
    Row(RowExtent),
    /// More text is needed to say.
    Incomplete,
    /// A quote that is not closed within reach. Where the input ends within reach, the last cell
    /// holds all that stands behind the quote.
    Open,
}

/// How far a row reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::source) struct RowExtent {
    /// Where the next row begins.
    pub(in crate::source) next: usize,
    /// Where the row's own text ends, before its line ending.
    pub(in crate::source) end: usize,
    /// The first cell in which a quote is out of place.
    pub(in crate::source) stray: Option<usize>,
    /// Cells that are quoted, and properly closed.
    pub(in crate::source) quoted: usize,
    /// Line breaks inside cells.
    pub(in crate::source) breaks: u64,
}

/// Text to scan, and how far.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct ScanWindow<'t> {
    pub(in crate::source) data: &'t [u8],
    /// Whether the input ends where `data` does.
    pub(in crate::source) ended: bool,
    /// How many bytes a quoted cell may reach over the end of its line.
    pub(in crate::source) reach: usize,
}

/// The row at the start of the window.
pub(in crate::source) fn scan(
    dialect: Dialect,
    window: ScanWindow<'_>,
    sink: &mut impl Sink,
) -> Scanned {
    let data = window.data;
    let mut extent = RowExtent::default();
    let mut start = 0;
    for cell in 0.. {
        match blank_before_quote(dialect, window, start) {
            Blank::None => {}
            Blank::Before(quote) => start = quote,
            Blank::Incomplete => return Scanned::Incomplete,
        }
        let end = if dialect.quote.is_some() && data.get(start).copied() == dialect.quote {
            match quoted(dialect, window, start, sink) {
                Quoted::Closed(closed) => {
                    extent.quoted += usize::from(!closed.stray);
                    extent.breaks += closed.breaks;
                    if closed.stray {
                        extent.stray.get_or_insert(cell);
                    }
                    closed.after
                }
                Quoted::Incomplete => return Scanned::Incomplete,
                Quoted::Open => {
                    sink.end_cell();
                    return Scanned::Open;
                }
            }
        } else {
            let Some(end) = unquoted_end(dialect, window, start) else {
                return Scanned::Incomplete;
            };
            let mut text = &data[start..end];
            if data.get(end) != Some(&dialect.delimiter) {
                text = dialect.trim_ending(text);
            }
            if dialect
                .quote
                .is_some_and(|quote| memchr(quote, text).is_some())
            {
                extent.stray.get_or_insert(cell);
            }
            if dialect.is_bare() {
                sink.piece(text);
            } else {
                bare_piece(dialect, text, sink);
                extent.breaks += memchr_iter(dialect.newline.terminator(), text).count() as u64;
            }
            end
        };
        sink.written(&data[start..end]);
        sink.end_cell();
        if data.get(end) == Some(&dialect.delimiter) {
            start = end + 1;
            continue;
        }
        let ending = dialect.ending(&data[end..]);
        extent.end = dialect.trim_ending(&data[..end]).len();
        extent.next = end + ending;
        break;
    }
    Scanned::Row(extent)
}

/// Where the cell without quotes at `start` ends; `None` when more text is needed to say.
#[inline(always)]
#[expect(
    clippy::inline_always,
    reason = "a call costs 40 instructions for each cell of an export"
)]
fn unquoted_end(dialect: Dialect, window: ScanWindow<'_>, start: usize) -> Option<usize> {
    let ScanWindow { data, ended, .. } = window;
    let terminator = dialect.newline.terminator();
    let end = match memchr2(dialect.delimiter, terminator, &data[start..]) {
        Some(length) => start + length,
        None if ended => data.len(),
        None => return None,
    };
    if dialect.escape.is_some() && dialect.quote.is_none() {
        return behind_escapes(dialect, window, start, end);
    }
    Some(end)
}

/// A cell without quotes, of a table whose blanks or escapes are none of its cells.
fn bare_piece(dialect: Dialect, text: &[u8], sink: &mut impl Sink) {
    let text = dialect.trimmed(text);
    match dialect.quote {
        Some(_) => sink.piece(text),
        None => dialect.unescape(text, |piece| sink.piece(piece)),
    }
}

/// Where the cell at `start` ends, which has an escape before the byte at `end`; `None` when more text is
/// needed to say.
fn behind_escapes(
    dialect: Dialect,
    window: ScanWindow<'_>,
    start: usize,
    mut end: usize,
) -> Option<usize> {
    let ScanWindow { data, ended, reach } = window;
    while end < data.len() && dialect.is_escaped(dialect.trim_ending(&data[start..end])) {
        if end - start > reach {
            return Some(end);
        }
        let more = memchr2(
            dialect.delimiter,
            dialect.newline.terminator(),
            &data[end + 1..],
        );
        end = match more {
            Some(length) => end + 1 + length,
            None if ended => data.len(),
            None => return None,
        };
    }
    Some(end)
}

/// Whether the cell at `start` is one in quotes with blanks before them, as in `1, "x, y"`. What
/// is not in order inside of such quotes is text, blanks and all.
#[inline]
fn blank_before_quote(dialect: Dialect, window: ScanWindow<'_>, start: usize) -> Blank {
    let first = window.data.get(start);
    if first.is_some_and(|byte| dialect.is_blank(*byte)) {
        behind_blanks(dialect, window, start)
    } else {
        Blank::None
    }
}

/// The same where a blank stands at `start`.
fn behind_blanks(dialect: Dialect, window: ScanWindow<'_>, start: usize) -> Blank {
    let ScanWindow { data, ended, .. } = window;
    if dialect.quote.is_none() {
        return Blank::None;
    }
    let at = start + dialect.blanks(&data[start..]);
    match data.get(at) {
        None if !ended => Blank::Incomplete,
        next if next.copied() == dialect.quote => {
            match quoted(dialect, window, at, &mut Count::default()) {
                Quoted::Closed(closed) if !closed.stray => Blank::Before(at),
                Quoted::Incomplete => Blank::Incomplete,
                Quoted::Closed(_) | Quoted::Open => Blank::None,
            }
        }
        _ => Blank::None,
    }
}

/// The quoted cell at `start`.
fn quoted(dialect: Dialect, window: ScanWindow<'_>, start: usize, sink: &mut impl Sink) -> Quoted {
    let ScanWindow { data, ended, reach } = window;
    let quote = data[start];
    let terminator = dialect.newline.terminator();
    let (mut from, mut at) = (start + 1, start + 1);
    let mut closed = Closed::default();
    loop {
        let Some(length) = memchr2(quote, terminator, &data[at..]) else {
            if data.len() - start > reach {
                return Quoted::Open;
            }
            if !ended {
                return Quoted::Incomplete;
            }
            dialect.unescape(&data[from..], |piece| sink.piece(piece));
            return Quoted::Open;
        };
        at += length;
        let breaks = data[at] == terminator;
        closed.breaks += u64::from(breaks);
        if closed.breaks > 0 && at - start > reach {
            return Quoted::Open;
        }
        if breaks || dialect.is_escaped(&data[from..at]) {
            at += 1;
            continue;
        }
        // Blanks behind a cell in quotes belong to nothing, as in `"x" ,"y"`.
        let behind = at + 1 + dialect.blanks(&data[at + 1..]);
        match data.get(behind) {
            None if !ended => return Quoted::Incomplete,
            Some(b'\r') if behind + 1 == data.len() && !ended => return Quoted::Incomplete,
            Some(next) if *next == quote && behind == at + 1 => {
                dialect.unescape(&data[from..=at], |piece| sink.piece(piece));
                from = at + 2;
            }
            Some(next) if *next != dialect.delimiter && dialect.ending(&data[behind..]) == 0 => {
                closed.stray = true;
                dialect.unescape(&data[from..=at], |piece| sink.piece(piece));
                from = at + 1;
            }
            _ => {
                dialect.unescape(&data[from..at], |piece| sink.piece(piece));
                closed.after = behind;
                return Quoted::Closed(closed);
            }
        }
        at = from;
    }
}

/// The number of cells of `line`, or `None` when its quotes are not in order.
pub(in crate::source) fn clean_width(dialect: Dialect, line: &[u8]) -> Option<usize> {
    let window = ScanWindow {
        data: line,
        ended: true,
        reach: line.len(),
    };
    let mut count = Count::default();
    match scan(dialect, window, &mut count) {
        Scanned::Row(extent) if extent.stray.is_none() && extent.next == line.len() => {
            Some(count.0)
        }
        _ => None,
    }
}

/// The cells of `line` by its delimiters alone; cells in quotes from end to end lose them.
pub(in crate::source) fn split_at_delimiters(dialect: Dialect, line: &[u8], sink: &mut impl Sink) {
    for cell in line.split(|byte| *byte == dialect.delimiter) {
        match (dialect.quote, cell) {
            (Some(quote), [first, inner @ .., last]) if *first == quote && *last == quote => {
                let mut from = 0;
                for at in memchr_iter(quote, inner) {
                    if at >= from && inner.get(at + 1) == Some(&quote) {
                        sink.piece(&inner[from..=at]);
                        from = at + 2;
                    }
                }
                sink.piece(&inner[from.min(inner.len())..]);
            }
            _ => bare_piece(dialect, cell, sink),
        }
        sink.end_cell();
    }
}

/// The cells of a line all of whose cells are in quotes, by a quote, a delimiter and a quote; what
/// is inside stays as it is. Gives whether the line is one, and nothing to the sink when not.
pub(in crate::source) fn split_at_quotes(
    dialect: Dialect,
    line: &[u8],
    width: usize,
    sink: &mut impl Sink,
) -> bool {
    let Some(quote) = dialect.quote else {
        return false;
    };
    let [first, inner @ .., last] = line else {
        return false;
    };
    let border = [quote, dialect.delimiter, quote];
    let borders: Vec<usize> = memchr::memmem::find_iter(inner, &border).collect();
    if *first != quote || *last != quote || borders.len() + 1 != width {
        return false;
    }
    let mut start = 0;
    for end in borders.into_iter().chain([inner.len()]) {
        sink.piece(&inner[start..end]);
        sink.written(&inner[start..end]);
        sink.end_cell();
        start = end + border.len();
    }
    true
}

/// A quoted cell with its end.
#[derive(Default)]
struct Closed {
    after: usize,
    stray: bool,
    breaks: u64,
}

/// What stands before the quote of a cell.
enum Blank {
    /// Nothing, or the cell is not in quotes.
    None,
    /// Blanks: the quote is here.
    Before(usize),
    /// More text is needed to say.
    Incomplete,
}

enum Quoted {
    Closed(Closed),
    Incomplete,
    Open,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::format::Newline;
    use crate::source::table::RowBuilder;

    const COMMA: Dialect = Dialect::new(b',', Some(b'"'), Newline::Lf);

    fn scan_comma(text: &str, ended: bool) -> (Scanned, Vec<String>) {
        let mut rows = RowBuilder::default();
        let window = ScanWindow {
            data: text.as_bytes(),
            ended,
            reach: 1 << 20,
        };
        let scanned = scan(COMMA, window, &mut rows);
        rows.end_row(1, 0);
        let cells = rows
            .cells(0)
            .map(|cell| String::from_utf8_lossy(cell).into_owned())
            .collect();
        (scanned, cells)
    }

    #[test]
    fn well_formed_rows_are_read_as_the_standard_says() {
        for (text, cells) in [
            ("a,b\nc", vec!["a", "b"]),
            ("a,\r\n", vec!["a", ""]),
            ("\"x,\"\"y\"\"\nz\",2\n", vec!["x,\"y\"\nz", "2"]),
            ("\"\",\"\"\n", vec!["", ""]),
            (",,\n", vec!["", "", ""]),
            ("last", vec!["last"]),
            ("\"last\"", vec!["last"]),
            ("\"last\"\r", vec!["last"]),
            (" \"x, y\", \"z\"\n", vec!["x, y", "z"]),
            ("\"x, y\" ,\"z\"  \r\n", vec!["x, y", "z"]),
            ("1, \"a\"\"b\"", vec!["1", "a\"b"]),
            (" x , y\n", vec![" x ", " y"]),
        ] {
            let (scanned, found) = scan_comma(text, true);
            let Scanned::Row(extent) = scanned else {
                panic!("{text:?}: {scanned:?}");
            };
            assert_eq!(
                (found, extent.stray),
                (cells.iter().map(|cell| (*cell).to_owned()).collect(), None),
                "{text:?}"
            );
        }
    }

    #[test]
    fn quotes_out_of_place_are_text_and_told() {
        for (text, cells) in [
            ("\"a \"b\" c\",d\n", ["a \"b\" c", "d"]),
            ("5\" disk,d\n", ["5\" disk", "d"]),
            (" \"a\" b,d\n", [" \"a\" b", "d"]),
        ] {
            let (scanned, found) = scan_comma(text, true);
            assert!(matches!(
                scanned,
                Scanned::Row(RowExtent { stray: Some(0), .. })
            ));
            assert_eq!(found, cells);
        }
        assert_eq!(scan_comma("\"a,b\nc,d\n", true).0, Scanned::Open);
    }

    #[test]
    fn a_row_that_goes_on_beyond_the_window_is_incomplete() {
        for text in [
            "a", "a,b", "\"a", "\"a\"", "\"a\"\r", "\"a\" ", "a, ", " \"a", "a,\"b\nc",
        ] {
            assert_eq!(scan_comma(text, false).0, Scanned::Incomplete, "{text:?}");
        }
    }
}
