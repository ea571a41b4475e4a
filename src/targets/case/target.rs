//! What cases are made with.

use std::sync::Arc;
use std::time::Duration;

use crate::recordings::Index;

/// Cases: each record is a case with its messages, or a message of one.
#[derive(Debug)]
pub struct CaseTarget {
    /// The recordings, if an audio folder was given. No case has one, and a check tells that.
    pub recordings: Option<Arc<Index>>,
    /// How long a row may be held before a person must look.
    pub hold_for: Duration,
}
