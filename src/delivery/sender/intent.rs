//! What the ledger is told about a request before it leaves, and how often the request was tried.

use super::verdict::RequestKind;
use crate::ledger::{CaseEntry, LedgerEntry};

/// Facts about calls or about cases.
#[derive(Debug)]
pub(in crate::delivery) enum Facts {
    OfCall(Vec<LedgerEntry>),
    OfCase(Vec<CaseEntry>),
}

/// What the ledger is told before a request leaves, once the gate is open.
pub(in crate::delivery) struct Intent {
    pub(in crate::delivery) stage: RequestKind,
    pub(in crate::delivery) facts: Facts,
    /// What it is told when nothing can have come of the request.
    pub(in crate::delivery) unsent: Facts,
    /// The request completes what this run has begun.
    pub(in crate::delivery) completes: bool,
}

/// One request and how often it was tried.
pub(in crate::delivery) struct Attempts {
    pub(super) stage: RequestKind,
    /// To be written before the next try leaves.
    pub(super) facts: Option<Facts>,
    /// To be written when the tries end while nothing can have come of any.
    pub(super) unsent: Option<Facts>,
    pub(super) completes: bool,
    pub(super) attempt: u32,
    /// By what the request is told from others, once it has left.
    pub(super) number: Option<u64>,
    /// A try may have got through unheard.
    pub(in crate::delivery) in_doubt: bool,
}

impl Attempts {
    pub(in crate::delivery) fn new(intent: Intent, in_doubt: bool) -> Self {
        Attempts {
            stage: intent.stage,
            facts: Some(intent.facts),
            unsent: Some(intent.unsent),
            completes: intent.completes,
            attempt: 0,
            number: None,
            in_doubt,
        }
    }

    /// One more fact about its call to be written before the next try leaves.
    pub(in crate::delivery) fn add(&mut self, entry: LedgerEntry) {
        match &mut self.facts {
            Some(Facts::OfCall(facts)) => facts.push(entry),
            _ => self.facts = Some(Facts::OfCall(vec![entry])),
        }
    }
}
