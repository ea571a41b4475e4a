//! What a mapping made of one record, before anybody has judged it.

use std::borrow::Cow;

use jiff::Timestamp;

use super::check::{are_fit_labels, is_fit, is_fit_number, is_fit_text, is_fit_time};
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
    pub fn get(&self, field: Field) -> Value<'_> {
        self.values.get(field)
    }

    /// The same for another draft of the same record.
    pub fn copied(&self, field: Field) -> Value<'a> {
        self.values.copied(field)
    }

    /// Replaces what the draft says about `field`.
    pub fn set(&mut self, field: Field, value: Value<'a>) {
        self.values.set(field, value);
    }

    /// Forgets what it says, and keeps the room for another record.
    pub fn clear(&mut self) {
        self.values.clear();
    }

    /// Adds what a field says that was not set before; quick for fields in wire order. It is looked at once,
    /// here: [`Call::new`](super::Call::new) looks again at what is not in order as it stands.
    pub fn push(&mut self, field: Field, value: Value<'a>) {
        let is_fit = is_fit(field, &value);
        self.values.push(field, value, is_fit);
    }

    /// The same for a text of the record.
    pub fn push_text(&mut self, field: Field, text: &'a str) {
        let is_fit = is_fit_text(field, text);
        self.values.push_text(field, text, is_fit);
    }

    /// The same for a text that was asked already all that [`Call::new`](super::Call::new) asks of it: an
    /// agent's e-mail address, or a customer that [`read_phone`](crate::domain::read_phone) found possible.
    pub fn push_checked(&mut self, field: Field, text: Cow<'a, str>) {
        match text {
            Cow::Borrowed(text) => self.values.push_text(field, text, true),
            text @ Cow::Owned(_) => self.values.push(field, Value::Text(text), true),
        }
    }

    /// The same for a number of the record in JSON's notation.
    pub fn push_number(&mut self, field: Field, text: &'a str) {
        let is_fit = is_fit_number(field, text);
        self.values.push_number(field, text, is_fit);
    }

    /// The same for a time of the record and the instant that it names.
    pub fn push_time(&mut self, field: Field, text: &'a str, at: Timestamp) {
        let is_fit = is_fit_time(field, at);
        self.values.push_time(field, text, at, is_fit);
    }

    /// The same for labels.
    pub fn push_labels(&mut self, field: Field, labels: Vec<Cow<'a, str>>) {
        let is_fit = are_fit_labels(field, &labels);
        self.values.push_labels(field, labels, is_fit);
    }

    /// The same for a yes or a no.
    pub fn push_bool(&mut self, field: Field, bool: bool) {
        self.values.push_bool(field, bool);
    }

    /// Room for labels of the next value, that of those before.
    pub fn room_for_labels(&mut self) -> Vec<Cow<'a, str>> {
        self.values.room_for_labels()
    }

    /// Takes room for labels back that was not needed.
    pub fn keep_room(&mut self, room: Vec<Cow<'a, str>>) {
        self.values.keep_room(room);
    }

    pub(super) fn of(values: Values<'a>) -> Self {
        Draft { values }
    }

    pub(super) fn into_values(self) -> Values<'a> {
        self.values
    }
}
