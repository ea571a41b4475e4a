//! Rows of rejected records whose reasons stand among their cells.

use std::sync::Arc;

use super::row_builder::RowBuilder;
use crate::domain::{Code, Location, Problem};
use crate::source::Sheet;
use crate::source::bytes::lossy;
use crate::source::rejects::are_reasons;
use crate::source::sheet::column_name;

/// Tells of such rows. A row that is too short has its reasons right behind its last cell; a spreadsheet that
/// fills it up makes a value of them.
pub(super) fn report_displaced(rows: &mut RowBuilder, sheet: &Arc<Sheet>) {
    for index in 0..rows.len() {
        let Some(column) = rows.cells(index).position(are_reasons) else {
            continue;
        };
        let value = rows.cells(index).nth(column).map(lossy).unwrap_or_default();
        let message =
            "the `_problems` text moved into a data column: restore the columns of the row";
        let place = Location::on_line(Arc::clone(&sheet.file), rows.line(index));
        let problem =
            Problem::new(Code::RowTooShort, place, message).at(&column_name(sheet, column), &value);
        rows.replace_problems(index, problem);
    }
}
