//! What the ledger is told of a call that is sent.

use std::sync::Arc;

use super::sender::attempt::Sender;
use super::sender::error::CallError;
use super::sender::intent::Facts;
use super::sender::verdict::RequestKind;
use crate::failpoint::{self, Point};
use crate::ledger::{CallFact, LedgerEntry, Stage};
use crate::pipeline::CallJob;

/// These facts about the call.
pub(super) fn entries(shipment: &CallJob, facts: Vec<CallFact>) -> Facts {
    let identity: Arc<str> = shipment.call.identity().into();
    let entry = |fact| LedgerEntry::new(Arc::clone(&identity), fact);
    facts.into_iter().map(entry).collect()
}

/// What the ledger is told when nothing can have come of a request.
pub(super) fn not_sent(shipment: &CallJob, stage: RequestKind) -> Facts {
    let before = shipment.standing.clone().map(Box::new);
    let stage = stage.into();
    entries(shipment, vec![CallFact::NotSent { stage, before }])
}

/// Brings what has happened to the call to the disk.
pub(super) async fn write(
    sender: &Sender,
    shipment: &CallJob,
    facts: Vec<CallFact>,
) -> Result<(), CallError> {
    failpoint::reached(Point::FactIsDue);
    sender.record(entries(shipment, facts)).await
}

/// What is refused may have arrived before, and only a failure leaves the intent: after a plain refusal a
/// 409 is somebody else's.
pub(super) fn refusal(
    fingerprint: u128,
    stage: Stage,
    (status, message): (u16, String),
    in_doubt: bool,
) -> CallFact {
    if in_doubt {
        CallFact::Failed {
            fingerprint,
            stage,
            status: Some(status),
            why: message,
        }
    } else {
        CallFact::Refused {
            fingerprint,
            stage,
            status,
            message,
        }
    }
}

/// What the ledger is told of a conversation that gets no recording.
pub(super) fn without_recording(shipment: &CallJob) -> CallFact {
    CallFact::WithoutRecording {
        was_sought: shipment.is_recording_missing,
    }
}
