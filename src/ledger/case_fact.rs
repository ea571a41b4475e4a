//! What the rest of the program tells the ledger about a case, and what the ledger knows of it.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;

/// What a case says, in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CasePrint {
    /// Of the case's own fields ([`crate::case::Case::fingerprint`]).
    pub fields: u128,
    /// Of the case with all its messages, where they go out together; else 0.
    pub content: u128,
    /// The case's own `updated`, in unix milliseconds.
    pub updated: i64,
}

/// What a message says, in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct MessagePrint {
    /// Of its id ([`crate::case::Message::identity_hash`]).
    pub hash: u64,
    /// Half of its fingerprint; 0 where it is not known.
    pub mark: u64,
}

impl MessagePrint {
    /// A message of which only the hash of its id is known: whether it has changed since cannot be
    /// told, and it counts as it is.
    pub const fn of_unknown_text(hash: u64) -> Self {
        MessagePrint { hash, mark: 0 }
    }

    /// Whether the text was changed after `sent` was.
    pub fn has_changed_since(&self, sent: &MessageStanding) -> bool {
        sent.is_added && sent.mark != 0 && sent.mark != self.mark
    }
}

/// A fact about one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseEntry {
    /// The `caseUid`.
    pub identity: Arc<str>,
    /// What is to be kept.
    pub fact: CaseFact,
}

/// What happened to a case, or is about to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CaseFact {
    /// A request that replaces the case, or changes its fields, is about to leave.
    Intended,
    /// The server has the case with exactly these messages.
    Replaced(CasePrint, Vec<MessagePrint>),
    /// The server has these fields of the case; its messages are as they were.
    Changed(CasePrint),
    /// A request that adds this message is about to leave.
    MessageIntended(MessagePrint),
    /// The server has the message, and the case's fields where they went with it.
    MessageAdded(MessagePrint, Option<CasePrint>),
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
    /// Nothing can have come of the request: it never left, or the answer says that nothing was done.
    /// The intent is taken back.
    NotSent {
        /// Whether an earlier request about the case was in doubt.
        was_in_doubt: bool,
        /// The messages that no earlier request has carried, by the hashes of their ids.
        never_sent: Vec<u64>,
    },
}

/// What the ledger knows of one message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MessageStanding {
    /// Half of the fingerprint of what was sent.
    pub mark: u64,
    /// Whether the server has it; else a request left, and nobody knows what became of it.
    pub is_added: bool,
}

/// Why a case is not complete.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum CaseObstacle {
    /// The server said no to it or to a message of it, with this status and these words.
    Refused(u16, String),
    /// Tried as often as allowed, with the status of the last answer.
    Failed(Option<u16>, String),
}

/// What the ledger knows of one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseStanding {
    /// Whether the server has the case.
    pub exists: bool,
    /// Whether a request about the whole case left without an answer.
    pub in_doubt: bool,
    /// What the server has, if it has the case.
    pub print: CasePrint,
    /// The messages that were sent, by the hashes of their ids.
    pub messages: HashMap<u64, MessageStanding>,
    /// Why it is not complete; cleared by the next success.
    pub obstacle: Option<CaseObstacle>,
    /// When the ledger first heard of the case.
    pub first_at: Timestamp,
    /// When it last learned something new.
    pub last_at: Timestamp,
}

impl CaseStanding {
    /// A case of which nothing is known yet.
    pub fn new(at: Timestamp) -> Self {
        CaseStanding {
            exists: false,
            in_doubt: false,
            print: CasePrint::default(),
            messages: HashMap::new(),
            obstacle: None,
            first_at: at,
            last_at: at,
        }
    }

    /// Takes in a fact about the case itself. What a fact says about messages is the caller's: they
    /// are rows of their own.
    pub(super) fn apply(&mut self, fact: &CaseFact, at: Timestamp) {
        self.last_at = at;
        match fact {
            CaseFact::Intended => self.in_doubt = true,
            CaseFact::Replaced(print, _) | CaseFact::Changed(print) => {
                *self = CaseStanding {
                    exists: true,
                    in_doubt: false,
                    print: *print,
                    obstacle: None,
                    ..self.clone()
                };
            }
            CaseFact::MessageIntended(_) => {}
            CaseFact::NotSent { was_in_doubt, .. } => self.in_doubt = *was_in_doubt,
            CaseFact::MessageAdded(_, print) => {
                self.exists = true;
                self.obstacle = None;
                match print {
                    Some(print) => self.print = *print,
                    // The case with all its messages is no longer what it was.
                    None => self.print.content = 0,
                }
            }
            CaseFact::Refused {
                status, message, ..
            } => {
                self.obstacle = Some(CaseObstacle::Refused(*status, message.clone()));
            }
            CaseFact::Failed { status, why } => {
                self.obstacle = Some(CaseObstacle::Failed(*status, why.clone()));
            }
        }
    }
}
