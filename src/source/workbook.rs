//! Tables in Excel workbooks.
//!
//! A spreadsheet keeps numbers as floats and times as days since an epoch; here they become the text
//! that a person sees, and what the spreadsheet has thrown away is told. The rows of the sheet are
//! unpacked on a thread of their own, a few at a time, because the library lends its rows out of the
//! workbook; only the workbook's list of texts is in memory as a whole.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use calamine::{DataRef, ExcelDateTime, Reader as _, SheetVisible, Xlsx};

use super::bytes::zip;
use super::table::{
    Columns, Dialect, LAST_ROWS, Newline, Opening, Rows, Sink, column_name, trailing_reason,
};
use super::{Batch, Error, HeaderKind, Input, Options, Sheet};
use crate::call::{Code, Place, Problem, Severity};

/// How a sheet's rejected rows are written: what Excel opens without being asked.
pub(super) const DIALECT: Dialect = Dialect {
    delimiter: b';',
    quote: Some(b'"'),
    newline: Newline::CrLf,
};
/// So many rows travel together…
const TOGETHER: usize = 256;
/// … and so many such loads wait at most.
const WAITING: usize = 4;
/// So many rows decide on titles and header.
const OPENING_ROWS: usize = 50;
/// Excel has no more columns.
const MAX_COLUMNS: u32 = 16_384;

/// A sheet that is being read.
pub(super) struct Workbook {
    sheet: Arc<Sheet>,
    width: usize,
    rejects: bool,
    rows: Unpacked,
    ended: bool,
}

/// A row of a sheet as text.
#[derive(Debug, Default)]
struct SheetRow {
    /// The number that Excel shows.
    number: u64,
    cells: Vec<String>,
    faults: Vec<(usize, Fault)>,
}

/// What is wrong with a cell.
#[derive(Debug, Clone, Copy)]
enum Fault {
    /// A number with more digits than a spreadsheet keeps.
    Digits,
    /// A formula that came to nothing.
    Formula,
    /// Over the limit.
    TooLarge,
}

enum Message {
    Rows(Vec<SheetRow>),
    Damaged(String),
    End,
}

impl Workbook {
    /// Opens the workbook, finds the sheet and its header.
    pub(super) fn open(input: &Input, options: &Options) -> Result<Self, Error> {
        let file = input.name();
        let unreadable = |reason: String| Error::Unreadable {
            file: file.to_string(),
            reason,
        };
        let Some(path) = input.path() else {
            return Err(unreadable(
                "a workbook cannot be read from standard input".to_owned(),
            ));
        };
        zip::refuse_bomb(path, file, &options.limits)?;
        let content = File::open(path).map_err(|error| Error::io(file, error))?;
        let workbook = Xlsx::new(BufReader::new(content))
            .map_err(|error| unreadable(format!("cannot be read as a workbook: {error}")))?;
        let name = pick(&workbook, options.sheet.as_deref()).map_err(unreadable)?;
        let mut rows = Unpacked::start(workbook, name.clone(), options.limits.max_field)
            .map_err(|error| Error::io(file, error))?;
        for _ in 0..options.skip_lines {
            rows.next().map_err(unreadable)?;
        }
        rows.look_ahead(OPENING_ROWS).map_err(unreadable)?;
        if options.skip_lines == 0 && options.header.is_none() {
            rows.drop_titles();
        }
        let columns = columns(&rows, file, options)?;
        let header_rows = match columns.kind {
            HeaderKind::None => 0,
            HeaderKind::Names => 1,
            HeaderKind::NamesAndTypes => 2,
        };
        for _ in 0..header_rows {
            rows.next().map_err(unreadable)?;
        }
        Ok(Workbook {
            sheet: Arc::new(Sheet {
                file: Arc::clone(file),
                reading: format!("workbook, sheet '{name}', {}", columns.reading()),
                header: Some(columns.header),
                nulls: options.nulls.clone(),
                form: crate::source::Form::default(),
            }),
            width: columns.width,
            rejects: columns.rejects,
            rows,
            ended: false,
        })
    }

    pub(super) fn sheet(&self) -> &Arc<Sheet> {
        &self.sheet
    }

