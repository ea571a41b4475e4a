//! Tables with delimiters, row by row.
//!
//! Rows that are whole, free of quotes and of the right width are taken in bulk; every other row is
//! looked at on its own, with what its width and the lines after it say about its quotes.

use std::sync::Arc;

use memchr::{memchr, memchr_iter, memrchr};

use super::feed::Feed;
use super::header::{Columns, Opening, quote_reading};
use super::options::{HeaderKind, Limits, Options, Quote};
use super::record::{Batch, Sheet};
use super::rows::{Rows, column_name, lossy};
use super::scan::{Count, Dialect, Expected, Extent, Newline, Scanned, Window};
use super::{Error, dialect, trailing};
use crate::call::{Code, Place, Problem};

/// How much text decides on the dialect.
const SAMPLE: usize = 1 << 20;
/// So many rows decide whether there is a header.
const OPENING_ROWS: usize = 50;
/// The least that a quoted cell may reach over its line, however many open quotes there were.
const LEAST_REACH: usize = 1 << 10;
/// A cell that holds so many lines that are rows themselves was not meant to hold them.
const IMPROBABLE_ROWS: usize = 8;

/// A table that is being read.
pub(super) struct Table {
    feed: Feed,
    dialect: Dialect,
    sheet: Arc<Sheet>,
    width: usize,
    rejects: bool,
    line: u64,
    limits: Limits,
    /// How far a quoted cell may reach over the end of its line. Shrinks with every quote that is
    /// left open, or a file of them would be read once for each; grows with every one that is not.
    reach: usize,
    trailer: Option<String>,
    sentence: bool,
    /// Whether the rest of an overlong line is being passed over.
    skipping: bool,
    /// Whether the last row had no line ending.
    unterminated: bool,
    ended: bool,
}

/// What one step did.
enum Step {
    Row,
    More,
    End,
}

/// What a row uses up.
struct Taken {
    bytes: usize,
    lines: u64,
}

impl Table {
    /// Finds out dialect and header, and stops before the first record.
    pub(super) fn open(mut feed: Feed, encoding: &str, options: &Options) -> Result<Self, Error> {
        feed.fill_to(SAMPLE)?;
        let mut line = 1;
        let mut options = options.clone();
        take_separator_line(&mut feed, &mut options, &mut line);
        for _ in 0..options.skip_lines {
            take_line(&mut feed, &mut line)?;
        }
        take_separator_line(&mut feed, &mut options, &mut line);
        let finding = dialect::detect(feed.data(), feed.ended(), &options);
        if options.skip_lines == 0 && options.header.is_none() {
            take_titles(&mut feed, finding, &mut line)?;
        }
        take_blank_lines(&mut feed, finding.dialect, &mut line)?;
        let opening = opening_rows(&mut feed, finding.dialect, &options.limits)?;
        let file = Arc::clone(feed.stream().file());
        let sentence =
            options.header.is_none() && opening.len() == 1 && trailing::is_sentence(&opening[0]);
        if sentence {
            options.header = Some(HeaderKind::None);
        }
        let columns = Columns::find(
            &Opening {
                file: &file,
                line,
                rows: &opening,
            },
            &options,
        )?;
        let skipped = if options.skip_lines > 0 {
            options.skip_lines
        } else {
            finding.preamble
        };
        let reading = reading(&feed, finding.dialect, encoding, &columns, skipped);
        let sheet = Arc::new(Sheet {
            file,
            reading,
            header: Some(columns.header.clone()),
            nulls: options.nulls.clone(),
        });
        let mut table = Table {
            feed,
            dialect: finding.dialect,
            sheet,
            width: columns.width,
            rejects: columns.rejects,
            line,
            reach: options.limits.record(),
            limits: options.limits,
            trailer: options.trailer,
            sentence,
            skipping: false,
            unterminated: false,
            ended: false,
        };
        table.take_header(columns.kind)?;
        Ok(table)
    }

    pub(super) fn sheet(&self) -> &Arc<Sheet> {
        &self.sheet
    }

