//! Makes records of the rows of a sheet.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use calamine::{Reader as _, SheetVisible, Xlsx};

use super::cell::CellError;
use super::dimension::without_odd_sizes;
use super::parts::{PartsReader, WorkbookContent};
use super::sheet_thread::{SheetRow, Unpacked};
use crate::domain::{Code, Location, Problem, Severity};
use crate::source::bytes::zip_limits;
use crate::source::format::{Dialect, Newline};
use crate::source::sheet::column_name;
use crate::source::table::{
    HeaderPlace, LAST_ROWS, Opening, RepeatedHeader, RowBuilder, Sink, TableColumns,
    trailing_reason,
};
use crate::source::{Batch, Error, Header, Input, ReadOptions, Sheet};

/// How a sheet's rejected rows are written: what Excel opens without being asked.
pub(in crate::source) const DIALECT: Dialect = Dialect::new(b';', Some(b'"'), Newline::CrLf);
/// So many rows decide on titles and header.
const OPENING_ROWS: usize = 50;

/// A sheet that is being read.
pub(in crate::source) struct Workbook {
    sheet: Arc<Sheet>,
    width: usize,
    max_record: usize,
    rejects: bool,
    rows: Unpacked,
    /// A text of the table comes out each time that a cell has it.
    growth: zip_limits::Growth,
    again: RepeatedHeader,
    ended: bool,
}

/// A sheet of which the beginning has been unpacked.
struct OpenedSheet {
    name: String,
    rows: Unpacked,
    columns: TableColumns,
}

impl Workbook {
    /// Opens the workbook, finds the sheet and its header.
    pub(in crate::source) fn open(input: &Input, options: &ReadOptions) -> Result<Self, Error> {
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
        let growth = zip_limits::refuse_bomb(path, file, &options.limits)?;
        let content = File::open(path).and_then(without_odd_sizes);
        let content = content.map_err(|error| unreadable(format!("cannot be read: {error}")))?;
        let content = WorkbookContent::new(content);
        let OpenedSheet {
            name,
            mut rows,
            columns,
        } = choose(&content, file, options)?;
        for _ in 0..columns.lines {
            rows.next().map_err(unreadable)?;
        }
        Ok(Workbook {
            again: RepeatedHeader::new(columns.own_names(), columns.shapes.clone()),
            sheet: Arc::new(Sheet {
                file: Arc::clone(file),
                reading: format!("workbook, sheet '{name}', {}", columns.reading()),
                header: Some(columns.header),
                nulls: options.nulls.clone(),
                form: crate::source::FileFormat::default(),
            }),
            width: columns.width,
            max_record: options.limits.record(),
            rejects: columns.rejects,
            rows,
            growth,
            ended: false,
        })
    }

    pub(in crate::source) fn sheet(&self) -> &Arc<Sheet> {
        &self.sheet
    }

    pub(in crate::source) fn sheet_mut(&mut self) -> &mut Sheet {
        Arc::make_mut(&mut self.sheet)
    }

    /// The next records; `None` after the last.
    pub(in crate::source) fn next_batch(&mut self) -> Result<Option<Batch>, Error> {
        if self.ended {
            return Ok(None);
        }
        let mut rows = RowBuilder::for_batch(self.rejects, 0, Vec::new());
        let unreadable = |reason| Error::Unreadable {
            file: self.sheet.file.to_string(),
            reason,
        };
        // Whether a row is a total shows in those behind it.
        while !rows.is_full() || self.rows.is_near_its_end(LAST_ROWS).map_err(unreadable)? {
            let Some(row) = self.rows.next().map_err(unreadable)? else {
                self.ended = true;
                break;
            };
            self.growth.add(row.shared, &self.sheet.file)?;
            self.take(&row, &mut rows);
        }
        if !self.ended {
            self.ended = self.rows.look_ahead(1).map_err(unreadable)? == 0;
        }
        self.again.report(&mut rows, &self.sheet);
        if self.ended {
            self.report_trailing(&mut rows);
        }
        Ok((rows.len() > 0).then(|| rows.seal(&self.sheet, DIALECT, &mut Vec::new())))
    }

