//! `verify.csv`: each call that is not as it was sent, and what is wrong with it.

use std::path::{Path, PathBuf};

use super::csv_file::CsvFile;
use super::output_folder::OutputFolder;
use crate::ledger::VerifiedLine;
use crate::report::{Error, ListForm};

/// Its columns.
pub(super) const COLUMNS: [&str; 6] = ["external_id", "uid", "outcome", "what", "state", "when"];

/// The list of calls that are not verified.
#[derive(Debug)]
pub struct VerifyList {
    csv: CsvFile,
}

impl VerifyList {
    /// A new list in this folder, which is made if it is not there; the ledger stays as it is.
    pub fn create(folder: &Path, ledger: &Path, form: ListForm) -> Result<VerifyList, Error> {
        let folder = OutputFolder::open(folder, &[ledger.to_owned()])?;
        let (path, file) = folder.replace("verify", "csv")?;
        Ok(VerifyList {
            csv: CsvFile::new(path, file, &COLUMNS, form)?,
        })
    }

    /// Adds a call.
    pub fn add(&mut self, line: &VerifiedLine) -> Result<(), Error> {
        let sighting = &line.sighting;
        self.csv.write(&[
            &line.identity,
            line.uid.as_deref().unwrap_or_default(),
            sighting.outcome().name(),
            &sighting.words().join(" "),
            sighting.state.map_or("", |state| state.name()),
            &format!("{:.3}", line.at),
        ])
    }

    /// Completes the list and returns its name.
    pub fn finish(mut self) -> Result<PathBuf, Error> {
        self.csv.flush()?;
        Ok(self.csv.path)
    }
}
