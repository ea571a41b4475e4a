//! problems.csv while it is written: of a kind that many records have only the first.

use std::path::PathBuf;

use crate::domain::{Code, Problem, Severity};
use crate::report::files::allowance::{LineAllowance, ListAllowance, ListLines};
use crate::report::files::csv_file::CsvFile;
use crate::report::files::output_folder::OutputFolder;
use crate::report::files::repeated_lines::{LineCounts, LineTurn, MOST};
use crate::report::format::safe;
use crate::report::{Error, ListForm};

/// The list of the problems.
#[derive(Debug)]
pub(super) struct ProblemsList {
    table: CsvFile,
    /// Its lines by kind.
    listed: LineCounts<(Code, Severity)>,
    lines: ListLines,
}

impl ProblemsList {
    /// An empty list in place of that of an earlier run.
    pub(super) fn create(folder: &OutputFolder, form: ListForm) -> Result<Self, Error> {
        let (path, file) = folder.replace("problems", "csv")?;
        let names = [
            "file",
            "line",
            "column",
            "code",
            "severity",
            "value",
            "message",
            "record",
            "external_id",
        ];
        Ok(ProblemsList {
            table: CsvFile::new(path, file, &names, form)?,
            listed: LineCounts::default(),
            lines: ListLines::default(),
        })
    }

    /// Adds a problem, or says once why no more of them are listed.
    pub(super) fn add(&mut self, problem: &Problem, allowance: ListAllowance) -> Result<(), Error> {
        match self.listed.turn((problem.code, problem.severity)) {
            LineTurn::Listed => {}
            LineTurn::Announced => {
                let more = format!("only the first {MOST} of this kind are listed");
                let (code, severity) = (problem.code.name(), problem.severity.name());
                let cells = ["", "", "", code, severity, "", &more, "", ""];
                return self.table.write(&cells);
            }
            LineTurn::Counted => return Ok(()),
        }
        match self.lines.room(self.table.written, allowance) {
            LineAllowance::There => {}
            LineAllowance::Exhausted => {
                let more = "further problems are not listed; the list would be too large";
                return self.table.write(&["", "", "", "", "", "", more, "", ""]);
            }
            LineAllowance::Gone => return Ok(()),
        }
        self.table.write(&[
            &safe(&problem.location.file),
            &problem.location.line.to_string(),
            &safe(&problem.column),
            problem.code.name(),
            problem.severity.name(),
            &safe(&problem.value),
            &safe(&problem.message),
            &problem
                .location
                .record
                .map_or_else(String::new, |number| number.to_string()),
            &safe(&problem.id),
        ])
    }

    /// Hands everything to the system.
    pub(super) fn flush(&mut self) -> Result<(), Error> {
        self.table.flush()
    }

    /// Problems that are not listed because the list would be too large.
    pub(super) fn left_out(&self) -> u64 {
        self.lines.left_out()
    }

    /// The path of the complete list.
    pub(super) fn into_path(self) -> PathBuf {
        self.table.path
    }
}
