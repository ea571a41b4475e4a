//! Table rows on their way into a batch.
//!
//! Cells are gathered as bytes and found to be text once for the whole batch; only when that fails is
//! each cell looked at.

use std::sync::Arc;

use memchr::memchr;

use super::row_beginnings::{Beginnings, FIRST_CELLS};
use super::sink::Sink;
use crate::domain::{Code, Location, Problem};
use crate::source::batch::{Batch, BatchParts, FULL_BYTES, FULL_ROWS};
use crate::source::batch_content::RowSpan;
use crate::source::bytes::{lossy, mark_length, undecodable_message};
use crate::source::format::Dialect;
use crate::source::rejects;
use crate::source::sheet::{Sheet, column_name};

/// The byte after each cell. Any ASCII byte will do.
const SEPARATOR: u8 = b'\n';

/// Rows as bytes.
#[derive(Debug, Default)]
pub(in crate::source) struct RowBuilder {
    pub(in crate::source) bytes: Vec<u8>,
    pub(in crate::source) ends: Vec<u32>,
    /// Whether the last cell of every row is the `_problems` of an earlier run.
    pub(in crate::source) drop_last: bool,
    list: Vec<RowSpan>,
    problems: Vec<(u32, Problem)>,
    raws: Vec<(u32, Box<[u8]>)>,
    noted_ids: Vec<(u32, Box<str>)>,
    /// Rows before which the file has an empty line.
    gaps: Vec<u32>,
    /// Rows that stand in place of records which a file of rejected records lacks.
    cuts: Vec<u32>,
}

impl Sink for RowBuilder {
    fn piece(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    fn end_cell(&mut self) {
        self.end_at(self.bytes.len());
        self.bytes.push(SEPARATOR);
    }
}

impl RowBuilder {
    /// Room for a batch of rows of so many cells; `drop_last` as in the field. `scratch` is what
    /// [`RowBuilder::seal`] gave back.
    pub(in crate::source) fn for_batch(drop_last: bool, width: usize, scratch: Vec<u8>) -> Self {
        RowBuilder {
            bytes: scratch,
            ends: Vec::with_capacity(FULL_ROWS * width.min(64)),
            list: Vec::with_capacity(FULL_ROWS),
            drop_last,
            ..RowBuilder::default()
        }
    }

    /// Notes that a cell ends at `end` of the bytes to come.
    pub(in crate::source) fn end_at(&mut self, end: usize) {
        self.ends.push(u32::try_from(end).unwrap_or(u32::MAX));
    }

    /// Makes a row of the cells from `first` on.
    pub(in crate::source) fn end_row(&mut self, line: u64, first: usize) {
        if self.drop_last && self.ends.len() > first {
            let reasons = self.cell(self.ends.len() - 1);
            let id = rejects::noted_id(reasons).map(Box::from);
            let is_cut = rejects::are_of_cut(reasons);
            self.ends.pop();
            let end = self.ends.last().map_or(0, |end| *end as usize + 1);
            self.bytes.truncate(end);
            let row = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
            self.noted_ids.extend(id.map(|id| (row, id)));
            self.cuts.extend(is_cut.then_some(row));
        }
        self.list.push(RowSpan {
            line,
            first: u32::try_from(first).unwrap_or(u32::MAX),
            cells: u32::try_from(self.ends.len() - first).unwrap_or(u32::MAX),
        });
    }

    /// Notes an empty line before the next row.
    #[cold]
    pub(in crate::source) fn note_gap(&mut self) {
        let row = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
        if self.gaps.last() != Some(&row) {
            self.gaps.push(row);
        }
    }

    /// Whether there is an empty line before the row at `index`.
    pub(super) fn is_behind_gap(&self, index: usize) -> bool {
        let row = u32::try_from(index).unwrap_or(u32::MAX);
        self.gaps.binary_search(&row).is_ok()
    }

    /// Takes back the cells from `first` on, which belong to no row yet.
    pub(in crate::source) fn undo(&mut self, first: usize) {
        self.ends.truncate(first);
        let end = self.ends.last().map_or(0, |end| *end as usize + 1);
        self.bytes.truncate(end);
    }

    /// Attaches a problem to the last row.
    pub(in crate::source) fn problem(&mut self, problem: Problem) {
        self.problems.push((self.last(), problem));
    }

