//! `recordings.csv`: which recording each call gets or has, and how it was found.

use crate::pipeline::Matched;
use crate::report::Error;
use crate::report::cells::guarded;
use crate::report::files::{Table, guard_safe};
use crate::report::folder::Folder;

const NAME: &str = "recordings";
const COLUMNS: [&str; 5] = ["external_id", "recording", "found", "seconds", "channels"];

/// The list; no file where no call has a recording.
#[derive(Debug, Default)]
pub(super) struct Matches {
    pub(super) table: Option<Table>,
}

/// Takes the list of an earlier run away, which would read as that of this one.
pub(super) fn forget(folder: &Folder) -> Result<(), Error> {
    folder.forget(&format!("{NAME}.csv"))
}

impl Matches {
    /// Adds a call.
    pub(super) fn add(&mut self, folder: &Folder, matched: &Matched) -> Result<(), Error> {
        let table = match &mut self.table {
            Some(table) => table,
            none => {
                let (path, file) = folder.replace(NAME, "csv")?;
                none.insert(Table::new(path, file, &COLUMNS)?)
            }
        };
        let seconds = matched.seconds.map(|seconds| format!("{seconds:.1}"));
        let channels = matched.channels.map(|channels| channels.to_string());
        table.write(&[
            &guarded(&matched.identity),
            &guard_safe(&matched.recording),
            matched.grade.name(),
            &seconds.unwrap_or_default(),
            &channels.unwrap_or_default(),
        ])
    }
}
