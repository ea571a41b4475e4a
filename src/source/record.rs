//! Records as the rest of the pipeline sees them, each with its place.

use std::borrow::Cow;
use std::num::NonZeroU64;
use std::sync::Arc;

use serde_json::Value as Json;

use super::batch_content::{BatchContent, RowSpan, TREE};
use super::cells::Cells;
use super::json_path::{self, text_of, value_at};
use super::names::twins;
use super::sheet::{Column, Sheet};
use crate::domain::{Location, Problem};

/// One record of a batch, with its place.
#[derive(Debug, Clone, Copy)]
pub struct Record<'b> {
    batch: &'b BatchContent,
    index: usize,
    row: RowSpan,
}

impl<'b> Record<'b> {
    /// The record at `index`.
    ///
    /// # Panics
    /// When there is none.
    pub(super) fn new(batch: &'b BatchContent, index: usize) -> Record<'b> {
        Record {
            batch,
            index,
            row: batch.rows[index],
        }
    }

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Batch, FileFormat, Header};

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
