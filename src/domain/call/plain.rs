//! A call that is in order as it stands.
//!
//! Nearly every record of an export is plain: nothing is wrong with any value, and few are rewritten.
//! To know that takes far less than to judge a [`Draft`](super::Draft), and a record that is done
//! already, or is only checked, needs nothing else. Whatever is not plain at a glance takes the full
//! road; a plain call is the very call that the full evaluation would make.

use std::borrow::Cow;

use jiff::Timestamp;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::check::{is_fit_number, is_fit_text};
use super::checked::Call;
use super::field::{Field, ValueKind};
use super::fingerprint::FingerprintWriter;
use super::values::{REQUIRED, Values, bit, fields};
use crate::domain::Value;
use crate::domain::rules::is_plausible;

/// A call whose values are texts of its record, or made of them, in the order of the wire. It is
/// filled anew for each record, in the room of the one before.
#[derive(Debug)]
pub struct Plain<'a> {
    /// A bit for each field that is here.
    present: u64,
    entries: Vec<PlainEntry<'a>>,
    labels: Vec<&'a str>,
    /// The texts that were made, one behind the other.
    made: String,
    at: Timestamp,
}

#[derive(Debug, Clone, Copy)]
enum PlainEntry<'a> {
    /// A text, a time or a number, as the field has it.
    Text(&'a str),
    /// The same, where it lies among what was made.
    Made(usize, usize),
    Bool(bool),
    Labels,
}

impl Default for Plain<'_> {
    fn default() -> Self {
        Plain {
            present: 0,
            entries: Vec::with_capacity(Field::ALL.len()),
            labels: Vec::new(),
            made: String::new(),
            at: Timestamp::UNIX_EPOCH,
        }
    }
}

/// Each of these takes a value that is not blank, of a field behind those taken before, and says
/// whether it is plain. What is not ends the glance: the record must take the full evaluation.
impl<'a> Plain<'a> {
    /// Forgets the record before.
    pub fn clear(&mut self) {
        self.present = 0;
        self.entries.clear();
        self.labels.clear();
        self.made.clear();
    }

    /// A text field.
    #[must_use]
    #[inline]
    pub fn text(&mut self, field: Field, text: Cow<'a, str>) -> bool {
        is_fit_text(field, &text) && self.take_text(field, text)
    }

    /// A phone number as [`read_phone`](crate::domain::read_phone) writes it when it finds it possible; it would
    /// find this one possible as well.
    #[must_use]
    pub fn phone(&mut self, field: Field, number: Cow<'a, str>) -> bool {
        let is_fit = field == Field::Customer || is_fit_text(field, &number);
        is_fit && self.take_text(field, number)
    }

    /// A time, with the instant that it names.
    #[must_use]
    pub fn time(&mut self, field: Field, text: Cow<'a, str>, at: Timestamp) -> bool {
        self.at = at;
        is_plausible(at) && self.take_text(field, text)
    }

    /// A number in JSON's notation.
    #[must_use]
    pub fn number(&mut self, field: Field, text: Cow<'a, str>) -> bool {
        is_fit_number(field, &text) && self.take_text(field, text)
    }

    /// A yes or a no.
    #[must_use]
    pub fn flag(&mut self, field: Field, flag: bool) -> bool {
        self.take(field, PlainEntry::Bool(flag))
    }

    /// Labels, none of them blank.
    #[must_use]
    pub fn labels(&mut self, field: Field, labels: impl Iterator<Item = &'a str>) -> bool {
        for label in labels {
            if self.labels.contains(&label) {
                return false;
            }
            self.labels.push(label);
        }
        self.labels.is_empty() || self.take(field, PlainEntry::Labels)
    }

    #[inline]
    fn take_text(&mut self, field: Field, text: Cow<'a, str>) -> bool {
        let entry = match text {
            Cow::Borrowed(text) => PlainEntry::Text(text),
            Cow::Owned(text) => self.keep(&text),
        };
        self.take(field, entry)
    }

    fn keep(&mut self, text: &str) -> PlainEntry<'a> {
        let start = self.made.len();
        self.made.push_str(text);
        PlainEntry::Made(start, self.made.len())
    }

    #[inline]
    fn take(&mut self, field: Field, entry: PlainEntry<'a>) -> bool {
        let is_behind = self.present < bit(field);
        self.present |= bit(field);
        self.entries.push(entry);
        is_behind
    }

    /// Whether every field that a call must have is here.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.present & REQUIRED == REQUIRED
    }
}

impl<'a> Plain<'a> {
    /// The fields that are here, in wire order.
    pub fn fields(&self) -> impl Iterator<Item = Field> + use<> {
        fields(self.present)
    }

    /// Whether any of these fields is here, a bit for each [`Field::index`].
    pub fn has_any(&self, fields: u64) -> bool {
        self.present & fields != 0
    }

    /// The text of a field, or `""` when it is absent or no text.
    pub fn get(&self, field: Field) -> &str {
        match self.entry(field) {
            Some(PlainEntry::Text(text)) => text,
            Some(PlainEntry::Made(start, end)) => &self.made[start..end],
            _ => "",
        }
    }

    fn entry(&self, field: Field) -> Option<PlainEntry<'a>> {
        let before = (self.present & (bit(field) - 1)).count_ones() as usize;
        (self.present & bit(field) != 0).then(|| self.entries[before])
    }

    /// When the conversation took place.
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// What was said about consent.
    pub fn consent(&self) -> Option<bool> {
        match self.entry(Field::HasConsent) {
            Some(PlainEntry::Bool(consent)) => Some(consent),
            _ => None,
        }
    }

    /// [`Call::fingerprint`] of the same call.
    pub fn fingerprint(&self, scratch: &mut Vec<u8>) -> u128 {
        let mut print = FingerprintWriter::begin(scratch);
        for (field, entry) in self.fields().zip(&self.entries) {
            match entry {
                PlainEntry::Text(text) => print.text(field, text),
                PlainEntry::Made(start, end) => print.text(field, &self.made[*start..*end]),
                PlainEntry::Bool(bool) => print.bool(field, *bool),
                PlainEntry::Labels => print.labels(field, self.labels.iter().copied()),
            }
        }
        xxh3_128(print.bytes())
    }

    /// [`Call::identity_hash`] of the same call.
    pub fn identity_hash(&self) -> u64 {
        xxh3_64(self.get(Field::ExternalIdentity).as_bytes())
    }

    /// The call itself.
    pub fn call(&self) -> Call<'a> {
        let mut values = Values::default();
        for (field, entry) in self.fields().zip(&self.entries) {
            let text = match entry {
                PlainEntry::Text(text) => Cow::Borrowed(*text),
                PlainEntry::Made(start, end) => Cow::Owned(self.made[*start..*end].to_owned()),
                PlainEntry::Bool(bool) => {
                    values.set(field, Value::Bool(*bool));
                    continue;
                }
                PlainEntry::Labels => {
                    let labels = self.labels.iter().copied().map(Cow::Borrowed);
                    values.set(field, Value::Labels(labels.collect()));
                    continue;
                }
            };
            let value = match field.kind() {
                ValueKind::Time => Value::Time(text, self.at),
                ValueKind::Number => Value::Number(text),
                _ => Value::Text(text),
            };
            values.set(field, value);
        }
        Call::of_plain(values, self.at)
    }
}
