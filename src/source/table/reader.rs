//! Tables with delimiters, row by row.
//!
//! Rows that are whole, free of quotes and of the right width are taken in bulk; every other row is
//! looked at on its own, with what its width and the lines after it say about its quotes.

use std::sync::Arc;

use memchr::{memchr, memchr_iter};

use super::beginning::Beginning;
use super::consumed_row::ConsumedRow;
use super::displaced_reasons::report_displaced;
use super::doubtful_text::{QuoteSearch, report_quotes, report_twice_encoded};
use super::opening::{take_blank_lines, take_line_of_blanks, take_rows};
use super::plain_rows::{Expected, plain_rows};
use super::quote_budget::QuoteBudget;
use super::quoting::quotes_all;
use super::repeated_header::RepeatedHeader;
use super::row_builder::RowBuilder;
use super::row_repair::RowRepair;
use super::scan::{ScanWindow, Scanned, scan};
use super::trailer::{self, Trailer};
use crate::domain::{Code, Problem};
use crate::source::bytes::{TextBuffer, mark_length};
use crate::source::format::Dialect;
use crate::source::{Batch, Error, Limits, ReadOptions, Sheet};

/// A table that is being read.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own about the file"
)]
pub(in crate::source) struct TableReader {
    feed: TextBuffer,
    dialect: Dialect,
    sheet: Arc<Sheet>,
    width: usize,
    rejects: bool,
    /// Whether the last column stands for any number of cells.
    has_rest: bool,
    line: u64,
    limits: Limits,
    reach: QuoteBudget,
    state: TableState,
    /// Whether the last row had no line ending.
    unterminated: bool,
    trailer: Trailer,
    /// What is looked for in a file that is found to quote no cells.
    quote_search: Option<QuoteSearch>,
    again: RepeatedHeader,
    /// Whether all cells are in quotes, as far as the first rows tell.
    quotes_all: bool,
    /// Room for the bytes of a batch, kept from one to the next.
    scratch: Vec<u8>,
}

/// Where the reader stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum TableState {
    /// At the beginning of a row.
    Rows,
    /// In an overlong line that is being passed over.
    Skipping,
    /// Behind the last row.
    Ended,
}

/// What one step did.
enum ReadStep {
    Row,
    More,
    End,
}

impl TableReader {
    /// Finds out dialect and header, and stops before the first record.
    pub(in crate::source) fn open(
        feed: TextBuffer,
        encoding: &str,
        options: &ReadOptions,
    ) -> Result<Self, Error> {
        let Beginning {
            feed,
            line,
            dialect,
            columns,
            options,
            reading,
            is_sentence,
        } = Beginning::read(feed, encoding, options)?;
        let quote_search =
            QuoteSearch::of(dialect.quote.or(options.quote.map(|_| b'"')), feed.ended());
        let sheet = Arc::new(Sheet {
            file: Arc::clone(feed.stream().file()),
            reading,
            header: Some(columns.header.clone()),
            nulls: options.nulls.clone(),
            form: crate::source::FileFormat::default(),
        });
        let mut table = TableReader {
            feed,
            dialect,
            sheet,
            width: columns.width,
            rejects: columns.rejects,
            has_rest: options
                .rest
                .is_some_and(|rest| columns.header.ends_with(&rest)),
            line,
            reach: QuoteBudget::new(options.limits.record()),
            limits: options.limits,
            state: TableState::Rows,
            unterminated: false,
            trailer: Trailer {
                prefixes: options.trailer,
                sentence: is_sentence,
                ends_without_newline: options.ends_without_newline,
            },
            quote_search,
            again: RepeatedHeader::new(columns.own_names(), columns.shapes.clone()),
            quotes_all: false,
            scratch: Vec::new(),
        };
        let reach = table.reach.bytes();
        take_rows(
            &mut table.feed,
            table.dialect,
            columns.lines,
            reach,
            &mut table.line,
        )?;
        let (data, ended) = (table.feed.data(), table.feed.ended());
        let window = ScanWindow { data, ended, reach };
        table.quotes_all = !table.rejects && quotes_all(dialect, window, table.width);
        Ok(table)
    }

