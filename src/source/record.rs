//! Records as the rest of the pipeline sees them: in batches, each with its place.
//!
//! Records travel between threads by the batch, and the cells of a batch share one allocation: at
//! two million rows a second an allocation per cell would cost more than reading the file.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;

use serde_json::Value as Json;

use super::cells::Cells;
use super::json_path::{self, text_of, value_at};
use super::memory_budget::{MemoryBudget, Reservation};
use super::names::twins;
use super::sheet::{Column, Sheet};
use crate::domain::{Location, Problem};

#[derive(Debug, Clone, Copy)]
pub(super) struct RowSpan {
    pub(super) line: u64,
    /// First cell of the row in `ends`, or the index of its tree.
    pub(super) first: u32,
    /// Number of cells; [`TREE`] for a JSON record.
    pub(super) cells: u32,
}

const TREE: u32 = u32::MAX;

/// A JSON record, and its number in the file where lines do not tell the records apart.
#[derive(Debug, Clone)]
struct Tree {
    number: Option<NonZeroU64>,
    value: Json,
}

/// What a problem takes with its texts, usually.
const PROBLEM_BYTES: usize = 512;

/// A batch is full with so many records…
pub(super) const FULL_ROWS: usize = if cfg!(fuzzing) { 5 } else { 1000 };
/// … or so many bytes.
pub(super) const FULL_BYTES: usize = 256 << 10;

