//! Whether a table puts all of its cells in quotes.

use super::scan::{ScanWindow, Scanned, scan};
use super::sink::Count;
use crate::source::format::Dialect;

/// So many rows are looked at.
const ROWS: usize = 20;

/// Whether nine of ten of the first rows have as many cells in quotes as the table has columns.
pub(super) fn quotes_all(dialect: Dialect, window: ScanWindow<'_>, width: usize) -> bool {
    let (mut rows, mut whole) = (0, 0);
    let mut data = window.data;
    while rows < ROWS && !data.is_empty() {
        let mut count = Count::default();
        let window = ScanWindow { data, ..window };
        let Scanned::Row(extent) = scan(dialect, window, &mut count) else {
            break;
        };
        rows += 1;
        whole += usize::from(extent.quoted == width && count.0 == width);
        data = data.get(extent.next..).unwrap_or_default();
    }
    rows > 0 && whole * 10 >= rows * 9
}
