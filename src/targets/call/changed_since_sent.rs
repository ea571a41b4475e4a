//! What changed in a record since its call was sent, as far as the ledger tells. It keeps one hash of all
//! that a record said, and a few bits of the customer and the day.

use super::pending::PendingCall;
use crate::domain::call::{Call, Field};
use crate::domain::{Code, Problem};
use crate::events::WITHDRAWN;
use crate::ledger::{CallState, CreateState};
use crate::mapping::CallMapping;

/// A change that is to be told.
struct RecordChange {
    /// The field that changed; none where that cannot be known.
    field: Option<Field>,
    message: String,
}

/// What is to be told when the record says something else than before.
pub(in crate::targets) fn changed_since_sent(
    mapping: &CallMapping,
    known: Option<&CallState>,
    open: &PendingCall<'_>,
) -> Option<Problem> {
    let RecordChange { field, message } = change_of(known?, &open.call, open.fingerprint)?;
    let location = open.location.clone();
    let problem = Problem::new(Code::ChangedSinceSent, location, message);
    let column = mapping.column_of(field.unwrap_or(Field::ExternalIdentity));
    let value = match field {
        None => open.call.identity(),
        Some(Field::HasConsent) => shown_consent(open.call.consent()),
        Some(field) => open.call.text(field),
    };
    Some(problem.at(column, value))
}

/// Of an adopted conversation nobody knows what was sent, but what the export said when it was taken
/// over; a rebuilt ledger does not.
fn change_of(known: &CallState, call: &Call<'_>, fingerprint: u128) -> Option<RecordChange> {
    let CreateState::Done { is_adopted, .. } = known.create else {
        return None;
    };
    if known.fingerprint == fingerprint || is_adopted && !known.has_known_content() {
        return None;
    }
    let (what, when, then) = if is_adopted {
        let when = "the conversation of somebody else was taken over";
        (format!("what it was when {when}"), when, "it is not sent")
    } else {
        (
            "what was sent".to_owned(),
            "it was sent",
            "it is not sent again",
        )
    };
    if let Some(StatedConsent(before)) = consent_before(known.fingerprint, call) {
        let field = Some(Field::HasConsent);
        let message = match (before, call.consent()) {
            (Some(true) | None, Some(false)) => format!(
                "{WITHDRAWN} after {when}, and {then}; delete the conversation at the destination"
            ),
            (before, now) => format!(
                "its consent changed from {} to {} after {when}, and {then}",
                shown_consent(before),
                shown_consent(now)
            ),
        };
        return Some(RecordChange { field, message });
    }
    let (customer, day) = known.party.changes(call.party());
    let (field, subject) = match (customer, day) {
        (true, false) => (Some(Field::Customer), "the customer"),
        (false, true) => (Some(Field::DateTime), "the day"),
        (true, true) => (Some(Field::Customer), "the customer and the day"),
        (false, false) => (None, "the record"),
    };
    let is = if customer && day { "are" } else { "is" };
    let message = format!("{subject} {is} no longer {what}, and {then}");
    Some(RecordChange { field, message })
}

/// What a record says of consent, if anything.
struct StatedConsent(Option<bool>);

/// What the record said of consent, where nothing else changed since: with that answer it has the hash
/// that the ledger keeps.
fn consent_before(sent: u128, call: &Call<'_>) -> Option<StatedConsent> {
    let mut scratch = Vec::new();
    let answers = [None, Some(false), Some(true)].into_iter();
    let mut others = answers.filter(|answer| *answer != call.consent());
    let before = others.find(|answer| {
        let before = call.clone().with_consent(*answer);
        before.fingerprint(&mut scratch) == sent
    });
    before.map(StatedConsent)
}

fn shown_consent(consent: Option<bool>) -> &'static str {
    match consent {
        Some(true) => "yes",
        Some(false) => "no",
        None => "not stated",
    }
}
