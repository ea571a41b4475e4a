//! What a worker gathers over the rows of a batch.

use super::pending::PendingCall;
use crate::events::{FurtherRow, Totals};
use crate::pipeline::proposal::Proposal;

/// What is gathered over the rows of a batch.
#[derive(Default)]
pub(in crate::pipeline) struct BatchResult {
    pub(in crate::pipeline) items: Vec<Proposal>,
    pub(in crate::pipeline) sums: Totals,
    pub(in crate::pipeline) open: Vec<PendingCall<'static>>,
    /// The further rows of calls, by the place of the row that speaks.
    pub(in crate::pipeline) further: Vec<(usize, Vec<FurtherRow>)>,
}
