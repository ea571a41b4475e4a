//! That a table does not have a key.

/// A key that a table does not have.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(in crate::mapping) struct Missed {
    /// The key.
    pub(in crate::mapping) key: String,
    /// Which table, as a sentence.
    pub(in crate::mapping) message: String,
}