    /// Says of a last row that is not whole, and behind which the file has no line ending, that not the
    /// row but the file may be at fault. Without the ending alone nothing is said: many systems leave
    /// it out.
    pub(in crate::source) fn doubt_end(&mut self) {
        let last = self.last();
        let of_last = self.problems.iter_mut().rev();
        for (_, problem) in of_last.take_while(|(row, _)| *row == last) {
            if matches!(
                problem.code,
                Code::RowTooShort | Code::OpenQuote | Code::TruncatedInput
            ) {
                let message = format!(
                    "{}; the file may be cut: it ends here without a line ending",
                    problem.message
                );
                problem.message = message.into();
            }
        }
    }

    /// Whether something is wrong with the row at `index`.
    pub(in crate::source) fn has_problem(&self, index: usize) -> bool {
        self.problems.iter().any(|(row, _)| *row as usize == index)
    }

    /// Keeps what the file says of the last row.
    pub(in crate::source) fn raw(&mut self, raw: &[u8]) {
        let last = self.last();
        if self.raws.last().is_none_or(|(row, _)| *row != last) {
            self.raws.push((last, raw.into()));
        }
    }

    pub(in crate::source) fn len(&self) -> usize {
        self.list.len()
    }

    pub(in crate::source) fn is_full(&self) -> bool {
        self.is_full_at(self.bytes.len())
    }

    /// The same with so many bytes, some of which are still to be copied.
    pub(super) fn is_full_at(&self, bytes: usize) -> bool {
        self.list.len() >= FULL_ROWS || bytes >= FULL_BYTES
    }

    /// The line of the row at `index`.
    pub(in crate::source) fn line(&self, index: usize) -> u64 {
        self.list[index].line
    }

    /// The cells of the row at `index`.
    pub(in crate::source) fn cells(
        &self,
        index: usize,
    ) -> impl ExactSizeIterator<Item = &[u8]> + DoubleEndedIterator {
        let row = self.list[index];
        (row.first..row.first + row.cells).map(|cell| self.cell(cell as usize))
    }

    /// Takes the problems of the row at `index` away, because it is no record.
    pub(in crate::source) fn replace_problems(&mut self, index: usize, problem: Problem) {
        let row = u32::try_from(index).unwrap_or(u32::MAX);
        self.problems.retain(|(known, _)| *known != row);
        let at = self.problems.partition_point(|(known, _)| *known < row);
        self.problems.insert(at, (row, problem));
    }

    /// Notes a problem of the row at `index`.
    pub(super) fn problem_of(&mut self, index: usize, problem: Problem) {
        let row = u32::try_from(index).unwrap_or(u32::MAX);
        self.problems.push((row, problem));
    }

    /// Takes byte order marks and DOS ends of files off the beginnings of rows. A row that is nothing
    /// else stays, with an empty cell.
    pub(in crate::source) fn take_marks(&mut self) {
        let is_marked = |row: &RowSpan| {
            let cell = row.first as usize;
            row.cells > 0 && mark_length(self.cell(cell)) > 0
        };
        if !self.list.iter().any(is_marked) {
            return;
        }
        let mut bytes = Vec::with_capacity(self.bytes.len());
        let mut ends = Vec::with_capacity(self.ends.len());
        for row in &self.list {
            for number in row.first..row.first + row.cells {
                let mut cell = self.cell(number as usize);
                while number == row.first && mark_length(cell) > 0 {
                    cell = &cell[mark_length(cell)..];
                }
                bytes.extend_from_slice(cell);
                ends.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
                bytes.push(SEPARATOR);
            }
        }
        (self.bytes, self.ends) = (bytes, ends);
    }

