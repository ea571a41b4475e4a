//! Checks each field of a draft and notes what is wrong with it.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::field::{Field, ValueKind};
use super::values::Values;
use crate::domain::email::{is_email, is_plain_email};
use crate::domain::ids::{GUARDED, fault_of_id, fault_of_key, fault_of_person_id, in_formula};
use crate::domain::phone::{PhoneReading, bare_number, is_plainly_dialled, read_phone};
use crate::domain::rules::{
    TOO_EARLY, is_blank, is_held, is_json_number, is_plausible, is_too_early, read_rfc3339,
};
use crate::domain::{Channels, Code, Severity, Value};

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

/// Checks the values of a call in place, and says whether it may be sent. What is wrong with a field is
/// appended to `broken`; what can be put right, or says nothing, is changed.
pub(super) fn check(values: &mut Values<'_>, broken: &mut Vec<CallViolation>) -> bool {
    values.are_fit(is_fit) || explain(values, broken)
}

/// The same where some value is not in order as it stands.
#[cold]
fn explain(values: &mut Values<'_>, broken: &mut Vec<CallViolation>) -> bool {
    let before = broken.len();
    let mut checker = CallChecker {
        faults: broken,
        is_broken: false,
    };
    values.judge(|field, value| checker.field(field, value));
    let is_broken = checker.is_broken;
    let is_error = |fault: &CallViolation| fault.code.severity() == Severity::Error;
    !is_broken && !broken[before..].iter().any(is_error)
}

/// Whether a value is in order as it stands: [`CallChecker`] would say nothing of it and leave it as it is. Of
/// customers only the plainest numbers are known here.
#[inline(never)]
pub(super) fn is_fit(field: Field, value: &Value<'_>) -> bool {
    match value {
        Value::Text(text) => is_fit_text(field, text),
        Value::Time(_, at) => is_fit_time(field, *at),
        Value::Number(text) => is_fit_number(field, text),
        Value::Bool(_) => field.kind() == ValueKind::Bool,
        Value::Labels(labels) => are_fit_labels(field, labels),
        _ => false,
    }
}

/// Whether there are labels, none of them blank and none twice.
pub(super) fn are_fit_labels(field: Field, labels: &[Cow<'_, str>]) -> bool {
    let mut all = labels.iter().enumerate();
    field.kind() == ValueKind::Labels
        && !labels.is_empty()
        && all.all(|(at, label)| !is_blank(label) && !labels[..at].contains(label))
}

/// The same for a text.
#[inline]
pub(super) fn is_fit_text(field: Field, text: &str) -> bool {
    field.kind() == ValueKind::Text
        && !is_blank(text)
        && (!is_judged(field) || is_fit_judged(field, text))
}

/// The same for a time.
#[inline]
pub(super) fn is_fit_time(field: Field, at: Timestamp) -> bool {
    field.kind() == ValueKind::Time && is_plausible(at)
}

/// Whether a text of this field may be wrong at all.
#[inline]
fn is_judged(field: Field) -> bool {
    matches!(
        field,
        Field::ExternalIdentity
            | Field::AgentId
            | Field::AgentName
            | Field::AgentEmail
            | Field::Customer
            | Field::AudioChannels
            | Field::TeamId
            | Field::TeamName
    )
}

/// Whether nothing is wrong with a text of such a field.
#[inline(never)]
fn is_fit_judged(field: Field, text: &str) -> bool {
    match field {
        Field::ExternalIdentity => fault_of_id(text).is_none(),
        Field::AgentId | Field::TeamId => fault_of_person_id(text).is_none(),
        Field::AgentName | Field::TeamName => in_formula(text).is_none(),
        Field::AgentEmail => is_plain_email(text) || is_email(text) && fault_of_key(text).is_none(),
        Field::Customer => is_plainly_dialled(text),
        Field::AudioChannels => text == Channels::AUTO || Channels::from_name(text).is_some(),
        _ => true,
    }
}

/// The same for a number.
#[inline]
pub(super) fn is_fit_number(field: Field, text: &str) -> bool {
    // No shorter number can be too large or too small.
    let is_short = text.len() < "1e309".len();
    field.kind() == ValueKind::Number
        && (field != Field::SalesPersonAudioChannel || text == "1" || text == "2")
        && (is_short || is_held(text))
}

struct CallChecker<'f> {
    faults: &'f mut Vec<CallViolation>,
    /// Whether the mapping has already reported an error.
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
        let Value::Text(text) = &*value else { return };
        if matches!(read_phone(text, None), PhoneReading::Possible(_)) {
            return;
        }
        if let Some((bare, message)) = bare_number(text) {
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
                "not a possible phone number; it is sent unchanged",
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
                self.fault(
                    Code::BadLabels,
                    field,
                    label,
                    "the same label is there twice",
                );
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::domain::Segment;

    fn text() -> impl Strategy<Value = Cow<'static, str>> {
        let odd = [
            "",
            " ",
            "7",
            "3",
            "1",
            "auto",
            "Stereo",
            "a\tb",
            "'7",
            "=\"7\"",
            "1e999",
            "-0.5",
            "c-1",
            "+4512345678",
            "+46 8 465 004 12",
            "12345678",
            "ida@example.com",
            "true",
            "\u{a0}",
            "2024-03-15T09:12:03Z",
            "1,2E+05",
            "02-jan",
            "a\u{200b}",
        ];
        prop_oneof![
            4 => prop::sample::select(odd.to_vec()).prop_map(Cow::Borrowed),
            1 => any::<String>().prop_map(Cow::Owned),
        ]
    }

    /// In JSON's notation, as all numbers are that a mapping reads.
    fn number() -> impl Strategy<Value = Cow<'static, str>> {
        let numbers = [
            "0", "1", "2", "3", "-0.5", "1e3", "1e308", "1e999", "-1e-999",
        ];
        prop_oneof![
            1 => prop::sample::select(numbers.to_vec()).prop_map(Cow::Borrowed),
            1 => "-?[1-9][0-9]{0,330}([.][0-9]{1,9})?(e[0-9]{1,3})?".prop_map(Cow::Owned),
        ]
    }

    fn value() -> impl Strategy<Value = Value<'static>> {
        let time = |(text, second): (Cow<'static, str>, i64)| {
            Value::Time(text, Timestamp::from_second(second).unwrap())
        };
        let segment = |(start, duration)| Segment { start, duration };
        prop_oneof![
            4 => text().prop_map(Value::Text),
            2 => number().prop_map(Value::Number),
            1 => (text(), -99_999_999_999_i64..99_999_999_999).prop_map(time),
            1 => any::<bool>().prop_map(Value::Bool),
            1 => prop::collection::vec(text(), 0..4).prop_map(Value::Labels),
            1 => prop::collection::vec((0_u32..9, 0_u32..3).prop_map(segment), 0..3).prop_map(Value::Segments),
            1 => Just(Value::Broken),
        ]
    }

    proptest! {
        #[test]
        fn of_a_value_in_order_nothing_is_told_or_changed(field in 0_usize..36, value in value()) {
            let field = Field::ALL[field];
            if is_fit(field, &value) {
                let mut faults = Vec::new();
                let mut checker = CallChecker { faults: &mut faults, is_broken: false };
                let mut checked = value.clone();
                checker.field(field, &mut checked);
                prop_assert!(!checker.is_broken);
                prop_assert_eq!((checked, faults), (value, Vec::new()));
            }
        }
    }
}
