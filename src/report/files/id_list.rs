//! A list of ids that the operator gives: one id on each line, or a list of this program, whose column
//! `external_id` is read (`accepted.csv`, `skipped.csv`).

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::domain::damage_of_id;
use crate::report::files::csv_guard::read_back;

/// The column of ids in the lists of this program.
const COLUMN: &str = "external_id";

/// The largest list: some millions of ids.
const LARGEST: u64 = 256 << 20;

/// The most bytes of one id.
const LONGEST_ID: usize = 4096;

/// Why a file is no list of ids.
#[derive(Debug, thiserror::Error)]
#[error("{}:{line}: {why}", path.display())]
pub struct NotAnIdList {
    /// The file.
    pub path: PathBuf,
    /// The line, from 1.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

/// The ids of a list, in their order; an id that comes twice is there twice.
pub fn read_id_list(path: &Path) -> Result<Vec<String>, NotAnIdList> {
    let fault = |fault: LineFault| NotAnIdList {
        path: path.to_owned(),
        line: fault.line,
        why: fault.why,
    };
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| fault(LineFault::of(1, error.to_string())))?;
    if bytes.len() as u64 > LARGEST {
        let why = format!("the list is larger than the limit of {LARGEST} bytes");
        return Err(fault(LineFault::of(1, why)));
    }
    read_ids(&bytes).map_err(fault)
}

/// What is wrong on a line.
#[derive(Debug)]
struct LineFault {
    line: u64,
    why: String,
}

impl LineFault {
    fn of(line: u64, why: impl Into<String>) -> LineFault {
        let why = why.into();
        LineFault { line, why }
    }
}

fn read_ids(bytes: &[u8]) -> Result<Vec<String>, LineFault> {
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = &bytes[..error.valid_up_to()];
        let line = 1 + memchr::memchr_iter(b'\n', before).count() as u64;
        LineFault::of(line, "the list is not valid UTF-8")
    })?;
    let text = text.trim_start_matches('\u{feff}');
    let header = text.lines().next().unwrap_or_default();
    let ids = match [b',', b';'].into_iter().find(|it| has_column(header, *it)) {
        Some(delimiter) => of_table(text, delimiter)?,
        None => of_lines(text)?,
    };
    if ids.is_empty() {
        return Err(LineFault::of(1, "the list names no id"));
    }
    Ok(ids)
}

fn has_column(header: &str, delimiter: u8) -> bool {
    let mut cells = header.split(char::from(delimiter));
    cells.any(|cell| cell.trim_matches('"') == COLUMN)
}

fn of_lines(text: &str) -> Result<Vec<String>, LineFault> {
    let mut ids = Vec::new();
    for (line, id) in (1..).zip(text.lines()) {
        let id = id.trim();
        if !id.is_empty() {
            ids.push(checked(id, line)?);
        }
    }
    Ok(ids)
}

fn of_table(text: &str, delimiter: u8) -> Result<Vec<String>, LineFault> {
    let mut reader = csv::ReaderBuilder::new();
    let mut reader = reader.delimiter(delimiter).from_reader(text.as_bytes());
    let unreadable = |error: csv::Error| {
        let line = error.position().map_or(1, csv::Position::line);
        LineFault::of(line, error.to_string())
    };
    let header = reader.headers().map_err(unreadable)?;
    let column = header.iter().position(|name| name == COLUMN);
    let column = column.ok_or_else(|| LineFault::of(1, format!("no column {COLUMN}")))?;
    let mut ids = Vec::new();
    for record in reader.records() {
        let record = record.map_err(unreadable)?;
        let line = record.position().map_or(1, csv::Position::line);
        let id = read_back(record.get(column).unwrap_or_default());
        if !id.is_empty() {
            ids.push(checked(&id, line)?);
        }
    }
    Ok(ids)
}

/// An id as it stands, or what makes it useless.
fn checked(id: &str, line: u64) -> Result<String, LineFault> {
    if id.len() > LONGEST_ID {
        let why = format!("an id is longer than {LONGEST_ID} bytes");
        return Err(LineFault::of(line, why));
    }
    if damage_of_id(id).is_some() {
        let why = format!("{id} is no whole id: a spreadsheet may have changed it");
        return Err(LineFault::of(line, why));
    }
    Ok(id.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(text: &str) -> Vec<String> {
        read_ids(text.as_bytes()).unwrap()
    }

    fn fault(bytes: &[u8]) -> (u64, String) {
        let fault = read_ids(bytes).unwrap_err();
        (fault.line, fault.why)
    }

    #[test]
    fn each_line_is_an_id() {
        let text = "\u{feff}call-1\r\n\r\n  call 2 \n# 3\na,b\n";
        assert_eq!(ids(text), ["call-1", "call 2", "# 3", "a,b"]);
    }

    #[test]
    fn of_a_list_of_this_program_the_column_of_ids_is_read() {
        assert_eq!(ids("file,line,external_id\na.csv,1,x\n"), ["x"]);
        let excel = "\u{feff}uid;\"external_id\"\r\nu;\"=\"\"0012\"\"\"\r\nu;\r\n";
        assert_eq!(ids(excel), ["0012"]);
    }

    #[test]
    fn what_is_no_id_is_named_by_its_line() {
        assert_eq!(fault(b"a\n\xff\n").0, 2);
        assert_eq!(fault(b"").0, 1);
        assert_eq!(fault(b"\n \n").0, 1);
        assert_eq!(fault(b"a\n4,51E+09\n").0, 2);
        assert_eq!(fault(b"external_id,b\na\n").0, 2);
        let long = format!("a\nb\n{}", "x".repeat(LONGEST_ID + 1));
        assert_eq!(fault(long.as_bytes()).0, 3);
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = read_id_list(Path::new("/nowhere/ids.txt")).unwrap_err();
        assert!(error.to_string().starts_with("/nowhere/ids.txt:1: "));
    }
}
