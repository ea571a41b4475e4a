//! Records for which nothing is sent: how they end, and what the ledger is told of them.

use std::borrow::Cow;

use crate::domain::Code;
use crate::ledger::{CaseEntry, CaseFact, Entry, Error, Fact, Writer};
use crate::pipeline::{Fate, HeldCall, HeldMessage, Outcome};

/// How a record ends, and why.
pub(super) type End = (Outcome, Cow<'static, str>);

/// What the ledger is told of the records of a batch.
#[derive(Default)]
pub(super) struct Notes {
    of_calls: Vec<Entry>,
    of_cases: Vec<CaseEntry>,
}

impl Notes {
    /// How a record ends for which nothing is sent; the fate of another.
    pub(super) fn take(&mut self, fate: Fate) -> Result<End, Fate> {
        Ok(match fate {
            Fate::Ends(outcome, detail) => (outcome, detail),
            Fate::Ready => (Outcome::NotAttempted, "".into()),
            Fate::Waits(held) => {
                let HeldCall {
                    identity,
                    fingerprint,
                    why,
                } = *held;
                let held = Fact::Held { fingerprint, why };
                self.of_calls.push(Entry::new(identity, held));
                (Outcome::Held, why.name().into())
            }
            Fate::Waived { identity } => {
                let without = Fact::WithoutRecording { was_sought: true };
                self.of_calls.push(Entry::new(identity, without));
                (Outcome::AlreadyThere, "".into())
            }
            Fate::WaitsInCase(held) => {
                let HeldMessage { identity, row } = *held;
                self.of_cases.push(CaseEntry {
                    identity: identity.into(),
                    fact: CaseFact::Held(row),
                });
                (Outcome::Held, Code::RowUnterminated.name().into())
            }
            fate @ (Fate::Told | Fate::Rides | Fate::Sends(_) | Fate::SendsCase(_)) => {
                return Err(fate);
            }
        })
    }

    /// Brings them to the disk.
    pub(super) async fn write(self, writer: &Writer) -> Result<(), Error> {
        writer.write(self.of_calls).await?;
        writer.write_cases(self.of_cases).await
    }
}