    pub(super) fn sheet_mut(&mut self) -> &mut Sheet {
        Arc::make_mut(&mut self.sheet)
    }

    /// The next records; `None` after the last.
    pub(super) fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        if self.ended {
            return Ok(None);
        }
        let mut rows = Rows::for_batch(self.rejects);
        let unreadable = |reason| Error::Unreadable {
            file: self.sheet.file.to_string(),
            reason,
        };
        while !rows.is_full() {
            let Some(row) = self.rows.next().map_err(unreadable)? else {
                self.ended = true;
                break;
            };
            self.take(row, &mut rows);
        }
        if !self.ended {
            self.ended = self.rows.look_ahead(1).map_err(unreadable)? == 0;
        }
        if self.ended {
            self.report_trailing(&mut rows);
        }
        Ok((rows.len() > 0).then(|| rows.seal(&self.sheet, DIALECT)))
    }

    fn take(&self, mut row: SheetRow, rows: &mut Rows) {
        let width = row.cells.len();
        if width < self.width {
            // A sheet does not keep its empty cells.
            row.cells.resize(self.width, String::new());
        }
        let first = rows.ends.len();
        for cell in &row.cells {
            rows.piece(cell.as_bytes());
            rows.end_cell();
        }
        rows.end_row(row.number, first);
        if width > self.width {
            let message = format!("{width} cells for {} columns", self.width);
            rows.problem(self.problem(Code::RowTooLong, row.number, &message));
        }
        for (column, fault) in row.faults {
            let value = row.cells.get(column).map_or("", String::as_str);
            let (code, severity, message) = match fault {
                Fault::Digits => (
                    Code::SpreadsheetDamage,
                    Severity::Error,
                    "a number of more than 15 digits, of which a spreadsheet keeps only 15",
                ),
                Fault::Formula => (
                    Code::SpreadsheetDamage,
                    Severity::Warning,
                    "a formula that came to no value",
                ),
                Fault::TooLarge => (
                    Code::RecordTooLarge,
                    Severity::Error,
                    "the cell is over the limit of size",
                ),
            };
            rows.problem(
                self.problem(code, row.number, message)
                    .at(&column_name(&self.sheet, column), value)
                    .with_severity(severity),
            );
        }
    }

    fn report_trailing(&self, rows: &mut Rows) {
        for index in (0..rows.len()).rev().take(LAST_ROWS) {
            let Some(reason) = trailing_reason(rows.cells(index), self.width) else {
                return;
            };
            let problem = self.problem(Code::TrailingRow, rows.line(index), reason);
            rows.replace_problems(index, problem);
        }
    }

    fn problem(&self, code: Code, line: u64, message: &str) -> Problem {
        let place = Place {
            file: Arc::clone(&self.sheet.file),
            line,
        };
        Problem::new(code, place, message)
    }
}

fn pick(workbook: &Xlsx<BufReader<File>>, wanted: Option<&str>) -> Result<String, String> {
    let sheets = workbook.sheets_metadata();
    let found = match wanted {
        Some(name) => sheets.iter().find(|sheet| sheet.name == name),
        None => sheets
            .iter()
            .find(|sheet| sheet.visible == SheetVisible::Visible)
            .or(sheets.first()),
    };
    match (found, wanted) {
        (Some(sheet), _) => Ok(sheet.name.clone()),
        (None, None) => Err("the workbook has no sheets".to_owned()),
        (None, Some(name)) => {
            let names: Vec<String> = sheets
                .iter()
                .map(|sheet| format!("'{}'", sheet.name))
                .collect();
            Err(format!("has no sheet '{name}', but {}", names.join(", ")))
        }
    }
}

fn columns(rows: &Unpacked, file: &str, options: &Options) -> Result<Columns, Error> {
    let width = rows
        .ahead
        .iter()
        .map(|row| row.cells.len())
        .max()
        .unwrap_or(0);
    let opening: Vec<Vec<String>> = rows
        .ahead
        .iter()
        .take(OPENING_ROWS)
        .map(|row| {
            let mut cells = row.cells.clone();
            let problems = cells
                .last()
                .is_some_and(|cell| cell == super::Header::PROBLEMS);
            if !problems {
                cells.resize(width, String::new());
            }
            cells
        })
        .collect();
    let opening = Opening {
        file,
        line: rows.ahead.front().map_or(1, |row| row.number),
        rows: &opening,
    };
    Columns::find(&opening, options)
}

