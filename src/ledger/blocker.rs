//! Why a call or a case is not complete.

use super::failure::Failure;
use crate::domain::Code;

/// Why a call or a case is not complete, when it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Blocker {
    /// It waits for a later run.
    Held {
        /// The problem for which it waits.
        why: Code,
    },
    /// A request of it failed.
    Failed(Failure),
}
