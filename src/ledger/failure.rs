//! How a request failed for good.

use super::stage::Stage;

/// A request that failed, of a call or of a case.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Failure {
    /// In which way.
    pub kind: FailureKind,
    /// Which request of a call; `None` for a case, of which the ledger does not keep it.
    pub request: Option<Stage>,
    /// The HTTP status of the last try, if it was answered.
    pub status: Option<u16>,
    /// What the server said or what went wrong, masked.
    pub message: String,
}

/// In which way a request failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// The server said no.
    Refused,
    /// It was tried as often as allowed.
    GaveUp,
}
