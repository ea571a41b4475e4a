//! What a create request carried, one short hash a field: enough to see which fields a server has as they
//! were sent, and too little to read them.

use crate::domain::call::Field;

/// The bits of a hash that are kept. With the key, which lies in the same file, all phone numbers of a
/// country can be tried: of a hundred million a hundred have the same bits. That a changed field keeps
/// its bits happens once in a million.
const BITS: u32 = 20;

/// How many bytes a field takes: its number and [`BITS`] of its hash.
const FIELD_BYTES: usize = 4;

/// The form of [`SentFields::to_bytes`].
const FORM: u8 = 1;

/// The hash of one field of one call; see [`ContentKey`](super::content_key::ContentKey).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FieldHash(u32);

impl FieldHash {
    /// Stands for a value that nobody knows.
    const DOUBTFUL: FieldHash = FieldHash((1 << BITS) - 1);

    /// The bits that are kept of this hash.
    pub(super) fn of(hash: u32) -> FieldHash {
        // The highest number means something else.
        FieldHash((hash & ((1 << BITS) - 1)).min(FieldHash::DOUBTFUL.0 - 1))
    }
}

/// The fields of a create request by their hashes, and its consent as it was sent. The default is a
/// request of which nothing is known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentFields {
    consent: Option<bool>,
    /// In the order of the fields.
    hashes: Vec<(Field, FieldHash)>,
    record_labels: RecordLabels,
}

/// The labels that the record has, beside those that were sent: a run may put one on its calls.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum RecordLabels {
    /// The same.
    #[default]
    AsSent,
    /// None.
    Nothing,
    /// These.
    Other(FieldHash),
}

/// Stands for the labels of the record in [`SentFields::to_bytes`], where the numbers of fields end.
const RECORD_LABELS: u8 = u8::MAX;
/// The same for a record without labels.
const NO_RECORD_LABELS: u8 = RECORD_LABELS - 1;

impl SentFields {
    /// The same with these fields as a later request carried them.
    #[must_use]
    pub fn with_changed(&self, later: &SentFields, fields: &[Field]) -> SentFields {
        let known = self.hashes.iter().copied();
        let known = known.filter(|(field, _)| !fields.contains(field));
        let changed = fields.iter();
        let changed = changed.filter_map(|field| Some((*field, later.hash(*field)?)));
        SentFields {
            record_labels: self.record_labels,
            ..SentFields::new(self.consent, known.chain(changed))
        }
    }

    /// The same, where nobody knows what the server has of some fields: these differ from whatever a record says.
    #[must_use]
    pub fn in_doubt(&self, fields: &[Field]) -> SentFields {
        let known = self.hashes.iter().copied();
        let known = known.filter(|(field, _)| !fields.contains(field));
        let doubtful = fields.iter().map(|field| (*field, FieldHash::DOUBTFUL));
        SentFields {
            record_labels: self.record_labels,
            ..SentFields::new(self.consent, known.chain(doubtful))
        }
    }

    /// Whether nobody knows what the server has of some field.
    pub fn is_in_doubt(&self) -> bool {
        let mut hashes = self.hashes.iter();
        hashes.any(|(_, hash)| *hash == FieldHash::DOUBTFUL)
    }

    /// Of these fields; a field without a hash was not sent.
    pub(super) fn new(
        consent: Option<bool>,
        hashes: impl Iterator<Item = (Field, FieldHash)>,
    ) -> SentFields {
        let mut hashes: Vec<_> = hashes.collect();
        hashes.sort_by_key(|(field, _)| *field);
        hashes.dedup_by_key(|(field, _)| *field);
        SentFields {
            consent,
            hashes,
            record_labels: RecordLabels::AsSent,
        }
    }

    /// The same, where other labels were sent than the record has.
    #[must_use]
    pub fn with_sent_labels(&self, sent: Option<FieldHash>) -> SentFields {
        let labels = self.hash(Field::Labels);
        let others = self.hashes.iter().copied();
        let others = others.filter(|(field, _)| *field != Field::Labels);
        let sent = sent.map(|hash| (Field::Labels, hash));
        SentFields {
            record_labels: labels.map_or(RecordLabels::Nothing, RecordLabels::Other),
            ..SentFields::new(self.consent, others.chain(sent))
        }
    }