    fn take(&self, row: &SheetRow, rows: &mut RowBuilder) {
        let first = rows.ends.len();
        if row.is_too_large {
            rows.end_row(row.number, first);
            let message = format!("the record is longer than {} bytes", self.max_record);
            rows.problem(self.problem(Code::RecordTooLarge, row.number, &message));
            return;
        }
        let width = row.width();
        // A sheet does not keep its empty cells.
        for cell in row.cells(width.max(self.width)) {
            rows.piece(cell.as_bytes());
            rows.end_cell();
        }
        rows.end_row(row.number, first);
        if width > self.width {
            let message = format!("{width} cells for {} columns", self.width);
            rows.problem(self.problem(Code::RowTooLong, row.number, &message));
        }
        for (column, fault) in &row.faults {
            let (column, value) = (*column, row.cell(*column));
            let (code, severity, message) = match fault {
                CellError::Digits => (
                    Code::SpreadsheetDamage,
                    Severity::Error,
                    "a number of more than 15 digits, of which a spreadsheet keeps only 15",
                ),
                CellError::Formula => (
                    Code::SpreadsheetDamage,
                    Severity::Warning,
                    "a formula that came to no value",
                ),
                CellError::TooLarge => (
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

    fn report_trailing(&self, rows: &mut RowBuilder) {
        for index in (0..rows.len()).rev().take(LAST_ROWS) {
            let Some(reason) = trailing_reason(rows.cells(index), self.width) else {
                return;
            };
            let problem = self.problem(Code::TrailingRow, rows.line(index), reason);
            rows.replace_problems(index, problem);
        }
    }

    fn problem(&self, code: Code, line: u64, message: &str) -> Problem {
        let location = Location::on_line(Arc::clone(&self.sheet.file), line);
        Problem::new(code, location, message)
    }
}

/// The sheet that was named, else the one that holds the records. Where nobody knows what a record has,
/// that is the first one that can be seen.
fn choose(
    content: &WorkbookContent,
    file: &Arc<str>,
    options: &ReadOptions,
) -> Result<OpenedSheet, Error> {
    let unreadable = |reason: String| Error::Unreadable {
        file: file.to_string(),
        reason,
    };
    let names = candidates(&workbook(content, file)?, options.sheet.as_deref());
    let names = names.map_err(unreadable)?;
    if names.len() == 1 || options.known.is_empty() {
        return open_sheet(content, &names[0], file, options);
    }
    // One after the other, because they share the place in the file. A cover has no columns; that it
    // cannot be read as a table is no fault of the workbook.
    let fits = |name: &&String| {
        let opened = open_sheet(content, name, file, options);
        opened.is_ok_and(|sheet| options.known.fits_header(&sheet.columns.header))
    };
    let fitting: Vec<String> = names.iter().filter(fits).cloned().collect();
    let say = "say which with `--sheet`, or with `sheet` in [source]";
    match &fitting[..] {
        [] => Err(unreadable(format!(
            "no sheet has the columns of the mapping: sheet {}; {say}",
            listed(&names)
        ))),
        [name] => open_sheet(content, name, file, options),
        several => Err(unreadable(format!(
            "several sheets hold records: {}; {say}",
            listed(several)
        ))),
    }
}

/// The names of the sheets that can be seen, in their order.
pub(in crate::source) fn sheets(
    input: &Input,
    options: &ReadOptions,
) -> Result<Vec<String>, Error> {
    let file = input.name();
    let Some(path) = input.path() else {
        return Ok(Vec::new());
    };
    zip_limits::refuse_bomb(path, file, &options.limits)?;
    let content = File::open(path).and_then(without_odd_sizes);
    let content = content.map_err(|error| Error::io(file, error))?;
    let workbook = workbook(&WorkbookContent::new(content), file)?;
    candidates(&workbook, None).map_err(|reason| Error::Unreadable {
        file: file.to_string(),
        reason,
    })
}

fn listed(names: &[String]) -> String {
    let names: Vec<String> = names.iter().map(|name| format!("'{name}'")).collect();
    names.join(", ")
}

fn workbook(
    content: &WorkbookContent,
    file: &str,
) -> Result<Xlsx<PartsReader<BufReader<File>>>, Error> {
    let content = content.read().map_err(|error| Error::io(file, error))?;
    Xlsx::new(content).map_err(|error| Error::Unreadable {
        file: file.to_owned(),
        reason: format!("cannot be read as a workbook: {error}"),
    })
}

/// The names of the sheets of which one holds the records; at least one.
fn candidates(
    workbook: &Xlsx<PartsReader<BufReader<File>>>,
    wanted: Option<&str>,
) -> Result<Vec<String>, String> {
    let sheets = workbook.sheets_metadata();
    let all: Vec<String> = sheets.iter().map(|sheet| sheet.name.clone()).collect();
    let visible = sheets
        .iter()
        .filter(|sheet| sheet.visible == SheetVisible::Visible);
    let visible: Vec<String> = visible.map(|sheet| sheet.name.clone()).collect();
    match wanted {
        Some(name) if all.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
        Some(name) => Err(format!("has no sheet '{name}', but {}", listed(&all))),
        None if all.is_empty() => Err("the workbook has no sheets".to_owned()),
        None if visible.is_empty() => Ok(all.into_iter().take(1).collect()),
        None => Ok(visible),
    }
}

/// Unpacks the beginning of a sheet and finds its columns.
fn open_sheet(
    content: &WorkbookContent,
    name: &str,
    file: &Arc<str>,
    options: &ReadOptions,
) -> Result<OpenedSheet, Error> {
    let unreadable = |reason: String| Error::Unreadable {
        file: file.to_string(),
        reason,
    };
    let workbook = workbook(content, file)?;
    let mut rows = Unpacked::start(workbook, name.to_owned(), &options.limits)
        .map_err(|error| Error::io(file, error))?;
    for _ in 0..options.skip_lines {
        rows.next().map_err(unreadable)?;
    }
    rows.look_ahead(OPENING_ROWS).map_err(unreadable)?;
    let columns = columns(&mut rows, file, options)?;
    Ok(OpenedSheet {
        name: name.to_owned(),
        rows,
        columns,
    })
}

/// What the columns are called; drops the rows before the header.
fn columns(rows: &mut Unpacked, file: &str, options: &ReadOptions) -> Result<TableColumns, Error> {
    let width = rows.ahead.iter().map(SheetRow::width).max().unwrap_or(0);
    let mut opening: Vec<Vec<String>> = rows
        .ahead
        .iter()
        .take(OPENING_ROWS)
        .map(|row| {
            let own = row.width();
            let problems = own > 0 && row.cell(own - 1) == Header::PROBLEMS;
            let cells = row.cells(if problems { own } else { width });
            cells.map(str::to_owned).collect()
        })
        .collect();
    let location = if options.skip_lines == 0 && options.header.is_none() {
        let location = HeaderPlace::of_mapping(&opening, options);
        location.or_else(|| HeaderPlace::by_looks(&opening))
    } else {
        None
    };
    let titles = location.as_ref().map_or(0, |location| location.titles);
    opening.drain(..titles);
    rows.drop_ahead(titles);
    let opening = Opening {
        file,
        line: rows.ahead.front().map_or(1, |row| row.number),
        rows: &opening,
    };
    TableColumns::find(&opening, options, location.as_ref())
}