/// The rows of a sheet as they come from the thread that unpacks them.
struct Unpacked {
    receiver: Option<Receiver<Message>>,
    thread: Option<JoinHandle<()>>,
    ahead: std::collections::VecDeque<SheetRow>,
}

impl Unpacked {
    fn start(
        workbook: Xlsx<BufReader<File>>,
        name: String,
        max_field: usize,
    ) -> std::io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        let thread = std::thread::Builder::new()
            .name("workbook".to_owned())
            .spawn(move || {
                let last = match unpack(workbook, &name, max_field, &sender) {
                    Ok(()) => Message::End,
                    Err(error) => Message::Damaged(format!("the sheet is damaged: {error}")),
                };
                // Nobody listens any more when the reader was dropped.
                let _ = sender.send(last);
            })?;
        Ok(Unpacked {
            receiver: Some(receiver),
            thread: Some(thread),
            ahead: std::collections::VecDeque::new(),
        })
    }

    fn next(&mut self) -> Result<Option<SheetRow>, String> {
        self.look_ahead(1)?;
        Ok(self.ahead.pop_front())
    }

    /// Makes `count` rows ready to be looked at; gives how many there are.
    fn look_ahead(&mut self, count: usize) -> Result<usize, String> {
        while self.ahead.len() < count {
            let Some(receiver) = &self.receiver else {
                break;
            };
            match receiver.recv() {
                Ok(Message::Rows(rows)) => self.ahead.extend(rows),
                Ok(Message::End) => self.receiver = None,
                Ok(Message::Damaged(reason)) => return Err(reason),
                Err(_) => return Err("the sheet is damaged".to_owned()),
            }
        }
        Ok(self.ahead.len())
    }

    /// Drops rows of one cell before the first row of three or more.
    fn drop_titles(&mut self) {
        let filled = |row: &SheetRow| row.cells.iter().filter(|cell| !cell.is_empty()).count();
        let titles = self.ahead.iter().take_while(|row| filled(row) == 1).count();
        if titles > 0 && self.ahead.get(titles).is_some_and(|row| filled(row) >= 3) {
            self.ahead.drain(..titles);
        }
    }
}

impl Drop for Unpacked {
    fn drop(&mut self) {
        self.receiver = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the library has been told as a damaged sheet.
            let _ = thread.join();
        }
    }
}

fn unpack(
    mut workbook: Xlsx<BufReader<File>>,
    name: &str,
    max_field: usize,
    sender: &SyncSender<Message>,
) -> Result<(), calamine::XlsxError> {
    let mut cells = workbook.worksheet_cells_reader(name)?;
    let mut rows = Vec::with_capacity(TOGETHER);
    let mut row = SheetRow::default();
    while let Some(cell) = cells.next_cell()? {
        let (number, column) = cell.get_position();
        let number = u64::from(number) + 1;
        if column >= MAX_COLUMNS {
            return Err(calamine::XlsxError::Unexpected(
                "a column beyond the last one",
            ));
        }
        if number != row.number {
            finish(std::mem::take(&mut row), &mut rows);
            row.number = number;
            if rows.len() == TOGETHER
                && sender
                    .send(Message::Rows(std::mem::take(&mut rows)))
                    .is_err()
            {
                return Ok(());
            }
        }
        let (text, fault) = text(cell.get_value());
        let column = column as usize;
        if text.is_empty() {
            continue;
        }
        if row.cells.len() <= column {
            row.cells.resize(column + 1, String::new());
        }
        let large = text.len() > max_field;
        row.cells[column] = if large { String::new() } else { text };
        let fault = if large { Some(Fault::TooLarge) } else { fault };
        row.faults.extend(fault.map(|fault| (column, fault)));
    }
    finish(row, &mut rows);
    let _ = sender.send(Message::Rows(rows));
    Ok(())
}

