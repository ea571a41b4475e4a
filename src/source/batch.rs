//! Records in batches.
//!
//! Records travel between threads by the batch, and the cells of a batch share one allocation: at
//! two million rows a second an allocation per cell would cost more than reading the file.

use std::num::NonZeroU64;
use std::sync::Arc;

use serde_json::Value as Json;

use super::batch_content::{BatchContent, RowSpan, TREE, Tree};
use super::memory_budget::{MemoryBudget, Reservation};
use super::record::Record;
use super::sheet::Sheet;
use crate::domain::Problem;

/// What a problem takes with its texts, usually.
const PROBLEM_BYTES: usize = 512;

/// A batch is full with so many records…
pub(super) const FULL_ROWS: usize = if cfg!(fuzzing) { 5 } else { 1000 };
/// … or so many bytes.
pub(super) const FULL_BYTES: usize = 256 << 10;

/// Some consecutive records of one sheet.
#[derive(Debug, Clone)]
pub struct Batch {
    content: BatchContent,
    /// Bytes that the trees take.
    tree_bytes: usize,
    /// What the batch takes of a budget until it is dropped.
    reservation: Option<Arc<Reservation>>,
}

/// What a table reader gathers before its text is known to be valid.
#[derive(Debug, Default)]
pub(super) struct BatchParts {
    pub(super) text: String,
    pub(super) ends: Vec<u32>,
    pub(super) rows: Vec<RowSpan>,
    pub(super) problems: Vec<(u32, Problem)>,
    pub(super) raws: Vec<(u32, Box<[u8]>)>,
    pub(super) noted_ids: Vec<(u32, Box<str>)>,
}

impl Batch {
    /// An empty batch of `sheet`.
    pub fn new(sheet: Arc<Sheet>) -> Self {
        Batch {
            content: BatchContent::new(sheet),
            tree_bytes: 0,
            reservation: None,
        }
    }

    /// A batch of table rows; problems and raws come in ascending order of rows, and every cell in
    /// `text` is followed by one ASCII byte.
    pub(super) fn from_parts(sheet: Arc<Sheet>, parts: BatchParts) -> Self {
        Batch {
            content: BatchContent {
                text: parts.text,
                ends: parts.ends,
                rows: parts.rows,
                problems: parts.problems,
                raws: parts.raws,
                noted_ids: parts.noted_ids,
                ..BatchContent::new(sheet)
            },
            tree_bytes: 0,
            reservation: None,
        }
    }

    /// Starts a table row that stands on `line`; its cells follow by [`Batch::push_cell`].
    pub fn start_row(&mut self, line: u64) {
        let first = u32::try_from(self.content.ends.len()).unwrap_or(u32::MAX);
        self.content.rows.push(RowSpan {
            line,
            first,
            cells: 0,
        });
    }

    /// Adds a cell to the row that was started last. A batch holds less than 4 GiB of text.
    pub fn push_cell(&mut self, cell: &str) {
        self.content.text.push_str(cell);
        self.content
            .ends
            .push(u32::try_from(self.content.text.len()).unwrap_or(u32::MAX));
        self.content.text.push('\n');
        if let Some(row) = self.content.rows.last_mut() {
            row.cells += 1;
        }
    }

    /// Adds a JSON record that starts on `line`, with its [`Record::number`].
    pub fn push_tree(&mut self, line: u64, number: Option<NonZeroU64>, value: Json) {
        let first = u32::try_from(self.content.trees.len()).unwrap_or(u32::MAX);
        self.content.trees.push(Tree { number, value });
        self.content.rows.push(RowSpan {
            line,
            first,
            cells: TREE,
        });
    }

    /// Takes the JSON record off that was pushed last, with nothing attached to it.
    pub fn pop_tree(&mut self) -> Option<Json> {
        self.content.rows.pop_if(|row| row.cells == TREE)?;
        self.content.trees.pop().map(|tree| tree.value)
    }