    pub(in crate::source) fn sheet(&self) -> &Arc<Sheet> {
        &self.sheet
    }

    pub(in crate::source) fn sheet_mut(&mut self) -> &mut Sheet {
        Arc::make_mut(&mut self.sheet)
    }

    pub(in crate::source) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The next records; `None` after the last.
    pub(in crate::source) fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        if self.state == TableState::Ended {
            return Ok(None);
        }
        let scratch = std::mem::take(&mut self.scratch);
        let mut rows = RowBuilder::for_batch(self.rejects, self.width, scratch);
        while !rows.is_full() || self.is_near_its_end()? {
            if self.state == TableState::Rows && !rows.is_full() {
                self.take_plain_rows(&mut rows);
            }
            let more = !rows.is_full() || self.is_near_its_end()?;
            if more && matches!(self.step(&mut rows)?, ReadStep::End) {
                self.state = TableState::Ended;
                break;
            }
        }
        // Whether a row is the last one decides on what it is.
        if self.state == TableState::Rows {
            self.take_blanks()?;
            self.take_marks()?;
            if self.feed.ended() && self.feed.data().is_empty() {
                self.state = TableState::Ended;
            }
        }
        if self.state == TableState::Ended {
            self.report_cut(&mut rows);
            if self.unterminated && self.feed.cut().is_none() {
                rows.doubt_end();
                self.trailer.report_unterminated(&self.repair(), &mut rows);
            }
        }
        self.again.report(&mut rows, &self.sheet);
        let is_end = self.state == TableState::Ended && self.feed.cut().is_none();
        self.trailer.report(&self.repair(), is_end, &mut rows);
        if self.rejects {
            report_displaced(&mut rows, &self.sheet);
        }
        if let Some(search) = self.quote_search {
            report_quotes(&mut rows, &self.sheet, search);
        }
        report_twice_encoded(&mut rows, &self.sheet);
        if rows.len() == 0 {
            return Ok(None);
        }
        Ok(Some(rows.seal(
            &self.sheet,
            self.dialect,
            &mut self.scratch,
        )))
    }

    /// What judges a row at this place.
    fn repair(&self) -> RowRepair<'_> {
        RowRepair {
            dialect: self.dialect,
            sheet: &self.sheet,
            width: self.width,
            rejects: self.rejects,
            has_rest: self.has_rest,
            line: self.line,
            limits: &self.limits,
            shapes: self.again.shapes(),
            quotes_all: self.quotes_all,
        }
    }

    fn columns(&self) -> usize {
        self.repair().columns()
    }

    /// Passes over lines before a row that hold nothing, or nothing but blanks. In a table of one column
    /// blanks are a cell.
    fn take_blanks(&mut self) -> Result<(), Error> {
        take_blank_lines(&mut self.feed, self.dialect, &mut self.line)?;
        while self.columns() > 1 && take_line_of_blanks(&mut self.feed, self.dialect)? {
            self.line += 1;
            take_blank_lines(&mut self.feed, self.dialect, &mut self.line)?;
        }
        Ok(())
    }

    fn take_plain_rows(&mut self, rows: &mut RowBuilder) {
        if !self.dialect.is_bare() {
            return;
        }
        let expected = Expected {
            width: self.width,
            max_field: self.limits.max_field.min(self.limits.record()),
            line: self.line,
        };
        let (bytes, line) = plain_rows(self.dialect, self.feed.data(), expected, rows);
        if bytes > 0 {
            self.unterminated = false;
        }
        self.line = line;
        self.reach.read(bytes);
        self.feed.consume(bytes);
    }

    /// Takes the next row, or reads on.
    fn step(&mut self, rows: &mut RowBuilder) -> Result<ReadStep, Error> {
        if self.state == TableState::Skipping {
            return self.skip_on();
        }
        let line = self.line;
        self.take_blanks()?;
        if self.line > line {
            rows.note_gap();
        }
        self.take_marks()?;
        let data = self.feed.data();
        let ended = self.feed.ended();
        if data.is_empty() && ended {
            return Ok(ReadStep::End);
        }
        let window = ScanWindow {
            data,
            ended,
            reach: self.reach.bytes(),
        };
        let first = rows.ends.len();
        let scanned = scan(self.dialect, window, rows);
        let taken = match scanned {
            Scanned::Row(extent) if extent.end <= self.limits.record() => {
                let data = &data[..extent.next];
                Some(self.repair().take_row(data, extent, rows, first))
            }
            Scanned::Row(_) | Scanned::Incomplete => None,
            Scanned::Open => {
                rows.undo(first);
                self.repair().take_open(window, rows)
            }
        };
        if let Some(ConsumedRow {
            bytes,
            lines,
            in_vain,
        }) = taken
        {
            self.reach.looked_in_vain(in_vain);
            self.reach.read(bytes);
            // The last line of a file may have lost half of its ending, or have another one.
            let last = bytes.checked_sub(1).and_then(|at| self.feed.data().get(at));
            self.unterminated = last.is_some_and(|last| !b"\r\n".contains(last));
            self.line += lines;
            self.feed.consume(bytes);
            return Ok(ReadStep::Row);
        }
        rows.undo(first);
        if self.feed.data().len() > self.limits.record() || ended {
            self.refuse_large(rows);
            return Ok(ReadStep::Row);
        }
        self.feed.fill()?;
        Ok(ReadStep::More)
    }

    /// Whether so few lines are left that they may all be rows that are no records: whether one of them is
    /// a total shows only in those behind it, so they must be of one batch.
    fn is_near_its_end(&mut self) -> Result<bool, Error> {
        let terminator = self.dialect.newline.terminator();
        loop {
            let ends = memchr_iter(terminator, self.feed.data());
            if self.state != TableState::Rows
                || ends.take(trailer::LAST_ROWS).count() == trailer::LAST_ROWS
            {
                return Ok(false);
            }
            if self.feed.ended() {
                return Ok(!self.feed.data().is_empty());
            }
            if self.feed.data().len() > self.limits.record() {
                return Ok(false);
            }
            self.feed.fill()?;
        }
    }

    /// Passes over marks before a row that files leave which were put one behind the other.
    fn take_marks(&mut self) -> Result<(), Error> {
        loop {
            let data = self.feed.data();
            if data.first() == Some(&0xef) && data.len() < 3 && !self.feed.ended() {
                self.feed.fill()?;
                continue;
            }
            let mark = mark_length(data);
            if mark == 0 {
                return Ok(());
            }
            self.feed.consume(mark);
            self.take_blanks()?;
        }
    }

    /// Gives up a line that is longer than a record may be.
    fn refuse_large(&mut self, rows: &mut RowBuilder) {
        let first = rows.ends.len();
        rows.end_row(self.line, first);
        rows.problem(self.problem(
            Code::RecordTooLarge,
            format!("the record is longer than {} bytes", self.limits.record()),
        ));
        self.state = TableState::Skipping;
    }

    /// Passes over the rest of an overlong line.
    fn skip_on(&mut self) -> Result<ReadStep, Error> {
        match memchr(self.dialect.newline.terminator(), self.feed.data()) {
            Some(end) => {
                self.feed.consume(end + 1);
                self.line += 1;
                self.state = TableState::Rows;
                self.unterminated = false;
                Ok(ReadStep::More)
            }
            None if self.feed.ended() => {
                self.feed.consume(usize::MAX);
                self.state = TableState::Rows;
                self.unterminated = true;
                Ok(ReadStep::End)
            }
            None => {
                self.feed.consume(usize::MAX);
                self.feed.fill()?;
                Ok(ReadStep::More)
            }
        }
    }

    fn problem(&self, code: Code, message: String) -> Problem {
        self.repair().problem(code, message)
    }

    /// Tells that the archive behind the table was cut, on the row that was cut with it or after the
    /// last whole one.
    fn report_cut(&mut self, rows: &mut RowBuilder) {
        let Some(cut) = self.feed.cut().map(str::to_owned) else {
            return;
        };
        if !self.unterminated || rows.len() == 0 {
            let first = rows.ends.len();
            rows.end_row(self.line, first);
        }
        let mut problem = self.problem(Code::TruncatedInput, cut);
        problem.location.line = rows.line(rows.len() - 1);
        rows.problem(problem);
    }
}
