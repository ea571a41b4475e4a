//! How a file is written, as plain data: its dialect, its line endings, its charset.

use memchr::{memchr, memchr3_iter};

use super::bytes::Charset;

/// How the records of an input are written, to write some of them again in the same way. By
/// default one JSON object a line.
#[derive(Debug, Clone, Default)]
pub struct FileFormat(pub(super) FormKind);

#[derive(Debug, Clone, Default)]
pub(super) enum FormKind {
    Table {
        dialect: Dialect,
        charset: Charset,
        bom: bool,
    },
    #[default]
    Json,
}

impl FileFormat {
    /// A table as most programs write it: commas, UTF-8, a line feed.
    pub fn plain_table() -> FileFormat {
        FileFormat(FormKind::Table {
            dialect: Dialect::new(b',', Some(b'"'), Newline::Lf),
            charset: Charset::UTF_8,
            bom: false,
        })
    }

    /// How rejected records of such a file are written.
    pub(super) fn of_rejects(&self) -> FormKind {
        match self.0.clone() {
            FormKind::Table {
                dialect,
                charset,
                bom,
            } => FormKind::Table {
                dialect: dialect.of_rejects(),
                charset,
                bom,
            },
            FormKind::Json => FormKind::Json,
        }
    }

    /// Whether rejected records are written as the file is.
    pub(super) fn keeps_raw(&self) -> bool {
        match self.0 {
            FormKind::Table { dialect, .. } => dialect.of_rejects() == dialect,
            FormKind::Json => true,
        }
    }

    /// Whether records are written as one JSON object a line, and not as a table.
    pub fn is_json(&self) -> bool {
        matches!(self.0, FormKind::Json)
    }
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Dialect {
    pub(super) delimiter: u8,
    pub(super) quote: Option<u8>,
    pub(super) newline: Newline,
    /// What takes the meaning off a quote in a cell in quotes, beside a second quote; in a table without
    /// quotes off whatever byte it stands before.
    pub(super) escape: Option<u8>,
    /// Whether blanks around a cell belong to nothing.
    pub(super) trim: bool,
}

impl Dialect {
    /// As RFC 4180 says: quotes are doubled, and blanks belong to their cell.
    pub(super) const fn new(delimiter: u8, quote: Option<u8>, newline: Newline) -> Dialect {
        Dialect {
            delimiter,
            quote,
            newline,
            escape: None,
            trim: false,
        }
    }

    /// How rejected records of such a table are written: in a form that needs not be found out again.
    /// The same, if the table is written so itself.
    pub(super) fn of_rejects(self) -> Dialect {
        let quote = match (self.quote, self.escape) {
            (None, None) => None,
            _ => Some(b'"'),
        };
        Dialect::new(self.delimiter, quote, self.newline)
    }

    /// Whether a cell without quotes is what stands between two delimiters.
    #[inline]
    pub(super) fn is_bare(self) -> bool {
        !self.trim && self.escape.is_none()
    }

    /// A cell without quotes, as it is meant.
    pub(super) fn trimmed(self, cell: &[u8]) -> &[u8] {
        if !self.trim {
            return cell;
        }
        let begin = self.blanks(cell);
        let tail = cell[begin..].iter().rev();
        let behind = tail.take_while(|byte| self.is_blank(**byte)).count();
        &cell[begin..cell.len() - behind]
    }

    /// Whether `text` ends with an escape that takes the meaning off the byte behind it.
    pub(super) fn is_escaped(self, text: &[u8]) -> bool {
        let Some(escape) = self.escape else {
            return false;
        };
        let run = text.iter().rev().take_while(|byte| **byte == escape);
        run.count() % 2 == 1
    }

    /// Gives the pieces of a cell without their escapes.
    pub(super) fn unescape(self, mut cell: &[u8], mut piece: impl FnMut(&[u8])) {
        let Some(escape) = self.escape else {
            return piece(cell);
        };
        while let Some(at) = memchr(escape, cell) {
            let meant = match (cell.get(at + 1), self.quote) {
                (Some(next), Some(quote)) if *next == quote || *next == escape => &[*next][..],
                (Some(next), None) => match next {
                    b't' => &b"\t"[..],
                    b'n' => b"\n",
                    b'r' => b"\r",
                    // What a value of nothing is called.
                    b'N' => b"\\N",
                    next => &[*next],
                },
                _ => &cell[at..(at + 2).min(cell.len())],
            };
            piece(&cell[..at]);
            piece(meant);
            cell = &cell[(at + 2).min(cell.len())..];
        }
        piece(cell);
    }

    #[inline]
    pub(super) fn is_blank(self, byte: u8) -> bool {
        matches!(byte, b' ' | b'\t') && byte != self.delimiter
    }

    /// How many blanks `text` begins with.
    #[inline]
    pub(super) fn blanks(self, text: &[u8]) -> usize {
        text.iter().take_while(|byte| self.is_blank(**byte)).count()
    }

    /// Length of the line ending at the start of `text`.
    #[inline]
    pub(super) fn ending(self, text: &[u8]) -> usize {
        match (self.newline, text) {
            // The last line of a file may have lost half of its ending.
            (Newline::Cr, [b'\r', ..]) | (Newline::Lf | Newline::CrLf, [b'\n', ..] | [b'\r']) => 1,
            (Newline::Lf | Newline::CrLf, [b'\r', b'\n', ..]) => 2,
            _ => 0,
        }
    }

    /// `line` without the `\r` of its ending.
    #[inline]
    pub(super) fn trim_ending(self, line: &[u8]) -> &[u8] {
        match (self.newline, line) {
            (Newline::Lf | Newline::CrLf, [text @ .., b'\r']) => text,
            _ => line,
        }
    }

    /// Appends `cells` as a row without its line ending, quoted where it has to be.
    pub(super) fn write_row<'c>(
        self,
        cells: impl ExactSizeIterator<Item = &'c [u8]>,
        out: &mut Vec<u8>,
    ) {
        let single = cells.len() == 1;
        for (index, cell) in cells.enumerate() {
            if index > 0 {
                out.push(self.delimiter);
            }
            let Some(quote) = self.quote else {
                out.extend_from_slice(cell);
                continue;
            };
            let needed = cell
                .iter()
                .any(|byte| *byte == quote || *byte == self.delimiter || b"\r\n".contains(byte));
            if !(needed || single && cell.is_empty()) {
                out.extend_from_slice(cell);
                continue;
            }
            out.push(quote);
            for byte in cell {
                if *byte == quote {
                    out.push(quote);
                }
                out.push(*byte);
            }
            out.push(quote);
        }
    }
}

/// What ends a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Newline {
    Lf,
    CrLf,
    Cr,
}

impl Newline {
    /// The last byte of a line; with `\n` a `\r` before it belongs to the ending too.
    #[inline]
    pub(super) fn terminator(self) -> u8 {
        match self {
            Newline::Lf | Newline::CrLf => b'\n',
            Newline::Cr => b'\r',
        }
    }

    pub(super) fn bytes(self) -> &'static [u8] {
        match self {
            Newline::Lf => b"\n",
            Newline::CrLf => b"\r\n",
            Newline::Cr => b"\r",
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Newline::Lf => "LF",
            Newline::CrLf => "CRLF",
            Newline::Cr => "CR",
        }
    }

    /// What most line endings of `sample` are; those between quotes belong to cells.
    pub(super) fn detect(sample: &[u8], quote: u8) -> Self {
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

#[cfg(test)]
mod tests {
    use super::*;

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
