//! Bytes as an input, and all that was read of it.

use std::path::PathBuf;
use std::sync::OnceLock;

use serde_json::Value as Json;

use crate::domain::{Code, Problem};
use crate::source::{Batch, Error, Input, ReadOptions, RejectsWriter, open};

/// Where the one file of this process lies; `scripts/fuzz` removes it.
pub fn folder() -> &'static PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("capturi-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the folder for temporary files can be written");
        folder
    })
}

/// A record, easy to compare.
#[derive(Debug, Clone, PartialEq)]
pub struct Record {
    pub line: u64,
    pub cells: Vec<String>,
    pub tree: Option<Json>,
    pub problems: Vec<Problem>,
}

impl Record {
    pub fn has(&self, code: Code) -> bool {
        self.problems.iter().any(|problem| problem.code == code)
    }
}

/// All that an input says.
#[derive(Debug)]
pub struct Content {
    pub names: Option<Vec<String>>,
    pub records: Vec<Record>,
    /// The records written again, each with a problem.
    pub rejected: Vec<u8>,
}

/// Reads `bytes` as a file of this name, and holds what is true of every input.
pub fn read(name: &str, bytes: &[u8], options: &ReadOptions) -> Result<Content, Error> {
    let path = folder().join(name);
    std::fs::write(&path, bytes).expect("the temporary file can be written");
    let mut reader = open(&Input::file(path), options)?;
    let sheet = reader.sheet().clone();
    assert!(!sheet.reading.is_empty());
    let names = sheet.header.as_ref().map(|header| header.names().to_vec());
    let mut rejects = RejectsWriter::new(Vec::new(), &sheet, reader.form()).expect("memory takes it");
    let mut records = Vec::new();
    let mut failed = None;
    for batch in reader.by_ref() {
        match batch {
            Ok(batch) => {
                for record in Batch::iter(&batch) {
                    rejects.write(&record, "why; \"not\", then").expect("memory takes it");
                    let problems: Vec<Problem> = record.problems().cloned().collect();
                    for problem in &problems {
                        assert_eq!(problem.location.line, record.line());
                        assert_eq!(problem.location.file, sheet.file);
                    }
                    records.push(Record {
                        line: record.line(),
                        cells: record.cells().map(str::to_owned).collect(),
                        tree: record.tree().cloned(),
                        problems,
                    });
                }
            }
            Err(error) => failed = Some(error),
        }
    }
    assert!(reader.next().is_none(), "an ended reader gives nothing more");
    if let Some(error) = failed {
        return Err(error);
    }
    assert!(records.is_sorted_by_key(|record| record.line));
    assert!(records.iter().all(|record| record.line >= 1));
    Ok(Content {
        names,
        records,
        rejected: rejects.finish().expect("memory takes it"),
    })
}

/// The most lines that these bytes can have, in any encoding.
pub fn most_lines(bytes: &[u8]) -> u64 {
    let breaks = bytes.iter().filter(|byte| matches!(byte, b'\r' | b'\n'));
    breaks.count() as u64 + 1
}
