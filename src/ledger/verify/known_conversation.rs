//! A conversation that the destination should have.

use jiff::Timestamp;

use crate::ledger::call::sent_fields::SentFields;

/// A conversation that the destination should have, as the ledger knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownConversation {
    /// Its row.
    pub(super) row: i64,
    /// Its `externalIdentity`.
    pub identity: String,
    /// The uid that the destination told.
    pub uid: Option<String>,
    /// Its recording arrived.
    pub has_recording: bool,
    /// How long the recording is that arrived, in milliseconds, where that is known.
    pub length: Option<u64>,
    /// What the request carried that made it; nothing of a conversation that somebody else made.
    pub fields: Option<SentFields>,
    /// When the ledger last learned something of it.
    pub last_at: Timestamp,
}

#[cfg(test)]
impl KnownConversation {
    /// A conversation of which nothing else is known.
    pub(crate) fn of(identity: &str, uid: Option<&str>) -> KnownConversation {
        KnownConversation {
            row: 1,
            identity: identity.to_owned(),
            uid: uid.map(str::to_owned),
            has_recording: false,
            length: None,
            fields: None,
            last_at: Timestamp::UNIX_EPOCH,
        }
    }
}
