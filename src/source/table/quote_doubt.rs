//! Whether a row whose quotes are out of place may still be read as text.

use memchr::{memchr, memchr_iter, memmem};

use super::scan::{ScanWindow, scan, split_at_quotes};
use super::sink::Sink;
use crate::source::format::Dialect;

/// What speaks against reading the quotes of a row as letters: a cell with half a pair of them. A row that
/// lost a delimiter beside a cell in quotes always has one, and so has a row with a quote too many.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct QuoteDoubt {
    /// Cells with an odd number of quotes.
    odd: usize,
    /// Those of them whose only quote is a letter: of inches, as in `5" disk`, or of a word, as in `it's`.
    letters: usize,
    is_escaped: bool,
}

/// Looks at the cells of a row that is scanned.
struct Doubter {
    quote: u8,
    doubt: QuoteDoubt,
}

impl Sink for Doubter {
    fn piece(&mut self, _bytes: &[u8]) {}

    fn written(&mut self, cell: &[u8]) {
        self.doubt.look_at(cell, self.quote);
    }

    fn end_cell(&mut self) {}
}

impl QuoteDoubt {
    /// Of a row whose cells in quotes may hold delimiters.
    pub(super) fn by_quotes(dialect: Dialect, text: &[u8]) -> QuoteDoubt {
        let Some(quote) = dialect.quote else {
            return QuoteDoubt::default();
        };
        let mut doubter = Doubter {
            quote,
            doubt: QuoteDoubt::of_escapes(dialect, text, quote),
        };
        let window = ScanWindow {
            data: text,
            ended: true,
            reach: text.len(),
        };
        scan(dialect, window, &mut doubter);
        doubter.doubt
    }

    /// Of a row all of whose cells are in quotes, cut where two of them meet.
    pub(super) fn by_borders(dialect: Dialect, text: &[u8], width: usize) -> QuoteDoubt {
        let Some(quote) = dialect.quote else {
            return QuoteDoubt::default();
        };
        let mut doubter = Doubter {
            quote,
            doubt: QuoteDoubt::of_escapes(dialect, text, quote),
        };
        split_at_quotes(dialect, text, width, &mut doubter);
        doubter.doubt
    }

    /// Of a row that is cut at all its delimiters.
    pub(super) fn by_delimiters(dialect: Dialect, text: &[u8]) -> QuoteDoubt {
        let Some(quote) = dialect.quote else {
            return QuoteDoubt::default();
        };
        let mut doubt = QuoteDoubt::of_escapes(dialect, text, quote);
        for cell in text.split(|byte| *byte == dialect.delimiter) {
            doubt.look_at(cell, quote);
        }
        doubt
    }

    /// Of cells without the quotes around them.
    pub(super) fn of_cells<'c>(cells: impl Iterator<Item = &'c [u8]>, quote: u8) -> QuoteDoubt {
        let mut doubt = QuoteDoubt::default();
        for cell in cells {
            doubt.look_at(cell, quote);
        }
        doubt
    }

    /// Of the cells of a row with one cell without quotes, where all other rows have none. Two cells that lost
    /// their delimiter have the quotes between them as one, and another delimiter may be too many.
    pub(super) fn of_merged<'c>(
        dialect: Dialect,
        cells: impl Iterator<Item = &'c [u8]>,
    ) -> QuoteDoubt {
        let Some(quote) = dialect.quote else {
            return QuoteDoubt::default();
        };
        let mut doubt = QuoteDoubt::default();
        for cell in cells {
            doubt.look_at(cell, quote);
            let is_between = |part: &[u8]| {
                matches!(part, [before, sign, behind] if *sign == quote
                    && before.is_ascii_alphanumeric() && behind.is_ascii_alphanumeric())
            };
            // Of both a pair is cut in two.
            doubt.odd += 2 * usize::from(cell.windows(3).any(is_between));
        }
        doubt
    }

    /// A backslash before a quote may be meant as its escape.
    fn of_escapes(dialect: Dialect, text: &[u8], quote: u8) -> QuoteDoubt {
        let is_escaped = dialect.escape.is_some() || memmem::find(text, &[b'\\', quote]).is_some();
        QuoteDoubt {
            is_escaped,
            ..QuoteDoubt::default()
        }
    }

    fn look_at(&mut self, cell: &[u8], quote: u8) {
        let quotes = memchr_iter(quote, cell).count();
        if quotes.is_multiple_of(2) {
            return;
        }
        self.odd += 1;
        let is_letter = quotes == 1
            && memchr(quote, cell).is_some_and(|at| {
                let before = at.checked_sub(1).and_then(|at| cell.get(at));
                let behind = cell.get(at + 1);
                match (before, behind) {
                    (Some(before), Some(behind)) if quote == b'\'' => {
                        before.is_ascii_alphabetic() && behind.is_ascii_alphabetic()
                    }
                    (Some(before), Some(behind)) => {
                        before.is_ascii_digit() && b" ,;)x\t".contains(behind)
                    }
                    _ => false,
                }
            });
        self.letters += usize::from(is_letter);
    }

    /// Whether the quotes can only be meant as letters.
    pub(super) fn is_none(self) -> bool {
        !self.is_escaped && (self.odd == 0 || (self.odd == 1 && self.letters == 1))
    }
}
