//! Which requests there are.

use crate::ledger::Stage;

/// Which request was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RequestKind {
    Create,
    Upload,
    /// A case, or a message with its case: made when it is not there.
    Case,
    /// A change of a case that is there.
    Change,
}

impl From<RequestKind> for Stage {
    fn from(kind: RequestKind) -> Self {
        match kind {
            // A case has no stages in the ledger; it is made by the request that fills it.
            RequestKind::Create | RequestKind::Case | RequestKind::Change => Stage::Create,
            RequestKind::Upload => Stage::Upload,
        }
    }
}
