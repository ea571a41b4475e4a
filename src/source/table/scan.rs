//! Where cells and rows of a table begin and end.
//!
//! Knows nothing of headers and widths. Reads what is well formed as RFC 4180 says, and quotes that
//! are out of place as text, so that whoever knows the width can judge the result.

use memchr::{memchr, memchr_iter, memchr2, memchr3_iter};

use super::byte_search::ByteHits;
use super::row_builder::Rows;

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) struct Dialect {
    pub(in crate::source) delimiter: u8,
    pub(in crate::source) quote: Option<u8>,
    pub(in crate::source) newline: Newline,
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Newline {
    Lf,
    CrLf,
    Cr,
}

impl Newline {
    /// The last byte of a line; with `\n` a `\r` before it belongs to the ending too.
    pub(in crate::source) fn terminator(self) -> u8 {
        match self {
            Newline::Lf | Newline::CrLf => b'\n',
            Newline::Cr => b'\r',
        }
    }

    pub(in crate::source) fn bytes(self) -> &'static [u8] {
        match self {
            Newline::Lf => b"\n",
            Newline::CrLf => b"\r\n",
            Newline::Cr => b"\r",
        }
    }

    pub(in crate::source) fn name(self) -> &'static str {
        match self {
            Newline::Lf => "LF",
            Newline::CrLf => "CRLF",
            Newline::Cr => "CR",
        }
    }

    /// What most line endings of `sample` are; those between quotes belong to cells.
    pub(in crate::source) fn detect(sample: &[u8], quote: u8) -> Self {
        let mut outside = Endings::default();
        let mut all = Endings::default();
        let mut quoted = false;
        for at in memchr3_iter(quote, b'\r', b'\n', sample) {
            if sample[at] == quote {
                quoted = !quoted;
                continue;
            }
            all.count(sample, at);
            if !quoted {
                outside.count(sample, at);
            }
        }
        let Endings {
            feeds,
            pairs,
            alone,
        } = if outside == Endings::default() {
            all
        } else {
            outside
        };
        if alone > feeds {
            Newline::Cr
        } else if pairs * 2 > feeds {
            Newline::CrLf
        } else {
            Newline::Lf
        }
    }
}

/// How often lines end in which way.
#[derive(Debug, Default, PartialEq, Eq)]
struct Endings {
    feeds: usize,
    /// Those of the feeds that have a return before them.
    pairs: usize,
    /// Returns without a feed.
    alone: usize,
}

impl Endings {
    fn count(&mut self, sample: &[u8], at: usize) {
        if sample[at] == b'\n' {
            self.feeds += 1;
        } else if sample.get(at + 1) == Some(&b'\n') {
            self.pairs += 1;
        } else {
            self.alone += 1;
        }
    }
}

/// Takes the cells of a row as they are found.
pub(in crate::source) trait Sink {
    /// The next bytes of the current cell.
    fn piece(&mut self, bytes: &[u8]);
    /// The current cell is complete.
    fn end_cell(&mut self);
}

/// Counts cells and keeps nothing.
#[derive(Debug, Default)]
pub(in crate::source) struct Count(pub(in crate::source) usize);

impl Sink for Count {
    fn piece(&mut self, _: &[u8]) {}
    fn end_cell(&mut self) {
        self.0 += 1;
    }
}

/// What stands at the beginning of some text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::source) enum Scanned {
    /// A row.
    Row(Extent),
    /// More text is needed to say.
    Incomplete,
    /// A quote that is not closed within reach. Where the input ends within reach, the last cell
    /// holds all that stands behind the quote.
    Open,
}

/// How far a row reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(in crate::source) struct Extent {
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