fn finish(row: SheetRow, rows: &mut Vec<SheetRow>) {
    if !row.cells.is_empty() {
        rows.push(row);
    }
}

/// What a person sees in the cell, without the format of the column.
fn text(value: &DataRef<'_>) -> (String, Option<Fault>) {
    let plain = |text: String| (text, None);
    match value {
        DataRef::Empty => plain(String::new()),
        DataRef::Int(number) => plain(number.to_string()),
        DataRef::Float(number) => number_text(*number),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            plain(text.clone())
        }
        DataRef::SharedString(text) => plain((*text).to_owned()),
        DataRef::Bool(true) => plain("true".to_owned()),
        DataRef::Bool(false) => plain("false".to_owned()),
        DataRef::DateTime(time) => plain(time_text(*time)),
        DataRef::Error(error) => (error.to_string(), Some(Fault::Formula)),
    }
}

/// A number without exponent, and with the 15 digits that a spreadsheet really has.
fn number_text(number: f64) -> (String, Option<Fault>) {
    if number.fract() == 0.0 {
        let fault = (number.abs() >= 1e15).then_some(Fault::Digits);
        return (format!("{number:.0}"), fault);
    }
    let rounded = format!("{number:.14e}").parse::<f64>().unwrap_or(number);
    (rounded.to_string(), None)
}

/// A time in the form of ISO 8601: with its date, or as a time of day or a duration without one. A
/// date at midnight is a date.
fn time_text(time: ExcelDateTime) -> String {
    let days = time.as_f64();
    if !(0.0..2_958_466.0).contains(&days) {
        return number_text(days).0;
    }
    if time.is_duration() || days < 1.0 {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "checked above to be positive and below the year 10000"
        )]
        let milliseconds = (days * 86_400_000.0).round() as u64;
        let seconds = milliseconds / 1000;
        let clock = format!(
            "{:02}:{:02}:{:02}",
            seconds / 3600,
            seconds / 60 % 60,
            seconds % 60
        );
        return with_milliseconds(clock, milliseconds % 1000);
    }
    let (year, month, day, hour, minute, second, millisecond) = time.to_ymd_hms_milli();
    let date = format!("{year:04}-{month:02}-{day:02}");
    if (hour, minute, second, millisecond) == (0, 0, 0, 0) {
        return date;
    }
    let clock = format!("{date}T{hour:02}:{minute:02}:{second:02}");
    with_milliseconds(clock, u64::from(millisecond))
}

fn with_milliseconds(clock: String, milliseconds: u64) -> String {
    if milliseconds == 0 {
        clock
    } else {
        format!("{clock}.{milliseconds:03}")
    }
}

#[cfg(test)]
mod tests {
    use calamine::ExcelDateTimeType;

    use super::*;

    #[test]
    fn numbers_are_written_as_people_see_them() {
        assert_eq!(number_text(4_512_345_601.0).0, "4512345601");
        assert_eq!(number_text(-0.5).0, "-0.5");
        assert_eq!(number_text(0.1 + 0.2).0, "0.3");
        assert_eq!(number_text(1_710_490_323.42 + 2e-7).0, "1710490323.42");
        assert!(number_text(999_999_999_999_999.0).1.is_none());
        assert!(number_text(1e15).1.is_some());
        assert_eq!(number_text(1e21).0, "1000000000000000000000");
    }

    #[test]
    fn times_are_written_as_iso_text() {
        let time = |days, kind, is_1904| time_text(ExcelDateTime::new(days, kind, is_1904));
        let moment = ExcelDateTimeType::DateTime;
        assert_eq!(
            time(45_366.383_368_055_56, moment, false),
            "2024-03-15T09:12:03"
        );
        assert_eq!(
            time(43_904.383_368_055_56, moment, true),
            "2024-03-15T09:12:03"
        );
        assert_eq!(time(45_366.0, moment, false), "2024-03-15");
        assert_eq!(time(0.5, moment, false), "12:00:00");
        assert_eq!(time(1.25, ExcelDateTimeType::TimeDelta, false), "30:00:00");
        assert_eq!(time(-1.0, moment, false), "-1");
    }
}
