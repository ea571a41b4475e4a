//! Why the pipeline ends before the export does.

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
    State(#[from] ledger::Error),
}
