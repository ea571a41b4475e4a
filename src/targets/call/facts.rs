//! What the ledger is told of a call that is sent.

use std::sync::Arc;

use crate::delivery::sender::Sender;
use crate::delivery::sender::error::CallError;
use crate::delivery::sender::intent::Facts;
use crate::delivery::sender::request_kind::RequestKind;
use crate::failpoint::{self, Point};
use crate::ledger::{CallFact, LedgerEntry, Stage};
use crate::targets::call::job::CallJob;

/// These facts about the call.
pub(in crate::targets) fn entries(job: &CallJob, facts: Vec<CallFact>) -> Facts {
    let identity: Arc<str> = job.call.identity().into();
    let entry = |fact| LedgerEntry::new(Arc::clone(&identity), fact);
    facts.into_iter().map(entry).collect()
}

/// What the ledger is told when nothing can have come of a request.
pub(in crate::targets) fn not_sent(job: &CallJob, kind: RequestKind) -> Facts {
    let before = job.state.clone().map(Box::new);
    let stage = kind.into();
    entries(job, vec![CallFact::NotSent { stage, before }])
}

/// Brings what has happened to the call to the disk.
pub(in crate::targets) async fn write(
    sender: &Sender,
    job: &CallJob,
    facts: Vec<CallFact>,
) -> Result<(), CallError> {
    failpoint::reached(Point::FactIsDue);
    sender.record(entries(job, facts)).await
}

/// What is refused may have arrived before, and only a failure leaves the intent: after a plain refusal a
/// 409 is somebody else's.
pub(in crate::targets) fn refusal(
    fingerprint: u128,
    stage: Stage,
    status: u16,
    message: String,
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
pub(in crate::targets) fn without_recording(job: &CallJob) -> CallFact {
    CallFact::WithoutRecording {
        was_sought: job.is_recording_missing,
    }
}
