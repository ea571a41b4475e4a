//! The calls for which nothing is left to do, small enough to hold all of them in memory.
//!
//! A nightly run meets a million calls and finds most of them done. Asking SQLite costs
//! microseconds a call; this table costs tens of nanoseconds and 17 bytes. Beside the content of each
//! call it knows, by a few bits, how large the file was of which its recording was sent. Entries are sorted by
//! the hash of the identity and cut into short runs by its first bits: hashes are spread evenly,
//! so a run holds four entries on average, and a look-up touches two places in memory.

use super::call::status::DoneKind;

/// Which calls are done, with which content. See [`crate::domain::call::Call::identity_hash`].
#[derive(Debug, Default)]
pub struct DoneIndex {
    /// Hash of the identity; mark (see [`mark`]). Sorted.
    entries: Vec<(u64, u64)>,
    /// Where the entries start whose hash begins with these bits; one more at the end.
    starts: Vec<u32>,
    /// How far to move a hash to the right to get those bits.
    shift: u32,
}

impl DoneIndex {
    /// In which way the call is done, if it is done with this very content. `None` sends the caller to
    /// [`LedgerReader::call_states`](crate::ledger::LedgerReader::call_states): the call is unknown, not done, or has changed.
    pub fn kind(&self, identity_hash: u64, fingerprint: u128) -> Option<DoneKind> {
        self.known(identity_hash, fingerprint).map(|known| known.0)
    }

    /// Whether the file of the call's recording may have another size now than when it was sent; only
    /// [`LedgerReader::call_states`](crate::ledger::LedgerReader::call_states) knows. False where nothing was sent, or its size is not known.
    pub fn may_have_changed(&self, identity_hash: u64, fingerprint: u128, bytes: u64) -> bool {
        let known = self.known(identity_hash, fingerprint);
        let size = known.map_or(0, |(_, size)| size);
        size != 0 && size != size_mark(Some(bytes))
    }

    fn known(&self, identity_hash: u64, fingerprint: u128) -> Option<(DoneKind, u64)> {
        let index = first_bits(identity_hash, self.shift);
        let from = *self.starts.get(index)? as usize;
        let to = *self.starts.get(index + 1)? as usize;
        let run = self.entries.get(from..to)?;
        let wanted = mark(fingerprint, DoneKind::Complete, None);
        let is_it = |entry: &&(u64, u64)| entry.0 == identity_hash && entry.1 & CONTENT == wanted;
        let (_, found) = run.iter().find(is_it)?;
        let kind = match found & KIND {
            0 => DoneKind::Complete,
            1 => DoneKind::WithoutRecording,
            2 => DoneKind::LeftAlone,
            _ => DoneKind::Waived,
        };
        Some((kind, found & SIZE))
    }

    /// Looks at the places of calls that are asked for next. They lie in memory that no cache holds: one
    /// after the other every question would wait for it twice, side by side they wait together.
    pub fn expect(&self, identity_hashes: &[u64]) {
        let start = |hash: &u64| self.starts.get(first_bits(*hash, self.shift)).copied();
        let starts = || identity_hashes.iter().filter_map(start);
        std::hint::black_box(starts().fold(0, |sum, start| sum ^ start));
        let entry = |start: u32| self.entries.get(start as usize).map_or(0, |entry| entry.0);
        std::hint::black_box(starts().map(entry).fold(0, |sum, hash| sum ^ hash));
    }

    /// Whether nothing is left to do for the call with this content.
    pub fn contains(&self, identity_hash: u64, fingerprint: u128) -> bool {
        self.kind(identity_hash, fingerprint).is_some()
    }

    /// How many calls are done.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether no call is done.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

fn first_bits(hash: u64, shift: u32) -> usize {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "as many bits as there are entries"
    )]
    let bits = (hash >> shift) as usize;
    bits
}

/// The parts of a mark: the kind of done, what is kept of the size of the recording, and of the fingerprint.
/// The id is known by a whole hash, so 40 bits tell well whether its content is the same.
const KIND: u64 = 3;
const SIZE: u64 = (1 << 24) - 4;
const CONTENT: u64 = !(KIND | SIZE);

/// The lowest bits of the fingerprint, with the size and the kind behind them.
fn mark(fingerprint: u128, kind: DoneKind, size: Option<u64>) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a part of a hash is a hash"
    )]
    let part = fingerprint as u64;
    (part << 24) | size_mark(size) | kind as u64
}

/// A size in the bits of a mark; none of them is set where it is not known.
fn size_mark(size: Option<u64>) -> u64 {
    // The highest bits of a product with an odd number depend on all bits of the other.
    let spread = |bytes: u64| bytes.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 42;
    size.map_or(0, |bytes| spread(bytes).max(1) << 2)
}

