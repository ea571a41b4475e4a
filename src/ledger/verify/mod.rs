//! What was seen of calls at their destination, and whether it is what the ledger says.

pub(super) mod book;
pub(super) mod conversation_state;
pub(super) mod counts;
pub(super) mod known_conversation;
pub(super) mod line;
pub(super) mod outcome;
pub(super) mod reopen;
pub(super) mod rows;
pub(super) mod scope;
pub(super) mod sighting;
