//! Whether the records of each file are those that the mapping is for.

use std::sync::Arc;
use std::sync::atomic::{Ordering, fence};

use super::opened_file::OpenedFile;
use crate::domain::{Location, Problem};
use crate::mapping::{Mismatch, RecordWatch};

/// The files so far, and what is seen of their records.
#[derive(Debug, Default)]
pub(super) struct WatchedFiles {
    files: Vec<(Arc<str>, Watched)>,
    /// The first of them of which records may come.
    first_open: usize,
}

/// What is seen of the records of one input.
#[derive(Debug)]
enum Watched {
    /// More of them may come.
    Open(Vec<Arc<RecordWatch>>),
    /// What was found when all had come.
    Ended(Vec<Mismatch>),
}

impl WatchedFiles {
    /// A new file begins.
    pub(super) fn open(&mut self, opened: &OpenedFile) {
        self.end_watches();
        let watched = Watched::Open(opened.watches.clone());
        self.files.push((Arc::clone(&opened.sheet.file), watched));
    }

    /// Keeps of the files that nobody reads any more only what was found: there may be very many.
    fn end_watches(&mut self) {
        for (_, watched) in &mut self.files[self.first_open..] {
            if let Watched::Open(watches) = watched {
                if watches.iter().any(|watch| Arc::strong_count(watch) > 1) {
                    return;
                }
                // What the last who had it wrote is seen from here on.
                fence(Ordering::Acquire);
                *watched = Watched::Ended(found(watches));
            }
            self.first_open += 1;
        }
    }

    /// Files whose records are not those that the mapping is for, and those that were left out whole.
    pub(super) fn misfits(&self) -> Vec<Problem> {
        let mut told = Vec::new();
        for (file, watched) in &self.files {
            let misfits = match watched {
                Watched::Open(watches) => found(watches),
                Watched::Ended(misfits) => misfits.clone(),
            };
            for Mismatch { code, message } in misfits {
                let location = Location::on_line(Arc::clone(file), 0);
                told.push(Problem::new(code, location, message));
            }
        }
        told
    }
}

fn found(watches: &[Arc<RecordWatch>]) -> Vec<Mismatch> {
    watches.iter().flat_map(|watch| watch.misfits()).collect()
}
