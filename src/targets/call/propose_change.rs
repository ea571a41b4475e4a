//! From a change of a call that is in place to what becomes of it.

use super::call_change::CallChange;
use super::context::CallContext;
use super::pending::PendingCall;
use super::proposed_step::ProposedStep;
use crate::ledger::CallState;
use crate::pipeline::{Action, Purpose};
use crate::targets::call::job::CallJob;
use crate::targets::call::plan::Step;

/// Turns a change into an action. The recording stays that of the call.
pub(in crate::targets) fn propose_change(
    context: CallContext<'_>,
    change: CallChange,
    state: Option<CallState>,
    pending: PendingCall<'_>,
) -> ProposedStep {
    let there = ProposedStep::there(pending.found, pending.call.identity());
    let action = match context.run.purpose {
        Purpose::Check => Action::Ready,
        Purpose::Run => Action::Send(Box::new(CallJob {
            upload: None,
            call: pending.call.into_owned(),
            fingerprint: pending.fingerprint,
            origin: pending.origin,
            step: Step::Change,
            change: Some(change),
            state,
            stated: None,
            is_recording_missing: false,
        })),
    };
    ProposedStep {
        action,
        requests: 1,
        ..there
    }
}
