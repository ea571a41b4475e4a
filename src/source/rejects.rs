//! Records written again, so that a person can mend them and feed them in as they are.
//!
//! A table keeps its columns, delimiter, quoting, line ending and encoding; JSON becomes one object a
//! line. What was wrong stands in a last column or key, [`Header::PROBLEMS`], which reading passes
//! over. A record that could not be read properly is written byte by byte as it stood, so that it is
//! read the same way again; only where quotes or blanks are written in an unusual way, the cells that
//! were found are written in the usual one.

use std::io::{self, Write};

use serde_json::Value as Json;

use super::bytes::{Charset, unmark};
use super::format::{Dialect, FileFormat, FormKind};
use super::record::Record;
use super::sheet::{Header, Sheet};
use crate::domain::{Code, note_of_id};

/// What stands in place of the records that a file of rejected records lacks. It begins with a code, and
/// holds nothing that a table might have to quote.
const CUT: &str = "rejects-cut: further rejected records are not in this file";

/// Writes some records of one sheet again.
#[derive(Debug)]
pub struct RejectsWriter<W: Write> {
    out: W,
    form: FormKind,
    /// Whether what the file says of a row is read again in the same way.
    keeps_raw: bool,
    columns: usize,
    buffer: Vec<u8>,
    written: u64,
}

impl<W: Write> RejectsWriter<W> {
    /// Starts with the header, for tables; where the file had none, the names by which its columns
    /// are known become one.
    pub fn new(out: W, sheet: &Sheet, form: &FileFormat) -> io::Result<Self> {
        let names = sheet.header.as_ref().map_or(&[][..], Header::names);
        let mut rejects = RejectsWriter {
            out,
            keeps_raw: form.keeps_raw(),
            form: form.of_rejects(),
            columns: names.len(),
            buffer: Vec::new(),
            written: 0,
        };
        if let FormKind::Table {
            dialect,
            charset,
            bom,
        } = rejects.form
        {
            if bom {
                charset.encode("\u{feff}", &mut rejects.buffer);
                rejects.out.write_all(&rejects.buffer)?;
            }
            let names: Vec<&[u8]> = names.iter().map(String::as_bytes).collect();
            let mut row = Vec::new();
            dialect.write_row(names.into_iter(), &mut row);
            rejects.finish_row(dialect, charset, row, Header::PROBLEMS)?;
        }
        Ok(rejects)
    }

    /// Writes `record`, and what is wrong with it.
    pub fn write(&mut self, record: &Record<'_>, problems: &str) -> io::Result<()> {
        match self.form {
            FormKind::Json => self.write_object(record, problems),
            FormKind::Table {
                dialect, charset, ..
            } => {
                let mut row = Vec::new();
                match record.raw().filter(|_| self.keeps_raw) {
                    Some(raw) => row.extend_from_slice(raw),
                    None => self.write_cells(record, dialect, &mut row),
                }
                self.finish_row(dialect, charset, row, problems)
            }
        }
    }

    /// Says as the last row that there are more records than the file has. The row is refused when the
    /// file is read again, so that nobody takes the file for whole.
    pub fn cut(&mut self) -> io::Result<()> {
        match self.form {
            FormKind::Json => {
                self.buffer.clear();
                let mark = Json::String(CUT.to_owned()).to_string();
                append_member(b"{}", &mark, &mut self.buffer);
                self.buffer.push(b'\n');
                self.write_out()
            }
            FormKind::Table {
                dialect, charset, ..
            } => {
                let mut cells = vec![&b""[..]; self.columns];
                if let Some(first) = cells.first_mut() {
                    // Where a spreadsheet takes the last column away, the row still says it.
                    *first = CUT.as_bytes();
                }
                let mut row = Vec::new();
                dialect.write_row(cells.into_iter(), &mut row);
                self.finish_row(dialect, charset, row, CUT)
            }
        }
    }

    /// How many bytes records have taken so far.
    pub fn written(&self) -> u64 {
        self.written
    }

    /// Hands what was written so far on.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Flushes and gives the writer back.
    pub fn finish(mut self) -> io::Result<W> {
        self.out.flush()?;
        Ok(self.out)
    }

    fn write_cells(&self, record: &Record<'_>, dialect: Dialect, row: &mut Vec<u8>) {
        let mut cells: Vec<&[u8]> = record.cells().map(str::as_bytes).collect();
        if cells.is_empty() {
            // What was too large to keep: the row shows that it was there.
            cells.resize(self.columns, b"");
        }
        dialect.write_row(cells.into_iter(), row);
    }

    /// The last cell is written without quotes, because the quotes before it may not be in order;
    /// so it must not need any. The usual quote is kept out of it in a table without quoting as well:
    /// one more of them could make a table with quoting of it when it is read again.
    fn finish_row(
        &mut self,
        dialect: Dialect,
        charset: Charset,
        mut row: Vec<u8>,
        problems: &str,
    ) -> io::Result<()> {
        if self.columns > 0 {
            row.push(dialect.delimiter);
        }
        let comma = if dialect.delimiter == b',' { ';' } else { ',' };
        let delimiter = char::from(dialect.delimiter);
        let quote = dialect.quote.map(char::from);
        let bare: String = problems
            .chars()
            .map(|char| match char {
                char if char == delimiter => comma,
                char if char == '"' || Some(char) == quote => '\'',
                char if char.is_control() => ' ',
                char => char,
            })
            .collect();
        row.extend_from_slice(bare.as_bytes());
        row.extend_from_slice(dialect.newline.bytes());
        self.buffer.clear();
        encode(charset, &row, &mut self.buffer);
        self.write_out()
    }

