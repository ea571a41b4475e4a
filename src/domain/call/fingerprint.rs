//! What a call says, as the bytes that its fingerprint is made of. Ledgers keep fingerprints, so the
//! form stays as it is.

use super::field::Field;
use crate::domain::Segment;

/// Writes fields, one behind the other. A field begins with its number; the length of a text goes before
/// its bytes, so that no two lists of values give the same bytes.
pub(super) struct FingerprintWriter<'s>(&'s mut Vec<u8>);

impl<'s> FingerprintWriter<'s> {
    /// Begins anew in `scratch`.
    pub(super) fn begin(scratch: &'s mut Vec<u8>) -> Self {
        scratch.clear();
        // Enough for nearly every call, so that nothing below has to look for room.
        scratch.reserve(1024);
        FingerprintWriter(scratch)
    }

    /// A text, a time or a number.
    pub(super) fn text(&mut self, field: Field, text: &str) {
        let mut head = [0; 9];
        head[0] = field as u8;
        head[1..].copy_from_slice(&(text.len() as u64).to_le_bytes());
        self.0.extend_from_slice(&head);
        self.0.extend_from_slice(text.as_bytes());
    }

    pub(super) fn bool(&mut self, field: Field, bool: bool) {
        self.0.extend_from_slice(&[field as u8, u8::from(bool)]);
    }

    pub(super) fn labels<'t>(
        &mut self,
        field: Field,
        labels: impl ExactSizeIterator<Item = &'t str>,
    ) {
        self.list(field, labels.len());
        for label in labels {
            self.0
                .extend_from_slice(&(label.len() as u64).to_le_bytes());
            self.0.extend_from_slice(label.as_bytes());
        }
    }

    pub(super) fn segments(&mut self, field: Field, segments: &[Segment]) {
        self.list(field, segments.len());
        for segment in segments {
            self.0.extend_from_slice(&segment.start.to_le_bytes());
            self.0.extend_from_slice(&segment.duration.to_le_bytes());
        }
    }

    fn list(&mut self, field: Field, length: usize) {
        self.0.push(field as u8);
        self.0.extend_from_slice(&(length as u64).to_le_bytes());
    }
}
