//! The pipeline: from an opened export to decided records.
//!
//! Owns the threads between reading and deciding, and the table of ids already seen. Promises that
//! records come out decided in the order of the export, each exactly once, and that memory stays
//! bounded but for a few bytes a record. `check` ends here; `run` hands what is decided to `delivery`.

mod rounds;
mod seen_cases;

mod call;
mod case;
mod clock_skew;
mod decision;
mod group;
mod held;
mod preflight;
mod proposal;
mod seen_ids;
mod sequencer;
mod setup;
#[cfg(test)]
mod tests;
mod threads;
mod unused_consent;

pub use call::inspection_options::{InspectionOptions, OddFormats};
pub use decision::{
    Action, CallJob, CaseAtServer, CaseJob, CaseRow, CaseSpread, DecidedBatch, Decision, HeldCall,
    HeldMessage, OpenedFile, RecordingUpload,
};
pub use held::overdue;
pub use setup::{EarlierRuns, Pipeline, Purpose};

use crate::{ledger, mapping, source};

/// Why the pipeline ends before the export does.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The export cannot be opened or read on.
    #[error(transparent)]
    Source(#[from] source::Error),
    /// The mapping does not fit the export.
    #[error(transparent)]
    Mapping(#[from] mapping::LoadError),
    /// The ledger cannot be opened to look things up.
    #[error(transparent)]
    Ledger(ledger::LedgerOpenError),
    /// Rows that wait for others cannot be put aside, or an input that is read twice not copied.
    #[error("the temporary file: {0}")]
    Spool(std::io::Error),
    /// The ledger cannot be read.
    #[error(transparent)]
    Standing(#[from] ledger::Error),
}
