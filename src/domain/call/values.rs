//! Values by field, without room for those that are not there.
//!
//! A record fills some fifteen of the 36 fields. A place for each of them would have to be made,
//! moved and dropped for every record, and that costs as much as reading the values.

use std::borrow::Cow;

use jiff::Timestamp;

use super::entry::{Entry, TextPlace};
use super::field::{Field, ValueKind};
use super::fingerprint::FingerprintWriter;
use super::made_parts::MadeParts;
use crate::domain::{Segment, Value};

/// More fields than most exports have; beyond it the list grows.
const USUAL: usize = 20;

/// The fields that say something, in wire order. [`Value::Absent`] is never kept.
///
/// Texts of the record are kept as they lie there, so that nothing has to be moved or dropped for them;
/// whatever was made lies behind the list, and is found by its place.
#[derive(Debug, Clone, Default)]
pub(super) struct Values<'a> {
    /// A bit for each field that is here, the lowest for the first.
    present: u64,
    /// The same for those that were asked already what the check of a call asks of them.
    checked: u64,
    /// Their values, without gaps.
    list: Vec<Entry<'a>>,
    /// In one place, so that little is moved with the values.
    made: Option<Box<MadeParts<'a>>>,
}

/// What was asked of values, and where they lie, is no part of them.
impl PartialEq for Values<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.present == other.present && self.iter().eq(other.iter())
    }
}

impl<'a> Values<'a> {
    /// Forgets all values, and keeps their room.
    pub(super) fn clear(&mut self) {
        self.present = 0;
        self.checked = 0;
        self.list.clear();
        self.list.reserve(USUAL);
        if let Some(made) = &mut self.made {
            made.clear();
        }
    }

