//! Rows whose cells hold quotes that are neither doubled nor escaped, as `"He said "hi", twice",next`.
//!
//! A cell is what stands between two delimiters and holds no quote, or it begins and ends with one. A row
//! has one certain reading when only one gives as many cells as there are columns, and none gives more.

use memchr::{memchr, memchr_iter, memmem};

use super::quote_doubt::QuoteDoubt;
use super::scan::clean_width;
use crate::source::format::Dialect;

/// A cell of such a row may hold so many lines less one.
const MOST_LINES: usize = 8;

/// A row of more pieces between delimiters is not looked at: each is held against the number of cells.
const MOST_PIECES: usize = 256;

/// In how many ways, up to two, the first pieces are so many cells.
#[derive(Debug, Clone, Copy, Default)]
struct Ways {
    /// With the last cell at its end.
    closed: u8,
    /// With one more cell that is begun by a quote.
    open: u8,
}

impl Ways {
    fn close(&mut self, ways: u8) {
        self.closed = self.closed.saturating_add(ways).min(2);
    }

    fn begin(&mut self, ways: u8) {
        self.open = self.open.saturating_add(ways).min(2);
    }
}

/// What stands between two delimiters.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked on its own")]
struct RowPiece {
    start: usize,
    end: usize,
    has_quote: bool,
    begins: bool,
    ends: bool,
}

impl RowPiece {
    /// Whether it is a cell for itself.
    fn is_cell(self) -> bool {
        let is_quoted = self.begins && self.ends && self.end - self.start > 1;
        !self.has_quote || is_quoted
    }
}

/// The only reading of a row at the beginning of a text.
#[derive(Debug)]
pub(super) struct OnlyReading<'t> {
    /// Without the quotes around them.
    pub(super) cells: Vec<&'t [u8]>,
    /// With its line ending.
    pub(super) bytes: usize,
    pub(super) lines: u64,
}

impl<'t> OnlyReading<'t> {
    /// Of the first line, or of as few as give one. No line behind the first may be a row itself. With
    /// `ended` a line ends where the data does.
    pub(super) fn of(
        dialect: Dialect,
        data: &'t [u8],
        ended: bool,
        width: usize,
    ) -> Option<OnlyReading<'t>> {
        let last =
            (ended && data.last() != Some(&dialect.newline.terminator())).then_some(data.len());
        let ends = memchr_iter(dialect.newline.terminator(), data).chain(last);
        let mut start = 0;
        for (before, end) in ends.take(MOST_LINES).enumerate() {
            let line = dialect.trim_ending(&data[start..end]);
            if before > 0 && clean_width(dialect, line) == Some(width) {
                return None;
            }
            if let Some(cells) = only_reading(dialect, dialect.trim_ending(&data[..end]), width) {
                return Some(OnlyReading {
                    cells,
                    bytes: (end + 1).min(data.len()),
                    lines: before as u64 + 1,
                });
            }
            start = end + 1;
        }
        None
    }
}

/// The cells of the row in its only reading, without the quotes around them; `None` where there is none, or
/// where a cell has half a pair of quotes.
fn only_reading(dialect: Dialect, text: &[u8], width: usize) -> Option<Vec<&[u8]>> {
    let quote = dialect.quote?;
    let is_plain = dialect.escape.is_none() && !dialect.trim;
    if !is_plain || width < 2 || memmem::find(text, &[b'\\', quote]).is_some() {
        return None;
    }
    let pieces = pieces(dialect.delimiter, quote, text)?;
    let steps = steps(&pieces);
    let whole = steps.last()?;
    let finest = whole.iter().rposition(|ways| ways.closed > 0)?;
    if finest != width || whole[width].closed != 1 {
        return None;
    }
    let cells = cells(&pieces, &steps, width, text)?;
    let is_doubled = |cell: &&[u8]| memmem::find(cell, &[quote, quote]).is_some();
    let doubt = QuoteDoubt::of_cells(cells.iter().copied(), quote);
    (doubt.is_none() && !cells.iter().any(is_doubled)).then_some(cells)
}

fn pieces(delimiter: u8, quote: u8, text: &[u8]) -> Option<Vec<RowPiece>> {
    let mut pieces = Vec::new();
    let mut start = 0;
    for piece in text.split(|byte| *byte == delimiter) {
        let end = start + piece.len();
        pieces.push(RowPiece {
            start,
            end,
            has_quote: memchr(quote, piece).is_some(),
            begins: piece.first() == Some(&quote),
            ends: piece.last() == Some(&quote),
        });
        start = end + 1;
        if pieces.len() > MOST_PIECES {
            return None;
        }
    }
    Some(pieces)
}

