//! `recordings.csv`: which recording each call gets or has, and how it was found.

use crate::events::Matched;
use crate::report::files::csv_file::CsvFile;
use crate::report::files::output_folder::OutputFolder;
use crate::report::format::safe;
use crate::report::{Error, ListForm};

const NAME: &str = "recordings";
const COLUMNS: [&str; 5] = ["external_id", "recording", "found", "seconds", "channels"];

/// The list; no file where no call has a recording.
#[derive(Debug)]
pub(in crate::report) struct Matches {
    form: ListForm,
    pub(in crate::report) table: Option<CsvFile>,
}

/// Takes the list of an earlier run away, which would read as that of this one.
pub(in crate::report) fn forget(folder: &OutputFolder) -> Result<(), Error> {
    folder.forget(&format!("{NAME}.csv"))
}

impl Matches {
    /// A list of this form that has no file yet.
    pub(in crate::report) fn new(form: ListForm) -> Self {
        Matches { form, table: None }
    }

    /// Adds a call.
    pub(in crate::report) fn add(
        &mut self,
        folder: &OutputFolder,
        matched: &Matched,
    ) -> Result<(), Error> {
        let table = match &mut self.table {
            Some(table) => table,
            none => {
                let (path, file) = folder.replace(NAME, "csv")?;
                none.insert(CsvFile::new(path, file, &COLUMNS, self.form)?)
            }
        };
        let seconds = matched.seconds.map(|seconds| format!("{seconds:.1}"));
        let channels = matched.channels.map(|channels| channels.to_string());
        table.write(&[
            &matched.identity,
            &safe(&matched.recording),
            matched.grade.name(),
            &seconds.unwrap_or_default(),
            &channels.unwrap_or_default(),
        ])
    }
}
