//! What changed in a record since its call was sent, as far as the ledger tells: by short hashes of the fields
//! where it keeps them, else by one hash of all that a record said and a few bits of the customer and the day.

use super::call_change::CallChange;
use super::changed_fields::ChangedFields;
use super::pending::PendingCall;
use crate::domain::call::{Call, Field};
use crate::domain::{Code, Policy, Problem};
use crate::events::WITHDRAWN;
use crate::ledger::{CallState, CreateState, Error};
use crate::mapping::CallMapping;

/// A change that is to be told.
struct RecordChange {
    /// The field that changed; none where that cannot be known.
    field: Option<Field>,
    message: String,
}

/// A change of a record, told.
pub(in crate::targets) struct ToldChange {
    pub(in crate::targets) problem: Problem,
    /// The fields, where they are known.
    pub(in crate::targets) changed: Option<ChangedFields>,
}

impl ToldChange {
    /// The change, if it can be sent and the operator wants that.
    pub(in crate::targets) fn sendable(
        &self,
        known: &CallState,
        policy: Policy,
    ) -> Option<CallChange> {
        CallChange::of(known, self.changed.as_ref()?, policy)
    }
}

/// What is to be told when the record says something else than before. `fields` looks up which of them are
/// no longer what was sent.
pub(in crate::targets) fn changed_since_sent(
    mapping: &CallMapping,
    known: Option<&CallState>,
    open: &PendingCall<'_>,
    fields: impl FnOnce() -> Result<Option<ChangedFields>, Error>,
) -> Result<Option<ToldChange>, Error> {
    let Some(sent) = known.and_then(|known| SentRecord::of(known, open.fingerprint)) else {
        return Ok(None);
    };
    let changed = fields()?;
    let fields = changed.as_ref().map_or(&[][..], |changed| &changed.fields);
    let RecordChange { field, message } = change_of(&sent, &open.call, fields);
    let location = open.location.clone();
    let problem = Problem::new(Code::ChangedSinceSent, location, message);
    let column = mapping.column_of(field.unwrap_or(Field::ExternalIdentity));
    let value = match field {
        None => open.call.identity(),
        Some(Field::HasConsent) => shown_consent(open.call.consent()),
        Some(field) => open.call.text(field),
    };
    let problem = problem.at(column, value);
    Ok(Some(ToldChange { problem, changed }))
}

/// A call that is in place, and of which a record says something else.
struct SentRecord<'k> {
    known: &'k CallState,
    /// The conversation was made by somebody else.
    is_adopted: bool,
}

impl<'k> SentRecord<'k> {
    /// Of an adopted conversation nobody knows what was sent, but what the export said when it was taken
    /// over; a rebuilt ledger does not.
    fn of(known: &'k CallState, fingerprint: u128) -> Option<SentRecord<'k>> {
        let CreateState::Done { is_adopted, .. } = known.create else {
            return None;
        };
        let is_same = known.fingerprint == fingerprint || is_adopted && !known.has_known_content();
        (!is_same).then_some(SentRecord { known, is_adopted })
    }
}

fn change_of(sent: &SentRecord<'_>, call: &Call<'_>, fields: &[Field]) -> RecordChange {
    let SentRecord { known, is_adopted } = *sent;
    let (what, when, then) = if is_adopted {
        let when = "the existing conversation was adopted";
        (format!("what it was when {when}"), when, "it is not sent")
    } else {
        (
            "what was sent".to_owned(),
            "it was sent",
            "it is not sent again",
        )
    };
    let is_withdrawn = fields.contains(&Field::HasConsent) && call.consent() == Some(false);
    let before = consent_before(known.fingerprint, call);
    // Beside other changes it counts all the same that somebody refuses now.
    let withdrawn = is_withdrawn.then_some(StatedConsent(None));
    if let Some(StatedConsent(before)) = before.or(withdrawn) {
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
        return RecordChange { field, message };
    }
    if let Some(field) = fields.first() {
        return RecordChange {
            field: Some(*field),
            message: format!("{} no longer {what}, and {then}", named(fields)),
        };
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
    RecordChange { field, message }
}

/// The fields by their names: `subject is`, `subject, status and customProp2 are`.
fn named(fields: &[Field]) -> String {
    let names: Vec<&str> = fields.iter().map(|field| field.name()).collect();
    match names.as_slice() {
        [one] => format!("{one} is"),
        [first @ .., last] => format!("{} and {last} are", first.join(", ")),
        [] => "the record is".to_owned(),
    }
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