    /// Room for labels, which comes back with them or by [`Values::keep_room`].
    pub(super) fn room_for_labels(&mut self) -> Vec<Cow<'a, str>> {
        let made = self.made.as_mut();
        made.map_or_else(Vec::new, |made| std::mem::take(&mut made.labels))
    }

    /// Keeps room for labels that was not needed.
    pub(super) fn keep_room(&mut self, room: Vec<Cow<'a, str>>) {
        if room.capacity() > 0 {
            self.parts().labels = room;
        }
    }

    /// Adds a text of the record that comes after all those here, as most do, and whether it was asked
    /// already what the check of a call asks of it and is in order as it stands.
    #[inline]
    pub(super) fn push_text(&mut self, field: Field, text: &'a str, is_fit: bool) {
        self.push_entry(field, Entry::Text(TextPlace::Record(text)), is_fit);
    }

    /// The same for a number.
    #[inline]
    pub(super) fn push_number(&mut self, field: Field, text: &'a str, is_fit: bool) {
        self.push_entry(field, Entry::Number(TextPlace::Record(text)), is_fit);
    }

    /// The same for a yes or a no, of which nothing else is asked.
    #[inline]
    pub(super) fn push_bool(&mut self, field: Field, bool: bool) {
        let is_fit = field.kind() == ValueKind::Bool;
        self.push_entry(field, Entry::Bool(bool), is_fit);
    }

    /// The same for a time.
    #[inline]
    pub(super) fn push_time(&mut self, field: Field, text: &'a str, at: Timestamp, is_fit: bool) {
        let place = self.parts().keep_time(at);
        self.push_entry(field, Entry::Time(TextPlace::Record(text), place), is_fit);
    }

    /// The same for labels.
    #[inline]
    pub(super) fn push_labels(&mut self, field: Field, labels: Vec<Cow<'a, str>>, is_fit: bool) {
        let (start, end) = self.parts().keep_labels(labels);
        self.push_entry(field, Entry::Labels(start, end), is_fit);
    }

    /// The same for any value.
    pub(super) fn push(&mut self, field: Field, value: Value<'a>, is_fit: bool) {
        if let Some(entry) = self.kept(value) {
            self.push_entry(field, entry, is_fit);
        }
    }

    #[inline]
    fn push_entry(&mut self, field: Field, entry: Entry<'a>, is_fit: bool) {
        if self.present < bit(field) {
            self.list.push(entry);
        } else {
            self.put(field, entry);
        }
        self.present |= bit(field);
        self.checked |= u64::from(is_fit) << field.index();
    }

    /// Puts what a field says into its place.
    #[inline(never)]
    fn put(&mut self, field: Field, entry: Entry<'a>) {
        let place = self.place(field);
        if self.has(field) {
            self.list[place] = entry;
        } else {
            self.list.insert(place, entry);
        }
        self.present |= bit(field);
        self.checked &= !bit(field);
    }

    /// Keeps what a value is made of, if it says anything.
    #[inline(never)]
    fn kept(&mut self, value: Value<'a>) -> Option<Entry<'a>> {
        Some(match value {
            Value::Absent => return None,
            Value::Broken => Entry::Broken,
            Value::Text(text) => Entry::Text(self.kept_text(text)),
            Value::Time(text, at) => {
                let place = self.parts().keep_time(at);
                Entry::Time(self.kept_text(text), place)
            }
            Value::Number(text) => Entry::Number(self.kept_text(text)),
            Value::Bool(bool) => Entry::Bool(bool),
            Value::Labels(labels) => {
                let (start, end) = self.parts().keep_labels(labels);
                Entry::Labels(start, end)
            }
            Value::Segments(segments) => {
                let (start, end) = self.parts().keep_segments(segments);
                Entry::Segments(start, end)
            }
        })
    }

    #[inline]
    fn kept_text(&mut self, text: Cow<'a, str>) -> TextPlace<'a> {
        match text {
            Cow::Borrowed(text) => TextPlace::Record(text),
            Cow::Owned(text) => TextPlace::Made(self.parts().keep_text(text)),
        }
    }

    #[inline]
    fn parts(&mut self) -> &mut MadeParts<'a> {
        self.made.get_or_insert_default()
    }

    /// Whether each field is in order as it stands, and none is missing that a call must have.
    #[inline]
    pub(super) fn are_fit(&self, is_fit: impl Fn(Field, &Value<'_>) -> bool) -> bool {
        let mut unasked = fields(self.present & !self.checked);
        self.present & REQUIRED == REQUIRED && unasked.all(|field| is_fit(field, &self.get(field)))
    }

    /// Whether any of these fields is here, a bit for each [`Field::index`].
    pub(super) fn has_any(&self, fields: u64) -> bool {
        self.present & fields != 0
    }

    /// The fields that are here, in wire order.
    pub(super) fn fields(&self) -> impl Iterator<Item = Field> + use<> {
        fields(self.present)
    }

    /// What a field says, in the texts that lie here.
    pub(super) fn get(&self, field: Field) -> Value<'_> {
        self.entry(field)
            .map_or(Value::Absent, |entry| self.value(entry))
    }

    /// The same for as long as the record is there.
    pub(super) fn copied(&self, field: Field) -> Value<'a> {
        let text = |place| match place {
            TextPlace::Record(text) => Cow::Borrowed(text),
            TextPlace::Made(_) => Cow::Owned(self.text_at(place).to_owned()),
        };
        match self.entry(field) {
            None => Value::Absent,
            Some(Entry::Broken) => Value::Broken,
            Some(Entry::Text(place)) => Value::Text(text(place)),
            Some(Entry::Time(place, at)) => Value::Time(text(place), self.time_at(at)),
            Some(Entry::Number(place)) => Value::Number(text(place)),
            Some(Entry::Bool(bool)) => Value::Bool(bool),
            Some(Entry::Labels(start, end)) => Value::Labels(self.labels_at(start, end).to_vec()),
            Some(Entry::Segments(start, end)) => {
                Value::Segments(self.segments_at(start, end).to_vec())
            }
        }
    }

    /// The text of a field, or `""` when it is absent or no text.
    #[inline]
    pub(super) fn text(&self, field: Field) -> &str {
        match self.entry(field) {
            Some(Entry::Text(text) | Entry::Time(text, _) | Entry::Number(text)) => {
                self.text_at(text)
            }
            _ => "",
        }
    }

    /// What the time of a field names.
    #[inline]
    pub(super) fn time(&self, field: Field) -> Option<Timestamp> {
        match self.entry(field) {
            Some(Entry::Time(_, at)) => Some(self.time_at(at)),
            _ => None,
        }
    }

    /// The yes or no of a field.
    #[inline]
    pub(super) fn bool(&self, field: Field) -> Option<bool> {
        match self.entry(field) {
            Some(Entry::Bool(bool)) => Some(bool),
            _ => None,
        }
    }

    #[inline]
    fn entry(&self, field: Field) -> Option<Entry<'a>> {
        self.has(field).then(|| self.list[self.place(field)])
    }

    fn value(&self, entry: Entry<'a>) -> Value<'_> {
        let text = |place| Cow::Borrowed(self.text_at(place));
        match entry {
            Entry::Broken => Value::Broken,
            Entry::Text(place) => Value::Text(text(place)),
            Entry::Time(place, at) => Value::Time(text(place), self.time_at(at)),
            Entry::Number(place) => Value::Number(text(place)),
            Entry::Bool(bool) => Value::Bool(bool),
            Entry::Labels(start, end) => {
                let labels = self.labels_at(start, end).iter();
                Value::Labels(labels.map(|label| Cow::Borrowed(&**label)).collect())
            }
            Entry::Segments(start, end) => Value::Segments(self.segments_at(start, end).to_vec()),
        }
    }

    #[inline]
    fn text_at(&self, place: TextPlace<'a>) -> &str {
        match place {
            TextPlace::Record(text) => text,
            TextPlace::Made(place) => {
                let made = self.made.as_ref();
                made.map_or("", |made| &made.texts[place as usize])
            }
        }
    }

    #[inline]
    fn time_at(&self, place: u32) -> Timestamp {
        let made = self.made.as_ref();
        made.map_or_else(Timestamp::default, |made| made.times[place as usize])
    }

    fn labels_at(&self, start: u32, end: u32) -> &[Cow<'a, str>] {
        let made = self.made.as_ref();
        made.map_or(&[], |made| &made.labels[start as usize..end as usize])
    }

    fn segments_at(&self, start: u32, end: u32) -> &[Segment] {
        let made = self.made.as_ref();
        made.map_or(&[], |made| &made.segments[start as usize..end as usize])
    }

    pub(super) fn set(&mut self, field: Field, value: Value<'a>) {
        match self.kept(value) {
            Some(entry) => self.put(field, entry),
            None if self.has(field) => {
                self.list.remove(self.place(field));
                self.present &= !bit(field);
            }
            None => {}
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Field, Value<'_>)> {
        let entries = fields(self.present).zip(&self.list);
        entries.map(|(field, entry)| (field, self.value(*entry)))
    }

    /// Writes all that is here into a fingerprint.
    #[inline]
    pub(super) fn write(&self, print: &mut FingerprintWriter<'_>) {
        for (field, entry) in fields(self.present).zip(&self.list) {
            match *entry {
                Entry::Broken => {}
                Entry::Text(text) | Entry::Time(text, _) | Entry::Number(text) => {
                    print.text(field, self.text_at(text));
                }
                Entry::Bool(bool) => print.bool(field, bool),
                Entry::Labels(start, end) => {
                    let labels = self.labels_at(start, end).iter();
                    print.labels(field, labels.map(|label| &**label));
                }
                Entry::Segments(start, end) => {
                    print.segments(field, self.segments_at(start, end));
                }
            }
        }
    }

    /// Shows every field that is here or required, in wire order, to `judge`, which may change its
    /// value or take it away.
    pub(super) fn judge(&mut self, mut judge: impl FnMut(Field, &mut Value<'a>)) {
        for field in fields(self.present | REQUIRED) {
            let mut value = self.copied(field);
            judge(field, &mut value);
            if self.get(field) != value {
                self.set(field, value);
            }
        }
    }

    pub(super) fn into_owned(self) -> Values<'static> {
        let mut owned = Values::default();
        for field in fields(self.present) {
            let is_fit = self.checked & bit(field) != 0;
            owned.push(field, self.get(field).into_owned(), is_fit);
        }
        owned
    }

    fn has(&self, field: Field) -> bool {
        self.present & bit(field) != 0
    }

    /// Where the field is, or belongs, in the list: after those before it.
    #[inline]
    fn place(&self, field: Field) -> usize {
        let before = bit(field) - 1;
        if self.present & before == before {
            // As with nearly all that is asked for: the fields that a call must have come first.
            return field.index();
        }
        (self.present & before).count_ones() as usize
    }
}

/// The bit of a field, the lowest for the first.
pub(super) const fn bit(field: Field) -> u64 {
    1 << field.index()
}

/// The fields that a call must have.
pub(super) const REQUIRED: u64 = {
    let mut bits = 0;
    let mut index = 0;
    while index < Field::REQUIRED.len() {
        bits |= bit(Field::REQUIRED[index]);
        index += 1;
    }
    bits
};

/// The fields of these bits, in wire order.
pub(super) fn fields(mut bits: u64) -> impl Iterator<Item = Field> + use<> {
    std::iter::from_fn(move || {
        let field = Field::ALL.get(bits.trailing_zeros() as usize)?;
        bits &= bits - 1;
        Some(*field)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn number(number: u8) -> Value<'static> {
        match number {
            0 => Value::Absent,
            _ => Value::Text(number.to_string().into()),
        }
    }

    proptest! {
        #[test]
        fn it_holds_what_a_plain_array_holds(
            changes in prop::collection::vec((0_usize..36, 0_u8..4), 0..120),
            taken in prop::collection::vec(any::<bool>(), 36),
        ) {
            let mut values = Values::default();
            let mut plain = [const { Value::Absent }; 36];
            for (index, value) in changes {
                values.set(Field::ALL[index], number(value));
                plain[index] = number(value);
            }
            let same = |values: &Values<'_>, plain: &[Value<'_>; 36]| {
                let present = Field::ALL.into_iter().zip(plain);
                let present = present.filter(|(_, value)| **value != Value::Absent);
                let present: Vec<_> = present.map(|(field, value)| (field, value.clone())).collect();
                Field::ALL.into_iter().all(|field| values.get(field) == plain[field.index()])
                    && values.iter().collect::<Vec<_>>() == present
            };
            prop_assert!(same(&values, &plain));
            let mut seen = Vec::new();
            values.judge(|field, value| {
                seen.push(field);
                if taken[field.index()] {
                    *value = Value::Absent;
                }
            });
            let is_shown =
                |field: &Field| field.is_required() || plain[field.index()] != Value::Absent;
            prop_assert_eq!(seen, Field::ALL.into_iter().filter(is_shown).collect::<Vec<_>>());
            for (value, taken) in plain.iter_mut().zip(&taken) {
                if *taken {
                    *value = Value::Absent;
                }
            }
            prop_assert!(same(&values, &plain));
            prop_assert!(same(&values.into_owned(), &plain));
        }
    }
}