/// Some consecutive records of one sheet.
#[derive(Debug, Clone)]
pub struct Batch {
    sheet: Arc<Sheet>,
    /// The cells, each followed by one ASCII byte. With that byte a row without quotes is copied in
    /// one piece, delimiters and all, and text that is valid as a whole is valid in every cell.
    text: String,
    /// Where each cell ends; the next one starts one byte later.
    ends: Vec<u32>,
    trees: Vec<Tree>,
    rows: Vec<RowSpan>,
    /// Problems of reading, by row, in ascending order of rows.
    problems: Vec<(u32, Problem)>,
    /// What the file says, byte by byte, of rows whose cells do not tell it; ascending.
    raws: Vec<(u32, Box<[u8]>)>,
    /// The ids that rejected rows had when they were rejected; ascending.
    noted_ids: Vec<(u32, Box<str>)>,
    /// From which row on the records come from another sheet than `sheet`; ascending, and empty
    /// but for records that were brought together from several files.
    others: Vec<(u32, Arc<Sheet>)>,
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
            sheet,
            text: String::new(),
            ends: Vec::new(),
            trees: Vec::new(),
            rows: Vec::new(),
            problems: Vec::new(),
            raws: Vec::new(),
            noted_ids: Vec::new(),
            others: Vec::new(),
            tree_bytes: 0,
            reservation: None,
        }
    }

    /// A batch of table rows; problems and raws come in ascending order of rows, and every cell in
    /// `text` is followed by one ASCII byte.
    pub(super) fn from_parts(sheet: Arc<Sheet>, parts: BatchParts) -> Self {
        Batch {
            sheet,
            text: parts.text,
            ends: parts.ends,
            trees: Vec::new(),
            rows: parts.rows,
            problems: parts.problems,
            raws: parts.raws,
            noted_ids: parts.noted_ids,
            others: Vec::new(),
            tree_bytes: 0,
            reservation: None,
        }
    }

    /// Starts a table row that stands on `line`; its cells follow by [`Batch::push_cell`].
    pub fn start_row(&mut self, line: u64) {
        let first = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
        self.rows.push(RowSpan {
            line,
            first,
            cells: 0,
        });
    }

    /// Adds a cell to the row that was started last. A batch holds less than 4 GiB of text.
    pub fn push_cell(&mut self, cell: &str) {
        self.text.push_str(cell);
        self.ends
            .push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
        self.text.push('\n');
        if let Some(row) = self.rows.last_mut() {
            row.cells += 1;
        }
    }

    /// Adds a JSON record that starts on `line`, with its [`Record::number`].
    pub fn push_tree(&mut self, line: u64, number: Option<NonZeroU64>, value: Json) {
        let first = u32::try_from(self.trees.len()).unwrap_or(u32::MAX);
        self.trees.push(Tree { number, value });
        self.rows.push(RowSpan {
            line,
            first,
            cells: TREE,
        });
    }

    /// Takes the JSON record off that was pushed last, with nothing attached to it.
    pub fn pop_tree(&mut self) -> Option<Json> {
        self.rows.pop_if(|row| row.cells == TREE)?;
        self.trees.pop().map(|tree| tree.value)
    }

    /// Attaches a problem of reading to the row that was started last, whose number it gets.
    pub fn push_problem(&mut self, mut problem: Problem) {
        problem.location.record = self.iter().last().and_then(|record| record.number());
        let row = u32::try_from(self.rows.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.problems.push((row, problem));
    }

    /// Keeps what the file says of the row that was started last, for [`Record::raw`].
    pub(super) fn push_raw(&mut self, raw: &[u8]) {
        let row = u32::try_from(self.rows.len().saturating_sub(1)).unwrap_or(u32::MAX);
        self.raws.push((row, raw.into()));
    }

    /// Keeps the id that the row that was started last had when it was rejected, if it had one.
    pub(super) fn push_noted_id(&mut self, id: &str) {
        if !id.is_empty() {
            let row = u32::try_from(self.rows.len().saturating_sub(1)).unwrap_or(u32::MAX);
            self.noted_ids.push((row, id.into()));
        }
    }

    /// Lets the records from here on come from `sheet`.
    pub fn turn_to(&mut self, sheet: &Arc<Sheet>) {
        let current = self.others.last().map_or(&self.sheet, |(_, sheet)| sheet);
        if !Arc::ptr_eq(current, sheet) {
            let row = u32::try_from(self.rows.len()).unwrap_or(u32::MAX);
            self.others.push((row, Arc::clone(sheet)));
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

    fn sheet_of(&self, row: usize) -> &Arc<Sheet> {
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

    /// Bytes of text in the batch, to know when it is full.
    pub fn bytes(&self) -> usize {
        self.text.len()
    }

    /// Notes that the trees take `bytes` more of memory.
    pub(super) fn add_tree_bytes(&mut self, bytes: usize) {
        self.tree_bytes = self.tree_bytes.saturating_add(bytes);
    }

    /// Bytes of memory that the batch takes, nearly.
    pub fn memory(&self) -> usize {
        let unread: usize = self.raws.iter().map(|(_, raw)| raw.len()).sum();
        let places = self.rows.len() * size_of::<RowSpan>() + self.ends.len() * size_of::<u32>();
        self.text.len() + self.tree_bytes + unread + places + self.problems.len() * PROBLEM_BYTES
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
        &self.sheet
    }

    /// Number of records.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The record at `index`.
    ///
    /// # Panics
    /// When `index` is not below [`Batch::len`].
    pub fn get(&self, index: usize) -> Record<'_> {
        Record {
            batch: self,
            index,
            row: self.rows[index],
        }
    }

    /// The records in the order of the file.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Record<'_>> {
        (0..self.len()).map(|index| self.get(index))
    }
}

/// One record of a batch, with its place.
#[derive(Debug, Clone, Copy)]
pub struct Record<'b> {
    batch: &'b Batch,
    index: usize,
    row: RowSpan,
}

impl<'b> Record<'b> {
    /// Where the record stands.
    pub fn location(&self) -> Location {
        Location {
            file: Arc::clone(&self.sheet().file),
            line: self.row.line,
            record: self.number(),
        }
    }

    /// The physical line on which the record starts.
    pub fn line(&self) -> u64 {
        self.row.line
    }

    /// Which record of its file it is, from 1; `None` where its line tells that.
    pub fn number(&self) -> Option<NonZeroU64> {
        (self.row.cells == TREE)
            .then(|| self.batch.trees[self.row.first as usize].number)
            .flatten()
    }

