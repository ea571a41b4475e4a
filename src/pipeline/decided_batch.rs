//! A batch of records, all decided.

use std::sync::Arc;

use super::decision::Decision;
use super::opened_file::OpenedFile;
use crate::domain::Problem;
use crate::events::{Event, Matched, RecordEnd, Totals};
use crate::source::{Batch, FileFormat, Sheet};

/// A batch of records, all decided.
#[derive(Debug)]
pub struct DecidedBatch<J> {
    /// The records.
    pub batch: Arc<Batch>,
    /// Their decisions, in the same order and of the same number.
    pub decisions: Vec<Decision<J>>,
    /// Which recordings they get, by their places in the batch.
    pub matched: Vec<(usize, Box<Matched>)>,
    /// Sums over them.
    pub totals: Totals,
    /// Set on the first batch of a file: what it looks like, and the columns that nothing uses.
    pub opened: Option<OpenedFile>,
    /// Bytes of the input read so far, and of all of it when that is known.
    pub read: (u64, Option<u64>),
    /// Problems that belong to no record.
    pub export_problems: Vec<Problem>,
}

impl<J> DecidedBatch<J> {
    /// Tells everything about the batch but how its records end.
    pub fn announce(&self, emit: &mut dyn FnMut(Event<'_>)) {
        if let Some(opened) = &self.opened {
            emit(Event::Opened {
                sheet: &opened.sheet,
                unused: &opened.unused,
                sources: &opened.sources,
            });
        }
        let (bytes, total) = self.read;
        emit(Event::Read { bytes, total });
        emit(Event::Checked(&self.totals));
        for (_, matched) in &self.matched {
            emit(Event::Matched(matched));
        }
        for problem in &self.export_problems {
            emit(Event::ExportProblem(problem));
        }
    }

    /// Tells the whole batch, where nothing is sent.
    pub fn tell(&self, emit: &mut dyn FnMut(Event<'_>)) {
        self.announce(emit);
        for (index, decision) in self.decisions.iter().enumerate() {
            let Some((outcome, detail)) = decision.action().unsent() else {
                continue;
            };
            RecordEnd {
                outcome,
                detail,
                problems: decision.problems(),
                delivered: None,
            }
            .tell(&self.batch, index, decision.further(), emit);
        }
    }

    /// Problems that belong to no record, and nothing else.
    pub(super) fn of_export(export_problems: Vec<Problem>) -> DecidedBatch<J> {
        let sheet = Arc::new(Sheet {
            file: "".into(),
            reading: String::new(),
            header: None,
            nulls: Vec::new(),
            form: FileFormat::default(),
        });
        DecidedBatch {
            batch: Arc::new(Batch::new(sheet)),
            decisions: Vec::new(),
            matched: Vec::new(),
            totals: Totals::default(),
            opened: None,
            read: (0, None),
            export_problems,
        }
    }
}
