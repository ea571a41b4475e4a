//! The state of a call in one word.

/// How a call ended for which nothing is left to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum DoneKind {
    /// Conversation and recording are there.
    Complete = 0,
    /// The conversation is there; a recording was not expected.
    WithoutRecording = 1,
    /// Somebody else's conversation was left alone.
    LeftAlone = 2,
    /// The conversation is there; its recording was looked for, and the operator said to do without it.
    Waived = 3,
}

/// The state of a call as a whole; every call of a ledger is in exactly one state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum CallStatus {
    /// [`DoneKind::Complete`].
    Complete,
    /// [`DoneKind::WithoutRecording`].
    WithoutRecording,
    /// [`DoneKind::LeftAlone`].
    LeftAlone,
    /// The server said no.
    Refused,
    /// Tried as often as allowed.
    Failed,
    /// Waits for its recording to be there and whole, or for its row.
    Held,
    /// A request left, and no run has yet learned what became of it.
    InDoubt,
    /// The conversation is there, and the recording was never tried.
    Unfinished,
}

impl From<DoneKind> for CallStatus {
    fn from(kind: DoneKind) -> Self {
        match kind {
            DoneKind::Complete => CallStatus::Complete,
            DoneKind::WithoutRecording | DoneKind::Waived => CallStatus::WithoutRecording,
            DoneKind::LeftAlone => CallStatus::LeftAlone,
        }
    }
}

impl CallStatus {
    /// Every state, the good ones first.
    pub const ALL: [CallStatus; 8] = [
        CallStatus::Complete,
        CallStatus::WithoutRecording,
        CallStatus::LeftAlone,
        CallStatus::Refused,
        CallStatus::Failed,
        CallStatus::Held,
        CallStatus::InDoubt,
        CallStatus::Unfinished,
    ];

    /// A name for JSON.
    pub const fn name(self) -> &'static str {
        match self {
            CallStatus::Complete => "complete",
            CallStatus::WithoutRecording => "without-recording",
            CallStatus::LeftAlone => "left-alone",
            CallStatus::Refused => "refused",
            CallStatus::Failed => "failed",
            CallStatus::Held => "held",
            CallStatus::InDoubt => "in-doubt",
            CallStatus::Unfinished => "unfinished",
        }
    }
}
