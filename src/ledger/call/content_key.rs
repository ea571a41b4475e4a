//! Hashes of fields, by a key that only one ledger has.

use std::fmt;

use super::sent_fields::{FieldHash, SentFields};
use crate::domain::Value;
use crate::domain::call::{Call, Field};

/// What the key of contents is made with, out of the random key of the ledger.
const CONTEXT: &str = "capturi-import 2026-12-01 fields of calls that were sent";

/// Makes the hashes of a ledger. Equal values of two calls, of two fields and of two ledgers have unlike
/// hashes.
#[derive(Clone)]
pub struct ContentKey([u8; 32]);

impl fmt::Debug for ContentKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ContentKey")
    }
}

impl ContentKey {
    /// Of the random key that the ledger has for all its hashes.
    pub(in crate::ledger) fn derive(random: &[u8; 32]) -> ContentKey {
        ContentKey(blake3::derive_key(CONTEXT, random))
    }

    /// What a request for this call carries; only fields count of which `is_sent` says that the
    /// destination's body has them. The id of the call is no such field.
    pub fn sent_fields(&self, call: &Call<'_>, is_sent: impl Fn(Field) -> bool) -> SentFields {
        let fields = call
            .fields()
            .filter(|(field, _)| *field != Field::ExternalIdentity && is_sent(*field));
        let mut of_call = FieldHasher::new(self, call.identity());
        let hashes =
            fields.filter_map(|(field, value)| Some((field, of_call.hash(field, &value)?)));
        SentFields::new(call.consent(), hashes)
    }

    /// The hash of one value; `None` for one that says nothing. What a server may write otherwise and mean
    /// the same has the same hash: a time in another zone, a number with other digits, labels in another
    /// order.
    pub fn hash(&self, identity: &str, field: Field, value: &Value<'_>) -> Option<FieldHash> {
        FieldHasher::new(self, identity).hash(field, value)
    }
}

/// Makes the hashes of one call. Each is of one text, put together in the same room: a text as a whole is
/// hashed in fewer instructions than its parts.
struct FieldHasher<'k> {
    key: &'k ContentKey,
    /// The identity of the call, then what is hashed.
    text: Vec<u8>,
    /// Where the identity ends.
    identity_end: usize,
}

impl<'k> FieldHasher<'k> {
    fn new(key: &'k ContentKey, identity: &str) -> FieldHasher<'k> {
        let mut hasher = FieldHasher {
            key,
            text: Vec::with_capacity(256),
            identity_end: 0,
        };
        hasher.add(identity);
        hasher.identity_end = hasher.text.len();
        hasher
    }

    fn add(&mut self, text: &str) {
        let length = text.len() as u64;
        self.text.extend_from_slice(&length.to_le_bytes());
        self.text.extend_from_slice(text.as_bytes());
    }

    fn hash(&mut self, field: Field, value: &Value<'_>) -> Option<FieldHash> {
        self.text.truncate(self.identity_end);
        match value {
            Value::Absent | Value::Broken => return None,
            Value::Text(value) => self.add(value),
            // Servers keep fractions of a second, or do not.
            Value::Time(_, at) => self.add(&at.as_second().to_string()),
            Value::Number(digits) => match digits.parse::<f64>() {
                // A server that keeps floats has no more of it; -0 is 0.
                Ok(number) => self.add(&(number + 0.0).to_string()),
                Err(_) => self.add(digits),
            },
            Value::Bool(value) => self.add(if *value { "true" } else { "false" }),
            Value::Labels(labels) => {
                let mut labels: Vec<&str> = labels.iter().map(|label| &**label).collect();
                labels.sort_unstable();
                for label in labels {
                    self.add(label);
                }
            }
            Value::Segments(segments) => {
                for part in segments {
                    self.add(&format!("{} {}", part.start, part.duration));
                }
            }
        }
        self.text.push(field as u8);
        let hash = blake3::keyed_hash(&self.key.0, &self.text);
        let [first, second, third, fourth, ..] = *hash.as_bytes();
        let bits = u32::from_le_bytes([first, second, third, fourth]);
        Some(FieldHash::of(bits))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Segment;

    fn text(text: &'static str) -> Value<'static> {
        Value::Text(text.into())
    }

    fn number(digits: &'static str) -> Value<'static> {
        Value::Number(digits.into())
    }

    fn labels(labels: &[&'static str]) -> Value<'static> {
        Value::Labels(labels.iter().map(|label| (*label).into()).collect())
    }

    fn time(time: &'static str) -> Value<'static> {
        Value::Time(time.into(), time.parse().unwrap())
    }

    #[test]
    fn what_means_the_same_has_the_same_hash_and_nothing_else() {
        let key = ContentKey::derive(&[1; 32]);
        let hash = |value: &Value<'_>| key.hash("call-1", Field::Subject, value);
        for (one, other, is_same) in [
            (text("a"), text("a"), true),
            (text("a"), text("a "), false),
            (number("1.50"), number("15e-1"), true),
            (number("-0"), number("0"), true),
            (number("1.5"), number("1.51"), false),
            (labels(&["x", "y"]), labels(&["y", "x"]), true),
            (labels(&["xy"]), labels(&["x", "y"]), false),
            (
                time("2024-03-15T09:12:03+01:00"),
                time("2024-03-15T08:12:03.000Z"),
                true,
            ),
            (
                time("2024-03-15T09:12:03Z"),
                time("2024-03-15T08:12:03Z"),
                false,
            ),
            (Value::Bool(true), Value::Bool(false), false),
        ] {
            assert_eq!(hash(&one) == hash(&other), is_same, "{one:?} {other:?}");
        }
        let part = |start| Value::Segments(vec![Segment { start, duration: 2 }]);
        assert_ne!(hash(&part(1)), hash(&part(2)));
        assert_eq!(hash(&Value::Absent), None);
    }

    /// By another program, from the same key.
    #[test]
    fn the_hashes_in_ledgers_stay() {
        let key = ContentKey::derive(&[1; 32]);
        let customer = key.hash("call-1", Field::Customer, &text("+4512345678"));
        assert_eq!(customer, Some(FieldHash::of(488_160)));
        let sorted = key.hash("call-1", Field::Labels, &labels(&["y", "x"]));
        assert_eq!(sorted, Some(FieldHash::of(1_005_268)));
    }

    #[test]
    fn ledgers_calls_and_fields_have_unlike_hashes() {
        let (one, other) = (ContentKey::derive(&[1; 32]), ContentKey::derive(&[2; 32]));
        let customer = text("+4512345678");
        let hashes = [
            one.hash("call-1", Field::Customer, &customer),
            one.hash("call-2", Field::Customer, &customer),
            one.hash("call-1", Field::Subject, &customer),
            other.hash("call-1", Field::Customer, &customer),
        ];
        for (place, hash) in hashes.iter().enumerate() {
            assert!(!hashes[..place].contains(hash), "{place}");
        }
        assert_eq!(format!("{one:?}"), "ContentKey");
    }
}
