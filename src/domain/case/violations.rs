//! Taking values out of a draft, one by one, and noting what is wrong with them.

use std::borrow::Cow;

use jiff::Timestamp;

use super::CasePath;
use crate::domain::call::{TOO_EARLY, Value, is_too_early, read_rfc3339};
use crate::domain::{Code, Severity, fault_of_id, fault_of_key, fault_of_person_id, is_email};

/// Something wrong with one field of a draft. The caller knows the place and the column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseViolation {
    /// What kind of problem.
    pub code: Code,
    /// The target field.
    pub target: CasePath,
    /// What the draft says there; personal data.
    pub value: String,
    /// Why this is a problem, without the value.
    pub message: String,
}

/// The faults of one draft while it is judged.
pub(super) struct CaseChecker<'f> {
    faults: &'f mut Vec<CaseViolation>,
    before: usize,
    is_broken: bool,
}

impl<'f> CaseChecker<'f> {
    pub(super) fn new(faults: &'f mut Vec<CaseViolation>) -> Self {
        let before = faults.len();
        CaseChecker {
            faults,
            before,
            is_broken: false,
        }
    }

    /// Whether nothing found so far forbids sending.
    pub(super) fn is_good(&self) -> bool {
        let is_error = |fault: &CaseViolation| fault.code.severity() == Severity::Error;
        !self.is_broken && !self.faults[self.before..].iter().any(is_error)
    }

    pub(super) fn fault(&mut self, code: Code, target: &CasePath, value: &str, message: &str) {
        self.faults.push(CaseViolation {
            code,
            target: target.clone(),
            value: value.to_owned(),
            message: message.to_owned(),
        });
    }

    /// Text that must be there and not be blank. After a fault it is empty.
    pub(super) fn required(&mut self, target: &CasePath, value: Value<'_>) -> String {
        match value {
            Value::Broken => {
                self.is_broken = true;
                String::new()
            }
            Value::Absent => self.missing(target),
            value => match self.text_of(target, value) {
                Some(text) if text.is_empty() => self.missing(target),
                Some(text) if text.trim().is_empty() => {
                    let message = "required, but the value is only blanks";
                    self.fault(Code::BlankField, target, &text, message);
                    String::new()
                }
                Some(text) => text.into_owned(),
                None => String::new(),
            },
        }
    }

    /// An id: required text, judged as the id of a call is.
    pub(super) fn id(&mut self, target: &CasePath, value: Value<'_>) -> String {
        let id = self.required(target, value);
        if let Some((code, message)) = fault_of_id(&id) {
            self.fault(code, target, &id, &message);
        }
        id
    }

    /// The id of a person, which may be missing.
    pub(super) fn optional_key(&mut self, target: &CasePath, value: Value<'_>) -> Option<String> {
        let key = self.optional(target, value)?;
        if let Some((code, message)) = fault_of_person_id(&key) {
            self.fault(code, target, &key, &message);
        }
        Some(key)
    }

    /// Text that may be missing; blanks count as nothing.
    pub(super) fn optional(&mut self, target: &CasePath, value: Value<'_>) -> Option<String> {
        match value {
            Value::Absent => None,
            Value::Broken => {
                self.is_broken = true;
                None
            }
            value => {
                let text = self.text_of(target, value)?;
                (!text.trim().is_empty()).then(|| text.into_owned())
            }
        }
    }

    /// A time that must be there, as it is written and as the instant that it names.
    pub(super) fn time(&mut self, target: &CasePath, value: Value<'_>) -> (String, Timestamp) {
        let (text, at) = match value {
            Value::Time(text, at) => (text.into_owned(), at),
            other => {
                let text = self.required(target, other);
                if text.is_empty() {
                    return (text, Timestamp::UNIX_EPOCH);
                }
                match read_rfc3339(&text) {
                    Ok(at) => (text, at),
                    Err((code, message)) => {
                        self.fault(code, target, &text, message);
                        return (text, Timestamp::UNIX_EPOCH);
                    }
                }
            }
        };
        if is_too_early(at) {
            self.fault(Code::ImpossibleTime, target, &text, TOO_EARLY);
        } else if at.as_second() < 631_152_000 {
            self.fault(Code::ImplausibleTime, target, &text, "before 1990");
        }
        (text, at)
    }

    pub(super) fn email(&mut self, target: &CasePath, value: Value<'_>) -> String {
        let email = self.required(target, value);
        if email.is_empty() {
            return email;
        }
        if let Some((code, message)) = fault_of_key(&email) {
            self.fault(code, target, &email, &message);
        } else if !is_email(&email) {
            self.fault(Code::BadEmail, target, &email, "not an e-mail address");
        }
        email
    }

    /// A list of texts; blank ones count as nothing, and the second of two equal ones too.
    pub(super) fn list(&mut self, target: &CasePath, value: Value<'_>) -> Vec<String> {
        let mut list: Vec<String> = Vec::new();
        match value {
            Value::Absent => {}
            Value::Broken => self.is_broken = true,
            Value::Labels(labels) => {
                for label in labels {
                    if !label.trim().is_empty() && !list.iter().any(|known| *known == *label) {
                        list.push(label.into_owned());
                    }
                }
            }
            other => list.extend(self.optional(target, other)),
        }
        list
    }

    fn missing(&mut self, target: &CasePath) -> String {
        let message = "required, but the record has no value for it";
        self.fault(Code::MissingField, target, "", message);
        String::new()
    }

    fn text_of<'v>(&mut self, target: &CasePath, value: Value<'v>) -> Option<Cow<'v, str>> {
        match value {
            Value::Text(text) | Value::Time(text, _) | Value::Number(text) => Some(text),
            Value::Bool(flag) => Some(Cow::Borrowed(if flag { "true" } else { "false" })),
            Value::Absent | Value::Broken | Value::Labels(_) | Value::Segments(_) => {
                self.fault(Code::WrongType, target, "", "text is expected here");
                None
            }
        }
    }
}
