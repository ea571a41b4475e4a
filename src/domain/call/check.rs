//! A conversation that may be sent.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::fingerprint::FingerprintWriter;
use super::values::Values;
use super::{Draft, Field, Value, ValueKind};
use crate::domain::email::is_plain_email;
use crate::domain::ids::{GUARDED, fault_of_id, fault_of_key, fault_of_person_id, in_formula};
use crate::domain::phone::{PhoneReading, bare_number, is_plainly_dialled, read_phone};
use crate::domain::{Code, Party, is_email};

/// A part of the recording to keep, in whole seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Segment {
    /// Seconds from the start of the recording.
    pub start: u32,
    /// Length in seconds, at least 1.
    pub duration: u32,
}

/// How the speakers of a recording are laid out (`audioChannels`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channels {
    /// One channel, one speaker.
    Mono1Speaker,
    /// One channel, both speakers.
    Mono2Speaker,
    /// A channel for each speaker; what the API assumes when nothing is said.
    Stereo,
}

impl Channels {
    /// The value on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Channels::Mono1Speaker => "Mono1Speaker",
            Channels::Mono2Speaker => "Mono2Speaker",
            Channels::Stereo => "Stereo",
        }
    }

    /// The value of exactly this name, or `None`.
    pub fn from_name(name: &str) -> Option<Channels> {
        [
            Channels::Mono1Speaker,
            Channels::Mono2Speaker,
            Channels::Stereo,
        ]
        .into_iter()
        .find(|channels| channels.name() == name)
    }
}

