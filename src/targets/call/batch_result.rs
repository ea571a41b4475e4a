//! What a worker gathers over the rows of a batch.

use super::pending::PendingCall;
use super::proposal::CallProposal;
use crate::events::{FurtherRow, Totals};

/// What is gathered over the rows of a batch.
#[derive(Default)]
pub(in crate::targets) struct BatchResult {
    pub(in crate::targets) proposals: Vec<CallProposal>,
    pub(in crate::targets) totals: Totals,
    pub(in crate::targets) open: Vec<PendingCall<'static>>,
    /// The further rows of calls, by the place of the row that speaks.
    pub(in crate::targets) further: Vec<(usize, Vec<FurtherRow>)>,
}
