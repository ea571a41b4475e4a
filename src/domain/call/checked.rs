//! A conversation that may be sent.

use std::borrow::Cow;

use jiff::Timestamp;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::check::{CallViolation, check};
use super::draft::Draft;
use super::field::Field;
use super::fingerprint::FingerprintWriter;
use super::values::Values;
use crate::domain::{Channels, Party, Value};

/// A checked conversation: required fields are there, every value fits the contract.
///
/// `audioChannels` may still be [`Call::AUTO`]: it is then settled from the recording before the
/// call is sent.
#[derive(Debug, Clone, PartialEq)]
pub struct Call<'a> {
    values: Values<'a>,
    at: Timestamp,
}

impl<'a> Call<'a> {
    /// The `audioChannels` of a call whose recording will tell.
    pub const AUTO: &'static str = Channels::AUTO;

    /// Judges a draft. Every fault is appended to `faults`; the call is returned unless one of
    /// them is an error or the mapping has already reported one ([`Value::Broken`]).
    pub fn new(draft: Draft<'a>, faults: &mut Vec<CallViolation>) -> Option<Call<'a>> {
        let mut values = draft.into_values();
        if !check(&mut values, faults) {
            return None;
        }
        let at = values.time(Field::DateTime)?;
        Some(Call { values, at })
    }

    /// The values as a draft again: room for the next one.
    pub fn into_draft(self) -> Draft<'a> {
        Draft::of(self.values)
    }

    /// Whether it says something in any of these fields, a bit for each [`Field::index`].
    pub fn has_any(&self, fields: u64) -> bool {
        self.values.has_any(fields)
    }

    /// The key of the conversation (`externalIdentity`).
    pub fn identity(&self) -> &str {
        self.text(Field::ExternalIdentity)
    }