/// Brings entries in order that consist of parts which are.
#[expect(
    clippy::stable_sort_primitive,
    reason = "this sort finds parts that are in order, and only merges them"
)]
fn merge_runs(entries: &mut [(u64, u64)]) {
    entries.sort();
}

/// Collects the calls of a [`DoneIndex`].
#[derive(Debug, Default)]
pub(super) struct DoneIndexBuilder {
    entries: Vec<(u64, u64)>,
}

impl DoneIndexBuilder {
    /// Makes room for about so many calls; less if there is not that much memory.
    pub(super) fn with_room_for(calls: usize) -> Self {
        let mut entries = Vec::new();
        // The number comes from the file. If it is absurd, the vector grows as it needs to.
        let _ = entries.try_reserve_exact(calls);
        DoneIndexBuilder { entries }
    }

    pub(super) fn push(
        &mut self,
        identity_hash: u64,
        fingerprint: u128,
        kind: DoneKind,
        size: Option<u64>,
    ) {
        self.entries
            .push((identity_hash, mark(fingerprint, kind, size)));
    }

    /// Brings the calls in order, so that [`DoneIndexBuilder::finish`] has less to do.
    pub(super) fn sort(&mut self) {
        self.entries.sort_unstable();
    }

    /// All of these together. `None` beyond four thousand million calls.
    pub(super) fn finish(parts: Vec<DoneIndexBuilder>) -> Option<DoneIndex> {
        let mut parts = parts.into_iter();
        let mut entries = parts.next().unwrap_or_default().entries;
        for part in parts {
            entries.extend(part.entries);
        }
        u32::try_from(entries.len()).ok()?;
        merge_runs(&mut entries);
        // At least one bit, because a shift by all 64 is none.
        let bits = (entries.len() / 4).next_power_of_two().ilog2().max(1);
        let shift = u64::BITS - bits;
        let mut starts = vec![0_u32; (1 << bits) + 1];
        for (hash, _) in &entries {
            starts[first_bits(*hash, shift) + 1] += 1;
        }
        for index in 1..starts.len() {
            starts[index] += starts[index - 1];
        }
        Some(DoneIndex {
            entries,
            starts,
            shift,
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    fn kinds() -> impl Strategy<Value = DoneKind> {
        prop_oneof![
            Just(DoneKind::Complete),
            Just(DoneKind::WithoutRecording),
            Just(DoneKind::LeftAlone),
            Just(DoneKind::Waived)
        ]
    }

    proptest! {
        #[test]
        fn it_knows_what_was_gathered_and_nothing_else(
            // Small numbers, so that hashes share their first bits and neighbours exist.
            calls in prop::collection::hash_map(
                prop_oneof![any::<u64>(), 0..64_u64, (u64::MAX - 64)..=u64::MAX],
                (any::<u128>(), kinds(), prop::option::of(any::<u64>())), 0..200),
            others in prop::collection::vec((any::<u64>(), any::<u128>()), 0..50),
        ) {
            let calls: HashMap<u64, (u128, DoneKind, Option<u64>)> = calls;
            let mut builder = DoneIndexBuilder::with_room_for(calls.len());
            for (hash, (fingerprint, kind, size)) in &calls {
                builder.push(*hash, *fingerprint, *kind, *size);
            }
            builder.sort();
            let done = DoneIndexBuilder::finish(vec![builder]).unwrap();
            prop_assert_eq!(done.len(), calls.len());
            for (hash, (fingerprint, kind, size)) in &calls {
                prop_assert_eq!(done.kind(*hash, *fingerprint), Some(*kind));
                prop_assert!(!done.contains(*hash, fingerprint ^ 4));
                prop_assert!(!done.may_have_changed(*hash, *fingerprint, size.unwrap_or(7)));
                prop_assert_eq!(
                    done.may_have_changed(*hash, *fingerprint, size.unwrap_or(7) ^ 4),
                    size.is_some()
                );
                prop_assert_eq!(
                    done.contains(hash ^ 1, *fingerprint),
                    calls.get(&(hash ^ 1)).is_some_and(|(theirs, ..)| {
                        let mark = |fingerprint| mark(fingerprint, DoneKind::Complete, None);
                        mark(*theirs) == mark(*fingerprint)
                    })
                );
            }
            for (hash, fingerprint) in others {
                let is_known = calls.get(&hash).is_some_and(|(theirs, ..)| *theirs == fingerprint);
                prop_assert_eq!(done.contains(hash, fingerprint), is_known);
            }
        }
    }

    #[test]
    fn an_empty_ledger_knows_no_call() {
        assert!(!DoneIndex::default().contains(0, 0));
        assert!(!DoneIndexBuilder::finish(Vec::new()).unwrap().contains(0, 0));
    }

    #[test]
    fn an_absurd_number_of_calls_reserves_nothing() {
        let builder = DoneIndexBuilder::with_room_for(usize::MAX);
        assert_eq!(builder.entries.capacity(), 0);
    }
}
