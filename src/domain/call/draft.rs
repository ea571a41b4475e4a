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

    /// Forgets what it says, and keeps the room for another record.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// Adds what a field says that was not set before; quick for fields in wire order.
    #[inline]
    pub fn push(&mut self, field: Field, value: Value<'a>) {
        self.values.push(field, value);
    }

    /// Notes that what `field` says was asked already all that [`Call::new`](super::Call::new) asks of it: an
    /// agent's e-mail address, or a customer that [`read_phone`](crate::domain::read_phone) found possible.
    #[inline]
    pub fn mark_checked(&mut self, field: Field) {
        self.values.mark_checked(field);
    }

    pub(super) fn of(values: Values<'a>) -> Self {
        Draft { values }
    }

    pub(super) fn into_values(self) -> Values<'a> {
        self.values
    }
}
