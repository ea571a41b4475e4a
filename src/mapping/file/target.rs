//! What a rule fills: a field of a conversation, or of a case and its messages.

use std::borrow::Cow;
use std::fmt;

use crate::domain::call::{Field, Kind};
use crate::domain::case;

/// What a rule fills.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::mapping) enum Target {
    Call(Field),
    Case(case::Target),
    /// How long the recording ought to be.
    Seconds,
}

impl Target {
    /// What the target holds.
    pub(in crate::mapping) fn kind(&self) -> Kind {
        match self {
            Target::Call(field) => field.kind(),
            Target::Case(target) => target.kind(),
            Target::Seconds => Kind::Number,
        }
    }

    /// The name in mapping files.
    pub(in crate::mapping) fn name(&self) -> Cow<'static, str> {
        match self {
            Target::Call(field) => Cow::Borrowed(field.name()),
            Target::Case(target) => Cow::Owned(target.to_string()),
            Target::Seconds => Cow::Borrowed("seconds"),
        }
    }

    /// The field of a conversation, if it is one.
    pub(in crate::mapping) fn field(&self) -> Option<Field> {
        match self {
            Target::Call(field) => Some(*field),
            Target::Case(_) | Target::Seconds => None,
        }
    }

    /// Whether it is this field of a conversation.
    pub(in crate::mapping) fn is(&self, field: Field) -> bool {
        self.field() == Some(field)
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name())
    }
}
