//! Why a store cannot be used.

use crate::api::ClientError;
use crate::recordings::{IndexError, StoreFailure};

/// Why a store cannot be reached at all.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A folder, or the list of a store.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// TLS or certificates.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// Threads.
    #[error("cannot start the threads for stores: {0}")]
    Threads(#[source] std::io::Error),
    /// An export that a store does not give.
    #[error("cannot read {export}: {failure}")]
    Export {
        /// Its address, without secrets.
        export: String,
        /// What the store said.
        failure: StoreFailure,
    },
    /// A copy of an export.
    #[error("cannot copy {export} to a temporary file: {source}")]
    Copy {
        /// Its address, without secrets.
        export: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl StoreError {
    /// The same of a store that holds exports and no recordings.
    pub(super) fn of_export(self) -> StoreError {
        match self {
            StoreError::Index(IndexError::Store { store, failure }) => StoreError::Export {
                export: store,
                failure,
            },
            other => other,
        }
    }
}
