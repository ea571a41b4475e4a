//! Whether the cells of a table have blanks around them that belong to nothing.

use super::sink::Sink;

/// In so many of a hundred places there is a blank, or they do not all belong to nothing.
const MOST: usize = 95;

/// Counts the cells without quotes that have a blank beside a delimiter.
#[derive(Debug, Default)]
pub(super) struct Padding {
    /// Cells of a row that counts.
    width: usize,
    quote: Option<u8>,
    rows: usize,
    /// Behind a delimiter, and before one.
    behind: PaddedPlaces,
    before: PaddedPlaces,
    row: RowPadding,
}

/// How many places there are, and how many have a blank.
#[derive(Debug, Default, Clone, Copy)]
struct PaddedPlaces {
    all: usize,
    padded: usize,
}

/// The row that is being read.
#[derive(Debug, Default)]
struct RowPadding {
    cells: usize,
    behind: PaddedPlaces,
    before: PaddedPlaces,
    last: LastCell,
}

/// The cell before the one that is read.
#[derive(Debug, Default, Clone, Copy)]
enum LastCell {
    #[default]
    None,
    Quoted,
    /// With its last byte.
    Unquoted(Option<u8>),
}

impl PaddedPlaces {
    fn count(&mut self, byte: Option<u8>) {
        self.all += 1;
        self.padded += usize::from(byte == Some(b' '));
    }

    fn add(&mut self, other: PaddedPlaces) {
        self.all += other.all;
        self.padded += other.padded;
    }

    fn is_padded(self, rows: usize) -> bool {
        self.all >= rows && self.padded * 100 >= self.all * MOST
    }
}

impl Sink for Padding {
    fn piece(&mut self, _bytes: &[u8]) {}

    fn written(&mut self, cell: &[u8]) {
        let row = &mut self.row;
        if let LastCell::Unquoted(last) = row.last {
            row.before.count(last);
        }
        row.last = LastCell::Quoted;
        if cell.is_empty() || cell.first() != self.quote.as_ref() {
            if row.cells > 0 {
                row.behind.count(cell.first().copied());
            }
            row.last = LastCell::Unquoted(cell.last().copied());
        }
    }

    fn end_cell(&mut self) {
        self.row.cells += 1;
    }
}

impl Padding {
    /// For a table whose rows have so many cells.
    pub(super) fn new(width: usize, quote: Option<u8>) -> Padding {
        Padding {
            width,
            quote,
            ..Padding::default()
        }
    }

    /// Rows that counted.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Notes that the row is complete.
    pub(super) fn end_row(&mut self) {
        let row = std::mem::take(&mut self.row);
        if row.cells != self.width {
            return;
        }
        self.behind.add(row.behind);
        self.before.add(row.before);
        self.rows += 1;
    }

    /// Whether nearly all cells have a blank at the same side.
    pub(super) fn is_everywhere(&self) -> bool {
        self.rows > 1 && (self.behind.is_padded(self.rows) || self.before.is_padded(self.rows))
    }
}