    pub(super) fn feed(&self) -> &Feed {
        &self.feed
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The next records; `None` after the last.
    pub(super) fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        if self.ended {
            return Ok(None);
        }
        let mut rows = Rows::for_batch(self.rejects);
        while !rows.is_full() {
            if !self.skipping {
                self.take_plain_rows(&mut rows);
            }
            if !rows.is_full() && matches!(self.step(&mut rows)?, Step::End) {
                self.ended = true;
                break;
            }
        }
        // Whether a row is the last one decides on what it is.
        if !self.ended && !self.skipping {
            take_blank_lines(&mut self.feed, self.dialect, &mut self.line)?;
            self.ended = self.feed.ended() && self.feed.data().is_empty();
        }
        if self.ended {
            self.report_cut(&mut rows);
        }
        self.report_trailing(&mut rows);
        if rows.len() == 0 {
            return Ok(None);
        }
        Ok(Some(rows.seal(&self.sheet, &self.dialect)))
    }

    fn take_plain_rows(&mut self, rows: &mut Rows) {
        let expected = Expected {
            width: self.width,
            max_field: self.limits.max_field.min(self.limits.record()),
            line: self.line,
        };
        let (bytes, line) = self.dialect.plain_rows(self.feed.data(), expected, rows);
        if bytes > 0 {
            self.unterminated = false;
        }
        self.line = line;
        self.feed.consume(bytes);
    }

    /// Takes the next row, or reads on.
    fn step(&mut self, rows: &mut Rows) -> Result<Step, Error> {
        if self.skipping {
            return self.skip_on();
        }
        take_blank_lines(&mut self.feed, self.dialect, &mut self.line)?;
        let data = self.feed.data();
        let ended = self.feed.ended();
        if data.is_empty() && ended {
            return Ok(Step::End);
        }
        let window = Window {
            data,
            ended,
            reach: self.reach,
        };
        let first = rows.ends.len();
        let scanned = self.dialect.scan(window, rows);
        let taken = match scanned {
            Scanned::Row(extent) if extent.end <= self.limits.record() => {
                let data = &data[..extent.next];
                let (taken, reach) = self.take_row(data, extent, rows, first);
                self.reach = reach;
                Some(taken)
            }
            Scanned::Row(_) | Scanned::Incomplete => None,
            Scanned::Open => {
                rows.undo(first);
                self.reach = (self.reach / 2).max(LEAST_REACH);
                self.take_open(window, rows)
            }
        };
        if let Some(Taken { bytes, lines }) = taken {
            self.unterminated = bytes > 0
                && self.feed.data().get(bytes - 1) != Some(&self.dialect.newline.terminator());
            self.line += lines;
            self.feed.consume(bytes);
            return Ok(Step::Row);
        }
        rows.undo(first);
        if self.feed.data().len() > self.limits.record() || ended {
            self.refuse_large(rows);
            return Ok(Step::Row);
        }
        self.feed.fill()?;
        Ok(Step::More)
    }

    /// A row has been scanned into `rows`; `data` ends where it does.
    fn take_row(
        &self,
        data: &[u8],
        extent: Extent,
        rows: &mut Rows,
        first: usize,
    ) -> (Taken, usize) {
        let text = &data[..extent.end];
        let width = rows.ends.len() - first;
        let breaks = memchr_iter(self.dialect.newline.terminator(), text).count();
        let taken = Taken {
            bytes: extent.next,
            lines: breaks as u64 + 1,
        };
        let orderly = extent.stray.is_none() && width == self.width;
        if breaks > 0 && self.swallows(text, orderly) {
            rows.undo(first);
            let reach = (self.reach / 2).max(LEAST_REACH);
            return (self.take_first_line(data, rows), reach);
        }
        let reach = if breaks > 0 {
            (self.reach * 4).min(self.limits.record())
        } else {
            self.reach
        };
        if extent.quoted == 0 && extent.stray.is_none() {
            if let Some(lines) = self.split_at_returns(text, rows, first) {
                return (Taken { lines, ..taken }, reach);
            }
        } else if extent.stray.is_some() && width != self.width && breaks == 0 {
            // The delimiters alone may give the right width, as in `"Per" Hansen;…`.
            let mut count = Count::default();
            self.dialect.split_at_delimiters(text, &mut count);
            if count.0 == self.width {
                rows.undo(first);
                self.dialect.split_at_delimiters(text, rows);
            }
        }
        let width = rows.ends.len() - first;
        rows.end_row(self.line, first);
        if let Some(column) = extent.stray {
            self.report_stray(rows, column, text);
        }
        self.report_width(rows, width, text);
        if extent.end > self.limits.max_field {
            self.report_large_cells(rows);
        }
        (taken, reach)
    }