    /// The sheet that the record comes from.
    pub fn sheet(&self) -> &'b Sheet {
        self.batch.sheet_of(self.index)
    }

    /// The same, to keep.
    pub fn shared_sheet(&self) -> Arc<Sheet> {
        Arc::clone(self.batch.sheet_of(self.index))
    }

    /// What could not be read of this record.
    pub fn problems(&self) -> impl Iterator<Item = &'b Problem> + use<'b> {
        let index = u32::try_from(self.index).unwrap_or(u32::MAX);
        let start = self.batch.problems.partition_point(|(row, _)| *row < index);
        self.batch.problems[start..]
            .iter()
            .take_while(move |(row, _)| *row == index)
            .map(|(_, problem)| problem)
    }

    /// The bytes of the file, without the line ending, for a record that its cells or its tree do
    /// not tell faithfully.
    pub(super) fn raw(&self) -> Option<&'b [u8]> {
        let index = u32::try_from(self.index).ok()?;
        let raws = &self.batch.raws;
        let at = raws.binary_search_by_key(&index, |(row, _)| *row).ok()?;
        Some(&raws[at].1)
    }

    /// The id that this record had when an earlier run rejected it, for a row of `rejected.csv`: a
    /// spreadsheet may have changed it since.
    pub fn noted_id(&self) -> Option<&'b str> {
        let index = u32::try_from(self.index).ok()?;
        let noted = &self.batch.noted_ids;
        let at = noted.binary_search_by_key(&index, |(row, _)| *row).ok()?;
        Some(&noted[at].1)
    }

    /// The cells of a table row, in the order of the file; nothing for JSON.
    pub fn cells(&self) -> impl Iterator<Item = &'b str> + use<'b> {
        let Record { batch, row, .. } = *self;
        let count = if row.cells == TREE { 0 } else { row.cells };
        (row.first..row.first + count).map(move |cell| batch.cell(cell))
    }

    /// The same by position; `None` for JSON.
    #[inline]
    pub fn table_cells(&self) -> Option<Cells<'b>> {
        let Record { batch, row, .. } = *self;
        if row.cells == TREE {
            return None;
        }
        let first = row.first as usize;
        Some(Cells {
            text: &batch.text,
            start: batch.start(first),
            ends: batch.ends.get(first..first + row.cells as usize)?,
            nulls: &self.sheet().nulls,
        })
    }

    /// The same for a row that was read without any problem and comes from the sheet that the batch
    /// names; `None` for every other record.
    pub fn plain_cells(&self) -> Option<Cells<'b>> {
        let Record { batch, index, .. } = *self;
        let has_problem = || {
            let found = batch
                .problems
                .binary_search_by_key(&index, |(row, _)| *row as usize);
            found.is_ok()
        };
        let is_plain = batch.others.is_empty()
            && (batch.noted_ids.is_empty() || self.noted_id().is_none())
            && (batch.problems.is_empty() || !has_problem());
        self.table_cells().filter(|_| is_plain)
    }

    /// The JSON object; `None` for a table row.
    pub fn tree(&self) -> Option<&'b Json> {
        (self.row.cells == TREE).then(|| &self.batch.trees[self.row.first as usize].value)
    }

    /// Two keys of a JSON record with different values, whose names are one by [`Header::key`](super::Header::key).
    pub fn twins(&self) -> Option<(&'b str, &'b str)> {
        self.tree().and_then(Json::as_object).and_then(twins)
    }

    /// The value at `column` as text. `None` when the record has no such cell or key, for JSON
    /// `null`, and for the sheet's null tokens. An empty cell is `Some("")`. JSON numbers come as
    /// the digits of the file, `true` and `false` as words, arrays and objects as JSON.
    pub fn text(&self, column: &Column) -> Option<Cow<'b, str>> {
        let text = match column {
            Column::Cell(cell) => Cow::Borrowed(self.cell(*cell)?),
            Column::Path(_) => text_of(self.json(column)?)?,
        };
        self.unless_null(text)
    }

    /// The text of a JSON value of this record, as [`Record::text`] gives it.
    pub fn text_of(&self, value: &'b Json) -> Option<Cow<'b, str>> {
        self.unless_null(text_of(value)?)
    }

    fn unless_null(&self, text: Cow<'b, str>) -> Option<Cow<'b, str>> {
        let nulls = &self.sheet().nulls;
        if !nulls.is_empty() && nulls.iter().any(|null| *null == *text) {
            return None;
        }
        Some(text)
    }

    /// The JSON value at `column`; `None` for table rows and missing keys.
    pub fn json(&self, column: &Column) -> Option<&'b Json> {
        let Column::Path(path) = column else {
            return None;
        };
        value_at(self.tree()?, path)
    }

    /// Whether the record has the column or key, filled or not. A key inside of something that is empty
    /// is there, too.
    pub fn has(&self, column: &Column) -> bool {
        match column {
            Column::Cell(cell) => self.cell(*cell).is_some(),
            Column::Path(path) => self.tree().is_some_and(|tree| json_path::has(tree, path)),
        }
    }

    fn cell(&self, cell: usize) -> Option<&'b str> {
        let cell = u32::try_from(cell).ok()?;
        (self.row.cells != TREE && cell < self.row.cells)
            .then(|| self.batch.cell(self.row.first + cell))
    }
}

