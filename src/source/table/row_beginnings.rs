//! With which bytes a row begins that may be a header once more, or has a mark before it.

/// So many cells of a row are compared with the header before all of them are.
pub(super) const FIRST_CELLS: usize = 3;

/// The row begins with a byte with which a mark does.
pub(super) const MARKED: u8 = 0x80;

/// For each byte, a bit for each of the first cells that may begin with it in a row that is a header or
/// has a mark, or a word in a column of values. Most rows differ from the header in the first letters of all their cells.
#[derive(Debug)]
pub(super) struct Beginnings([u8; 256]);

impl Default for Beginnings {
    fn default() -> Self {
        Beginnings::of(&[], |_| false)
    }
}

impl Beginnings {
    /// `has_values` says of a column that it holds no words.
    pub(super) fn of(names: &[Vec<u8>], has_values: impl Fn(usize) -> bool) -> Self {
        let mut cells = [0; 256];
        for (number, name) in names.iter().take(FIRST_CELLS).enumerate() {
            let letter = name.first().copied().unwrap_or_default();
            let has_values = has_values(number);
            for byte in 0..=u8::MAX {
                let is_alike = byte.eq_ignore_ascii_case(&letter)
                    || may_precede(byte)
                    || (has_values && byte.is_ascii_alphabetic());
                cells[usize::from(byte)] |= u8::from(is_alike) << number;
            }
        }
        // A mark may stand before any row.
        for byte in [0xef_u8, 0x1a] {
            cells[usize::from(byte)] |= 1 | MARKED;
        }
        Beginnings(cells)
    }

    /// Not zero if the cell of this number, from 0 on, may begin with this byte; [`MARKED`] among it if a mark does.
    #[inline]
    pub(super) fn of_cell(&self, number: usize, byte: u8) -> u8 {
        let bits = self.0[usize::from(byte)];
        let mark = if number == 0 { bits & MARKED } else { 0 };
        bits >> number & 1 | mark
    }
}

/// What may stand before the first letter of a name.
const fn may_precede(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte == 0x1a || !byte.is_ascii()
}
