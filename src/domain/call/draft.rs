//! What a mapping made of one record, before anybody has judged it.

use std::borrow::Cow;

use jiff::Timestamp;

use super::values::Values;
use super::{Field, Segment};

/// The value of one target field. Text borrows from the record wherever it is passed on unchanged.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Value<'a> {
    /// The record says nothing about this field.
    #[default]
    Absent,
    /// The record says something that could not be read; the problem is already reported, so
    /// nobody complains a second time that the field is missing.
    Broken,
    /// Any text, as it will be sent.
    Text(Cow<'a, str>),
    /// A time: the RFC 3339 text that will be sent and the instant it names.
    Time(Cow<'a, str>, Timestamp),
    /// A number in JSON's own notation. It stays text so that no digit passes through a float.
    Number(Cow<'a, str>),
    /// Consent, or another yes or no.
    Bool(bool),
    /// Labels in the order of the export.
    Labels(Vec<Cow<'a, str>>),
    /// The parts of the recording to keep.
    Segments(Vec<Segment>),
}

impl Value<'_> {
    /// The same value, owning its text.
    pub fn into_owned(self) -> Value<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        match self {
            Value::Absent => Value::Absent,
            Value::Broken => Value::Broken,
            Value::Text(text) => Value::Text(own(text)),
            Value::Time(text, at) => Value::Time(own(text), at),
            Value::Number(text) => Value::Number(own(text)),
            Value::Bool(bool) => Value::Bool(bool),
            Value::Labels(labels) => Value::Labels(labels.into_iter().map(own).collect()),
            Value::Segments(segments) => Value::Segments(segments),
        }
    }
}

/// The 36 fields of a conversation as a mapping filled them.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Draft<'a> {
    values: Values<'a>,
}

impl<'a> Draft<'a> {
    /// A draft that says nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// What the draft says about `field`.
    pub fn get(&self, field: Field) -> &Value<'a> {
        self.values.get(field)
    }

    /// Replaces what the draft says about `field`.
    pub fn set(&mut self, field: Field, value: Value<'a>) {
        self.values.set(field, value);
    }

    pub(super) fn into_values(self) -> Values<'a> {
        self.values
    }
}