/// The ways behind each piece, by the number of cells.
fn steps(pieces: &[RowPiece]) -> Vec<Vec<Ways>> {
    let mut steps = vec![vec![Ways::default(); pieces.len() + 1]; pieces.len() + 1];
    steps[0][0].closed = 1;
    for (at, piece) in pieces.iter().enumerate() {
        for count in 0..=at {
            let Ways { closed, open } = steps[at][count];
            let next = &mut steps[at + 1];
            if piece.is_cell() {
                next[count + 1].close(closed);
            }
            if piece.begins {
                next[count].begin(closed);
            }
            next[count].begin(open);
            if piece.ends {
                next[count + 1].close(open);
            }
        }
    }
    steps
}

/// The cells of the only way, found from its end.
fn cells<'t>(
    pieces: &[RowPiece],
    steps: &[Vec<Ways>],
    width: usize,
    text: &'t [u8],
) -> Option<Vec<&'t [u8]>> {
    let mut cells = Vec::with_capacity(width);
    let mut behind = pieces.len();
    for count in (0..width).rev() {
        let last = pieces.get(behind.checked_sub(1)?)?;
        let mut first = behind - 1;
        if !(last.is_cell() && steps[first][count].closed > 0) {
            // Of the pieces before it one begins the cell.
            first = (0..first)
                .rev()
                .find(|at| pieces[*at].begins && steps[*at][count].closed > 0)?;
        }
        let cell = text.get(pieces[first].start..last.end)?;
        let is_quoted = pieces[first].begins;
        let inner = if is_quoted {
            cell.get(1..cell.len() - 1)?
        } else {
            cell
        };
        cells.push(inner);
        behind = first;
    }
    cells.reverse();
    (behind == 0).then_some(cells)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::format::Newline;

    fn read(text: &str, width: usize) -> Option<Vec<String>> {
        let dialect = Dialect::new(b',', Some(b'"'), Newline::Lf);
        let cells = only_reading(dialect, text.as_bytes(), width)?;
        let cells = cells.into_iter().map(|cell| String::from_utf8_lossy(cell));
        Some(cells.map(std::borrow::Cow::into_owned).collect())
    }

    #[test]
    fn the_only_reading_of_the_right_width_is_taken() {
        for (text, cells) in [
            (
                r#"1,"He said "hi" to me",next"#,
                vec!["1", r#"He said "hi" to me"#, "next"],
            ),
            (
                r#"1,"asked for "the other one", twice",next"#,
                vec!["1", r#"asked for "the other one", twice"#, "next"],
            ),
            (
                r#""1","Screen 2", wide","next""#,
                vec!["1", r#"Screen 2", wide"#, "next"],
            ),
            (
                "1,\"a \"b\", c\nd\",next",
                vec!["1", "a \"b\", c\nd", "next"],
            ),
            (r#""x "a", b","","y""#, vec![r#"x "a", b"#, "", "y"]),
        ] {
            assert_eq!(read(text, cells.len()).unwrap(), cells, "{text}");
        }
    }

    #[test]
    fn a_row_of_two_readings_or_of_half_a_pair_is_not_taken() {
        for (text, width) in [
            // A delimiter too many, which one cell could hide.
            (r#"a,,b "x" y,"c","d""#, 4),
            (r#"1,"x "a",b,"c" y",next"#, 3),
            (r#"1,"he said "a","b" too",next"#, 3),
            // A delimiter was lost.
            (r#""$78.07"Table, Round 48""","Made, by hand""#, 3),
            (r#"$78.07"Table, Round 48""","Made""#, 3),
            // A quote too many.
            (r#"""Sales","b","c""#, 3),
            (r#""13:00:36"","b","c""#, 3),
            (r#"1,"said ""hi"" and "yo", twice",next"#, 3),
            (r#"1,"a \"b\", c",next"#, 3),
            (r#"1,"a,b"#, 2),
            ("", 2),
        ] {
            assert_eq!(read(text, width), None, "{text}");
        }
        let long = format!("{}\"a \"b\", c\"", "1,".repeat(300));
        assert_eq!(read(&long, 301), None);
    }

    proptest::proptest! {
        #[test]
        fn any_row_is_answered_with_its_own_text(text in "[\",ab1 ]{0,40}", width in 0_usize..8) {
            if let Some(cells) = read(&text, width) {
                proptest::prop_assert_eq!(cells.len(), width);
                proptest::prop_assert!(cells.iter().all(|cell| text.contains(cell.as_str())));
            }
        }
    }
}