    fn write_out(&mut self) -> io::Result<()> {
        self.written += self.buffer.len() as u64;
        self.out.write_all(&self.buffer)
    }

    fn write_object(&mut self, record: &Record<'_>, problems: &str) -> io::Result<()> {
        let problems = Json::String(problems.to_owned()).to_string();
        self.buffer.clear();
        let readable = matches!(record.tree(), Some(Json::Object(_)));
        match (record.raw(), record.tree()) {
            (Some(raw), _) if readable => append_member(raw, &problems, &mut self.buffer),
            (Some(raw), _) => self.buffer.extend_from_slice(raw),
            (None, Some(tree @ Json::Object(_))) => {
                append_member(tree.to_string().as_bytes(), &problems, &mut self.buffer);
            }
            (None, _) => append_member(b"{}", &problems, &mut self.buffer),
        }
        for byte in &mut self.buffer {
            if matches!(byte, b'\r' | b'\n') {
                *byte = b' ';
            }
        }
        self.buffer.push(b'\n');
        self.write_out()
    }
}

/// What a rejected row begins its reasons with: the id of its record, which a spreadsheet that opens the
/// file changes in its own column (`00123` becomes `123`) and not in a sentence.
const NOTED_ID: &str = "id ";

/// The reasons of a rejected row, with the id of its record before them.
pub fn with_noted_id(id: &str, reasons: &str) -> String {
    let id = note_of_id(id);
    match (id.as_str(), reasons) {
        ("", reasons) => reasons.to_owned(),
        (id, "") => format!("{NOTED_ID}{id}"),
        (id, reasons) => format!("{NOTED_ID}{id}; {reasons}"),
    }
}

/// The cell of reasons as the id before them, which may be empty, and the rest. In a table with semicolons
/// a comma stands for that behind the id.
fn split_noted_id(cell: &str) -> (&str, &str) {
    let Some(rest) = cell.strip_prefix(NOTED_ID) else {
        return ("", cell);
    };
    let end = [rest.find("; "), rest.find(", ")]
        .into_iter()
        .flatten()
        .min();
    end.map_or((rest.trim(), ""), |end| (&rest[..end], &rest[end + 2..]))
}

/// The id in a cell of reasons.
pub(super) fn noted_id(cell: &[u8]) -> Option<&str> {
    let (id, _) = split_noted_id(std::str::from_utf8(cell).ok()?);
    (!id.is_empty()).then_some(id)
}

/// Whether reasons are those of the row that stands in place of further records.
pub(super) fn are_of_cut(reasons: &[u8]) -> bool {
    let name = Code::RejectsCut.name().as_bytes();
    reasons
        .strip_prefix(name)
        .is_some_and(|rest| rest.starts_with(b":"))
}

/// What is wrong with that row.
pub(super) fn cut_message() -> &'static str {
    "the file lacks rejected records: feed in the export itself again, or remove this row to send only \
     what is here"
}

/// Whether a cell holds the reasons of an earlier run: it begins with a code.
pub(super) fn are_reasons(cell: &[u8]) -> bool {
    let Some(end) = memchr::memchr(b':', cell) else {
        return false;
    };
    let Ok(before) = std::str::from_utf8(&cell[..end]) else {
        return false;
    };
    let (_, reasons) = split_noted_id(before);
    let code = reasons.split(' ').next();
    code.is_some_and(|code| Code::from_name(code).is_some())
}

/// Appends `object` with the problems as its last member, in place of those of an earlier run.
fn append_member(object: &[u8], problems: &str, out: &mut Vec<u8>) {
    let mut body = object.trim_ascii();
    body = body.strip_suffix(b"}").unwrap_or(body).trim_ascii_end();
    let key = format!("\"{}\":", Header::PROBLEMS);
    if let Some(at) = memchr::memmem::rfind(body, key.as_bytes())
        && serde_json::from_slice::<String>(&body[at + key.len()..]).is_ok()
    {
        let before = body[..at].trim_ascii_end();
        body = before.strip_suffix(b",").unwrap_or(before).trim_ascii_end();
    }
    out.extend_from_slice(body);
    if body != b"{" {
        out.push(b',');
    }
    out.extend_from_slice(key.as_bytes());
    out.extend_from_slice(problems.as_bytes());
    out.push(b'}');
}

/// Appends `row` in `charset`; bytes that did not decode become what they were.
fn encode(charset: Charset, mut row: &[u8], out: &mut Vec<u8>) {
    if charset == Charset::UTF_8 {
        out.extend_from_slice(row);
        return;
    }
    while !row.is_empty() {
        let end = match std::str::from_utf8(row) {
            Ok(text) => {
                charset.encode(text, out);
                return;
            }
            Err(error) => error.valid_up_to(),
        };
        if let Some(chunk) = row[..end].utf8_chunks().next() {
            charset.encode(chunk.valid(), out);
        }
        let (byte, length) = match unmark(&row[end..]) {
            Some(byte) => (byte, 3),
            None => (row[end], 1),
        };
        out.push(byte);
        row = &row[end + length..];
    }
}
