//! The lists for people, written row by row: the one home of their form.
//!
//! A Danish Excel opens a `.csv` by a double click with semicolons, with decimal commas, and as UTF-8 only
//! behind a byte order mark; [`ListForm::Excel`] is that. A cell that it would change or calculate is told
//! as text (see `cells`).

use std::borrow::Cow;
use std::fs::File;
use std::io::Write as _;
use std::path::PathBuf;

use crate::report::files::csv_guard::{for_spreadsheets, guarded};
use crate::report::{Error, ListForm};

/// The columns of numbers that we make ourselves, in whichever list: these are to be calculated with.
const NUMBERS: [&str; 5] = ["line", "record", "bytes", "seconds", "channels"];

/// What UTF-8 is known by.
const MARK: &str = "\u{feff}";

/// A list with a header.
#[derive(Debug)]
pub(in crate::report) struct CsvFile {
    pub(in crate::report) path: PathBuf,
    csv: csv::Writer<File>,
    form: ListForm,
    /// Whether each column holds numbers.
    are_numbers: Vec<bool>,
    /// Bytes of the rows so far, without quotes.
    pub(in crate::report) written: u64,
}

impl CsvFile {
    /// A list of this form in an empty file.
    pub(in crate::report) fn new(
        path: PathBuf,
        mut file: File,
        names: &[&str],
        form: ListForm,
    ) -> Result<Self, Error> {
        let mut csv = csv::WriterBuilder::new();
        if form == ListForm::Excel {
            file.write_all(MARK.as_bytes())
                .map_err(Error::write(&path))?;
            csv.delimiter(b';').terminator(csv::Terminator::CRLF);
        }
        let mut table = CsvFile {
            path,
            csv: csv.from_writer(file),
            form,
            are_numbers: names.iter().map(|name| NUMBERS.contains(name)).collect(),
            written: 0,
        };
        table.write(names)?;
        table.flush()?;
        Ok(table)
    }

    /// Adds a row. Cells are given as they are; the guards of the form are added here.
    pub(in crate::report) fn write(&mut self, cells: &[&str]) -> Result<(), Error> {
        let written = cells
            .iter()
            .zip(&self.are_numbers)
            .map(|(cell, is_number)| guarded_by(self.form, cell, *is_number));
        let written: Vec<Cow<'_, str>> = written.collect();
        self.written += written
            .iter()
            .map(|cell| cell.len() as u64 + 1)
            .sum::<u64>();
        self.csv
            .write_record(written.iter().map(|cell| cell.as_bytes()))
            .map_err(|error| Error::write(&self.path)(error.into()))
    }

    /// Hands everything to the system.
    pub(in crate::report) fn flush(&mut self) -> Result<(), Error> {
        self.csv.flush().map_err(Error::write(&self.path))
    }
}

/// The cell with the guard of its list's form.
fn guarded_by(form: ListForm, cell: &str, is_number: bool) -> Cow<'_, str> {
    match form {
        ListForm::Plain => guarded(cell),
        ListForm::Excel if is_number => Cow::Owned(cell.replace('.', ",")),
        ListForm::Excel => for_spreadsheets(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: ListForm) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("recordings.csv");
        let file = File::create(&path).unwrap();
        let names = ["external_id", "recording", "seconds"];
        let mut table = CsvFile::new(path.clone(), file, &names, form).unwrap();
        table.write(&["00123", "æ;=1+1,b.wav", "12.5"]).unwrap();
        table.write(&["=1+1", "a.wav", ""]).unwrap();
        table.flush().unwrap();
        std::fs::read_to_string(path).unwrap()
    }

    #[test]
    fn a_plain_list_is_csv_for_programs() {
        let right = "external_id,recording,seconds\n00123,\"æ;'=1+1,b.wav\",12.5\n'=1+1,a.wav,\n";
        assert_eq!(written(ListForm::Plain), right);
    }

    #[test]
    fn a_list_for_excel_opens_by_a_double_click() {
        let right = "\u{feff}external_id;recording;seconds\r\n\
                     \"=\"\"00123\"\"\";\"æ;'=1+1,b.wav\";12,5\r\n\
                     \"=\"\"=1+1\"\"\";a.wav;\r\n";
        assert_eq!(written(ListForm::Excel), right);
    }
}
