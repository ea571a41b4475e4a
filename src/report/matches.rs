//! `recordings.csv`: which recording each call gets or has, and how it was found.

use crate::pipeline::Matched;
use crate::report::folder::Folder;
use crate::report::table::Table;
use crate::report::words::safe;
use crate::report::{Error, ListForm};

const NAME: &str = "recordings";
const COLUMNS: [&str; 5] = ["external_id", "recording", "found", "seconds", "channels"];

/// The list; no file where no call has a recording.
#[derive(Debug)]
pub(super) struct Matches {
    form: ListForm,
    pub(super) table: Option<Table>,
}

/// Takes the list of an earlier run away, which would read as that of this one.
pub(super) fn forget(folder: &Folder) -> Result<(), Error> {
    folder.forget(&format!("{NAME}.csv"))
}

impl Matches {
    /// A list of this form that has no file yet.
    pub(super) fn new(form: ListForm) -> Self {
        Matches { form, table: None }
    }

    /// Adds a call.
    pub(super) fn add(&mut self, folder: &Folder, matched: &Matched) -> Result<(), Error> {
        let table = match &mut self.table {
            Some(table) => table,
            none => {
                let (path, file) = folder.replace(NAME, "csv")?;
                none.insert(Table::new(path, file, &COLUMNS, self.form)?)
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