impl Batch {
    fn cell(&self, index: u32) -> &str {
        let index = index as usize;
        &self.text[self.start(index)..self.ends[index] as usize]
    }

    /// Where the cell begins.
    fn start(&self, index: usize) -> usize {
        match index {
            0 => 0,
            _ => self.ends[index - 1] as usize + 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileFormat, Header};

    fn sheet(header: Option<&[&str]>) -> Arc<Sheet> {
        Arc::new(Sheet {
            file: "test.csv".into(),
            reading: String::new(),
            header: header
                .map(|names| Header::new(names.iter().map(|&name| name.to_owned()).collect())),
            nulls: vec!["NULL".to_owned()],
            form: FileFormat::default(),
        })
    }

    #[test]
    fn cells_are_found_by_loose_names_and_empty_is_not_absent() {
        let sheet = sheet(Some(&["Call ID", "user_name"]));
        let mut batch = Batch::new(Arc::clone(&sheet));
        batch.start_row(2);
        batch.push_cell("æ1");
        batch.push_cell("");
        batch.start_row(3);
        batch.push_cell("NULL");
        let id = sheet.column("call-id").unwrap();
        let name = sheet.column("User Name").unwrap();
        assert_eq!(batch.get(0).text(&id).as_deref(), Some("æ1"));
        assert_eq!(batch.get(0).text(&name).as_deref(), Some(""));
        assert_eq!(batch.get(1).text(&id), None);
        assert_eq!(batch.get(1).text(&name), None);
        assert_eq!(batch.get(1).cells().collect::<Vec<_>>(), ["NULL"]);
        assert_eq!(sheet.column("agent"), None);
    }

    #[test]
    fn json_is_reached_by_path_and_keeps_its_digits() {
        let sheet = sheet(None);
        let mut batch = Batch::new(Arc::clone(&sheet));
        let tree = serde_json::from_str(
            r#"{"id": 1234567890123456789012, "n": 1.50, "user": {"tags": ["a", null]}, "a.b": true,
                "agent": {"full.name": "Ida", "e.mail": {"at.work": "ida@example.com"}}}"#,
        );
        batch.push_tree(1, None, tree.unwrap());
        batch.push_tree(2, None, Json::Null);
        assert!(batch.iter().all(|record| record.table_cells().is_none()));
        let text = |name: &str| {
            batch
                .get(0)
                .text(&sheet.column(name).unwrap())
                .map(Cow::into_owned)
        };
        assert_eq!(text("id").as_deref(), Some("1234567890123456789012"));
        assert_eq!(text("n").as_deref(), Some("1.50"));
        assert_eq!(text("user.tags.0").as_deref(), Some("a"));
        assert_eq!(text("user.tags.1"), None);
        assert_eq!(text("user.tags").as_deref(), Some(r#"["a",null]"#));
        assert_eq!(text("a.b").as_deref(), Some("true"));
        assert_eq!(text("agent.full.name").as_deref(), Some("Ida"));
        assert_eq!(
            text("agent.e.mail.at.work").as_deref(),
            Some("ida@example.com")
        );
        assert_eq!(text("agent.e.mail.at.home"), None);
        let has = |name: &str| batch.get(0).has(&sheet.column(name).unwrap());
        assert!(has("agent.full.name") && has("a.b") && !has("agent.full.nick"));
        assert_eq!(text("missing.key"), None);
        assert_eq!(text("User.TAGS.0").as_deref(), Some("a"));
        assert_eq!(text("us").as_deref(), None);
    }

    #[test]
    fn problems_belong_to_their_row() {
        let mut batch = Batch::new(sheet(Some(&["a"])));
        for line in 1..=3 {
            batch.start_row(line);
            if line == 2 {
                let location = Location::on_line("test.csv", line);
                batch.push_problem(Problem::new(crate::domain::Code::RowTooLong, location, "x"));
            }
        }
        let counts: Vec<_> = batch
            .iter()
            .map(|record| record.problems().count())
            .collect();
        assert_eq!(counts, [0, 1, 0]);
    }
}
