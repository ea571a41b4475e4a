//! What the rest of the program tells the ledger about a case, and what the ledger knows of it.

use std::collections::HashMap;

use jiff::Timestamp;

use crate::ledger::failure::{Failure, FailureKind};

/// What a case says, in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaseHashes {
    /// Of the case's own fields ([`crate::domain::case::Case::fingerprint`]), or of those that a change
    /// could carry ([`crate::domain::case::Case::changeable_fingerprint`]).
    pub fields: u128,
    /// Of the case with all its messages, where they go out together; else 0.
    pub content: u128,
    /// The case's own `updated`, in unix milliseconds.
    pub updated: i64,
}

impl CaseHashes {
    /// The hash that tells one state from another: with all messages where they go out together.
    pub fn state(&self) -> u128 {
        match self.content {
            0 => self.fields,
            content => content,
        }
    }
}

/// What a message says, in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessageHashes {
    /// Of its id ([`crate::domain::case::Message::identity_hash`]).
    pub hash: u64,
    /// Half of its fingerprint; 0 where it is not known.
    pub mark: u64,
}

impl MessageHashes {
    /// A message of which only the hash of its id is known: whether it has changed since cannot be
    /// told, and it counts as it is.
    pub const fn of_unknown_text(hash: u64) -> Self {
        MessageHashes { hash, mark: 0 }
    }

    /// Whether the text was changed after `sent` was.
    pub fn has_changed_since(&self, sent: &MessageState) -> bool {
        sent.is_added && sent.mark != 0 && sent.mark != self.mark
    }
}

/// What happened to a case, or is about to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseFact {
    /// A request that replaces the case, or changes its fields, is about to leave.
    Intended,
    /// The server has the case with exactly these messages.
    Replaced(CaseHashes, Vec<MessageHashes>),
    /// The server has these fields of the case; its messages and its other fields are as they were.
    Changed(CaseHashes),
    /// A request that adds this message is about to leave.
    MessageIntended(MessageHashes),
    /// The server has the message, and the case's fields where they went with it.
    MessageAdded(MessageHashes, Option<CaseHashes>),
    /// The server said no.
    Refused {
        /// The message that it does not have; `None` when it is not known, or not about one.
        of: Option<u64>,
        /// The HTTP status.
        status: u16,
        /// What it said. Kept masked: see `mask.rs`.
        message: String,
    },
    /// Tried as often as allowed; the next run tries again.
    Failed {
        /// The HTTP status of the last try, if it was answered.
        status: Option<u16>,
        /// What went wrong. Kept masked.
        why: String,
    },
    /// A row that tells a message is held, because it may be cut.
    Held(CutRow),
    /// Nothing can have come of the request: it never left, or the answer says that nothing was done.
    /// The intent is taken back.
    NotSent {
        /// Whether an earlier request about the case was in doubt.
        was_in_doubt: bool,
        /// The messages that no earlier request has carried, by the hashes of their ids.
        never_sent: Vec<u64>,
    },
}

/// A row that may have been cut at the end of its file, in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CutRow {
    /// Of all that it says.
    pub hash: u64,
    /// Of the id of its message.
    pub message: u64,
}

/// What the ledger knows of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageState {
    /// Half of the fingerprint of what was sent.
    pub mark: u64,
    /// Whether the server has it; else a request left, and nobody knows what became of it.
    pub is_added: bool,
}

/// What the ledger knows of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseState {
    /// Whether the server has the case.
    pub exists: bool,
    /// Whether a request about the whole case left without an answer.
    pub in_doubt: bool,
    /// What the server has, if it has the case.
    pub hashes: CaseHashes,
    /// The messages that were sent, by the hashes of their ids.
    pub messages: HashMap<u64, MessageState>,
    /// States ([`CaseHashes::state`]) that were sent and that another of the same time has replaced,
    /// the oldest first: sent again they would take turns with it.
    pub replaced: Vec<u128>,
    /// Why it is not complete; cleared by the next success.
    pub blocker: Option<Failure>,
    /// When the ledger first heard of the case.
    pub first_at: Timestamp,
    /// When it last learned something new.
    pub last_at: Timestamp,
}

