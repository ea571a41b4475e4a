//! Records for which nothing is sent: how they end, and what the ledger is told of them.

use std::borrow::Cow;

use super::sender::intent::Facts;
use crate::domain::Code;
use crate::events::Outcome;
use crate::ledger::{CallFact, CaseFact, LedgerEntry};
use crate::pipeline::{Action, HeldCall, HeldMessage};

/// How a record ends, and why.
pub(super) type UnsentEnd = (Outcome, Cow<'static, str>);

/// What the ledger is told of the records of a batch.
#[derive(Default)]
pub(super) struct LedgerNotes {
    facts: Vec<LedgerEntry>,
}

impl LedgerNotes {
    /// How a record ends for which nothing is sent; the action of another.
    pub(super) fn take(&mut self, fate: Action) -> Result<UnsentEnd, Action> {
        Ok(match fate {
            Action::Ends(outcome, detail) => (outcome, detail),
            Action::Ready => (Outcome::NotAttempted, "".into()),
            Action::Waits(held) => {
                let HeldCall {
                    identity,
                    fingerprint,
                    why,
                } = *held;
                let held = CallFact::Held { fingerprint, why };
                self.facts.push(LedgerEntry::new(identity, held));
                (Outcome::Held, why.name().into())
            }
            Action::Waived { identity } => {
                let without = CallFact::WithoutRecording { was_sought: true };
                self.facts.push(LedgerEntry::new(identity, without));
                (Outcome::AlreadyThere, "".into())
            }
            Action::WaitsInCase(held) => {
                let HeldMessage { identity, row } = *held;
                self.facts
                    .push(LedgerEntry::new(identity, CaseFact::Held(row)));
                (Outcome::Held, Code::RowUnterminated.name().into())
            }
            fate @ (Action::Told | Action::Rides | Action::Sends(_) | Action::SendsCase(_)) => {
                return Err(fate);
            }
        })
    }

    /// What is to be brought to the disk.
    pub(super) fn into_facts(self) -> Facts {
        self.facts
    }
}