    /// Whether a row over several lines has swallowed others: lines of it are rows themselves.
    /// `orderly` rows are believed for longer, because a cell may well quote a table.
    fn swallows(&self, text: &[u8], orderly: bool) -> bool {
        if self.width < 2 || (orderly && self.width < 3) {
            return false;
        }
        let terminator = self.dialect.newline.terminator();
        let mut lines = text.split(|byte| *byte == terminator).skip(1);
        let is_row = |line: &[u8]| {
            self.dialect.clean_width(self.dialect.trim_ending(line)) == Some(self.width)
        };
        if orderly {
            let inner = lines.clone().count().saturating_sub(1);
            inner >= IMPROBABLE_ROWS && lines.take(inner).all(is_row)
        } else {
            lines.any(is_row)
        }
    }

    /// A quote is opened and not closed within reach.
    fn take_open(&self, window: Window<'_>, rows: &mut Rows) -> Option<Taken> {
        let Window { data, ended, reach } = window;
        let terminator = self.dialect.newline.terminator();
        let end = memchr(terminator, data).or(ended.then_some(data.len()))?;
        if end > self.limits.record() {
            return None;
        }
        let line = self.dialect.trim_ending(&data[..end]);
        let rest = &data[(end + 1).min(data.len())..];
        let rest = &rest[..rest.len().min(reach)];
        let mut count = Count::default();
        self.dialect.split_at_delimiters(line, &mut count);
        let is_row = |line: &[u8]| {
            self.width > 1
                && self.dialect.clean_width(self.dialect.trim_ending(line)) == Some(self.width)
        };
        let cut = ended
            && data.len() <= self.limits.record()
            && count.0 != self.width
            && !rest.split(|byte| *byte == terminator).any(is_row);
        if !cut {
            return Some(self.take_first_line(data, rows));
        }
        let first = rows.ends.len();
        self.dialect.split_at_delimiters(line, rows);
        rows.end_row(self.line, first);
        let text = self
            .dialect
            .trim_ending(data.strip_suffix(&[terminator]).unwrap_or(data));
        rows.raw(self.own_text(text));
        rows.problem(self.problem(
            Code::TruncatedInput,
            "the file ends inside a quoted cell of this row".to_owned(),
        ));
        Some(Taken {
            bytes: data.len(),
            lines: memchr_iter(terminator, data).count() as u64 + 1,
        })
    }

    /// Takes only the first line of `data`, by its delimiters: its quotes are not in order, and the
    /// lines after it are rows of their own.
    fn take_first_line(&self, data: &[u8], rows: &mut Rows) -> Taken {
        let end = memchr(self.dialect.newline.terminator(), data).unwrap_or(data.len());
        let line = self.dialect.trim_ending(&data[..end]);
        let first = rows.ends.len();
        self.dialect.split_at_delimiters(line, rows);
        let width = rows.ends.len() - first;
        rows.end_row(self.line, first);
        let quotes = self
            .dialect
            .quote
            .map_or(0, |quote| memchr_iter(quote, line).count());
        if width == self.width && quotes.is_multiple_of(2) {
            self.report_stray(rows, 0, line);
        } else {
            rows.raw(self.own_text(line));
            rows.problem(self.problem(
                Code::OpenQuote,
                "a quote is opened and not closed; only this line was taken".to_owned(),
            ));
        }
        Taken {
            bytes: (end + 1).min(data.len()),
            lines: 1,
        }
    }

