//! What a mapping made of one record, before anybody has judged it.

use super::field::Field;
use super::values::Values;
use crate::domain::Value;

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
