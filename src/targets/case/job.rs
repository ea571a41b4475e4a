//! What it takes to send one case.

use std::ops::Range;

use super::plan::CaseStep;
use crate::domain::case::{Case, Message};
use crate::ledger::{CaseHashes, CaseState, MessageHashes};

/// A record of a case, and which of the case's messages it told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseRow {
    /// The place of the record in its batch.
    pub index: usize,
    /// Places in [`CaseJob::messages`].
    pub messages: Range<usize>,
}

/// Which records tell a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseSpread {
    /// One record tells it with all its messages.
    Whole,
    /// A row for each message.
    ByRows,
}

/// What earlier runs have left of a case as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CaseAtServer {
    /// The server has it.
    pub is_there: bool,
    /// A request about all of it left without an answer.
    pub is_in_doubt: bool,
}

impl CaseAtServer {
    /// What the ledger knows.
    pub fn of(known: &CaseState) -> Self {
        CaseAtServer {
            is_there: known.exists,
            is_in_doubt: known.in_doubt,
        }
    }
}

/// A case with everything that is needed to carry out its step.
#[derive(Debug, Clone)]
pub struct CaseJob {
    /// The case itself.
    pub case: Case,
    /// All its messages that the export has, in the order of time.
    pub messages: Vec<Message>,
    /// What the ledger is told of the case.
    pub hashes: CaseHashes,
    /// What it is told of the messages, in their order.
    pub message_hashes: Vec<MessageHashes>,
    /// Which messages the server has, as far as is known.
    pub known: Vec<bool>,
    /// Which messages left in an earlier run without an answer.
    pub doubtful: Vec<bool>,
    /// What to do.
    pub step: CaseStep,
    /// What is known of the case as a whole.
    pub earlier: CaseAtServer,
    /// Whether the case may be replaced when the answer to a message is lost.
    pub may_replace: bool,
    /// Which records tell it.
    pub spread: CaseSpread,
    /// The records whose end is told with the case.
    pub rows: Vec<CaseRow>,
}