    /// Rows of the right width between carriage returns that stand alone, in a file whose lines end
    /// otherwise. Gives the number of lines.
    fn split_at_returns(&self, text: &[u8], rows: &mut Rows, first: usize) -> Option<u64> {
        if self.dialect.newline == Newline::Cr || memchr(b'\r', text).is_none() {
            return None;
        }
        let pieces = || text.split(|byte| *byte == b'\r');
        if !pieces()
            .all(|piece| piece.is_empty() || self.dialect.clean_width(piece) == Some(self.width))
        {
            return None;
        }
        rows.undo(first);
        let mut line = self.line;
        for piece in pieces() {
            if !piece.is_empty() {
                let first = rows.ends.len();
                self.dialect.split_at_delimiters(piece, rows);
                rows.end_row(line, first);
            }
            line += 1;
        }
        Some(line - self.line)
    }

    /// Gives up a line that is longer than a record may be.
    fn refuse_large(&mut self, rows: &mut Rows) {
        let first = rows.ends.len();
        rows.end_row(self.line, first);
        rows.problem(self.problem(
            Code::RecordTooLarge,
            format!("the record is longer than {} bytes", self.limits.record()),
        ));
        self.skipping = true;
    }

    /// Passes over the rest of an overlong line.
    fn skip_on(&mut self) -> Result<Step, Error> {
        match memchr(self.dialect.newline.terminator(), self.feed.data()) {
            Some(end) => {
                self.feed.consume(end + 1);
                self.line += 1;
                self.skipping = false;
                self.unterminated = false;
                Ok(Step::More)
            }
            None if self.feed.ended() => {
                self.feed.consume(usize::MAX);
                self.skipping = false;
                self.unterminated = true;
                Ok(Step::End)
            }
            None => {
                self.feed.consume(usize::MAX);
                self.feed.fill()?;
                Ok(Step::More)
            }
        }
    }

    fn take_header(&mut self, kind: HeaderKind) -> Result<(), Error> {
        let lines = match kind {
            HeaderKind::None => 0,
            HeaderKind::Names => 1,
            HeaderKind::NamesAndTypes => 2,
        };
        for _ in 0..lines {
            take_blank_lines(&mut self.feed, self.dialect, &mut self.line)?;
            let window = Window {
                data: self.feed.data(),
                ended: self.feed.ended(),
                reach: self.reach,
            };
            match self.dialect.scan(window, &mut Count::default()) {
                Scanned::Row(extent) => {
                    let text = &window.data[..extent.end];
                    let breaks = memchr_iter(self.dialect.newline.terminator(), text).count();
                    self.line += breaks as u64 + 1;
                    self.feed.consume(extent.next);
                }
                Scanned::Incomplete | Scanned::Open => {
                    take_line(&mut self.feed, &mut self.line)?;
                }
            }
        }
        Ok(())
    }

    fn problem(&self, code: Code, message: String) -> Problem {
        let place = Place {
            file: Arc::clone(&self.sheet.file),
            line: self.line,
        };
        Problem::new(code, place, message)
    }

