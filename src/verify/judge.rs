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

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::call::Call;
    use crate::domain::call::sample::draft;
    use crate::ledger::VerifyOutcome;

    fn call(extra: &[(Field, Value<'static>)]) -> Call<'static> {
        let mut draft = draft();
        let time = Value::Text("2024-03-15T09:12:03.700+01:00".into());
        draft.set(Field::DateTime, time);
        for (field, value) in extra {
            draft.set(*field, value.clone());
        }
        Call::new(draft, &mut Vec::new()).unwrap()
    }

    fn judge() -> Judge {
        let folder = tempfile::tempdir().unwrap();
        let ledger = crate::ledger::Ledger::open(&folder.path().join("a.db"), "x").unwrap();
        Judge {
            key: ledger.reader().unwrap().content_key().unwrap(),
            settle: Duration::ZERO,
        }
    }

    /// What is said of a call with these fields by an answer that differs in these from a right one.
    fn words(extra: &[(Field, Value<'static>)], other: &serde_json::Value) -> Vec<&'static str> {
        let judge = judge();
        let call = call(extra);
        let mut known = KnownConversation::of("call-1", Some("u-1"));
        known.has_recording = true;
        known.length = Some(61_500);
        known.fields = Some(judge.key.sent_fields(&call, |_| true));
        let mut told = json!({
            "uid": "U-1", "externalIdentity": "call-1", "state": "Success", "duration": 62.4,
            "dateTime": "2024-03-15T08:12:03Z", "hasAudio": true, "hasConsent": true,
            "subject": "Faktura", "customer": "+4512345678", "labels": [], "status": null,
            "teamUid": null, "metadata": {},
            "metrics": {"audioAdded": "2024-03-15T09:00:00Z"},
        });
        for (name, value) in other.as_object().unwrap() {
            if value == ABSENT {
                told.as_object_mut().unwrap().remove(name);
            } else {
                told[name] = value.clone();
            }
        }
        let told = serde_json::from_value(told).unwrap();
        judge.judge(&known, &told).words()
    }

    /// Stands for a member that is not told.
    const ABSENT: &str = "<absent>";

    fn text(text: &'static str) -> Value<'static> {
        Value::Text(text.into())
    }

    #[test]
    fn each_difference_has_its_word() {
        let labels = Value::Labels(vec!["a".into(), "b".into()]);
        let full = [
            (Field::Labels, labels),
            (Field::Status, text("closed")),
            (Field::TeamName, text("Salg")),
            (Field::CustomProp1, text("x")),
            (Field::CustomNumberProp1, Value::Number("1.50".into())),
        ];
        let right = json!({
            "labels": ["b", "a"], "status": "closed", "teamUid": "t-1",
            "metadata": {"customProp1": "x", "customNumberProp1": 1.5, "other": 1},
        });
        assert_eq!(words(&full, &right), [""; 0]);
        for (name, value, word) in [
            ("labels", json!(["a"]), "labels"),
            ("status", json!(null), "status"),
            ("teamUid", json!(null), "teamName"),
            ("subject", json!("Other"), "subject"),
            ("customer", json!("+4512345679"), "customer"),
            ("dateTime", json!("2024-03-15T09:12:03Z"), "dateTime"),
            ("duration", json!(63.0), "length"),
            ("uid", json!("u-2"), "uid"),
            ("deleted", json!(true), "deleted"),
            ("state", json!("Something new"), "untold"),
            ("subject", json!(17), "untold"),
            (
                "metadata",
                json!({"customProp1": "y", "customNumberProp1": 1.5}),
                "customProp1",
            ),
            ("metadata", json!({"customProp1": "x"}), "customNumberProp1"),
            ("metadata", json!(null), "untold"),
        ] {
            let mut other = right.clone();
            other[name] = value;
            assert_eq!(words(&full, &other), [word], "{name}");
        }
    }

    #[test]
    fn what_must_be_told_and_is_not_is_no_difference() {
        let team = [(Field::TeamName, text("Salg"))];
        assert_eq!(words(&team, &json!({"teamUid": ABSENT})), ["untold"]);
        assert_eq!(words(&[], &json!({"teamUid": ABSENT})), [""; 0]);
        assert_eq!(words(&[], &json!({"uid": ABSENT})), ["untold"]);
    }

    #[test]
    fn of_a_deleted_conversation_nothing_else_is_told() {
        let deleted = json!({"deleted": true, "subject": "Other", "duration": 1.0});
        assert_eq!(words(&[], &deleted), ["deleted"]);
    }

    #[test]
    fn a_time_may_be_rounded_by_a_second_and_no_more() {
        for (second, is_same) in [("01", false), ("02", true), ("04", true), ("05", false)] {
            let told = json!({"dateTime": format!("2024-03-15T08:12:{second}Z")});
            assert_eq!(words(&[], &told).is_empty(), is_same, "{second}");
        }
    }

    /// How a call with a recording compares that was sent so long ago, by this answer.
    fn compared(ago: Duration, told: &serde_json::Value) -> Sighting {
        let mut known = KnownConversation::of("call-1", Some("u-1"));
        known.has_recording = true;
        known.last_at = Timestamp::now() - ago;
        let mut right = json!({"uid": "u-1", "externalIdentity": "call-1"});
        for (name, value) in told.as_object().unwrap() {
            right[name] = value.clone();
        }
        let judge = Judge {
            settle: Duration::from_secs(60),
            ..judge()
        };
        judge.judge(&known, &serde_json::from_value(right).unwrap())
    }

    #[test]
    fn a_recording_that_is_not_there_is_missing_once_it_had_time_to_show() {
        let without =
            json!({"state": "Created", "hasAudio": false, "metrics": {"audioAdded": null}});
        let outcome = |seconds| compared(Duration::from_secs(seconds), &without).outcome();
        assert_eq!(outcome(0), VerifyOutcome::Waiting);
        assert_eq!(outcome(3_600), VerifyOutcome::Missing);
    }

    #[test]
    fn what_is_worked_on_is_done_by_its_state_or_by_its_end() {
        let outcome = |told| compared(Duration::from_secs(3_600), &told).outcome();
        let working = json!({"state": "Processing", "hasAudio": true});
        assert_eq!(outcome(working), VerifyOutcome::Waiting);
        let ended = json!({
            "state": "Processing", "hasAudio": true,
            "metrics": {"processingDone": "2024-03-15T09:00:00Z"},
        });
        assert!(!compared(Duration::ZERO, &ended).has(Observation::Unfinished));
        // That it failed says more than that nobody tells of the recording.
        let failed = json!({"state": "Error", "hasAudio": null, "metrics": {}});
        assert_eq!(outcome(failed), VerifyOutcome::FailedThere);
    }

    #[test]
    fn the_uid_and_the_day_are_kept_for_what_is_there_twice_and_for_the_plot() {
        let told =
            json!({"state": "Success", "hasAudio": true, "dateTime": "2024-03-15T08:12:03Z"});
        let seen = compared(Duration::ZERO, &told);
        assert_eq!(seen.uid_hash, Some(uid_hash("u-1")));
        let at: Timestamp = "2024-03-15T08:12:03Z".parse().unwrap();
        assert_eq!(seen.day, Some(day_of(at)));
    }

    #[test]
    fn what_was_not_sent_is_not_compared() {
        let more = json!({
            "labels": ["auto"], "status": "closed", "teamUid": "t-1", "hasConsent": false,
            "metadata": {"customProp1": "x"},
        });
        assert_eq!(words(&[], &more), [""; 0]);
    }

    #[test]
    fn who_refused_may_be_anonymous_and_consent_may_not_turn() {
        let refused = [(Field::HasConsent, Value::Bool(false))];
        let anonymous = json!({"hasConsent": false, "customer": null, "hasAudio": false});
        assert_eq!(words(&refused, &anonymous), [""; 0]);
        assert_eq!(words(&refused, &json!({})), ["hasConsent"]);
    }

    #[test]
    fn of_a_recording_that_is_cut_the_length_says_nothing() {
        let segments = Value::Segments(vec![crate::domain::Segment {
            start: 1,
            duration: 2,
        }]);
        let cut = [(Field::ConversationSegments, segments)];
        assert_eq!(words(&cut, &json!({"duration": 2.0})), [""; 0]);
    }

    #[test]
    fn a_length_shows_a_recording_where_nothing_else_does() {
        let silent = json!({"hasAudio": null, "metrics": {}});
        assert_eq!(words(&[], &silent), [""; 0]);
        let unknown = json!({"hasAudio": null, "metrics": {}, "duration": 0});
        assert_eq!(words(&[], &unknown), ["untold"]);
    }

    #[test]
    fn a_call_without_a_recording_waits_for_nothing() {
        let judge = judge();
        let mut known = KnownConversation::of("call-1", None);
        let told = json!({"uid": "u-1", "externalIdentity": "call-1", "state": "Created"});
        let told = serde_json::from_value(told).unwrap();
        let seen = judge.judge(&known, &told);
        assert_eq!(seen.outcome(), VerifyOutcome::Verified);
        known.has_recording = true;
        let seen = judge.judge(&known, &told);
        assert_eq!(seen.outcome(), VerifyOutcome::NotReadable);
    }
}
