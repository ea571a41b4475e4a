//! Cells that are longer than a cell may be.

use std::sync::Arc;

use super::row_builder::RowBuilder;
use crate::domain::{Code, Location, Problem};
use crate::source::bytes::lossy;
use crate::source::sheet::column_name;
use crate::source::{Limits, Sheet};

/// Tells of such cells in the last row.
pub(super) fn report_large_cells(
    rows: &mut RowBuilder,
    sheet: &Arc<Sheet>,
    line: u64,
    limits: &Limits,
) {
    let mut problems = Vec::new();
    for (column, cell) in rows.cells(rows.len() - 1).enumerate() {
        if cell.len() > limits.max_field {
            let message = format!("the cell is longer than {} bytes", limits.max_field);
            let start = lossy(&cell[..cell.len().min(4 * Problem::VALUE_LIMIT)]);
            let location = Location::on_line(Arc::clone(&sheet.file), line);
            let problem = Problem::new(Code::RecordTooLarge, location, message);
            problems.push(problem.at(&column_name(sheet, column), &start));
        }
    }
    for problem in problems {
        rows.problem(problem);
    }
}
