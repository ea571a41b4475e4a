//! What rows of a batch are to each other.

use crate::source::Batch;

/// How a target brings rows together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupingKind {
    /// Each row stands for itself.
    None,
    /// Rows of one call come together within a file, and of copies only the newest counts.
    Legs,
    /// Rows of one case come together over all files.
    Cases,
}

/// What some rows of a batch are to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowGroup {
    /// So many consecutive rows are one call.
    Call(u32),
    /// A copy of a record that comes in a newer one.
    Older,
    /// Nobody can say which copy of the record this is.
    Undated,
    /// One of more rows than one call can have.
    Crowd,
}

impl RowGroup {
    /// The rows that it covers.
    pub fn rows(self) -> usize {
        match self {
            RowGroup::Call(rows) => rows as usize,
            RowGroup::Older | RowGroup::Undated | RowGroup::Crowd => 1,
        }
    }
}

/// A batch in which the rows of a call stand together.
#[derive(Debug)]
pub(in crate::pipeline) struct GroupedBatch {
    pub(in crate::pipeline) batch: Batch,
    /// Over all rows, in their order; nothing where each row stands for itself.
    pub(in crate::pipeline) groups: Option<Vec<RowGroup>>,
}
