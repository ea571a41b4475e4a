//! Makes records of the rows of a sheet.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use calamine::{Reader as _, SheetVisible, Xlsx};

use super::cell::Fault;
use super::unpacking::{SheetRow, Unpacked};
use crate::call::{Code, Place, Problem, Severity};
use crate::source::bytes::zip;
use crate::source::table::{
    Columns, Dialect, LAST_ROWS, Newline, Opening, Rows, Sink, column_name, trailing_reason,
};
use crate::source::{Batch, Error, Header, HeaderKind, Input, Options, Sheet};

/// How a sheet's rejected rows are written: what Excel opens without being asked.
pub(in crate::source) const DIALECT: Dialect = Dialect {
    delimiter: b';',
    quote: Some(b'"'),
    newline: Newline::CrLf,
};
/// So many rows decide on titles and header.
const OPENING_ROWS: usize = 50;

/// A sheet that is being read.
pub(in crate::source) struct Workbook {
    sheet: Arc<Sheet>,
    width: usize,
    rejects: bool,
    rows: Unpacked,
    ended: bool,
}

impl Workbook {
    /// Opens the workbook, finds the sheet and its header.
    pub(in crate::source) fn open(input: &Input, options: &Options) -> Result<Self, Error> {
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
        let mut rows = Rows::for_batch(self.rejects, 0, Vec::new());
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
        Ok((rows.len() > 0).then(|| rows.seal(&self.sheet, DIALECT, &mut Vec::new())))
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
        let place = Place::on_line(Arc::clone(&self.sheet.file), line);
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
            let problems = cells.last().is_some_and(|cell| cell == Header::PROBLEMS);
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