    /// When the conversation took place.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// What will be sent for `field`.
    pub fn get(&self, field: Field) -> Value<'_> {
        self.values.get(field)
    }

    /// The text of a field, or `""` when it is absent or no text.
    pub fn text(&self, field: Field) -> &str {
        self.values.text(field)
    }

    /// The fields that will be sent, in wire order.
    pub fn fields(&self) -> impl Iterator<Item = (Field, Value<'_>)> {
        self.values.iter()
    }

    /// The same without what they say.
    pub fn filled(&self) -> impl Iterator<Item = Field> + use<> {
        self.values.fields()
    }

    /// What was said about consent; `None` when the export says nothing.
    pub fn consent(&self) -> Option<bool> {
        self.values.bool(Field::HasConsent)
    }

    /// The same call with another answer about consent.
    #[must_use]
    pub fn with_consent(mut self, consent: Option<bool>) -> Self {
        let value = consent.map_or(Value::Absent, Value::Bool);
        self.values.set(Field::HasConsent, value);
        self
    }

    /// Whether `audioChannels` must still be settled from the recording.
    pub fn wants_channels(&self) -> bool {
        self.text(Field::AudioChannels) == Self::AUTO
    }

    /// Settles `audioChannels`; `None` leaves the field out.
    pub fn settle_channels(&mut self, channels: Option<Channels>) {
        let value = match channels {
            Some(channels) => Value::Text(Cow::Borrowed(channels.name())),
            None => Value::Absent,
        };
        self.values.set(Field::AudioChannels, value);
    }

    /// Puts a label on the call that the export does not give it, unless it has it.
    pub fn add_label(&mut self, label: &str) {
        let mut labels = match self.values.copied(Field::Labels) {
            Value::Labels(labels) => labels,
            _ => Vec::new(),
        };
        if !labels.iter().any(|known| known == label) {
            labels.push(Cow::Owned(label.to_owned()));
            self.values.set(Field::Labels, Value::Labels(labels));
        }
    }

    /// A hash of everything that the export says about the call: the ledger compares it to know
    /// whether a record has changed since it was sent. `scratch` is only there to be reused.
    pub fn fingerprint(&self, scratch: &mut Vec<u8>) -> u128 {
        let mut print = FingerprintWriter::begin(scratch);
        self.values.write(&mut print);
        xxh3_128(print.bytes())
    }

    /// The call of values that nothing is wrong with.
    pub(super) fn of_plain(values: Values<'a>, at: Timestamp) -> Call<'a> {
        Call { values, at }
    }

    /// A short hash of the identity, for tables that must stay small.
    pub fn identity_hash(&self) -> u64 {
        xxh3_64(self.identity().as_bytes())
    }

    /// With whom the call was, and on which day.
    pub fn party(&self) -> Party {
        Party::of(self.text(Field::Customer), self.text(Field::DateTime))
    }

    /// The same call, owning its text.
    pub fn into_owned(self) -> Call<'static> {
        Call {
            values: self.values.into_owned(),
            at: self.at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::call::sample::draft;
    use crate::domain::{Code, Segment};

    fn codes(draft: Draft<'_>) -> (bool, Vec<(Code, Field)>) {
        let mut faults = Vec::new();
        let call = Call::new(draft, &mut faults);
        (
            call.is_some(),
            faults
                .iter()
                .map(|fault| (fault.code, fault.field))
                .collect(),
        )
    }

    fn with(field: Field, value: Value<'static>) -> (bool, Vec<(Code, Field)>) {
        let mut draft = draft();
        draft.set(field, value);
        codes(draft)
    }

    fn text(text: &'static str) -> Value<'static> {
        Value::Text(text.into())
    }

    #[test]
    fn a_complete_draft_becomes_a_call_with_its_values_unchanged() {
        let mut faults = Vec::new();
        let call = Call::new(draft(), &mut faults).unwrap();
        assert!(faults.is_empty());
        assert_eq!(call.identity(), "call-1");
        assert_eq!(call.text(Field::DateTime), "2024-03-15T09:12:03+01:00");
        assert_eq!(call.at().to_string(), "2024-03-15T08:12:03Z");
        assert_eq!(call.fields().count(), 7);
        assert_eq!(call.consent(), None);
    }

    #[test]
    fn every_problem_of_a_draft_is_reported_at_once() {
        let (is_call, found) = codes(Draft::new());
        assert!(!is_call);
        assert_eq!(found.len(), 7);
        assert!(found.iter().all(|(code, _)| *code == Code::MissingField));
    }

    #[test]
    fn what_the_mapping_reported_is_not_reported_again() {
        assert_eq!(with(Field::DateTime, Value::Broken), (false, vec![]));
        assert_eq!(with(Field::CustomProp1, Value::Broken), (false, vec![]));
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a table reads best in one piece")]
    fn each_rule_of_the_contract_has_its_code() {
        use Code::*;
        let cases = [
            (Field::Subject, text("  "), false, BlankField),
            (Field::ExternalIdentity, text(" a"), true, PaddedId),
            (
                Field::ExternalIdentity,
                Value::Text("x".repeat(crate::domain::ids::LONGEST_ID + 1).into()),
                false,
                RecordTooLarge,
            ),
            (Field::AgentEmail, text("agent 7"), false, BadEmail),
            (Field::Customer, text("anonymous"), true, CustomerNotAPhone),
            (Field::Customer, text("4,51E+09"), false, SpreadsheetDamage),
            (
                Field::ExternalIdentity,
                text("1,23456789012346E+18"),
                false,
                SpreadsheetDamage,
            ),
            (
                Field::ExternalIdentity,
                text("1.2345678901234568e+18"),
                false,
                SpreadsheetDamage,
            ),
            (
                Field::ExternalIdentity,
                text("3.108207129E9"),
                false,
                SpreadsheetDamage,
            ),
            (
                Field::DateTime,
                text("2024-03-15 09:12:03"),
                false,
                TimeWithoutZone,
            ),
            (
                Field::DateTime,
                text("2024-02-30T09:12:03Z"),
                false,
                BadTime,
            ),
            (
                Field::DateTime,
                text("2024-03-15T25:12:03Z"),
                false,
                BadTime,
            ),
            (
                Field::DateTime,
                text("1970-01-01T00:00:00Z"),
                false,
                ImpossibleTime,
            ),
            (
                Field::DateTime,
                text("0024-03-15T08:21:43Z"),
                false,
                ImpossibleTime,
            ),
            (
                Field::DateTime,
                text("1985-03-15T08:21:43Z"),
                true,
                ImplausibleTime,
            ),
            (
                Field::DateTime,
                text("2024-03-15T09:12:60Z"),
                false,
                BadTime,
            ),
            (
                Field::DateTime,
                text("2024-03-15T09:12:03+24:00"),
                false,
                BadTime,
            ),
            (Field::AgentId, text("=\"a1\""), false, SpreadsheetDamage),
            (Field::AgentId, text("1.2E+05"), false, SpreadsheetDamage),
            (Field::AgentId, text("1,2E+05"), false, SpreadsheetDamage),
            (Field::AgentId, text("02-jan"), false, SpreadsheetDamage),
            (Field::TeamId, text("1.20001E5"), false, SpreadsheetDamage),
            (Field::AgentId, text("a1\u{200b}"), false, InvisibleSign),
            (Field::AgentName, text("=\"Ida\""), false, SpreadsheetDamage),
            (
                Field::AgentEmail,
                text("'ida@example.com"),
                false,
                SpreadsheetDamage,
            ),
            (
                Field::AgentEmail,
                text("ida\u{ad}@example.com"),
                false,
                InvisibleSign,
            ),
            (Field::Customer, text("'+4512345678"), true, RepairedByRule),
            (
                Field::Customer,
                text("\u{202a}+4512345678\u{202c}"),
                true,
                RepairedByRule,
            ),
            (Field::CustomNumberProp1, text("1e999"), false, BadNumber),
            (Field::CustomNumberProp1, text("-1e-999"), false, BadNumber),
            (Field::HasConsent, text("maybe"), false, BadConsent),
            (Field::AudioChannels, text("stereo"), false, BadChoice),
            (Field::SalesPersonAudioChannel, text("3"), false, BadChoice),
            (Field::CustomNumberProp1, text("1,5"), false, BadNumber),
            (
                Field::Labels,
                Value::Labels(vec!["a".into(), "a".into()]),
                false,
                BadLabels,
            ),
            (
                Field::Labels,
                Value::Labels(vec!["".into()]),
                false,
                BadLabels,
            ),
            (
                Field::ConversationSegments,
                Value::Segments(vec![Segment {
                    start: 0,
                    duration: 0,
                }]),
                false,
                BadSegments,
            ),
            (Field::Subject, Value::Bool(true), false, WrongType),
        ];
        for (field, value, is_call, code) in cases {
            assert_eq!(
                with(field, value.clone()),
                (is_call, vec![(code, field)]),
                "{field} {value:?}"
            );
        }
    }

    #[test]
    fn blank_optional_fields_are_left_out() {
        let mut draft = draft();
        draft.set(Field::Status, text("  "));
        draft.set(Field::Labels, Value::Labels(vec![]));
        let mut faults = Vec::new();
        let call = Call::new(draft, &mut faults).unwrap();
        assert!(faults.is_empty());
        assert_eq!(call.fields().count(), 7);
    }

    #[test]
    fn a_fingerprint_tells_every_difference() {
        let mut scratch = Vec::new();
        let mut of = |draft| {
            Call::new(draft, &mut Vec::new())
                .unwrap()
                .fingerprint(&mut scratch)
        };
        let base = of(draft());
        assert_eq!(base, of(draft()));
        let mut other = draft();
        other.set(Field::CustomProp1, text("x"));
        let mut moved = draft();
        moved.set(Field::CustomProp2, text("x"));
        assert_ne!(base, of(other.clone()));
        assert_ne!(of(other), of(moved));
    }
}
