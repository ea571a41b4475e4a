//! Records that can be fed in again, with a column that says what is wrong with them.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::Path;

use crate::report::files::output_folder::create_private;
use crate::source::{self, Record, Sheet};

/// A file of rejected records, all of one sheet or of sheets that look the same.
#[derive(Debug)]
pub(in crate::report) struct RejectedFile(source::RejectsWriter<BufWriter<File>>);

impl RejectedFile {
    /// A new file for the records of `sheet`.
    pub(in crate::report) fn create(path: &Path, sheet: &Sheet) -> io::Result<Self> {
        let out = BufWriter::new(create_private(path)?);
        Ok(RejectedFile(source::RejectsWriter::new(
            out,
            sheet,
            &sheet.form,
        )?))
    }

    /// Adds a record and what is wrong with it.
    pub(in crate::report) fn write(
        &mut self,
        record: &Record<'_>,
        problems: &str,
    ) -> io::Result<()> {
        self.0.write(record, problems)
    }

    /// Says as the last row that further records are missing.
    pub(in crate::report) fn cut(&mut self) -> io::Result<()> {
        self.0.cut()
    }

    /// How many bytes records have taken so far.
    pub(in crate::report) fn written(&self) -> u64 {
        self.0.written()
    }

    /// Hands what was written so far to the system.
    pub(in crate::report) fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }

    /// Writes what is left.
    pub(in crate::report) fn finish(self) -> io::Result<()> {
        self.0.finish().map(drop)
    }
}

/// The file extension for records of this sheet.
pub(in crate::report) fn extension(sheet: &Sheet) -> &'static str {
    if sheet.form.is_json() {
        "ndjson"
    } else {
        "csv"
    }
}
