//! How far a destination is with a conversation.

/// How far a destination is with a conversation, by the names of the read API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ConversationState {
    /// It is there; nobody has begun to work on it.
    Created = 0,
    /// Somebody is working on it.
    Processing = 1,
    /// Done.
    Success = 2,
    /// Done, and nobody was understood.
    NoRecognizedWords = 3,
    /// Done but for who speaks, for which the destination lacks a voice.
    NeedsSpeakerModel = 4,
    /// It could not be worked on.
    Error = 5,
}

impl ConversationState {
    /// Every state; its place is its number in the ledger.
    pub const ALL: [ConversationState; 6] = [
        ConversationState::Created,
        ConversationState::Processing,
        ConversationState::Success,
        ConversationState::NoRecognizedWords,
        ConversationState::NeedsSpeakerModel,
        ConversationState::Error,
    ];

    /// The name that the read API has for it.
    pub const fn name(self) -> &'static str {
        match self {
            ConversationState::Created => "Created",
            ConversationState::Processing => "Processing",
            ConversationState::Success => "Success",
            ConversationState::NoRecognizedWords => "NoRecognizedWords",
            ConversationState::NeedsSpeakerModel => "NeedsSpeakerModel",
            ConversationState::Error => "Error",
        }
    }

    /// The state of exactly this name, or `None`.
    pub fn from_name(name: &str) -> Option<ConversationState> {
        ConversationState::ALL
            .into_iter()
            .find(|state| state.name() == name)
    }

    /// The state of this number in the ledger.
    pub(in crate::ledger) fn of_column(number: u8) -> Option<ConversationState> {
        ConversationState::ALL.get(usize::from(number)).copied()
    }

    /// Whether the destination has worked on it to an end, good or bad. A voice that it lacks is for a
    /// person to make; waiting makes none.
    pub const fn is_worked_on(self) -> bool {
        !matches!(
            self,
            ConversationState::Created | ConversationState::Processing
        )
    }
}