/// Something wrong with one field of a draft. The caller knows the place and the column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallViolation {
    /// What kind of problem.
    pub code: Code,
    /// The target field.
    pub field: Field,
    /// What the draft says there; personal data.
    pub value: String,
    /// Why this is a problem, without the value.
    pub message: String,
}

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
    pub const AUTO: &'static str = "auto";

    /// Judges a draft. Every fault is appended to `faults`; the call is returned unless one of
    /// them is an error or the mapping has already reported one ([`Value::Broken`]).
    pub fn new(draft: Draft<'a>, faults: &mut Vec<CallViolation>) -> Option<Call<'a>> {
        let before = faults.len();
        let mut judge = CallChecker {
            faults,
            at: None,
            is_broken: false,
        };
        let mut values = draft.into_values();
        values.judge(|field, value| judge.field(field, value));
        let CallChecker { at, is_broken, .. } = judge;
        let has_error = faults[before..]
            .iter()
            .any(|fault| fault.code.severity() == crate::domain::Severity::Error);
        match at {
            Some(at) if !is_broken && !has_error => Some(Call { values, at }),
            _ => None,
        }
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
    pub fn get(&self, field: Field) -> &Value<'a> {
        self.values.get(field)
    }

    /// The text of a field, or `""` when it is absent or no text.
    pub fn text(&self, field: Field) -> &str {
        match self.get(field) {
            Value::Text(text) | Value::Time(text, _) | Value::Number(text) => text,
            _ => "",
        }
    }

    /// The fields that will be sent, in wire order.
    pub fn fields(&self) -> impl Iterator<Item = (Field, &Value<'a>)> {
        self.values.iter()
    }

    /// What was said about consent; `None` when the export says nothing.
    pub fn consent(&self) -> Option<bool> {
        match self.get(Field::HasConsent) {
            Value::Bool(consent) => Some(*consent),
            _ => None,
        }
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

    /// A hash of everything that the export says about the call: the ledger compares it to know
    /// whether a record has changed since it was sent. `scratch` is only there to be reused.
    pub fn fingerprint(&self, scratch: &mut Vec<u8>) -> u128 {
        let mut print = FingerprintWriter::begin(scratch);
        for (field, value) in self.fields() {
            match value {
                Value::Absent | Value::Broken => {}
                Value::Text(text) | Value::Time(text, _) | Value::Number(text) => {
                    print.text(field, text);
                }
                Value::Bool(bool) => print.bool(field, *bool),
                Value::Labels(labels) => print.labels(field, labels.iter().map(|label| &**label)),
                Value::Segments(segments) => print.segments(field, segments),
            }
        }
        xxh3_128(scratch)
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

/// Whether there is nothing but blanks; most text says so by its first byte.
pub(crate) fn is_blank(text: &str) -> bool {
    !text.as_bytes().first().is_some_and(u8::is_ascii_graphic) && text.trim().is_empty()
}

/// The text without blanks around it; most text says by its first and last byte that it has none.
pub(crate) fn trimmed(text: &str) -> &str {
    match text.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

/// Whether nothing is wrong with a text field that says this. Of customers only the plainest numbers
/// are known at a glance.
#[inline]
pub(super) fn is_fit_text(field: Field, text: &str) -> bool {
    match field {
        Field::ExternalIdentity => fault_of_id(text).is_none(),
        Field::AgentId | Field::TeamId => fault_of_person_id(text).is_none(),
        Field::AgentName | Field::TeamName => in_formula(text).is_none(),
        Field::AgentEmail => is_plain_email(text) || is_email(text) && fault_of_key(text).is_none(),
        Field::Customer => is_plainly_dialled(text),
        Field::AudioChannels => text == Call::AUTO || Channels::from_name(text).is_some(),
        _ => true,
    }
}

/// Whether a number field may hold this number.
#[inline]
pub(super) fn is_fit_number(field: Field, text: &str) -> bool {
    // No shorter number can be too large or too small.
    let is_short = text.len() < "1e309".len();
    (field != Field::SalesPersonAudioChannel || text == "1" || text == "2")
        && (is_short || is_held(text))
}

/// Whether whoever reads the number finds one: beyond the reach of a double it becomes infinite, or
/// nothing at all.
fn is_held(number: &str) -> bool {
    // Signs, points and digits lack the bit that all letters have, and one look at all bytes together is
    // the quickest.
    let all_bits = || number.bytes().fold(0, |all, byte| all | byte);
    if number.len() < 300 && all_bits() & 0x40 == 0 {
        return true;
    }
    let mantissa = number.split(['e', 'E']).next().unwrap_or_default();
    let is_zero = mantissa.bytes().all(|byte| !matches!(byte, b'1'..=b'9'));
    let held = number.parse::<f64>().unwrap_or(f64::INFINITY);
    held.is_finite() && (is_zero || held != 0.0)
}

/// Whether nobody can mean the time: before 1970, an empty cell that became the day zero of a computer,
/// or seconds and days that were read as something smaller, which all end in January 1970.
pub(crate) fn is_too_early(at: Timestamp) -> bool {
    at.as_second() < 31 * 86_400
}

/// What is told of a time that is [too early](is_too_early).
pub(crate) const TOO_EARLY: &str =
    "before February 1970: an empty date, a year of two digits, or a number in another unit";

/// No call centre recorded to files before 1990.
pub(super) fn is_plausible(at: Timestamp) -> bool {
    at.as_second() >= 631_152_000
}

struct CallChecker<'f> {
    faults: &'f mut Vec<CallViolation>,
    at: Option<Timestamp>,
    is_broken: bool,
}

impl CallChecker<'_> {
    fn fault(&mut self, code: Code, field: Field, value: &str, message: &str) {
        self.faults.push(CallViolation {
            code,
            field,
            value: value.to_owned(),
            message: message.to_owned(),
        });
    }

    fn field(&mut self, field: Field, value: &mut Value<'_>) {
        match value {
            Value::Absent if field.is_required() => {
                self.fault(
                    Code::MissingField,
                    field,
                    "",
                    "required, but the record has no value for it",
                );
            }
            Value::Absent => {}
            Value::Broken => self.is_broken = true,
            Value::Text(text) if is_blank(text) => {
                if !field.is_required() {
                    *value = Value::Absent;
                } else if text.is_empty() {
                    self.fault(
                        Code::MissingField,
                        field,
                        "",
                        "required, but the record has no value for it",
                    );
                } else {
                    self.fault(
                        Code::BlankField,
                        field,
                        text,
                        "required, but the value is only blanks",
                    );
                }
            }
            _ => match field.kind() {
                ValueKind::Text => self.text(field, value),
                ValueKind::Time => self.time(field, value),
                ValueKind::Number => self.number(field, value),
                ValueKind::Bool => self.bool(field, value),
                ValueKind::Labels => self.labels(field, value),
                ValueKind::Segments => self.segments(field, value),
            },
        }
    }

    fn text(&mut self, field: Field, value: &mut Value<'_>) {
        let Value::Text(text) = &*value else {
            return self.fault(Code::WrongType, field, "", "text is expected here");
        };
        if is_fit_text(field, text) {
            return;
        }
        match field {
            Field::ExternalIdentity => {
                if let Some((code, message)) = fault_of_id(text) {
                    self.fault(code, field, text, &message);
                }
            }
            Field::AgentId | Field::TeamId => {
                if let Some((code, message)) = fault_of_person_id(text) {
                    self.fault(code, field, text, &message);
                }
            }
            Field::AgentName | Field::TeamName => {
                self.fault(Code::SpreadsheetDamage, field, text, GUARDED);
            }
            Field::AgentEmail => match fault_of_key(text) {
                Some((code, message)) => self.fault(code, field, text, &message),
                None => self.fault(Code::BadEmail, field, text, "not an e-mail address"),
            },
            Field::Customer => self.customer(value),
            Field::AudioChannels => {
                self.fault(
                    Code::BadChoice,
                    field,
                    text,
                    "must be Mono1Speaker, Mono2Speaker, Stereo or auto",
                );
            }
            _ => {}
        }
    }

    fn customer(&mut self, value: &mut Value<'_>) {
        if let Value::Text(text) = &*value
            && !matches!(read_phone(text, None), PhoneReading::Possible(_))
            && let Some((bare, message)) = bare_number(text)
        {
            self.fault(Code::RepairedByRule, Field::Customer, text, &message);
            *value = Value::Text(Cow::Owned(bare));
        }
        let Value::Text(text) = &*value else { return };
        if in_formula(text).is_some() {
            return self.fault(Code::SpreadsheetDamage, Field::Customer, text, GUARDED);
        }
        match read_phone(text, None) {
            // Without a region nothing is in doubt.
            PhoneReading::Possible(_) | PhoneReading::NeedsRegion | PhoneReading::Ambiguous => {}
            PhoneReading::NotAPhone => self.fault(
                Code::CustomerNotAPhone,
                Field::Customer,
                text,
                "not a possible phone number; it is sent as it stands",
            ),
            PhoneReading::Damaged => self.fault(
                Code::SpreadsheetDamage,
                Field::Customer,
                text,
                "a spreadsheet wrote this number with an exponent, and its last digits are lost",
            ),
        }
    }

    fn time(&mut self, field: Field, value: &mut Value<'_>) {
        if let Value::Text(text) = value {
            match read_rfc3339(text) {
                Ok(at) => *value = Value::Time(std::mem::take(text), at),
                Err((code, message)) => return self.fault(code, field, &text.clone(), message),
            }
        }
        let Value::Time(text, at) = value else {
            return self.fault(Code::WrongType, field, "", "a time is expected here");
        };
        if is_too_early(*at) {
            self.fault(Code::ImpossibleTime, field, text, TOO_EARLY);
        } else if !is_plausible(*at) {
            self.fault(Code::ImplausibleTime, field, text, "before 1990");
        }
        self.at = Some(*at);
    }

    fn number(&mut self, field: Field, value: &mut Value<'_>) {
        match value {
            Value::Text(text) if is_json_number(text) => {
                *value = Value::Number(std::mem::take(text));
            }
            Value::Text(text) => {
                return self.fault(
                    Code::BadNumber,
                    field,
                    text,
                    "not a number with a decimal point",
                );
            }
            Value::Number(_) => {}
            _ => return self.fault(Code::WrongType, field, "", "a number is expected here"),
        }
        if let Value::Number(text) = &*value
            && !is_held(text)
        {
            let message = "no computer holds this number: it is too large, or too close to zero";
            return self.fault(Code::BadNumber, field, text, message);
        }
        if let Value::Number(text) = &*value
            && !is_fit_number(field, text)
        {
            self.fault(
                Code::BadChoice,
                field,
                text,
                "must be 1 (left) or 2 (right)",
            );
        }
    }

    fn bool(&mut self, field: Field, value: &mut Value<'_>) {
        match value {
            Value::Bool(_) => {}
            Value::Text(text) if *text == "true" => *value = Value::Bool(true),
            Value::Text(text) if *text == "false" => *value = Value::Bool(false),
            Value::Text(text) => self.fault(
                Code::BadConsent,
                field,
                text,
                "neither yes nor no; a refusal must never be sent as consent",
            ),
            _ => self.fault(Code::WrongType, field, "", "true or false is expected here"),
        }
    }

    fn labels(&mut self, field: Field, value: &mut Value<'_>) {
        if let Value::Text(text) = value {
            *value = Value::Labels(vec![std::mem::take(text)]);
        }
        let Value::Labels(labels) = value else {
            return self.fault(
                Code::WrongType,
                field,
                "",
                "a list of labels is expected here",
            );
        };
        for (index, label) in labels.iter().enumerate() {
            if label.trim().is_empty() {
                self.fault(Code::BadLabels, field, label, "a label is blank");
            } else if labels[..index].contains(label) {
                self.fault(Code::BadLabels, field, label, "the same label stands twice");
            }
        }
        if labels.is_empty() {
            *value = Value::Absent;
        }
    }

    fn segments(&mut self, field: Field, value: &mut Value<'_>) {
        let Value::Segments(segments) = value else {
            return self.fault(
                Code::BadSegments,
                field,
                "",
                "a list of segments is expected here",
            );
        };
        if segments.is_empty() {
            *value = Value::Absent;
            return;
        }
        for segment in segments {
            if segment.duration == 0 {
                let mut shown = String::new();
                let _ = write!(shown, "{}+{}", segment.start, segment.duration);
                self.fault(
                    Code::BadSegments,
                    field,
                    &shown,
                    "durationSeconds must be at least 1",
                );
            }
        }
    }
}

/// Reads a time with an offset (RFC 3339, with `T`), and says whether a time without one is missing it
/// or is no time. A second 60 and an offset beyond 18 hours are no time: who reads strictly refuses both.
pub fn read_rfc3339(text: &str) -> Result<Timestamp, (Code, &'static str)> {
    const NONE: (Code, &str) = (Code::BadTime, "not a time, or a date that does not exist");
    let has_t = matches!(text.as_bytes().get(10), Some(b'T' | b't'));
    match text.parse::<Timestamp>() {
        Ok(_) if !has_t => Err((Code::BadTime, "not in the form 2024-03-15T09:12:03+01:00")),
        Ok(at) => is_strict(text).then_some(at).ok_or(NONE),
        Err(_) => match text.parse::<jiff::civil::DateTime>() {
            Ok(_) => Err((
                Code::TimeWithoutZone,
                "no offset, and the mapping names no zone",
            )),
            Err(_) => Err(NONE),
        },
    }
}

/// Whether a time that was read is one for strict readers, too: no second 60, no zone in brackets, no
/// offset beyond [`MOST_OFFSET`]. Told by the letters, since it is asked of each record.
fn is_strict(text: &str) -> bool {
    let bytes = text.as_bytes();
    if bytes.get(16..19) == Some(b":60") || memchr::memchr(b'[', bytes).is_some() {
        return false;
    }
    let clock = bytes.get(11..).unwrap_or_default();
    let Some(sign) = memchr::memchr2(b'+', b'-', clock) else {
        return true;
    };
    // `+01`, `+0100`, `+01:00`, `+01:00:00`: pairs of digits of hours, minutes and seconds.
    let digits = clock[sign + 1..].iter().filter(|byte| **byte != b':');
    let mut digits = digits.map(|byte| i32::from(byte.wrapping_sub(b'0')));
    let mut pair = || digits.next().unwrap_or(0) * 10 + digits.next().unwrap_or(0);
    pair() * 3600 + pair() * 60 + pair() <= MOST_OFFSET
}

/// The most seconds that a clock is ahead of UTC or behind it, as the readers of times have it.
pub(crate) const MOST_OFFSET: i32 = 18 * 3600;

/// The grammar of JSON numbers (RFC 8259): `-1`, `0.5`, `1e3`; not `01`, `.5`, `+1`, `1.`.
fn is_json_number(text: &str) -> bool {
    let text = text.strip_prefix('-').unwrap_or(text);
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    let (whole, fraction) = match mantissa.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (mantissa, None),
    };
    digits(whole)
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.is_none_or(digits)
        && exponent.is_none_or(|part| digits(part.strip_prefix(['+', '-']).unwrap_or(part)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft() -> Draft<'static> {
        let mut draft = Draft::new();
        for (field, text) in [
            (Field::ExternalIdentity, "call-1"),
            (Field::AgentId, "7"),
            (Field::AgentName, "Testine Prøvesen"),
            (Field::AgentEmail, "testine@example.com"),
            (Field::Customer, "+4512345678"),
            (Field::DateTime, "2024-03-15T09:12:03+01:00"),
            (Field::Subject, "Faktura"),
        ] {
            draft.set(field, Value::Text(text.into()));
        }
        draft
    }

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

    #[test]
    fn numbers_follow_the_grammar_of_json() {
        for good in ["0", "-1", "0.5", "12.50", "1e3", "1E-7", "9007199254740993"] {
            assert!(is_json_number(good), "{good}");
        }
        for bad in [
            "", "-", "01", ".5", "5.", "+1", "1,5", "NaN", "0x1", "1e", "1 ",
        ] {
            assert!(!is_json_number(bad), "{bad}");
        }
    }
}
