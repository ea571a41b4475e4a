//! Why a call is not complete.

use crate::domain::Code;

/// One of the two requests of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Stage {
    /// Making the conversation.
    Create,
    /// Sending the recording.
    Upload,
}

impl Stage {
    /// `create` or `upload`.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::Create => "create",
            Stage::Upload => "upload",
        }
    }
}

/// Why a call is not complete, when it is known.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Blocker {
    /// It waits for a later run.
    Held {
        /// The problem for which it waits.
        why: Code,
    },
    /// The server said no.
    Refused {
        /// To which request.
        stage: Stage,
        /// With which HTTP status.
        status: u16,
        /// With which words, masked.
        message: String,
    },
    /// It was tried as often as allowed.
    Failed {
        /// Which request.
        stage: Stage,
        /// The HTTP status of the last try, if it was answered.
        status: Option<u16>,
        /// What went wrong, masked.
        why: String,
    },
}
