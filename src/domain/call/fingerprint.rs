//! What a call says, as the bytes that its fingerprint is made of. Ledgers keep fingerprints, so the
//! form stays as it is.

use super::field::Field;
use crate::domain::Segment;

/// Enough for nearly every call, so that nothing has to look for room.
const USUAL: usize = 1024;

/// The number of a field and the length of its text.
const HEAD: usize = 9;

/// Writes fields, one behind the other. A field begins with its number; the length of a text goes before
/// its bytes, so that no two lists of values give the same bytes.
pub(super) struct FingerprintWriter<'s> {
    room: &'s mut Vec<u8>,
    /// How many bytes are written; behind them the room holds anything.
    written: usize,
}

impl<'s> FingerprintWriter<'s> {
    /// Begins anew in `scratch`.
    pub(super) fn begin(scratch: &'s mut Vec<u8>) -> Self {
        if scratch.len() < USUAL {
            scratch.resize(USUAL, 0);
        }
        FingerprintWriter {
            room: scratch,
            written: 0,
        }
    }

    /// All that was written.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.room[..self.written]
    }

    /// The place of the next bytes.
    #[inline]
    fn next(&mut self, length: usize) -> &mut [u8] {
        let start = self.written;
        self.written += length;
        if self.room.len() < self.written {
            self.grow();
        }
        &mut self.room[start..self.written]
    }

    #[cold]
    fn grow(&mut self) {
        self.room.resize(self.written * 2, 0);
    }

    /// A text, a time or a number.
    #[inline]
    pub(super) fn text(&mut self, field: Field, text: &str) {
        let (head, bytes) = self.next(HEAD + text.len()).split_at_mut(HEAD);
        head[0] = field as u8;
        head[1..].copy_from_slice(&(text.len() as u64).to_le_bytes());
        bytes.copy_from_slice(text.as_bytes());
    }

    pub(super) fn bool(&mut self, field: Field, bool: bool) {
        self.put(&[field as u8, u8::from(bool)]);
    }

    fn put(&mut self, bytes: &[u8]) {
        self.next(bytes.len()).copy_from_slice(bytes);
    }

    pub(super) fn labels<'t>(
        &mut self,
        field: Field,
        labels: impl ExactSizeIterator<Item = &'t str>,
    ) {
        self.list(field, labels.len());
        for label in labels {
            self.put(&(label.len() as u64).to_le_bytes());
            self.put(label.as_bytes());
        }
    }

    pub(super) fn segments(&mut self, field: Field, segments: &[Segment]) {
        self.list(field, segments.len());
        for segment in segments {
            self.put(&segment.start.to_le_bytes());
            self.put(&segment.duration.to_le_bytes());
        }
    }

    fn list(&mut self, field: Field, length: usize) {
        self.put(&[field as u8]);
        self.put(&(length as u64).to_le_bytes());
    }
}
