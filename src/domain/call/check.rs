//! Checks each field of a draft and notes what is wrong with it.

use std::borrow::Cow;
use std::fmt::Write as _;

use jiff::Timestamp;

use super::field::{Field, ValueKind};
use crate::domain::email::{is_email, is_plain_email};
use crate::domain::ids::{GUARDED, fault_of_id, fault_of_key, fault_of_person_id, in_formula};
use crate::domain::phone::{PhoneReading, bare_number, is_plainly_dialled, read_phone};
use crate::domain::rules::{
    TOO_EARLY, is_blank, is_held, is_json_number, is_plausible, is_too_early, read_rfc3339,
};
use crate::domain::{Channels, Code, Value};

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
        Field::AudioChannels => text == Channels::AUTO || Channels::from_name(text).is_some(),
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

pub(super) struct CallChecker<'f> {
    faults: &'f mut Vec<CallViolation>,
    /// When the call took place, as soon as the time was read.
    at: Option<Timestamp>,
    /// Whether the mapping has already reported an error.
    is_broken: bool,
}

impl<'f> CallChecker<'f> {
    pub(super) fn new(faults: &'f mut Vec<CallViolation>) -> Self {
        CallChecker {
            faults,
            at: None,
            is_broken: false,
        }
    }

    /// The time of the call, unless there is none or the mapping has already reported an error.
    pub(super) fn at(&self) -> Option<Timestamp> {
        self.at.filter(|_| !self.is_broken)
    }

    fn fault(&mut self, code: Code, field: Field, value: &str, message: &str) {
        self.faults.push(CallViolation {
            code,
            field,
            value: value.to_owned(),
            message: message.to_owned(),
        });
    }

    pub(super) fn field(&mut self, field: Field, value: &mut Value<'_>) {
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
