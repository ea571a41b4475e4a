//! Files that were put one behind the other: the header stands again among the rows, and marks stand
//! before some of them. Looked for when a batch is gathered, by the first bytes of each row.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::cell_text::is_words;
use super::column_shapes::ColumnShapes;
use super::row_beginnings::{Beginnings, FIRST_CELLS, MARKED};
use super::row_builder::RowBuilder;
use crate::domain::{Code, Location, Problem};
use crate::source::Sheet;
use crate::source::bytes::{lossy, mark_length};

/// Knows the header of a file when it comes again.
#[derive(Debug, Default)]
pub(in crate::source) struct RepeatedHeader {
    /// The names as they stand in the file; none in a file without a header.
    names: Vec<Vec<u8>>,
    /// What the values of the columns look like.
    shapes: ColumnShapes,
    /// The line of a header with other columns.
    other: Option<u64>,
    /// The line of a row that may be the header of another table.
    doubtful: Option<u64>,
    /// What a row must begin with to be looked at.
    beginnings: Beginnings,
}

/// How a row is like the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum HeaderLikeness {
    None,
    /// Word for word.
    Same,
    /// Most of the names, and others.
    Other,
}

impl RepeatedHeader {
    pub(in crate::source) fn new(names: &[String], shapes: ColumnShapes) -> Self {
        let names = names.iter().map(|name| bare(name.as_bytes()).to_vec());
        let names: Vec<Vec<u8>> = names.collect();
        RepeatedHeader {
            beginnings: Beginnings::of(&names, |column| shapes.has(column)),
            names,
            shapes,
            other: None,
            doubtful: None,
        }
    }

    /// Takes the marks off the rows of a batch, and says of a row that is the header once more that it is
    /// no record. The rows behind another header are errors: nobody knows their columns.
    pub(in crate::source) fn report(&mut self, rows: &mut RowBuilder, sheet: &Sheet) {
        let found = (0..rows.len()).map(|row| rows.beginning(row, &self.beginnings));
        let found: Vec<u8> = found.collect();
        let bits = found.iter().fold(0, |all, bits| all | bits);
        if bits & MARKED != 0 {
            rows.take_marks();
        }
        if bits == 0 && self.other.is_none() && self.doubtful.is_none() {
            return;
        }
        for (index, bits) in found.into_iter().enumerate() {
            if self.other.is_some()
                && bits != 0
                && self.likeness(|| rows.cells(index)) == HeaderLikeness::Same
            {
                self.other = None;
            }
            if let Some(line) = self.other {
                let message = format!(
                    "line {line} is another header, so nobody knows the columns of this row"
                );
                tell(rows, index, Code::HeaderChanged, &message, sheet);
                continue;
            }
            if let Some(line) = self.doubtful {
                let cells: Vec<&[u8]> = rows.cells(index).collect();
                if self.shapes.fit(&cells) {
                    self.doubtful = None;
                } else if !self.shapes.is_header(&cells) {
                    let message = format!(
                        "line {line} is another header, and the values of this row fit it alone"
                    );
                    tell(rows, index, Code::HeaderChanged, &message, sheet);
                    continue;
                }
            }
            if bits == 0 {
                continue;
            }
            match self.likeness(|| rows.cells(index)) {
                HeaderLikeness::None => self.report_foreign(rows, index, sheet),
                HeaderLikeness::Same => {
                    let message = "the header of the file once more";
                    tell(rows, index, Code::TrailingRow, message, sheet);
                }
                HeaderLikeness::Other => {
                    self.other = Some(rows.line(index));
                    let message =
                        "a header with other columns than the file's: another file begins here";
                    tell(rows, index, Code::HeaderChanged, message, sheet);
                }
            }
        }
    }

    /// Says of a row with names in place of values that it is the header of another table. Behind an empty
    /// line, and behind names for all columns, nothing that follows is read by the columns of the first.
    fn report_foreign(&mut self, rows: &mut RowBuilder, index: usize, sheet: &Sheet) {
        let cells: Vec<&[u8]> = rows.cells(index).collect();
        if !self.shapes.is_header(&cells) {
            return;
        }
        let line = rows.line(index);
        let is_whole = cells.len() == self.names.len() && are_names(&cells);
        if is_whole || rows.is_behind_gap(index) {
            self.other = Some(line);
        } else {
            self.doubtful = Some(line);
        }
        let message = "names in place of values: another table begins here";
        tell(rows, index, Code::HeaderChanged, message, sheet);
    }

    /// What the values of the columns look like.
    pub(super) fn shapes(&self) -> &ColumnShapes {
        &self.shapes
    }

    /// Whether a row has most of the names, and others.
    pub(super) fn is_another(&self, row: &[String]) -> bool {
        self.likeness(|| row.iter().map(String::as_bytes)) == HeaderLikeness::Other
    }

    fn likeness<'c, Cells>(&self, cells_of_row: impl Fn() -> Cells) -> HeaderLikeness
    where
        Cells: Iterator<Item = &'c [u8]>,
    {
        let first = cells_of_row().zip(&self.names).take(FIRST_CELLS);
        let mut first = first.filter(|(cell, name)| cell.len() >= name.len() && !name.is_empty());
        let is_alike = first.any(|(cell, name)| bare(cell).eq_ignore_ascii_case(name));
        if !is_alike || self.names.len() < 2 {
            return HeaderLikeness::None;
        }
        let cells: Vec<&[u8]> = cells_of_row().map(bare).collect();
        let filled = cells.iter().filter(|cell| !cell.is_empty());
        let known = filled.clone().filter(|cell| self.is_name(cell)).count();
        let fits = |(cell, name): (&&[u8], &Vec<u8>)| cell.eq_ignore_ascii_case(name);
        let is_same = cells.len() == self.names.len() && cells.iter().zip(&self.names).all(fits);
        match filled.count() {
            _ if is_same => HeaderLikeness::Same,
            filled if known >= 2 && known * 2 > filled => HeaderLikeness::Other,
            _ => HeaderLikeness::None,
        }
    }

    fn is_name(&self, cell: &[u8]) -> bool {
        self.names
            .iter()
            .any(|name| name.eq_ignore_ascii_case(cell))
    }
}

fn tell(rows: &mut RowBuilder, index: usize, code: Code, message: &str, sheet: &Sheet) {
    let location = Location::on_line(Arc::clone(&sheet.file), rows.line(index));
    let value = rows.cells(index).next().map(lossy).unwrap_or_default();
    let problem = Problem::new(code, location, message);
    let problem = match (code, &sheet.header) {
        (Code::HeaderChanged, Some(header)) => {
            problem.at(header.names().first().map_or("", String::as_str), &value)
        }
        _ => problem,
    };
    rows.replace_problems(index, problem);
}

/// Whether all cells are words, and no two of them the same.
fn are_names(cells: &[&[u8]]) -> bool {
    let mut seen = BTreeSet::new();
    let is_name = |cell: &&[u8]| std::str::from_utf8(cell).is_ok_and(is_words);
    cells
        .iter()
        .all(|cell| is_name(cell) && seen.insert(cell.to_ascii_lowercase()))
}

/// A cell without blanks and marks around it.
fn bare(cell: &[u8]) -> &[u8] {
    let mut cell = cell.trim_ascii();
    while mark_length(cell) > 0 {
        cell = cell[mark_length(cell)..].trim_ascii_start();
    }
    cell
}
