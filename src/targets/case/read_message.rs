//! What became of the messages of a record.

use crate::domain::case::Message;

/// The messages of a record.
#[derive(Default)]
pub(in crate::targets) struct ReadMessages {
    pub(in crate::targets) list: Vec<Message>,
    pub(in crate::targets) left_out: u64,
    /// The name of the list, when it is empty.
    pub(in crate::targets) lacks_any: Option<String>,
}

/// What became of a message.
pub(in crate::targets) enum ReadMessage {
    Message(Box<Message>),
    /// Its problems are reported.
    Broken,
    LeftOut(&'static str),
}