impl CaseState {
    /// A case of which nothing is known yet.
    pub fn new(at: Timestamp) -> Self {
        CaseState {
            exists: false,
            in_doubt: false,
            hashes: CaseHashes::default(),
            messages: HashMap::new(),
            replaced: Vec::new(),
            blocker: None,
            first_at: at,
            last_at: at,
        }
    }

    /// Takes in a fact about the case itself. What a fact says about messages is the caller's: they
    /// are rows of their own.
    pub(in crate::ledger) fn apply(&mut self, fact: &CaseFact, at: Timestamp) {
        self.last_at = at;
        match fact {
            CaseFact::Intended => self.in_doubt = true,
            CaseFact::Replaced(hashes, _) | CaseFact::Changed(hashes) => {
                self.take_state(*hashes);
                self.exists = true;
                self.in_doubt = false;
                self.blocker = None;
            }
            // A row that is held says nothing of the case, and is kept beside the cases.
            CaseFact::MessageIntended(_) | CaseFact::Held(_) => {}
            CaseFact::NotSent { was_in_doubt, .. } => self.in_doubt = *was_in_doubt,
            CaseFact::MessageAdded(_, hashes) => {
                self.blocker = None;
                if let Some(hashes) = hashes {
                    self.take_state(*hashes);
                }
                self.exists = true;
                match hashes {
                    Some(_) => {}
                    // The case with all its messages is no longer what it was.
                    None => self.hashes.content = 0,
                }
            }
            CaseFact::Refused {
                status, message, ..
            } => {
                self.blocker = Some(failure(FailureKind::Refused, Some(*status), message));
            }
            CaseFact::Failed { status, why } => {
                self.blocker = Some(failure(FailureKind::GaveUp, *status, why));
            }
        }
    }

    /// The server has this state from now on.
    fn take_state(&mut self, hashes: CaseHashes) {
        if !self.exists || hashes.updated != self.hashes.updated {
            self.replaced.clear();
        } else if hashes.state() != self.hashes.state() {
            self.replaced.push(self.hashes.state());
            self.replaced.retain(|state| *state != hashes.state());
            let surplus = self.replaced.len().saturating_sub(MOST_REPLACED);
            self.replaced.drain(..surplus);
        }
        self.hashes = hashes;
    }
}

fn failure(kind: FailureKind, status: Option<u16>, message: &str) -> Failure {
    Failure {
        kind,
        request: None,
        status,
        message: message.to_owned(),
    }
}

/// States of one time that are kept of a case: more have never been seen, and a row stays short.
const MOST_REPLACED: usize = 16;

#[cfg(test)]
mod tests {
    use super::*;

    fn replaced(content: u128, updated: i64) -> CaseFact {
        let hashes = CaseHashes {
            fields: content + 100,
            content,
            updated,
        };
        CaseFact::Replaced(hashes, Vec::new())
    }

    #[test]
    fn states_of_one_time_are_kept_until_a_later_one_comes() {
        let mut state = CaseState::new(Timestamp::UNIX_EPOCH);
        let mut replaced_by = |content, updated| {
            state.apply(&replaced(content, updated), Timestamp::UNIX_EPOCH);
            state.replaced.clone()
        };
        assert_eq!(replaced_by(1, 5), []);
        assert_eq!(replaced_by(1, 5), []);
        assert_eq!(replaced_by(2, 5), [1]);
        assert_eq!(replaced_by(3, 5), [1, 2]);
        assert_eq!(
            replaced_by(1, 5),
            [2, 3],
            "what the server has is not replaced"
        );
        assert_eq!(replaced_by(4, 6), []);
        for content in 5..50 {
            assert!(replaced_by(content, 6).len() <= MOST_REPLACED);
        }
    }
}
