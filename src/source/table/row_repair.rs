//! A row that is not in order, judged by its width and by the lines after it.

use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};

use super::column_shapes::ColumnShapes;
use super::consumed_row::ConsumedRow;
use super::large_cells::report_large_cells;
use super::quote_doubt::QuoteDoubt;
use super::row_builder::RowBuilder;
use super::scan::{RowExtent, ScanWindow, clean_width, scan, split_at_delimiters, split_at_quotes};
use super::sink::{Count, Sink};
use super::swallowed_rows::swallows;
use super::unescaped_quotes::OnlyReading;
use crate::domain::{Code, Location, Problem, Severity};
use crate::source::bytes::lossy;
use crate::source::format::{Dialect, Newline};
use crate::source::sheet::column_name;
use crate::source::{Limits, Sheet};

/// A cell with a quote out of place, or cut by the end of the file, may hold so many lines.
const TOO_MANY_LINES: u64 = 100;

/// The table of a row, and where the row stands.
#[derive(Debug)]
#[expect(clippy::struct_excessive_bools, reason = "each is asked on its own")]
pub(super) struct RowRepair<'t> {
    pub(super) dialect: Dialect,
    pub(super) sheet: &'t Arc<Sheet>,
    pub(super) width: usize,
    pub(super) rejects: bool,
    /// Whether the last column stands for any number of cells.
    pub(super) has_rest: bool,
    pub(super) line: u64,
    pub(super) limits: &'t Limits,
    /// What the values of the rows before look like.
    pub(super) shapes: &'t ColumnShapes,
    /// Whether all cells of the table are in quotes.
    pub(super) quotes_all: bool,
}