    /// Attaches a problem of reading to the row that was started last, whose number it gets.
    pub fn push_problem(&mut self, mut problem: Problem) {
        problem.location.record = self.iter().last().and_then(|record| record.number());
        let row = u32::try_from(self.content.rows.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.content.problems.push((row, problem));
    }

    /// Keeps what the file says of the row that was started last, for [`Record::raw`].
    pub(super) fn push_raw(&mut self, raw: &[u8]) {
        let row = u32::try_from(self.content.rows.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.content.raws.push((row, raw.into()));
    }

    /// Keeps the id that the row that was started last had when it was rejected, if it had one.
    pub(super) fn push_noted_id(&mut self, id: &str) {
        if !id.is_empty() {
            let row = u32::try_from(self.content.rows.len().saturating_sub(1)).unwrap_or(u32::MAX);
            self.content.noted_ids.push((row, id.into()));
        }
    }

    /// Lets the records from here on come from `sheet`.
    pub fn turn_to(&mut self, sheet: &Arc<Sheet>) {
        let current = self
            .content
            .others
            .last()
            .map_or(&self.content.sheet, |(_, sheet)| sheet);
        if !Arc::ptr_eq(current, sheet) {
            let row = u32::try_from(self.content.rows.len()).unwrap_or(u32::MAX);
            self.content.others.push((row, Arc::clone(sheet)));
        }
    }

    /// Adds a record of another batch of the same sheet.
    pub fn push_record(&mut self, record: &Record<'_>) {
        if let Some(tree) = record.tree() {
            self.push_tree(record.line(), record.number(), tree.clone());
        } else {
            self.start_row(record.line());
            record.cells().for_each(|cell| self.push_cell(cell));
        }
        if let Some(raw) = record.raw() {
            self.push_raw(raw);
        }
        self.push_noted_id(record.noted_id().unwrap_or_default());
        for problem in record.problems() {
            self.push_problem(problem.clone());
        }
    }

    /// Bytes of text in the batch, to know when it is full.
    pub fn bytes(&self) -> usize {
        self.content.text.len()
    }

    /// Notes that the trees take `bytes` more of memory.
    pub(super) fn add_tree_bytes(&mut self, bytes: usize) {
        self.tree_bytes = self.tree_bytes.saturating_add(bytes);
    }

    /// Bytes of memory that the batch takes, nearly.
    pub fn memory(&self) -> usize {
        let unread: usize = self.content.raws.iter().map(|(_, raw)| raw.len()).sum();
        let places = self.content.rows.len() * size_of::<RowSpan>()
            + self.content.ends.len() * size_of::<u32>();
        self.content.text.len()
            + self.tree_bytes
            + unread
            + places
            + self.content.problems.len() * PROBLEM_BYTES
    }

    /// Waits until `budget` has room for the batch, and takes it until the batch is dropped.
    pub fn reserve(&mut self, budget: &Arc<MemoryBudget>) {
        let reservation = budget.reserve(self.memory());
        self.reservation = Some(Arc::new(reservation));
    }

    /// Whether a later batch waits for the room that this one takes.
    #[cfg(test)]
    pub fn is_awaited(&self) -> bool {
        self.reservation
            .as_ref()
            .is_some_and(|reservation| reservation.is_awaited())
    }

    /// Gives back what the batch takes of a budget, for a holder that waits for later batches: they
    /// would wait for this one.
    pub fn release(&self) {
        if let Some(reservation) = &self.reservation {
            reservation.release();
        }
    }

    /// The sheet that the records come from.
    pub fn sheet(&self) -> &Arc<Sheet> {
        &self.content.sheet
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.content.rows.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.content.rows.is_empty()
    }

    /// The record at `index`.
    ///
    /// # Panics
    /// When `index` is not below [`Batch::len`].
    pub fn get(&self, index: usize) -> Record<'_> {
        Record::new(&self.content, index)
    }

    /// The records in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }
}
