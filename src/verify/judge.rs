//! What one answer says of one call. Pure.

use std::time::Duration;

use jiff::Timestamp;

use crate::api::{ConversationReply, ToldValue};
use crate::domain::call::{Field, Value};
use crate::ledger::{
    ContentKey, ConversationState, KnownConversation, Observation, SentFields, Sighting, day_of,
    uid_hash,
};

/// How much the lengths of a recording may differ, in seconds.
const LENGTH_TOLERANCE: f64 = 1.0;

/// What answers are held against.
pub(super) struct Judge {
    /// Makes the hashes of the ledger.
    pub(super) key: ContentKey,
    /// How long a recording may need to show after it was sent.
    pub(super) settle: Duration,
}

impl Judge {
    /// What an answer about the id of a call says of the call. The conversation counts only if its uid is the
    /// one that the ledger knows, where it knows one.
    pub(super) fn judge(&self, call: &KnownConversation, told: &ConversationReply) -> Sighting {
        let mut seen = Sighting::default();
        seen.state = told.state().and_then(ConversationState::from_name);
        seen.day = told.at().map(day_of);
        seen.uid_hash = told.uid().map(uid_hash);
        match (&call.uid, told.uid()) {
            (Some(known), Some(uid)) if !known.eq_ignore_ascii_case(uid) => {
                seen.add(Observation::Another);
                return seen;
            }
            (_, Some(_)) => {}
            (_, None) => seen.add(Observation::Untold),
        }
        seen.add(Observation::There);
        if told.is_deleted() {
            seen.add(Observation::Deleted);
            return seen;
        }
        if seen.state.is_none() {
            seen.add(Observation::Untold);
        }
        if call.has_recording {
            self.judge_recording(call, told, &mut seen);
        }
        if let Some(sent) = &call.fields {
            self.judge_fields(call, sent, told, &mut seen);
        }
        seen
    }

    fn judge_recording(
        &self,
        call: &KnownConversation,
        told: &ConversationReply,
        seen: &mut Sighting,
    ) {
        // Of a recording that is cut by the destination the length says nothing.
        let is_cut = |sent: &SentFields| sent.hash(Field::ConversationSegments).is_some();
        let length = call
            .length
            .filter(|_| !call.fields.as_ref().is_some_and(is_cut));
        let apart = length.zip(told.duration()).map(|(sent, there)| {
            let sent = Duration::from_millis(sent).as_secs_f64();
            (sent - there).abs()
        });
        let is_same_length = apart.is_some_and(|apart| apart <= LENGTH_TOLERANCE);
        match told.has_audio() {
            Some(false) if self.may_still_show(call) => seen.add(Observation::Unfinished),
            Some(false) => seen.add(Observation::NoRecording),
            // That it failed says more.
            None if !is_same_length && seen.state != Some(ConversationState::Error) => {
                seen.add(Observation::Untold);
            }
            _ => {}
        }
        if apart.is_some_and(|apart| apart > LENGTH_TOLERANCE) {
            seen.add(Observation::Length);
        }
        let is_worked_on = seen.state.is_some_and(ConversationState::is_worked_on);
        if !is_worked_on && !told.is_processed() {
            seen.add(Observation::Unfinished);
        }
    }

    /// A server may need a moment to show what it has taken.
    fn may_still_show(&self, call: &KnownConversation) -> bool {
        let until = call.last_at.checked_add(self.settle);
        until.is_ok_and(|until| Timestamp::now() < until)
    }

    fn judge_fields(
        &self,
        call: &KnownConversation,
        sent: &SentFields,
        told: &ConversationReply,
        seen: &mut Sighting,
    ) {
        for field in Field::ALL.into_iter().filter(|field| is_shown(*field)) {
            let Some(hash) = sent.hash(field) else {
                continue;
            };
            let hash_of = |value: &Value<'_>| self.key.hash(&call.identity, field, value);
            let is_same = match told.value(field) {
                ToldValue::Untold => {
                    seen.add(Observation::Untold);
                    continue;
                }
                // What is known of a customer who refused is made anonymous.
                ToldValue::Empty => sent.consent() == Some(false),
                // A server may round a fraction of a second up.
                ToldValue::Value(Value::Time(text, at)) => [0, -1, 1].into_iter().any(|seconds| {
                    let at = at.checked_add(jiff::SignedDuration::from_secs(seconds));
                    at.is_ok_and(|at| hash_of(&Value::Time(text.clone(), at)) == Some(hash))
                }),
                ToldValue::Value(value) => hash_of(&value) == Some(hash),
            };
            if !is_same {
                seen.differs_in(field);
            }
        }
        match told.has_team() {
            Some(false) if sent.names_team() => seen.differs_in(Field::TeamName),
            None if sent.names_team() => seen.add(Observation::Untold),
            _ => {}
        }
    }
}

/// Whether the read API shows the field as it was sent. Of a team it shows only that there is one.
fn is_shown(field: Field) -> bool {
    matches!(
        field,
        Field::Subject
            | Field::Customer
            | Field::Labels
            | Field::Status
            | Field::HasConsent
            | Field::DateTime
    ) || field.is_custom()
}
