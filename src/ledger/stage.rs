//! The two requests of a call.

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
