//! What a batch holds of its records, as it lies in memory.

use std::num::NonZeroU64;
use std::sync::Arc;

use serde_json::Value as Json;

use super::sheet::Sheet;
use crate::domain::Problem;

/// Where a record lies.
#[derive(Debug, Clone, Copy)]
pub(super) struct RowSpan {
    pub(super) line: u64,
    /// First cell of the row in `ends`, or the index of its tree.
    pub(super) first: u32,
    /// Number of cells; [`TREE`] for a JSON record.
    pub(super) cells: u32,
}

/// Stands for the number of cells of a JSON record.
pub(super) const TREE: u32 = u32::MAX;

/// A JSON record, and its number in the file where lines do not tell the records apart.
#[derive(Debug, Clone)]
pub(super) struct Tree {
    pub(super) number: Option<NonZeroU64>,
    pub(super) value: Json,
}

/// What a batch holds of its records.
#[derive(Debug, Clone)]
pub(super) struct BatchContent {
    pub(super) sheet: Arc<Sheet>,
    /// The cells, each followed by one ASCII byte. With that byte a row without quotes is copied in
    /// one piece, delimiters and all, and text that is valid as a whole is valid in every cell.
    pub(super) text: String,
    /// Where each cell ends; the next one starts one byte later.
    pub(super) ends: Vec<u32>,
    pub(super) trees: Vec<Tree>,
    pub(super) rows: Vec<RowSpan>,
    /// Problems of reading, by row, in ascending order of rows.
    pub(super) problems: Vec<(u32, Problem)>,
    /// What the file says, byte by byte, of rows whose cells do not tell it; ascending.
    pub(super) raws: Vec<(u32, Box<[u8]>)>,
    /// The ids that rejected rows had when they were rejected; ascending.
    pub(super) noted_ids: Vec<(u32, Box<str>)>,
    /// From which row on the records come from another sheet than `sheet`; ascending, and empty
    /// but for records that were brought together from several files.
    pub(super) others: Vec<(u32, Arc<Sheet>)>,
}

impl BatchContent {
    /// Nothing, of this sheet.
    pub(super) fn new(sheet: Arc<Sheet>) -> BatchContent {
        BatchContent {
            sheet,
            text: String::new(),
            ends: Vec::new(),
            trees: Vec::new(),
            rows: Vec::new(),
            problems: Vec::new(),
            raws: Vec::new(),
            noted_ids: Vec::new(),
            others: Vec::new(),
        }
    }

    /// The sheet that a row comes from.
    pub(super) fn sheet_of(&self, row: usize) -> &Arc<Sheet> {
        if self.others.is_empty() {
            return &self.sheet;
        }
        let after = self
            .others
            .partition_point(|(first, _)| *first as usize <= row);
        let turn = after
            .checked_sub(1)
            .and_then(|index| self.others.get(index));
        turn.map_or(&self.sheet, |(_, sheet)| sheet)
    }

    /// The text of a cell.
    pub(super) fn cell(&self, index: u32) -> &str {
        let index = index as usize;
        &self.text[self.start(index)..self.ends[index] as usize]
    }

    /// Where the cell begins.
    pub(super) fn start(&self, index: usize) -> usize {
        match index {
            0 => 0,
            _ => self.ends[index - 1] as usize + 1,
        }
    }
}
