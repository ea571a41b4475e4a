//! What the operator wants done with calls that are not as they should be.

use std::time::Duration;

/// What the operator wants done with a call whose recording is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingRecording {
    /// It waits for a run that finds the recording.
    #[default]
    Hold,
    /// It goes out without one.
    Create,
    /// The record is rejected.
    Refuse,
}

/// What the operator wants done with a conversation that somebody else made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ExistingConversation {
    /// Take it over: the recording is still uploaded.
    #[default]
    Adopt,
    /// Leave it alone.
    Skip,
}

/// What the operator wants done with a call whose record changed after it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ChangedRecord {
    /// It is told, and nothing is sent.
    #[default]
    Report,
    /// Custom properties are sent where nothing else changed; the rest is told.
    Send,
}

/// What the operator asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Policy {
    /// A missing recording.
    pub missing: MissingRecording,
    /// Somebody else's conversation.
    pub existing: ExistingConversation,
    /// A record that changed after its call was sent.
    pub changed: ChangedRecord,
    /// How long a call may be held before a person must look.
    pub hold_for: Duration,
}

impl Policy {
    /// Three days: recordings of a Friday that are copied on Monday.
    pub const HOLD_FOR: Duration = Duration::from_secs(3 * 24 * 60 * 60);
}

impl Default for Policy {
    fn default() -> Policy {
        Policy {
            missing: MissingRecording::default(),
            existing: ExistingConversation::default(),
            changed: ChangedRecord::default(),
            hold_for: Policy::HOLD_FOR,
        }
    }
}
