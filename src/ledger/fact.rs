//! What the rest of the program tells the ledger, about a call or a case.

use std::sync::Arc;

use super::call::fact::CallFact;
use super::case::fact::CaseFact;

/// A fact about one call or one case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The `externalIdentity` of the call, or the `caseUid`.
    pub key: Arc<str>,
    /// What is to be kept.
    pub fact: Fact,
}

impl LedgerEntry {
    /// A fact about the call or the case with this id.
    pub fn new(key: impl Into<Arc<str>>, fact: impl Into<Fact>) -> Self {
        LedgerEntry {
            key: key.into(),
            fact: fact.into(),
        }
    }
}

/// What happened, or is about to happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// To a call.
    Call(CallFact),
    /// To a case.
    Case(CaseFact),
}

impl From<CallFact> for Fact {
    fn from(fact: CallFact) -> Self {
        Fact::Call(fact)
    }
}

impl From<CaseFact> for Fact {
    fn from(fact: CaseFact) -> Self {
        Fact::Case(fact)
    }
}
