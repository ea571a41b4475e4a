//! Where the value of a field goes once it is read.

use std::borrow::Cow;

use jiff::Timestamp;

use crate::domain::call::{Draft, Field, Value};

/// Takes what one field says. A field about which nothing is said takes nothing.
pub(in crate::mapping) trait ValueSink<'r> {
    /// Any value.
    fn value(&mut self, value: Value<'r>);

    /// A text.
    fn text(&mut self, text: Cow<'r, str>) {
        self.value(Value::Text(text));
    }

    /// A text that was asked already all that the check of a call asks of it.
    fn checked(&mut self, text: Cow<'r, str>) {
        self.value(Value::Text(text));
    }

    /// A time, and the instant that it names.
    fn time(&mut self, text: Cow<'r, str>, at: Timestamp) {
        self.value(Value::Time(text, at));
    }

    /// A number in JSON's notation.
    fn number(&mut self, text: Cow<'r, str>) {
        self.value(Value::Number(text));
    }

    /// Labels.
    fn labels(&mut self, labels: Vec<Cow<'r, str>>) {
        self.value(Value::Labels(labels));
    }

    /// A yes or a no.
    fn bool(&mut self, bool: bool) {
        self.value(Value::Bool(bool));
    }
}

impl<'r> ValueSink<'r> for Value<'r> {
    fn value(&mut self, value: Value<'r>) {
        *self = value;
    }
}

/// One field of a draft. Values go there without a stop, since each cell of an export does.
pub(in crate::mapping) struct DraftField<'d, 'r> {
    pub(in crate::mapping) draft: &'d mut Draft<'r>,
    pub(in crate::mapping) field: Field,
}

impl<'r> ValueSink<'r> for DraftField<'_, 'r> {
    fn value(&mut self, value: Value<'r>) {
        self.draft.push(self.field, value);
    }

    #[inline]
    fn text(&mut self, text: Cow<'r, str>) {
        match text {
            Cow::Borrowed(text) => self.draft.push_text(self.field, text),
            text @ Cow::Owned(_) => self.value(Value::Text(text)),
        }
    }

    #[inline]
    fn checked(&mut self, text: Cow<'r, str>) {
        self.draft.push_checked(self.field, text);
    }

    #[inline]
    fn number(&mut self, text: Cow<'r, str>) {
        match text {
            Cow::Borrowed(text) => self.draft.push_number(self.field, text),
            text @ Cow::Owned(_) => self.value(Value::Number(text)),
        }
    }

    #[inline]
    fn time(&mut self, text: Cow<'r, str>, at: Timestamp) {
        match text {
            Cow::Borrowed(text) => self.draft.push_time(self.field, text, at),
            text @ Cow::Owned(_) => self.value(Value::Time(text, at)),
        }
    }

    #[inline]
    fn labels(&mut self, labels: Vec<Cow<'r, str>>) {
        self.draft.push_labels(self.field, labels);
    }

    #[inline]
    fn bool(&mut self, bool: bool) {
        self.draft.push_bool(self.field, bool);
    }
}