    fn last(&self) -> u32 {
        u32::try_from(self.list.len().saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// Not zero if one of the first cells of the row at `index` has such a beginning. Of an empty cell the byte
    /// behind it is looked at.
    #[inline]
    pub(super) fn beginning(&self, index: usize, beginnings: &Beginnings) -> u8 {
        let row = self.list[index];
        let first = row.first as usize;
        let mut start = match first.checked_sub(1) {
            None => 0,
            Some(before) => self.ends[before] as usize + 1,
        };
        let cells = &self.ends[first..first + (row.cells as usize).min(FIRST_CELLS)];
        cells.iter().enumerate().fold(0, |all, (number, end)| {
            let byte = self.bytes.get(start).copied().unwrap_or_default();
            start = *end as usize + 1;
            all | beginnings.of_cell(number, byte)
        })
    }

    fn cell(&self, index: usize) -> &[u8] {
        let start = match index.checked_sub(1) {
            None => 0,
            Some(before) => self.ends[before] as usize + 1,
        };
        &self.bytes[start..self.ends[index] as usize]
    }

    /// The batch of these rows. Cells that are no text or hold NUL get a problem. The bytes are left
    /// in `scratch`, empty, for the next batch: what is gathered in memory that the cache still
    /// holds, and copied once it is known to be text, is cheaper than fresh memory for each batch.
    pub(in crate::source) fn seal(
        mut self,
        sheet: &Arc<Sheet>,
        dialect: Dialect,
        scratch: &mut Vec<u8>,
    ) -> Batch {
        if memchr(0, &self.bytes).is_some() {
            self.report_nuls(sheet);
        }
        for row in std::mem::take(&mut self.cuts) {
            let location = self.location(sheet, row as usize);
            let problem = Problem::new(Code::RejectsCut, location, rejects::cut_message());
            self.replace_problems(row as usize, problem);
        }
        let text = match simdutf8::basic::from_utf8(&self.bytes) {
            Ok(text) => text.to_owned(),
            Err(_) => self.report_undecodable(sheet, dialect),
        };
        *scratch = std::mem::take(&mut self.bytes);
        scratch.clear();
        self.problems.sort_by_key(|(row, _)| *row);
        self.raws.sort_by_key(|(row, _)| *row);
        Batch::from_parts(
            Arc::clone(sheet),
            BatchParts {
                text,
                ends: self.ends,
                rows: self.list,
                problems: self.problems,
                raws: self.raws,
                noted_ids: self.noted_ids,
            },
        )
    }

    fn report_nuls(&mut self, sheet: &Sheet) {
        let mut found = Vec::new();
        for index in 0..self.list.len() {
            for (column, cell) in self.cells(index).enumerate() {
                if let Some(at) = memchr(0, cell) {
                    let value = String::from_utf8_lossy(cell);
                    let message = format!("a NUL byte, at byte {} of the cell", at + 1);
                    let problem = Problem::new(Code::NulByte, self.location(sheet, index), message)
                        .at(&column_name(sheet, column), &value);
                    found.push((u32::try_from(index).unwrap_or(u32::MAX), problem));
                }
            }
        }
        self.problems.append(&mut found);
    }

    /// Looks at each cell, and gives the text with U+FFFD where bytes are none: the problem that is
    /// reported with it keeps such a record from being sent.
    fn report_undecodable(&mut self, sheet: &Sheet, dialect: Dialect) -> String {
        let mut text = String::with_capacity(self.bytes.len() + 64);
        let mut ends = Vec::with_capacity(self.ends.len());
        let (mut problems, mut raws) = (Vec::new(), Vec::new());
        for index in 0..self.list.len() {
            let number = u32::try_from(index).unwrap_or(u32::MAX);
            let mut damaged = false;
            for (column, cell) in self.cells(index).enumerate() {
                match std::str::from_utf8(cell) {
                    Ok(cell) => text.push_str(cell),
                    Err(error) => {
                        damaged = true;
                        let value = lossy(cell);
                        let message = undecodable_message(cell, error.valid_up_to());
                        let problem = Problem::new(
                            Code::UndecodableBytes,
                            self.location(sheet, index),
                            message,
                        )
                        .at(&column_name(sheet, column), &value);
                        problems.push((number, problem));
                        text.push_str(&value);
                    }
                }
                ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
                text.push('\n');
            }
            if damaged && self.raws.iter().all(|(row, _)| *row != number) {
                let mut raw = Vec::new();
                dialect.write_row(self.cells(index), &mut raw);
                raws.push((number, raw.into_boxed_slice()));
            }
        }
        self.problems.append(&mut problems);
        self.raws.append(&mut raws);
        self.ends = ends;
        text
    }

    pub(super) fn location(&self, sheet: &Sheet, index: usize) -> Location {
        Location::on_line(Arc::clone(&sheet.file), self.list[index].line)
    }
}
