//! The files again, from a ledger: it keeps ids and hashes, so what people and recordings are
//! called is not in them.

use std::fs::File;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::ledger::NotedProblem;
use crate::report::cells::guarded;
use crate::report::folder::Folder;
use crate::report::{Error, StatusView};

/// A call that arrived, as the ledger knows it.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// The call's `externalIdentity`.
    pub identity: &'a str,
    /// The conversation's id at the destination.
    pub uid: Option<&'a str>,
    /// BLAKE3 hash and size of the recording.
    pub recording: Option<([u8; 32], u64)>,
    /// When it arrived.
    pub at: Timestamp,
}

/// `accepted.csv`, `problems.csv` and `summary.json`, being written.
#[derive(Debug)]
pub struct Rewritten {
    folder: Folder,
    accepted: (PathBuf, csv::Writer<File>),
    problems: (PathBuf, csv::Writer<File>),
}

impl Rewritten {
    /// Begins the files in `folder`.
    pub fn create(folder: &Path) -> Result<Self, Error> {
        let folder = Folder::open(folder, &[])?;
        let begin = |name: &str, columns: &[&str]| {
            let (path, file) = folder.replace(name)?;
            let mut table = csv::Writer::from_writer(file);
            write(&path, &mut table, columns)?;
            Ok::<_, Error>((path, table))
        };
        Ok(Rewritten {
            accepted: begin(
                "accepted.csv",
                &["external_id", "uid", "recording_blake3", "bytes", "when"],
            )?,
            problems: begin(
                "problems.csv",
                &["file", "line", "column", "code", "severity", "message"],
            )?,
            folder,
        })
    }

    /// Adds a call that arrived.
    pub fn accepted(&mut self, call: &Arrival<'_>) -> Result<(), Error> {
        let (hash, bytes) = match call.recording {
            Some((hash, bytes)) => {
                (blake3::Hash::from_bytes(hash).to_hex().to_string(), bytes.to_string())
            }
            None => (String::new(), String::new()),
        };
        let (path, table) = &mut self.accepted;
        let (identity, uid) = (guarded(call.identity), guarded(call.uid.unwrap_or_default()));
        write(path, table, &[&identity, &uid, &hash, &bytes, &call.at.to_string()])
    }

    /// Adds a problem of the last run.
    pub fn problem(&mut self, problem: &NotedProblem) -> Result<(), Error> {
        let (path, table) = &mut self.problems;
        let line = problem.line.to_string();
        let (file, column) = (guarded(&problem.file), guarded(&problem.column));
        let message = guarded(&problem.message);
        write(path, table, &[&file, &line, &column, &problem.code, &problem.severity, &message])
    }

    /// Completes the files with the state of the ledger, and names them.
    pub fn finish(self, view: &StatusView) -> Result<Vec<PathBuf>, Error> {
        let mut paths = Vec::new();
        for (path, mut table) in [self.accepted, self.problems] {
            table.flush().map_err(Error::write(&path))?;
            paths.push(path);
        }
        let (path, file) = self.folder.replace("summary.json")?;
        serde_json::to_writer_pretty(file, view)
            .map_err(|error| Error::write(&path)(error.into()))?;
        paths.push(path);
        Ok(paths)
    }
}

fn write(path: &Path, table: &mut csv::Writer<File>, cells: &[&str]) -> Result<(), Error> {
    table.write_record(cells).map_err(|error| Error::write(path)(error.into()))
}