    /// Whether anything is known.
    pub fn is_known(&self) -> bool {
        !self.hashes.is_empty()
    }

    /// `hasConsent` as it was sent; `None` when the request did not say it.
    pub const fn consent(&self) -> Option<bool> {
        self.consent
    }

    /// Whether the request named a team, by name or by id.
    pub fn names_team(&self) -> bool {
        self.hash(Field::TeamName)
            .or(self.hash(Field::TeamId))
            .is_some()
    }

    /// The hash of a field; `None` when it was not sent.
    pub fn hash(&self, field: Field) -> Option<FieldHash> {
        let place = self
            .hashes
            .binary_search_by_key(&field, |(field, _)| *field);
        place.ok().map(|place| self.hashes[place].1)
    }

    /// The hash of a field as the record has it.
    fn record_hash(&self, field: Field) -> Option<FieldHash> {
        match self.record_labels {
            RecordLabels::Nothing if field == Field::Labels => None,
            RecordLabels::Other(hash) if field == Field::Labels => Some(hash),
            _ => self.hash(field),
        }
    }

    /// The fields that the record of the other request, of the same call and of the same ledger, carried otherwise, did not
    /// carry, or carried alone.
    pub fn fields_that_differ(&self, other: &SentFields) -> Vec<Field> {
        let differs = |field: &Field| {
            let (ours, theirs) = (self.record_hash(*field), other.record_hash(*field));
            ours != theirs || ours == Some(FieldHash::DOUBTFUL)
        };
        Field::ALL.into_iter().filter(differs).collect()
    }