impl RowRepair<'_> {
    /// The number of columns without the problems of an earlier run.
    pub(super) fn columns(&self) -> usize {
        self.width - usize::from(self.rejects)
    }

    pub(super) fn problem(&self, code: Code, message: String) -> Problem {
        let location = Location::on_line(Arc::clone(&self.sheet.file), self.line);
        Problem::new(code, location, message)
    }

    /// A row has been scanned into `rows`; `data` ends where it does.
    pub(super) fn take_row(
        &self,
        data: &[u8],
        extent: RowExtent,
        rows: &mut RowBuilder,
        first: usize,
    ) -> ConsumedRow {
        let text = &data[..extent.end];
        let width = rows.ends.len() - first;
        let breaks = extent.breaks;
        let taken = ConsumedRow {
            bytes: extent.next,
            lines: breaks + 1,
            in_vain: 0,
        };
        let mut doubt = None;
        let orderly = extent.stray.is_none() && width == self.width;
        // Where quotes and width are both wrong, or a great many lines hang on one quote that is out of
        // place, nothing speaks for the lines belonging together.
        let doubtful = extent.stray.is_some() && (width != self.width || breaks > TOO_MANY_LINES);
        if breaks > 0
            && (doubtful || swallows(self.dialect, self.columns(), self.width, text, orderly))
        {
            rows.undo(first);
            let taken = extent
                .stray
                .and_then(|_| self.take_only_reading(data, true, rows, first));
            return taken.unwrap_or_else(|| ConsumedRow {
                in_vain: data.len(),
                ..self.take_first_line(data, rows)
            });
        }
        if extent.quoted == 0 && extent.stray.is_none() {
            if let Some(lines) = self.split_at_other_endings(text, rows, first) {
                return ConsumedRow { lines, ..taken };
            }
        } else if extent.stray.is_some() && width != self.width && breaks == 0 {
            // The delimiters alone may give the right width, as in `"Per" Hansen;…`.
            let mut count = Count::default();
            split_at_delimiters(self.dialect, text, &mut count);
            if count.0 == self.width {
                rows.undo(first);
                split_at_delimiters(self.dialect, text, rows);
                doubt = Some(QuoteDoubt::by_delimiters(self.dialect, text));
            } else if self.split_at_quotes(text, rows, first) {
                doubt = Some(QuoteDoubt::by_borders(self.dialect, text, self.width));
            }
        }
        let width = rows.ends.len() - first;
        if extent.stray.is_some() {
            let told = *doubt.get_or_insert_with(|| QuoteDoubt::by_quotes(self.dialect, text));
            if (width != self.width || !told.is_none())
                && let Some(taken) = self.take_only_reading(data, true, rows, first)
            {
                return taken;
            }
        }
        if self.refuse_wide(rows, first) {
            return taken;
        }
        rows.end_row(self.line, first);
        if let (Some(column), Some(doubt)) = (extent.stray, doubt) {
            self.report_stray(rows, column, text, doubt);
        }
        self.report_row(rows, width, text, &extent);
        taken
    }

    /// Tells of a row that was made what its width, its quotes and its cells say.
    fn report_row(&self, rows: &mut RowBuilder, width: usize, text: &[u8], extent: &RowExtent) {
        if extent.stray.is_none() && self.quotes_all && extent.quoted < width {
            let doubt = QuoteDoubt::of_merged(self.dialect, rows.cells(rows.len() - 1));
            if !doubt.is_none() {
                self.report_stray(rows, 0, text, doubt);
            }
        }
        self.report_width(rows, width, text);
        if extent.end > self.limits.max_field {
            report_large_cells(rows, self.sheet, self.line, self.limits);
        }
    }

    /// Takes the row in its only reading in place of the cells from `first` on.
    fn take_only_reading(
        &self,
        data: &[u8],
        ended: bool,
        rows: &mut RowBuilder,
        first: usize,
    ) -> Option<ConsumedRow> {
        let reading = OnlyReading::of(self.dialect, data, ended, self.width)?;
        if self.rejects || !self.shapes.fit(&reading.cells) {
            return None;
        }
        rows.undo(first);
        for cell in reading.cells {
            rows.piece(cell);
            rows.end_cell();
        }
        rows.end_row(self.line, first);
        let message = "quotes inside of a cell are not doubled; the row has one reading only";
        rows.problem(self.problem(Code::RepairedByRule, message.to_owned()));
        Some(ConsumedRow {
            bytes: reading.bytes,
            lines: reading.lines,
            in_vain: 0,
        })
    }

    /// Or all cells are in quotes, and one of them ends with a quote of its own, as in
    /// `"he said "no"","3"`.
    fn split_at_quotes(&self, text: &[u8], rows: &mut RowBuilder, first: usize) -> bool {
        // Rejected records carry a cell of ours at the end, which has no quotes.
        let is_such =
            !self.rejects && split_at_quotes(self.dialect, text, self.width, &mut Count::default());
        if is_such {
            rows.undo(first);
            split_at_quotes(self.dialect, text, self.width, rows);
        }
        is_such
    }

    /// A quote is opened and not closed within reach.
    pub(super) fn take_open(
        &self,
        window: ScanWindow<'_>,
        rows: &mut RowBuilder,
    ) -> Option<ConsumedRow> {
        let ScanWindow { data, ended, reach } = window;
        let near = &data[..data.len().min(reach)];
        let first = rows.ends.len();
        if let Some(taken) = self.take_only_reading(near, ended && near == data, rows, first) {
            return Some(taken);
        }
        let terminator = self.dialect.newline.terminator();
        let end = memchr(terminator, data).or(ended.then_some(data.len()))?;
        if end > self.limits.record() {
            return None;
        }
        let line = self.dialect.trim_ending(&data[..end]);
        let rest = &data[(end + 1).min(data.len())..];
        let rest = &rest[..rest.len().min(reach)];
        let mut count = Count::default();
        split_at_delimiters(self.dialect, line, &mut count);
        let is_row = |line: &[u8]| {
            self.columns() > 1
                && clean_width(self.dialect, self.dialect.trim_ending(line)) == Some(self.width)
        };
        let cut = ended
            && data.len() <= reach.min(self.limits.record())
            && count.0 != self.width
            && memchr_iter(terminator, rest).count() as u64 <= TOO_MANY_LINES
            && !rest.split(|byte| *byte == terminator).any(is_row);
        if !cut {
            return Some(ConsumedRow {
                in_vain: data.len().min(reach),
                ..self.take_first_line(data, rows)
            });
        }
        let first = rows.ends.len();
        let text = data.strip_suffix(&[terminator]).unwrap_or(data);
        let text = self.own_text(self.dialect.trim_ending(text));
        scan(
            self.dialect,
            ScanWindow {
                data: text,
                ..window
            },
            rows,
        );
        if self.rejects {
            // In place of the problems that were taken off the text.
            rows.end_cell();
        }
        rows.end_row(self.line, first);
        rows.raw(text);
        rows.problem(self.problem(
            Code::TruncatedInput,
            "the file ends inside a quoted cell of this row".to_owned(),
        ));
        Some(ConsumedRow {
            bytes: data.len(),
            lines: memchr_iter(terminator, data).count() as u64 + 1,
            in_vain: 0,
        })
    }

    /// Takes only the first line of `data`, by its delimiters: its quotes are not in order, and the
    /// lines after it are rows of their own.
    fn take_first_line(&self, data: &[u8], rows: &mut RowBuilder) -> ConsumedRow {
        let end = memchr(self.dialect.newline.terminator(), data).unwrap_or(data.len());
        let line = self.dialect.trim_ending(&data[..end]);
        let first = rows.ends.len();
        split_at_delimiters(self.dialect, line, rows);
        let taken = ConsumedRow {
            bytes: (end + 1).min(data.len()),
            lines: 1,
            in_vain: 0,
        };
        if self.refuse_wide(rows, first) {
            return taken;
        }
        let width = rows.ends.len() - first;
        rows.end_row(self.line, first);
        let quotes = self
            .dialect
            .quote
            .map_or(0, |quote| memchr_iter(quote, line).count());
        if width == self.width && quotes.is_multiple_of(2) {
            self.report_stray(rows, 0, line, QuoteDoubt::by_delimiters(self.dialect, line));
        } else {
            rows.raw(self.own_text(line));
            rows.problem(self.problem(
                Code::OpenQuote,
                "a quote is opened and not closed; only this line was taken".to_owned(),
            ));
        }
        taken
    }

    /// Whether the row from `first` on has more cells than a row may; they are not kept.
    fn refuse_wide(&self, rows: &mut RowBuilder, first: usize) -> bool {
        let width = rows.ends.len() - first;
        if width <= self.limits.max_columns.max(self.width) {
            return false;
        }
        rows.undo(first);
        rows.end_row(self.line, first);
        let most = self.limits.max_columns;
        let message = format!("{width} cells, and a row may have {most}");
        rows.problem(self.problem(Code::RecordTooLarge, message));
        true
    }

    /// Rows of the right width between line endings of another kind than the file's usual one. Gives
    /// the number of lines.
    fn split_at_other_endings(
        &self,
        text: &[u8],
        rows: &mut RowBuilder,
        first: usize,
    ) -> Option<u64> {
        let other = match self.dialect.newline {
            Newline::Lf | Newline::CrLf => b'\r',
            Newline::Cr => b'\n',
        };
        // Rejected records were written with one kind of ending, and a cell more than they had.
        if self.rejects || memchr(other, text).is_none() {
            return None;
        }
        let pieces = || text.split(|byte| *byte == other);
        if !pieces()
            .all(|piece| piece.is_empty() || clean_width(self.dialect, piece) == Some(self.width))
        {
            return None;
        }
        rows.undo(first);
        let mut line = self.line;
        for piece in pieces() {
            if !piece.is_empty() {
                let first = rows.ends.len();
                split_at_delimiters(self.dialect, piece, rows);
                rows.end_row(line, first);
            }
            line += 1;
        }
        Some(line - self.line)
    }

    /// What the file says of a row, without the problems of an earlier run: those never hold a
    /// delimiter.
    fn own_text<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        match memrchr(self.dialect.delimiter, text) {
            Some(end) if self.rejects => &text[..end],
            _ => text,
        }
    }

    /// A quote that stands where it must be meant as a letter is told, and others refuse their row: it may
    /// have lost a delimiter, or the other quote.
    fn report_stray(&self, rows: &mut RowBuilder, column: usize, text: &[u8], doubt: QuoteDoubt) {
        let column = match self.dialect.quote {
            // Where the row was split by delimiters, the first cell with a quote is meant.
            Some(quote) if column == 0 => rows
                .cells(rows.len() - 1)
                .position(|cell| memchr(quote, cell).is_some())
                .unwrap_or(0),
            _ => column,
        };
        let value = rows
            .cells(rows.len() - 1)
            .nth(column)
            .map(lossy)
            .unwrap_or_default();
        rows.raw(self.own_text(text));
        let (message, severity) = if doubt.is_none() {
            ("a quote out of place, read as text", Severity::Warning)
        } else {
            let message = "a quote out of place: a delimiter or another quote may be missing";
            (message, Severity::Error)
        };
        rows.problem(
            self.problem(Code::StrayQuote, message.to_owned())
                .at(&column_name(self.sheet, column), &value)
                .with_severity(severity),
        );
    }

    fn report_width(&self, rows: &mut RowBuilder, width: usize, text: &[u8]) {
        let code = match width.cmp(&self.width) {
            std::cmp::Ordering::Less => Code::RowTooShort,
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => Code::RowTooLong,
        };
        if self.has_rest && width + 1 >= self.width {
            return rows.raw(self.own_text(text));
        }
        let extra = usize::from(self.rejects);
        let (has, wants) = (width.saturating_sub(extra), self.width - extra);
        let cells = if has == 1 { "cell" } else { "cells" };
        let columns = if wants == 1 { "column" } else { "columns" };
        rows.raw(self.own_text(text));
        rows.problem(self.problem(code, format!("{has} {cells} for {wants} {columns}")));
    }
}
