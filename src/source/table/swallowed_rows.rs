//! Whether a row over several lines has swallowed others.

use super::scan::clean_width;
use crate::source::format::Dialect;

/// A cell that holds so many lines that are rows themselves was not meant to hold them.
const IMPROBABLE_ROWS: usize = 8;

/// Whether lines of a row are rows themselves. `orderly` rows are believed for longer, because a cell may
/// well quote a table. `columns` are those of the export, `width` those of its lines.
pub(super) fn swallows(
    dialect: Dialect,
    columns: usize,
    width: usize,
    text: &[u8],
    orderly: bool,
) -> bool {
    if columns < 2 || (orderly && columns < 3) {
        return false;
    }
    let terminator = dialect.newline.terminator();
    let mut lines = text.split(|byte| *byte == terminator).skip(1);
    let is_row = |line: &[u8]| clean_width(dialect, dialect.trim_ending(line)) == Some(width);
    if orderly {
        let inner = lines.clone().count().saturating_sub(1);
        inner >= IMPROBABLE_ROWS && lines.take(inner).all(is_row)
    } else {
        lines.any(is_row)
    }
}
