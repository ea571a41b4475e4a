//! The end of a report: the files complete, and those that are made from the summary.

use std::fs::File;
use std::io::{BufWriter, Write};

use crate::report::files::run_files::{Files, WrittenFiles};
use crate::report::{Error, RunFigures, RunProgress, RunSummary, html};

/// What a report came to.
#[derive(Debug)]
pub struct Finished {
    /// What was counted; it stands whether or not it could be written.
    pub summary: RunSummary,
    /// The same for the ledger: how far the work came.
    pub work: RunProgress,
    /// The same for those who watch.
    pub figures: RunFigures,
    /// Whether the files could be completed.
    pub written: Result<(), Error>,
}

/// Completes the files of the records and adds those that are made from the summary.
pub(super) fn complete(files: Files, summary: &mut RunSummary) -> Result<(), Error> {
    let (folder, written) = files.finish()?;
    let WrittenFiles {
        files,
        rejected,
        left_out,
    } = written;
    summary.files = files;
    summary.left_out = left_out;
    summary.take_rejected(rejected);
    // The names go in first, because both files list all of them.
    let (page_path, mut page) = folder.replace("report", "html")?;
    let (json_path, json) = folder.replace("summary", "json")?;
    summary.files.extend([page_path.clone(), json_path.clone()]);
    write_json(summary, json).map_err(Error::write(json_path))?;
    let text = html::render(summary)?;
    page.write_all(text.as_bytes())
        .map_err(Error::write(page_path))
}

fn write_json(summary: &RunSummary, file: File) -> std::io::Result<()> {
    let mut file = BufWriter::new(file);
    serde_json::to_writer_pretty(&mut file, summary)?;
    file.write_all(b"\n")?;
    file.flush()
}
