//! The folder as a whole, from files to records.

mod damaged;
mod dialects;
mod documents;
mod encodings;
mod joined;
mod limits;
mod properties;
mod rejects;
mod tables;
mod workbooks;

use std::path::PathBuf;

use super::{Batch, Error, Input, ReadOptions, open};
use crate::domain::Code;

/// A folder with one input in it.
pub(super) struct File {
    folder: tempfile::TempDir,
    name: String,
}

impl File {
    pub(super) fn new(name: &str, content: impl AsRef<[u8]>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), content).unwrap();
        File {
            folder,
            name: name.to_owned(),
        }
    }

    pub(super) fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    pub(super) fn input(&self) -> Input {
        Input::file(self.path())
    }

    pub(super) fn read(&self, options: &ReadOptions) -> Result<Table, Error> {
        let reader = open(&self.input(), options)?;
        let reading = reader.sheet().reading.clone();
        let header = reader.sheet().header.as_ref();
        let names = header.map_or_else(Vec::new, |header| header.names().to_vec());
        let batches = reader.collect::<Result<Vec<Batch>, Error>>()?;
        let records = batches
            .iter()
            .flat_map(Batch::iter)
            .map(Line::new)
            .collect();
        Ok(Table {
            reading,
            names,
            records,
        })
    }
}

/// All that an input says.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) reading: String,
    pub(super) names: Vec<String>,
    pub(super) records: Vec<Line>,
}

/// One record, easy to compare.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Line {
    pub(super) number: u64,
    /// Which record of the file it is, where lines do not tell.
    pub(super) record: Option<u64>,
    pub(super) cells: Vec<String>,
    pub(super) tree: Option<serde_json::Value>,
    pub(super) codes: Vec<Code>,
}

impl Line {
    fn new(record: super::Record<'_>) -> Self {
        Line {
            number: record.line(),
            record: record.number().map(std::num::NonZeroU64::get),
            cells: record.cells().map(str::to_owned).collect(),
            tree: record.tree().cloned(),
            codes: record.problems().map(|problem| problem.code).collect(),
        }
    }
}

pub(super) fn csv(content: impl AsRef<[u8]>) -> Table {
    File::new("calls.csv", content)
        .read(&ReadOptions::default())
        .unwrap()
}

impl Table {
    /// Line, cells and codes of each record.
    pub(super) fn rows(&self) -> Vec<(u64, Vec<&str>, Vec<Code>)> {
        self.records
            .iter()
            .map(|line| {
                let cells = line.cells.iter().map(String::as_str).collect();
                (line.number, cells, line.codes.clone())
            })
            .collect()
    }
}
