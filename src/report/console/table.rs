//! Tables of the screen, all of one look.

use comfy_table::{Cell, CellAlignment, ContentLineStyle, LineStyle, Table, TableStyle};

use crate::report::console::screen::Color;

const BOX: TableStyle = TableStyle::new()
    .top_border(LineStyle::new('┌', '─', '┬', '┐'))
    .header_lines(ContentLineStyle::new('│', '│', '│'))
    .header_separator(LineStyle::new('├', '─', '┼', '┤'))
    .content_lines(ContentLineStyle::new('│', '│', '│'))
    .bottom_border(LineStyle::new('└', '─', '┴', '┘'));

/// A table while it is filled.
pub(in crate::report) struct Grid {
    table: Table,
}

impl Grid {
    /// An empty table.
    pub(in crate::report) fn new(color: Color) -> Self {
        let mut table = Table::new();
        table.load_style(BOX);
        table.force_no_tty();
        if color == Color::Always {
            table.enforce_styling();
        }
        Grid { table }
    }

    /// Names the columns.
    pub(in crate::report) fn header(&mut self, names: &[&str]) {
        self.table.set_header(names.to_vec());
    }

    /// Adds a row.
    pub(in crate::report) fn row(&mut self, cells: Vec<Cell>) {
        self.table.add_row(cells);
    }

    /// The lines of the table, with numbers at the right of these columns.
    pub(in crate::report) fn lines(mut self, numbers: &[usize]) -> Vec<String> {
        for &column in numbers {
            if let Some(column) = self.table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        self.table.lines().collect()
    }

    /// The same, with the last row ruled off as a sum.
    pub(in crate::report) fn lines_with_sum(self, numbers: &[usize]) -> Vec<String> {
        let mut lines = self.lines(numbers);
        // The library rules off either every row or none.
        if let (Some(top), Some(sum)) = (lines.first(), lines.len().checked_sub(2)) {
            let rule = top.replace('┌', "├").replace('┬', "┼").replace('┐', "┤");
            lines.insert(sum, rule);
        }
        lines
    }
}
