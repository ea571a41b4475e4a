//! From the step of a call to its action: what becomes of it here, what is left to send, and how many
//! requests that takes.

use super::context::CallContext;
use super::hold::{HoldLimit, doubt_last_row, hold};
use super::inspect_recording::{inspect, into_use};
use super::inspection::Inspection;
use super::pending::PendingCall;
use super::proposed_step::ProposedStep;
use super::recording_match::RecordingMatch;
use crate::domain::call::{Call, Field};
use crate::domain::{Code, Location, Problem};
use crate::events::Outcome;
use crate::ledger::{CallFact, CallState, CreateState, LedgerEntry, UploadState};
use crate::pipeline::{Action, NotedEnd, Purpose};
use crate::targets::call::job::CallJob;
use crate::targets::call::plan::{self, Step};

/// Turns a step into an action. The call's text is only copied when it is to be sent.
pub(in crate::targets) fn propose(
    context: CallContext<'_>,
    mut step: Step,
    state: Option<CallState>,
    pending: PendingCall<'_>,
    problems: &mut Vec<Problem>,
) -> ProposedStep {
    let PendingCall {
        location,
        call,
        fingerprint,
        mut found,
        origin,
        ..
    } = pending;
    if step == Step::Nothing {
        return ProposedStep::there(found, call.identity());
    }
    problems.extend(std::mem::take(&mut found.problems));
    let inspection = inspect(context, &found, &call, problems, &location);
    if problems.iter().any(Problem::rejects) {
        return rejected(found);
    }
    let stated = found.stated.take();
    let late = late_channels(state.as_ref(), &found, &inspection, &call, &location);
    problems.extend(late);
    let is_recording_missing = found.state == plan::RecordingPresence::Missing;
    let used = into_use(found, &call, &inspection);
    let matched = used
        .as_ref()
        .map(|used| Box::new(used.matched(call.identity(), inspection.channels())));
    let known = state.as_ref();
    doubt_last_row(context.mapping, step, known, fingerprint, problems);
    let limit = HoldLimit::of(context);
    let held = hold(limit, &mut step, known, &location, problems);
    let (is_create, with_upload) = match step {
        Step::Create { with_upload, .. } => (true, with_upload),
        _ => (false, true),
    };
    let action = match at_rest(step, context.run.purpose, &call, fingerprint, held) {
        Some(action) => action,
        None if context.run.purpose == Purpose::Check => Action::Ready,
        None => {
            let recording = used.as_ref().filter(|_| with_upload);
            Action::Send(Box::new(CallJob {
                upload: recording.map(|used| inspection.upload(used)),
                call: inspection.settle(call.into_owned()),
                fingerprint,
                origin,
                step,
                change: None,
                state,
                stated,
                is_recording_missing,
            }))
        }
    };
    let is_open = matches!(action, Action::Ready | Action::Send(_));
    ProposedStep {
        action,
        recording_use: used,
        requests: u8::from(is_open) * (1 + u8::from(is_create && with_upload)),
        matched,
    }
}

/// A call whose problems forbid to send it. Its recording is still its own.
fn rejected(found: RecordingMatch) -> ProposedStep {
    ProposedStep {
        recording_use: found.into_candidates(),
        ..ProposedStep::ended(Action::Finished(Outcome::Rejected, "".into()))
    }
}

/// The action of a call for which nothing is sent.
fn at_rest(
    step: Step,
    purpose: Purpose,
    call: &Call<'_>,
    fingerprint: u128,
    held: Code,
) -> Option<Action<CallJob>> {
    Some(match (step, purpose) {
        (Step::Create { .. } | Step::Upload { .. }, _) => return None,
        (Step::Nothing | Step::Change | Step::Refuse, _) => {
            Action::Finished(Outcome::Rejected, "".into())
        }
        (Step::Hold, Purpose::Check) => Action::Finished(Outcome::Held, held.name().into()),
        (Step::Hold, Purpose::Run) => {
            let why = held;
            let fact = CallFact::Held { fingerprint, why };
            noted(Outcome::Held, why.name(), call, fact)
        }
        (Step::Waive, Purpose::Check) => Action::Finished(Outcome::AlreadyThere, "".into()),
        (Step::Waive, Purpose::Run) => {
            let fact = CallFact::WithoutRecording { was_sought: true };
            noted(Outcome::AlreadyThere, "", call, fact)
        }
    })
}

fn noted(
    outcome: Outcome,
    detail: &'static str,
    call: &Call<'_>,
    fact: CallFact,
) -> Action<CallJob> {
    let entry = LedgerEntry::new(call.identity().to_owned(), fact);
    Action::Noted(Box::new(NotedEnd {
        outcome,
        detail,
        entry,
    }))
}

/// What there is to be told of a recording of one channel whose conversation was made without knowing
/// of it, and cannot be changed. The destination takes such a conversation for one of two channels.
fn late_channels(
    state: Option<&CallState>,
    found: &RecordingMatch,
    inspection: &Inspection,
    call: &Call<'_>,
    location: &Location,
) -> Option<Problem> {
    let state = state?;
    let who = match (&state.create, state.upload) {
        (
            CreateState::Done {
                is_adopted: false, ..
            },
            UploadState::NotWanted { .. } | UploadState::Owed,
        ) if call.wants_channels() => "an earlier run, without its recording",
        (
            CreateState::Done {
                is_adopted: true, ..
            }
            | CreateState::LeftAlone,
            _,
        ) if !counts_as_stereo(call) => "somebody else",
        _ => return None,
    };
    let recording = found
        .recording
        .as_ref()
        .filter(|_| inspection.channels() == Some(1))?;
    let message = format!(
        "the conversation was made by {who}, and may count as stereo; the recording has one channel"
    );
    let problem = Problem::new(Code::RecordingChannels, location.clone(), message);
    Some(problem.at("recording", &recording.name))
}

/// Whether the record itself says so, which is told of any recording.
fn counts_as_stereo(call: &Call<'_>) -> bool {
    matches!(call.text(Field::AudioChannels), "" | "Stereo")
}