impl Dialect {
    /// The row at the start of the window.
    pub(in crate::source) fn scan(self, window: ScanWindow<'_>, sink: &mut impl Sink) -> Scanned {
        let ScanWindow { data, ended, .. } = window;
        let terminator = self.newline.terminator();
        let mut extent = Extent::default();
        let mut start = 0;
        for cell in 0.. {
            match self.blank_before_quote(window, start) {
                Blank::None => {}
                Blank::Before(quote) => start = quote,
                Blank::Incomplete => return Scanned::Incomplete,
            }
            let end = if self.quote.is_some() && data.get(start).copied() == self.quote {
                match self.quoted(window, start, sink) {
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
                let found = memchr2(self.delimiter, terminator, &data[start..]);
                let end = match found {
                    Some(length) => start + length,
                    None if ended => data.len(),
                    None => return Scanned::Incomplete,
                };
                let mut text = &data[start..end];
                if data.get(end) != Some(&self.delimiter) {
                    text = self.trim_ending(text);
                }
                if self
                    .quote
                    .is_some_and(|quote| memchr(quote, text).is_some())
                {
                    extent.stray.get_or_insert(cell);
                }
                sink.piece(text);
                end
            };
            sink.end_cell();
            if data.get(end) == Some(&self.delimiter) {
                start = end + 1;
                continue;
            }
            let ending = self.ending(&data[end..]);
            extent.end = self.trim_ending(&data[..end]).len();
            extent.next = end + ending;
            break;
        }
        Scanned::Row(extent)
    }

    /// Whether the cell at `start` is one in quotes with blanks before them, as in `1, "x, y"`. What
    /// is not in order inside of such quotes is text, blanks and all.
    #[inline]
    fn blank_before_quote(self, window: ScanWindow<'_>, start: usize) -> Blank {
        let first = window.data.get(start);
        if first.is_some_and(|byte| self.is_blank(*byte)) {
            self.behind_blanks(window, start)
        } else {
            Blank::None
        }
    }

    /// The same where a blank stands at `start`.
    fn behind_blanks(self, window: ScanWindow<'_>, start: usize) -> Blank {
        let ScanWindow { data, ended, .. } = window;
        if self.quote.is_none() {
            return Blank::None;
        }
        let at = start + self.blanks(&data[start..]);
        match data.get(at) {
            None if !ended => Blank::Incomplete,
            next if next.copied() == self.quote => {
                match self.quoted(window, at, &mut Count::default()) {
                    Quoted::Closed(closed) if !closed.stray => Blank::Before(at),
                    Quoted::Incomplete => Blank::Incomplete,
                    Quoted::Closed(_) | Quoted::Open => Blank::None,
                }
            }
            _ => Blank::None,
        }
    }

    fn is_blank(self, byte: u8) -> bool {
        matches!(byte, b' ' | b'\t') && byte != self.delimiter
    }

    /// How many blanks `text` begins with.
    pub(super) fn blanks(self, text: &[u8]) -> usize {
        text.iter().take_while(|byte| self.is_blank(**byte)).count()
    }

    /// The quoted cell at `start`.
    fn quoted(self, window: ScanWindow<'_>, start: usize, sink: &mut impl Sink) -> Quoted {
        let ScanWindow { data, ended, reach } = window;
        let quote = data[start];
        let terminator = self.newline.terminator();
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
                sink.piece(&data[from..]);
                return Quoted::Open;
            };
            at += length;
            let breaks = data[at] == terminator;
            closed.breaks += u64::from(breaks);
            if closed.breaks > 0 && at - start > reach {
                return Quoted::Open;
            }
            if breaks {
                at += 1;
                continue;
            }
            // Blanks behind a cell in quotes belong to nothing, as in `"x" ,"y"`.
            let behind = at + 1 + self.blanks(&data[at + 1..]);
            match data.get(behind) {
                None if !ended => return Quoted::Incomplete,
                Some(b'\r') if behind + 1 == data.len() && !ended => return Quoted::Incomplete,
                Some(next) if *next == quote && behind == at + 1 => {
                    sink.piece(&data[from..=at]);
                    from = at + 2;
                }
                Some(next) if *next != self.delimiter && self.ending(&data[behind..]) == 0 => {
                    closed.stray = true;
                    sink.piece(&data[from..=at]);
                    from = at + 1;
                }
                _ => {
                    sink.piece(&data[from..at]);
                    closed.after = behind;
                    return Quoted::Closed(closed);
                }
            }
            at = from;
        }
    }

    /// Length of the line ending at the start of `text`.
    fn ending(self, text: &[u8]) -> usize {
        match (self.newline, text) {
            // The last line of a file may have lost half of its ending.
            (Newline::Cr, [b'\r', ..]) | (Newline::Lf | Newline::CrLf, [b'\n', ..] | [b'\r']) => 1,
            (Newline::Lf | Newline::CrLf, [b'\r', b'\n', ..]) => 2,
            _ => 0,
        }
    }

    /// `line` without the `\r` of its ending.
    pub(in crate::source) fn trim_ending(self, line: &[u8]) -> &[u8] {
        match (self.newline, line) {
            (Newline::Lf | Newline::CrLf, [text @ .., b'\r']) => text,
            _ => line,
        }
    }

    /// The number of cells of `line`, or `None` when its quotes are not in order.
    pub(in crate::source) fn clean_width(self, line: &[u8]) -> Option<usize> {
        let window = ScanWindow {
            data: line,
            ended: true,
            reach: line.len(),
        };
        let mut count = Count::default();
        match self.scan(window, &mut count) {
            Scanned::Row(extent) if extent.stray.is_none() && extent.next == line.len() => {
                Some(count.0)
            }
            _ => None,
        }
    }

    /// The cells of `line` by its delimiters alone; cells in quotes from end to end lose them.
    pub(in crate::source) fn split_at_delimiters(self, line: &[u8], sink: &mut impl Sink) {
        for cell in line.split(|byte| *byte == self.delimiter) {
            match (self.quote, cell) {
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
                _ => sink.piece(cell),
            }
            sink.end_cell();
        }
    }

    /// The cells of a line all of whose cells are in quotes, by a quote, a delimiter and a quote; what
    /// is inside stays as it is. Gives whether the line is one, and nothing to the sink when not.
    pub(in crate::source) fn split_at_quotes(
        self,
        line: &[u8],
        width: usize,
        sink: &mut impl Sink,
    ) -> bool {
        let Some(quote) = self.quote else {
            return false;
        };
        let [first, inner @ .., last] = line else {
            return false;
        };
        let border = [quote, self.delimiter, quote];
        let borders: Vec<usize> = memchr::memmem::find_iter(inner, &border).collect();
        if *first != quote || *last != quote || borders.len() + 1 != width {
            return false;
        }
        let mut start = 0;
        for end in borders.into_iter().chain([inner.len()]) {
            sink.piece(&inner[start..end]);
            sink.end_cell();
            start = end + border.len();
        }
        true
    }

    /// Takes rows off the front of `data` as long as they are whole, free of quotes and `expected`;
    /// stops before the first one that needs a closer look. Gives the bytes taken and the next line.
    pub(in crate::source) fn plain_rows(
        self,
        data: &[u8],
        expected: Expected,
        rows: &mut Rows,
    ) -> (usize, u64) {
        let terminator = self.newline.terminator();
        let (mut start, mut line) = (0, expected.line);
        // Rows that stand one behind the other are copied as one, from here on.
        let mut from = 0;
        let mut first = rows.ends.len();
        let mut base = rows.bytes.len();
        let quote = self.quote.unwrap_or(self.delimiter);
        for at in ByteHits::new(data, [self.delimiter, terminator, quote]) {
            let byte = data[at];
            if byte == self.delimiter {
                rows.end_at(base + at - start);
                continue;
            }
            if byte != terminator {
                break;
            }
            let text = self.trim_ending(&data[start..at]);
            line += 1;
            if text.is_empty() {
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
}

/// What rows are taken without a closer look.
#[derive(Debug, Clone, Copy)]
pub(in crate::source) struct Expected {
    pub(in crate::source) width: usize,
    pub(in crate::source) max_field: usize,
    /// The line on which the first of them stands.
    pub(in crate::source) line: u64,
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

    const COMMA: Dialect = Dialect {
        delimiter: b',',
        quote: Some(b'"'),
        newline: Newline::Lf,
    };

    fn scan(text: &str, ended: bool) -> (Scanned, Vec<String>) {
        let mut rows = Rows::default();
        let window = ScanWindow {
            data: text.as_bytes(),
            ended,
            reach: 1 << 20,
        };
        let scanned = COMMA.scan(window, &mut rows);
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
            let (scanned, found) = scan(text, true);
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
            let (scanned, found) = scan(text, true);
            assert!(matches!(
                scanned,
                Scanned::Row(Extent { stray: Some(0), .. })
            ));
            assert_eq!(found, cells);
        }
        assert_eq!(scan("\"a,b\nc,d\n", true).0, Scanned::Open);
    }

    #[test]
    fn a_row_that_goes_on_beyond_the_window_is_incomplete() {
        for text in [
            "a", "a,b", "\"a", "\"a\"", "\"a\"\r", "\"a\" ", "a, ", " \"a", "a,\"b\nc",
        ] {
            assert_eq!(scan(text, false).0, Scanned::Incomplete, "{text:?}");
        }
    }

    #[test]
    fn line_endings_are_found_by_majority() {
        assert_eq!(Newline::detect(b"a\r\nb\r\nc\n", b'"'), Newline::CrLf);
        assert_eq!(Newline::detect(b"a\nb\nc\rd\n", b'"'), Newline::Lf);
        assert_eq!(Newline::detect(b"a\rb\rc\r", b'"'), Newline::Cr);
        assert_eq!(Newline::detect(b"a\r", b'"'), Newline::Cr);
        assert_eq!(Newline::detect(b"a,\"\r\r\r\"\nb", b'"'), Newline::Lf);
        assert_eq!(Newline::detect(b"\"a\r\nb", b'"'), Newline::CrLf);
        assert_eq!(Newline::detect(b"", b'"'), Newline::Lf);
    }
}
