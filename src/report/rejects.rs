//! Records that can be fed in again, with a column that says what is wrong with them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use crate::report::folder::create_private;
use crate::source::{Header, Record, Sheet};

/// A file of rejected records, all of one sheet or of sheets that look the same.
#[derive(Debug)]
pub(super) struct Rejects {
    form: Form,
}

#[derive(Debug)]
enum Form {
    Table(Box<csv::Writer<File>>),
    Lines(BufWriter<File>),
}

impl Rejects {
    /// A new file for the records of `sheet`.
    pub(super) fn create(path: &Path, sheet: &Sheet) -> io::Result<Self> {
        let file = create_private(path)?;
        let form = match &sheet.header {
            Some(header) => {
                let mut table = csv::WriterBuilder::new().flexible(true).from_writer(file);
                let names = header.names().iter().map(String::as_str);
                table.write_record(names.chain([Header::PROBLEMS]))?;
                Form::Table(Box::new(table))
            }
            None => Form::Lines(BufWriter::new(file)),
        };
        Ok(Rejects { form })
    }

    /// Adds a record and what is wrong with it.
    pub(super) fn write(&mut self, record: &Record<'_>, problems: &str) -> io::Result<()> {
        match &mut self.form {
            Form::Table(table) => Ok(table.write_record(record.cells().chain([problems]))?),
            Form::Lines(lines) => {
                let mut tree = record.tree().cloned().unwrap_or_default();
                if let Some(object) = tree.as_object_mut() {
                    object.insert(Header::PROBLEMS.to_owned(), problems.into());
                }
                writeln!(lines, "{tree}")
            }
        }
    }

    /// Hands what was written so far to the system.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        match &mut self.form {
            Form::Table(table) => table.flush(),
            Form::Lines(lines) => lines.flush(),
        }
    }

    /// Writes what is left.
    pub(super) fn finish(mut self) -> io::Result<()> {
        self.flush()
    }
}

/// The file extension for records of this sheet.
pub(super) fn extension(sheet: &Sheet) -> &'static str {
    if sheet.header.is_some() {
        "csv"
    } else {
        "ndjson"
    }
}
