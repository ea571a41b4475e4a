//! A call on its way to its step.

use super::recording_match::RecordingMatch;
use crate::domain::call::Call;
use crate::domain::{Place, Problem};

/// A call before its step.
pub(in crate::pipeline) struct PendingCall<'c> {
    pub(in crate::pipeline) index: usize,
    pub(in crate::pipeline) place: Place,
    pub(in crate::pipeline) call: Call<'c>,
    pub(in crate::pipeline) fingerprint: u128,
    pub(in crate::pipeline) sound: RecordingMatch,
}

/// A call without a fault, with its hashes and what is odd about it.
pub(in crate::pipeline) struct CheckedCall<'c> {
    pub(in crate::pipeline) call: Call<'c>,
    pub(in crate::pipeline) identity: u64,
    pub(in crate::pipeline) fingerprint: u128,
    pub(in crate::pipeline) problems: Vec<Problem>,
}
