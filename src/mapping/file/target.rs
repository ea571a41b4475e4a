//! What a rule fills: a field of a conversation, or of a case and its messages.

use std::borrow::Cow;
use std::fmt;

use crate::domain::call::{Field, ValueKind};
use crate::domain::case;

/// What a rule fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) enum TargetField {
    Call(Field),
    Case(case::CasePath),
    /// How long the recording ought to be.
    Seconds,
}

impl TargetField {
    /// What the target holds.
    pub(in crate::mapping) fn kind(&self) -> ValueKind {
        match self {
            TargetField::Call(field) => field.kind(),
            TargetField::Case(target) => target.kind(),
            TargetField::Seconds => ValueKind::Number,
        }
    }

    /// The name in mapping files.
    pub(in crate::mapping) fn name(&self) -> Cow<'static, str> {
        match self {
            TargetField::Call(field) => Cow::Borrowed(field.name()),
            TargetField::Case(target) => Cow::Owned(target.to_string()),
            TargetField::Seconds => Cow::Borrowed("seconds"),
        }
    }

    /// The field of a conversation, if it is one.
    pub(in crate::mapping) fn field(&self) -> Option<Field> {
        match self {
            TargetField::Call(field) => Some(*field),
            TargetField::Case(_) | TargetField::Seconds => None,
        }
    }

    /// Whether it is this field of a conversation.
    pub(in crate::mapping) fn is(&self, field: Field) -> bool {
        self.field() == Some(field)
    }
}

impl fmt::Display for TargetField {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
