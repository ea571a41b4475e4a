//! accepted.csv while it is written: what arrived, with a mark beside it until it is complete.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::events::Delivered;
use crate::report::files::csv_file::CsvFile;
use crate::report::files::output_folder::{
    OutputFolder, create_private, mark_unfinished, unfinished,
};
use crate::report::files::read_accepted::{self, REHEARSED};
use crate::report::format::safe;
use crate::report::{DestinationLabel, Error, ListForm, Mode};

/// The list of what arrived, with what stands in each of its lines.
#[derive(Debug)]
pub(super) struct AcceptedList {
    table: CsvFile,
    /// The open mark beside the list.
    mark: File,
    destination: String,
    ledger: String,
}

impl AcceptedList {
    /// An empty list of a run of this mode, marked as unfinished.
    pub(super) fn create(
        folder: &OutputFolder,
        mode: Mode,
        destination: Option<&DestinationLabel>,
        form: ListForm,
    ) -> Result<Self, Error> {
        let stem = match mode {
            Mode::Rehearsal => REHEARSED,
            _ => "accepted",
        };
        let path = folder.free_path(stem, "csv", &[])?;
        let mark = mark_unfinished(&path).map_err(Error::write(&path))?;
        let file = create_private(&path).map_err(Error::write(&path))?;
        let cell = |text: &str| safe(text).into_owned();
        let ledger = destination.map(|to| to.ledger.to_string_lossy());
        Ok(AcceptedList {
            table: CsvFile::new(path, file, &read_accepted::COLUMNS, form)?,
            mark,
            destination: destination.map_or_else(String::new, |to| cell(&to.name)),
            ledger: ledger.map_or_else(String::new, |ledger| cell(&ledger)),
        })
    }

    /// What comes from now on is known by this ledger.
    pub(super) fn of_ledger(&mut self, ledger: &Path) {
        self.ledger = safe(&ledger.to_string_lossy()).into_owned();
    }

    /// Adds what was delivered for a call.
    pub(super) fn write(
        &mut self,
        delivered: &Delivered,
        when: Option<Timestamp>,
    ) -> Result<(), Error> {
        self.table.write(&[
            &delivered.identity,
            delivered.uid.as_deref().unwrap_or_default(),
            delivered.recording.as_deref().unwrap_or_default(),
            &delivered.bytes.to_string(),
            &when.map_or_else(String::new, |when| format!("{when:.3}")),
            delivered.kind.name(),
            &self.destination,
            &self.ledger,
        ])
    }

    /// Hands everything to the system.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.table.flush()
    }

    /// Takes the mark away: the list is complete. Answers with its path.
    pub(super) fn finish(self) -> Result<PathBuf, Error> {
        let path = self.table.path;
        let mark = unfinished(&path);
        match fs::remove_file(&mark) {
            // Somebody else took it away; the list is complete all the same.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            removed => removed.map_err(Error::write(mark))?,
        }
        drop(self.mark);
        Ok(path)
    }
}
