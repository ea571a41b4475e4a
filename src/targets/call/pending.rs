//! A call on its way to its step.

use super::recording_match::RecordingMatch;
use crate::domain::call::Call;
use crate::domain::{Location, Problem};
use crate::ledger::RecordOrigin;

/// A call before its step.
pub(in crate::targets) struct PendingCall<'c> {
    pub(in crate::targets) index: usize,
    pub(in crate::targets) location: Location,
    pub(in crate::targets) call: Call<'c>,
    pub(in crate::targets) fingerprint: u128,
    pub(in crate::targets) found: RecordingMatch,
    /// The records that it is made of, where that is kept.
    pub(in crate::targets) origin: Option<RecordOrigin>,
}

/// A call without a fault, with its hashes and what is odd about it.
pub(in crate::targets) struct CheckedCall<'c> {
    pub(in crate::targets) call: Call<'c>,
    pub(in crate::targets) identity: u64,
    pub(in crate::targets) fingerprint: u128,
    pub(in crate::targets) problems: Vec<Problem>,
}