    /// As the ledger keeps it: the form, the consent, then each field by its number and three bytes.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let consent = self.consent.map_or(0, |consent| 1 + u8::from(consent));
        let mut bytes = vec![FORM, consent];
        let mut push = |number: u8, hash: FieldHash| {
            let [low, middle, high, _] = hash.0.to_le_bytes();
            bytes.extend([number, low, middle, high]);
        };
        for (field, hash) in &self.hashes {
            push(*field as u8, *hash);
        }
        match self.record_labels {
            RecordLabels::AsSent => {}
            RecordLabels::Nothing => push(NO_RECORD_LABELS, FieldHash(0)),
            RecordLabels::Other(hash) => push(RECORD_LABELS, hash),
        }
        bytes
    }

    /// What [`SentFields::to_bytes`] wrote; `None` for anything else.
    pub(in crate::ledger) fn from_bytes(bytes: &[u8]) -> Option<SentFields> {
        let [FORM, consent @ 0..=2, fields @ ..] = bytes else {
            return None;
        };
        let mut hashes = Vec::with_capacity(fields.len() / FIELD_BYTES);
        let mut record_labels = RecordLabels::AsSent;
        for entry in fields.chunks(FIELD_BYTES) {
            let [number, low, middle, high] = *entry else {
                return None;
            };
            let hash = u32::from_le_bytes([low, middle, high, 0]);
            // They come last.
            if record_labels != RecordLabels::AsSent {
                return None;
            }
            match (number, hash) {
                (NO_RECORD_LABELS, 0) => {
                    record_labels = RecordLabels::Nothing;
                    continue;
                }
                (RECORD_LABELS, hash) if hash >> BITS == 0 => {
                    record_labels = RecordLabels::Other(FieldHash(hash));
                    continue;
                }
                _ => {}
            }
            let field = *Field::ALL.get(usize::from(number))?;
            let follows = hashes.last().is_none_or(|(last, _)| *last < field);
            if !follows || hash >> BITS != 0 {
                return None;
            }
            hashes.push((field, FieldHash(hash)));
        }
        let consent = consent.checked_sub(1).map(|consent| consent == 1);
        Some(SentFields {
            consent,
            hashes,
            record_labels,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sent() -> impl Strategy<Value = SentFields> {
        let field = prop::sample::select(&Field::ALL[..]);
        let hashes = prop::collection::vec((field, any::<u32>()), 0..40);
        let consent = prop::option::of(any::<bool>());
        let labels = prop::option::of(prop::option::of(any::<u32>()));
        (consent, hashes, labels).prop_map(|(consent, hashes, labels)| {
            let hashes = hashes.into_iter();
            let sent = SentFields::new(
                consent,
                hashes.map(|(field, hash)| (field, FieldHash::of(hash))),
            );
            match labels {
                Some(labels) => sent.with_sent_labels(labels.map(FieldHash::of)),
                None => sent,
            }
        })
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(sent in sent()) {
            prop_assert_eq!(SentFields::from_bytes(&sent.to_bytes()), Some(sent.clone()));
            prop_assert_eq!(sent.fields_that_differ(&sent), []);
        }

        #[test]
        fn what_nobody_wrote_is_not_read(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
            if let Some(sent) = SentFields::from_bytes(&bytes) {
                prop_assert_eq!(sent.to_bytes(), bytes);
            }
        }
    }

    #[test]
    fn the_numbers_of_fields_in_ledgers_stay() {
        let hashes = [(Field::TeamName, FieldHash::of(u32::MAX))];
        let sent = SentFields::new(Some(false), hashes.into_iter());
        assert_eq!(sent.to_bytes(), [1, 1, 14, 0xFE, 0xFF, 0x0F]);
        assert_eq!(SentFields::from_bytes(&[1, 1, 14, 0xFF, 0xFF, 0x1F]), None);
        assert!(sent.names_team() && !SentFields::default().names_team());
    }

    #[test]
    fn a_field_that_changed_came_or_went_differs() {
        let of = |hashes: &[(Field, u32)]| {
            let hashes = hashes.iter();
            SentFields::new(
                None,
                hashes.map(|(field, hash)| (*field, FieldHash::of(*hash))),
            )
        };
        let one = of(&[
            (Field::Customer, 1),
            (Field::Subject, 2),
            (Field::Status, 3),
        ]);
        let other = of(&[
            (Field::Customer, 1),
            (Field::Subject, 4),
            (Field::Labels, 5),
        ]);
        let differ = [Field::Subject, Field::Labels, Field::Status];
        assert_eq!(one.fields_that_differ(&other), differ);
    }

    #[test]
    fn a_field_in_doubt_differs_from_everything() {
        let hashes = [
            (Field::Subject, FieldHash::of(7)),
            (Field::Status, FieldHash::of(u32::MAX)),
        ];
        let sent = SentFields::new(Some(true), hashes.into_iter());
        let doubtful = sent.in_doubt(&[Field::Status, Field::CustomProp1]);
        let differ = [Field::Status, Field::CustomProp1];
        assert_eq!(doubtful.fields_that_differ(&sent), differ);
        assert_eq!(sent.fields_that_differ(&doubtful), differ);
        assert_eq!(doubtful.fields_that_differ(&doubtful), differ);
        assert_eq!(doubtful.consent(), Some(true));
    }

    #[test]
    fn a_label_of_the_run_is_sent_and_no_change_of_the_record() {
        let (record, sent) = (FieldHash::of(7), FieldHash::of(8));
        let with = SentFields::new(None, [(Field::Labels, record)].into_iter());
        let without = SentFields::new(None, std::iter::empty());
        for of_record in [&with, &without] {
            let labelled = of_record.with_sent_labels(Some(sent));
            assert_eq!(labelled.hash(Field::Labels), Some(sent));
            assert_eq!(labelled.fields_that_differ(of_record), []);
            let read = SentFields::from_bytes(&labelled.to_bytes()).unwrap();
            assert_eq!(read, labelled);
        }
        let other = with.with_sent_labels(Some(sent));
        assert_eq!(other.fields_that_differ(&without), [Field::Labels]);
    }
}
