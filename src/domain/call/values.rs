//! Values by field, without room for those that are not there.
//!
//! A record fills some fifteen of the 36 fields. A place for each of them would have to be made,
//! moved and dropped for every record, and that costs as much as reading the values.

use super::field::Field;
use crate::domain::Value;

static ABSENT: Value<'static> = Value::Absent;

/// More fields than most exports have; beyond it the list grows.
const USUAL: usize = 20;

/// The fields that say something, in wire order. [`Value::Absent`] is never kept.
#[derive(Debug, Clone, Default)]
pub(super) struct Values<'a> {
    /// A bit for each field that is here, the lowest for the first.
    present: u64,
    /// The same for those that were asked already what the check of a call asks of them.
    checked: u64,
    /// Their values, without gaps.
    list: Vec<Value<'a>>,
}

/// What was asked of values is no part of them.
impl PartialEq for Values<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.present == other.present && self.list == other.list
    }
}

impl<'a> Values<'a> {
    /// Forgets all values, and keeps their room.
    pub(super) fn clear(&mut self) {
        self.present = 0;
        self.checked = 0;
        self.list.clear();
        self.list.reserve(USUAL);
    }

    /// Adds what a field says that comes after all those here, as most do.
    #[inline]
    pub(super) fn push(&mut self, field: Field, value: Value<'a>) {
        if matches!(value, Value::Absent) {
            return;
        }
        if self.present < bit(field) {
            self.present |= bit(field);
            self.list.push(value);
        } else {
            self.set(field, value);
        }
    }

    /// Notes that the value of a field was asked already what the check of a call asks of it.
    #[inline]
    pub(super) fn mark_checked(&mut self, field: Field) {
        self.checked |= bit(field);
    }

    /// Whether each field is in order as it stands, and none is missing that a call must have.
    #[inline]
    pub(super) fn are_fit(&self, is_fit: impl Fn(Field, &Value<'a>) -> bool) -> bool {
        let mut all = self.iter();
        self.present & REQUIRED == REQUIRED
            && all.all(|(field, value)| self.checked & bit(field) != 0 || is_fit(field, value))
    }

    /// Whether any of these fields is here, a bit for each [`Field::index`].
    pub(super) fn has_any(&self, fields: u64) -> bool {
        self.present & fields != 0
    }

    pub(super) fn get(&self, field: Field) -> &Value<'a> {
        if self.has(field) {
            &self.list[self.place(field)]
        } else {
            &ABSENT
        }
    }

    pub(super) fn set(&mut self, field: Field, value: Value<'a>) {
        self.checked &= !bit(field);
        match (self.has(field), &value) {
            (false, Value::Absent) => {}
            (true, Value::Absent) => {
                self.list.remove(self.place(field));
                self.present &= !bit(field);
            }
            (true, _) => {
                let place = self.place(field);
                self.list[place] = value;
            }
            (false, _) => {
                // Most mappings name the fields in wire order.
                let is_last = self.present < bit(field);
                if is_last {
                    self.list.push(value);
                } else {
                    self.list.insert(self.place(field), value);
                }
                self.present |= bit(field);
            }
        }
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (Field, &Value<'a>)> {
        fields(self.present).zip(&self.list)
    }

    /// Shows every field that is here or required, in wire order, to `judge`, which may change its
    /// value or take it away.
    pub(super) fn judge(&mut self, mut judge: impl FnMut(Field, &mut Value<'a>)) {
        let mut place = 0;
        for field in fields(self.present | REQUIRED) {
            if !self.has(field) {
                judge(field, &mut Value::Absent);
                continue;
            }
            judge(field, &mut self.list[place]);
            if matches!(self.list[place], Value::Absent) {
                self.set(field, Value::Absent);
            } else {
                place += 1;
            }
        }
    }

    pub(super) fn into_owned(self) -> Values<'static> {
        Values {
            present: self.present,
            checked: self.checked,
            list: self.list.into_iter().map(Value::into_owned).collect(),
        }
    }

    fn has(&self, field: Field) -> bool {
        self.present & bit(field) != 0
    }

    /// Where the field is, or belongs, in the list: after those before it.
    fn place(&self, field: Field) -> usize {
        (self.present & (bit(field) - 1)).count_ones() as usize
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
                let present: Vec<_> = present.filter(|(_, value)| **value != Value::Absent).collect();
                Field::ALL.into_iter().all(|field| *values.get(field) == plain[field.index()])
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