    /// What the file says of a row, without the problems of an earlier run: those never hold a
    /// delimiter.
    fn own_text<'t>(&self, text: &'t [u8]) -> &'t [u8] {
        match memrchr(self.dialect.delimiter, text) {
            Some(end) if self.rejects => &text[..end],
            _ => text,
        }
    }

    fn report_stray(&self, rows: &mut Rows, column: usize, text: &[u8]) {
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
        rows.problem(
            self.problem(
                Code::StrayQuote,
                "a quote out of place, read as text".to_owned(),
            )
            .at(&column_name(&self.sheet, column), &value),
        );
    }

    fn report_width(&self, rows: &mut Rows, width: usize, text: &[u8]) {
        let code = match width.cmp(&self.width) {
            std::cmp::Ordering::Less => Code::RowTooShort,
            std::cmp::Ordering::Equal => return,
            std::cmp::Ordering::Greater => Code::RowTooLong,
        };
        let extra = usize::from(self.rejects);
        let (has, wants) = (width.saturating_sub(extra), self.width - extra);
        let cells = if has == 1 { "cell" } else { "cells" };
        let columns = if wants == 1 { "column" } else { "columns" };
        rows.raw(self.own_text(text));
        rows.problem(self.problem(code, format!("{has} {cells} for {wants} {columns}")));
    }

    fn report_large_cells(&self, rows: &mut Rows) {
        let mut problems = Vec::new();
        for (column, cell) in rows.cells(rows.len() - 1).enumerate() {
            if cell.len() > self.limits.max_field {
                let message = format!("the cell is longer than {} bytes", self.limits.max_field);
                let start = lossy(&cell[..cell.len().min(4 * Problem::VALUE_LIMIT)]);
                problems.push(
                    self.problem(Code::RecordTooLarge, message)
                        .at(&column_name(&self.sheet, column), &start),
                );
            }
        }
        for problem in problems {
            rows.problem(problem);
        }
    }

    /// Tells that the archive behind the table was cut, on the row that was cut with it or after the
    /// last whole one.
    fn report_cut(&mut self, rows: &mut Rows) {
        let Some(cut) = self.feed.cut().map(str::to_owned) else {
            return;
        };
        if !self.unterminated || rows.len() == 0 {
            let first = rows.ends.len();
            rows.end_row(self.line, first);
        }
        let mut problem = self.problem(Code::TruncatedInput, cut);
        problem.place.line = rows.line(rows.len() - 1);
        rows.problem(problem);
    }

    fn report_trailing(&self, rows: &mut Rows) {
        if let Some(trailer) = &self.trailer {
            for index in 0..rows.len() {
                let is_trailer = rows
                    .cells(index)
                    .next()
                    .is_some_and(|cell| cell.starts_with(trailer.as_bytes()));
                if is_trailer {
                    self.mark_trailing(rows, index, "a row that the mapping says is no record");
                }
            }
        }
        if !self.ended || self.feed.cut().is_some() {
            return;
        }
        if self.sentence && rows.len() == 1 {
            self.mark_trailing(rows, 0, "a sentence in place of a table");
        }
        let columns = self.width - usize::from(self.rejects);
        for index in (0..rows.len()).rev().take(trailing::LAST_ROWS) {
            match trailing::reason(rows.cells(index), columns) {
                Some(reason) => self.mark_trailing(rows, index, reason),
                None => break,
            }
        }
    }

    fn mark_trailing(&self, rows: &mut Rows, index: usize, reason: &str) {
        let mut problem = self.problem(Code::TrailingRow, reason.to_owned());
        problem.place.line = rows.line(index);
        rows.replace_problems(index, problem);
    }
}

fn take_separator_line(feed: &mut Feed, options: &mut Options, line: &mut u64) {
    if let Some((delimiter, length)) = dialect::separator_line(feed.data()) {
        options.delimiter.get_or_insert(delimiter);
        feed.consume(length);
        *line += 1;
    }
}

/// Passes over one physical line, before the dialect is known.
fn take_line(feed: &mut Feed, line: &mut u64) -> Result<(), Error> {
    loop {
        let data = feed.data();
        if let Some(end) = memchr::memchr2(b'\n', b'\r', data) {
            let pair = data[end] == b'\r' && data.get(end + 1) == Some(&b'\n');
            feed.consume(end + 1 + usize::from(pair));
            *line += 1;
            return Ok(());
        }
        if feed.ended() {
            feed.consume(usize::MAX);
            return Ok(());
        }
        feed.consume(usize::MAX);
        feed.fill()?;
    }
}

fn take_titles(feed: &mut Feed, finding: dialect::Finding, line: &mut u64) -> Result<(), Error> {
    for _ in 0..finding.preamble {
        take_blank_lines(feed, finding.dialect, line)?;
        take_line(feed, line)?;
    }
    Ok(())
}

