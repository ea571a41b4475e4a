//! Rows that were refused with 401 or 403 while the token may be to blame: none of them has ended yet.

use std::sync::Arc;

use super::job::JobRow;
use super::job_end::{JobEnd, UnsettledRefusal};
use super::sender::refusals::Refusals;
use crate::source::Batch;

/// Such a row, with the end that it has if the token is not to blame.
pub(crate) struct RefusedRow {
    pub(crate) batch: Arc<Batch>,
    /// The id of its call or case.
    pub(crate) id: Box<str>,
    pub(crate) row: JobRow,
    pub(crate) end: JobEnd,
    pub(crate) unsettled: UnsettledRefusal,
}

/// All of them, the latest last.
#[derive(Default)]
pub(crate) struct RefusedRows(Vec<RefusedRow>);

impl RefusedRows {
    /// Keeps one more.
    pub(crate) fn push(&mut self, refused: RefusedRow) {
        self.0.push(refused);
    }

    /// Takes the rows out whose refusal is known to be about them.
    pub(crate) fn take_own(&mut self, refusals: &Refusals) -> Vec<RefusedRow> {
        let is_own = |refused: &mut RefusedRow| refusals.is_of_its_row(refused.unsettled.refusal);
        self.0.extract_if(.., is_own).collect()
    }

    /// Takes the latest out.
    pub(crate) fn pop(&mut self) -> Option<RefusedRow> {
        self.0.pop()
    }
}