fn take_blank_lines(feed: &mut Feed, dialect: Dialect, line: &mut u64) -> Result<(), Error> {
    loop {
        let data = feed.data();
        let length = match (dialect.newline, data) {
            (Newline::Cr, [b'\r', ..]) | (Newline::Lf | Newline::CrLf, [b'\n', ..]) => 1,
            (Newline::Lf | Newline::CrLf, [b'\r', b'\n', ..]) => 2,
            (Newline::Lf | Newline::CrLf, [b'\r']) if feed.ended() => 1,
            (_, [] | [b'\r']) if !feed.ended() => {
                feed.fill()?;
                continue;
            }
            _ => return Ok(()),
        };
        feed.consume(length);
        *line += 1;
    }
}

/// The first rows as text, without taking them.
fn opening_rows(
    feed: &mut Feed,
    dialect: Dialect,
    limits: &Limits,
) -> Result<Vec<Vec<String>>, Error> {
    loop {
        let mut rows = Rows::default();
        let mut at = 0;
        while rows.len() < OPENING_ROWS && at < feed.data().len() {
            let window = Window {
                data: &feed.data()[at..],
                ended: feed.ended(),
                reach: limits.record(),
            };
            let first = rows.ends.len();
            match dialect.scan(window, &mut rows) {
                Scanned::Row(extent) => {
                    if extent.end > 0 {
                        rows.end_row(0, first);
                    } else {
                        rows.undo(first);
                    }
                    at += extent.next.max(1);
                }
                Scanned::Incomplete | Scanned::Open => {
                    rows.undo(first);
                    if rows.len() > 0 {
                        break;
                    }
                    let Some(end) = memchr(dialect.newline.terminator(), window.data)
                        .or(window.ended.then_some(window.data.len()))
                    else {
                        break;
                    };
                    let line = dialect.trim_ending(&window.data[..end]);
                    dialect.split_at_delimiters(line, &mut rows);
                    rows.end_row(0, first);
                    at += end + 1;
                }
            }
        }
        if rows.len() > 0 || feed.ended() {
            return texts(feed, &rows);
        }
        if feed.data().len() > limits.record() {
            return Err(Error::Unreadable {
                file: feed.stream().file().to_string(),
                reason: format!("the first line is longer than {} bytes", limits.record()),
            });
        }
        feed.fill()?;
    }
}

fn texts(feed: &Feed, rows: &Rows) -> Result<Vec<Vec<String>>, Error> {
    let mut opening: Vec<Vec<String>> = Vec::new();
    for index in 0..rows.len() {
        if index == 0 && rows.cells(0).any(|cell| std::str::from_utf8(cell).is_err()) {
            return Err(Error::Unreadable {
                file: feed.stream().file().to_string(),
                reason: "the first row holds bytes that are no text in its encoding".to_owned(),
            });
        }
        opening.push(rows.cells(index).map(lossy).collect());
    }
    Ok(opening)
}

fn reading(
    feed: &Feed,
    dialect: Dialect,
    encoding: &str,
    columns: &Columns,
    skipped: usize,
) -> String {
    let delimiter = match dialect.delimiter {
        b',' => "comma".to_owned(),
        b';' => "semicolon".to_owned(),
        b'\t' => "tab".to_owned(),
        b'|' => "pipe".to_owned(),
        other => format!("'{}'", char::from(other)),
    };
    let quote = dialect.quote.map_or(Quote::None, Quote::Byte);
    let mut parts = vec![
        delimiter,
        encoding.to_owned(),
        columns.reading().to_owned(),
        dialect.newline.name().to_owned(),
    ];
    parts.extend(quote_reading(quote));
    if skipped > 0 {
        parts.push(format!("{skipped} lines before the header skipped"));
    }
    if columns.rejects {
        parts.push("rejected records of an earlier run".to_owned());
    }
    parts.extend(feed.stream().archive().map(str::to_owned));
    parts.join(", ")
}
