//! Which ids the export has shown already.
//!
//! The one table whose size follows the export, so it is kept small: 20 bytes an id, in 256 parts
//! that grow by a quarter and each at its own time, so that a part being moved costs little and
//! three quarters of the slots are in use. A table that doubles as a whole would hold half of its
//! slots empty, and all of them twice while it grows.

use crate::domain::Party;

/// Hash of the id in two halves, hash of the content, line, and the line's highest byte above the
/// number of the file. All zero for an empty slot.
type Slot = [u32; 5];

/// What stands for the party of a record that is rejected.
const REJECTED: u32 = u32::MAX;
/// What stands for the party of a record that a rule leaves out; its own stands for its content.
const LEFT_OUT: u32 = u32::MAX - 1;

/// How an id relates to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum IdOccurrence {
    /// Not seen before.
    New,
    /// Seen with the same content.
    Repeat(RecordLocation),
    /// Seen with other content.
    Clash(RecordLocation),
    /// Seen with another customer and another day: it is another call.
    Stranger(RecordLocation),
    /// Seen in a record that is rejected.
    OfRejected(RecordLocation),
    /// Seen in a record that a rule leaves out.
    OfLeftOut(RecordLocation),
}

/// Where an id was seen first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RecordLocation {
    /// Number of the file among the inputs, from 0.
    pub(super) file: u32,
    /// Line in that file, or number of the record where records are numbered.
    pub(super) at: u64,
}

/// The ids of all records so far.
#[derive(Debug)]
pub(super) struct SeenIds {
    parts: Vec<SeenShard>,
}

#[derive(Debug, Default)]
struct SeenShard {
    slots: Vec<Slot>,
    /// The bits of the [`Party`] of each slot; empty while one file alone is read, which
    /// need not pay for it.
    parties: Vec<u32>,
    used: usize,
}

const PARTS: usize = 256;
/// No estimate makes more room than this: beyond it, what is wrong about the estimate costs more than
/// moving the ids does.
const MOST_ROOM: u64 = 10_000_000;
/// Files and lines beyond these are told as the last one that can be: 16 million files, and lines
/// of a file of a terabyte.
const MOST_FILES: u32 = (1 << 24) - 1;
const MOST_LINES: u64 = (1 << 40) - 1;

impl Default for SeenIds {
    fn default() -> Self {
        SeenIds {
            parts: (0..PARTS).map(|_| SeenShard::default()).collect(),
        }
    }
}

impl SeenIds {
    /// A table that keeps the party of each call as well.
    pub(super) fn with_parties() -> Self {
        let mut seen = SeenIds::default();
        for part in &mut seen.parts {
            part.resize(16);
            part.parties = vec![0; part.slots.len()];
        }
        seen
    }

    /// Makes room for so many ids in all, so that nothing has to be moved until there are more. The
    /// room is taken up page by page, as ids come.
    pub(super) fn make_room(&mut self, ids: u64) {
        // Ids are spread evenly, but not to the last one.
        let ids = ids.min(MOST_ROOM) / PARTS as u64;
        let slots = usize::try_from((ids + ids / 16 + 32) * 20 / 17).unwrap_or(0);
        for part in &mut self.parts {
            part.resize(slots);
        }
    }

    /// Looks at the slots of ids that are noted next. In a table of millions each lies in memory that
    /// no cache holds: one after the other every note would wait for it, side by side they wait
    /// together.
    pub(super) fn expect(&self, identities: impl Iterator<Item = u64>) {
        let first = |identity: u64| {
            let [low, high] = halves(identity.max(1));
            let part = self.part(identity);
            let start = part.start(low, high);
            let bits = |at: usize| part.slots.get(at).map_or(0, |slot| slot[0]);
            // A slot that is taken sends the search on, and soon into the next piece of memory.
            bits(start) ^ bits(start + 3)
        };
        std::hint::black_box(identities.map(first).fold(0, |sum: u32, bits| sum ^ bits));
    }

    fn part(&self, identity: u64) -> &SeenShard {
        &self.parts[identity.to_be_bytes()[0] as usize]
    }

    /// Notes the id of a record that is rejected, unless it is known.
    pub(super) fn note_rejected(
        &mut self,
        identity: u64,
        location: RecordLocation,
    ) -> IdOccurrence {
        self.note_as(identity, 0, REJECTED, location)
    }

    /// Notes the id of a record that a rule leaves out, unless it is known.
    pub(super) fn note_left_out(&mut self, identity: u64, party: Party, location: RecordLocation) {
        self.note_as(identity, u64::from(party.bits()), LEFT_OUT, location);
    }

    /// Notes an id by its hash, with the hash of its content and its party.
    pub(super) fn note(
        &mut self,
        identity: u64,
        content: u64,
        party: Party,
        location: RecordLocation,
    ) -> IdOccurrence {
        self.note_as(identity, content, party.bits().min(LEFT_OUT - 1), location)
    }

    #[inline]
    fn note_as(
        &mut self,
        identity: u64,
        content: u64,
        party: u32,
        location: RecordLocation,
    ) -> IdOccurrence {
        // Zero marks an empty slot.
        let [low, high] = halves(identity.max(1));
        let [content, _] = halves(content);
        let [line, line_high] = halves(location.at.min(MOST_LINES));
        let slot = [
            low,
            high,
            content,
            line,
            line_high << 24 | location.file.min(MOST_FILES),
        ];
        let part = &mut self.parts[identity.to_be_bytes()[0] as usize];
        if part.used * 20 >= part.slots.len() * 17 {
            part.grow();
        }
        let at = part.find(low, high);
        if part.slots[at][..2] == [0, 0] {
            part.used += 1;
            part.put(at, slot, party);
            return IdOccurrence::New;
        }
        let occurrence = part.occurrence(at, content, party, location);
        if occurrence == IdOccurrence::New {
            part.put(at, slot, party);
        }
        occurrence
    }

    /// What [`SeenIds::note`] would say, without noting anything.
    pub(super) fn peek(
        &self,
        identity: u64,
        content: u64,
        party: Party,
        location: RecordLocation,
    ) -> IdOccurrence {
        let [low, high] = halves(identity.max(1));
        let part = self.part(identity);
        if part.slots.is_empty() {
            return IdOccurrence::New;
        }
        let at = part.find(low, high);
        if part.slots[at][..2] == [0, 0] {
            return IdOccurrence::New;
        }
        let party = party.bits().min(LEFT_OUT - 1);
        part.occurrence(at, halves(content)[0], party, location)
    }
}

const fn are_strangers(one: u32, other: u32) -> bool {
    Party::from_bits(one).is_of_another_call(Party::from_bits(other))
}

impl SeenShard {
    /// How a record relates to the slot that its id has taken; what is new takes it over.
    fn occurrence(
        &self,
        at: usize,
        content: u32,
        party: u32,
        location: RecordLocation,
    ) -> IdOccurrence {
        let found = self.slots[at];
        let earlier = RecordLocation {
            file: found[4] & MOST_FILES,
            at: u64::from(found[4] >> 24) << 32 | u64::from(found[3]),
        };
        match self.parties.get(at).copied() {
            // Within a file the record that can be sent is the one that counts.
            Some(REJECTED | LEFT_OUT) if party < LEFT_OUT && earlier.file == location.file => {
                IdOccurrence::New
            }
            // Another call that is left out says nothing of this one.
            Some(LEFT_OUT) if party < LEFT_OUT && are_strangers(found[2], party) => {
                IdOccurrence::New
            }
            Some(LEFT_OUT) => IdOccurrence::OfLeftOut(earlier),
            Some(REJECTED) => IdOccurrence::OfRejected(earlier),
            _ if found[2] == content => IdOccurrence::Repeat(earlier),
            Some(known) if are_strangers(known, party) => IdOccurrence::Stranger(earlier),
            _ => IdOccurrence::Clash(earlier),
        }
    }

    /// The slot that holds this hash, or the empty one where it belongs.
    fn find(&self, low: u32, high: u32) -> usize {
        let mut at = self.start(low, high);
        loop {
            let slot = &self.slots[at];
            if slot[..2] == [low, high] || slot[..2] == [0, 0] {
                return at;
            }
            at = if at + 1 == self.slots.len() {
                0
            } else {
                at + 1
            };
        }
    }

    /// Where the search for this hash begins.
    fn start(&self, low: u32, high: u32) -> usize {
        // The first byte chose the part; the bits below it are as evenly spread.
        let spread = u64::from((high << 8) | (low >> 24));
        usize::try_from((spread * self.slots.len() as u64) >> 32).unwrap_or(0)
    }

    fn grow(&mut self) {
        self.resize(self.slots.len() + self.slots.len() / 4 + 16);
    }

    fn resize(&mut self, room: usize) {
        if room <= self.slots.len() {
            return;
        }
        let slots = std::mem::replace(&mut self.slots, vec![[0; 5]; room]);
        let mut parties = std::mem::take(&mut self.parties);
        if !parties.is_empty() {
            self.parties = vec![0; room];
        }
        parties.resize(slots.len(), 0);
        let known = slots.into_iter().zip(parties);
        for (slot, party) in known.filter(|(slot, _)| slot[..2] != [0, 0]) {
            let at = self.find(slot[0], slot[1]);
            self.put(at, slot, party);
        }
    }

    fn put(&mut self, at: usize, slot: Slot, party: u32) {
        self.slots[at] = slot;
        if let Some(known) = self.parties.get_mut(at) {
            *known = party;
        }
    }
}

/// The lower and the upper half.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the halves are what is wanted"
)]
const fn halves(number: u64) -> [u32; 2] {
    [number as u32, (number >> 32) as u32]
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_first_place_of_an_id_is_kept() {
        let mut seen = SeenIds::default();
        let at = |file, at| RecordLocation { file, at };
        assert_eq!(
            seen.note(7, 1, Party::default(), at(2, 1 << 35)),
            IdOccurrence::New
        );
        assert_eq!(
            seen.note(7, 1, Party::default(), at(2, 11)),
            IdOccurrence::Repeat(at(2, 1 << 35))
        );
        assert_eq!(
            seen.note(7, 2, Party::default(), at(3, 12)),
            IdOccurrence::Clash(at(2, 1 << 35))
        );
        assert_eq!(
            seen.note(8, 1, Party::default(), at(3, 13)),
            IdOccurrence::New
        );
    }

    #[test]
    fn a_call_with_another_customer_on_another_day_is_a_stranger() {
        let mut seen = SeenIds::with_parties();
        let at = |file, at| RecordLocation { file, at };
        let party = |customer: u32, day: u32| Party::from_bits(customer << 16 | day);
        for identity in 0..5_000_u64 {
            let identity = identity << 52 | identity;
            assert_eq!(
                seen.note(identity, 1, party(1, 1), at(0, identity & 0xFFFF)),
                IdOccurrence::New
            );
        }
        let first = at(0, 7);
        let mut note = |content, party| seen.note(7 << 52 | 7, content, party, at(1, 3));
        assert_eq!(note(1, party(1, 1)), IdOccurrence::Repeat(first));
        assert_eq!(note(2, party(1, 9)), IdOccurrence::Clash(first));
        assert_eq!(note(2, party(2, 1)), IdOccurrence::Clash(first));
        assert_eq!(note(2, party(2, 2)), IdOccurrence::Clash(first));
        assert_eq!(note(2, party(2, 9)), IdOccurrence::Stranger(first));
    }

    #[test]
    fn an_older_copy_of_a_rejected_record_is_known_as_that() {
        let mut seen = SeenIds::with_parties();
        let at = |file, at| RecordLocation { file, at };
        assert_eq!(seen.note_rejected(7, at(0, 2)), IdOccurrence::New);
        assert_eq!(
            seen.note(7, 1, Party::from_bits(5), at(1, 9)),
            IdOccurrence::OfRejected(at(0, 2))
        );
        // Within its file the record that can be sent counts.
        assert_eq!(
            seen.note(7, 1, Party::from_bits(5), at(0, 3)),
            IdOccurrence::New
        );
        assert_eq!(
            seen.note(7, 1, Party::from_bits(5), at(1, 9)),
            IdOccurrence::Repeat(at(0, 3))
        );
    }

    #[test]
    fn an_older_copy_of_a_record_that_is_left_out_is_known_as_that() {
        let mut seen = SeenIds::with_parties();
        let at = |file, at| RecordLocation { file, at };
        let party = |customer: u32, day: u32| Party::from_bits(customer << 16 | day);
        for identity in [7, 8, 9] {
            seen.note_left_out(identity, party(1, 1), at(0, 2));
        }
        let older = IdOccurrence::OfLeftOut(at(0, 2));
        assert_eq!(seen.note(7, 1, party(2, 1), at(1, 9)), older);
        assert_eq!(seen.note(7, 1, Party::default(), at(1, 9)), older);
        assert_eq!(seen.note_rejected(7, at(1, 9)), older);
        // Within its file the record that can be sent counts, and so does another call.
        assert_eq!(seen.note(8, 1, party(1, 1), at(0, 3)), IdOccurrence::New);
        assert_eq!(seen.note(9, 1, party(2, 9), at(1, 3)), IdOccurrence::New);
        let again = seen.note(9, 1, party(2, 9), at(2, 3));
        assert_eq!(again, IdOccurrence::Repeat(at(1, 3)));
        // Who only looks leaves nothing.
        assert_eq!(seen.peek(6, 1, party(1, 1), at(1, 9)), IdOccurrence::New);
        assert_eq!(seen.peek(7, 1, party(1, 1), at(1, 9)), older);
        assert_eq!(seen.note(6, 2, party(1, 1), at(1, 9)), IdOccurrence::New);
        // What is known already stays so.
        seen.note_left_out(8, party(1, 1), at(1, 2));
        let again = seen.note(8, 1, party(1, 1), at(1, 3));
        assert_eq!(again, IdOccurrence::Repeat(at(0, 3)));
    }

    proptest! {
        #[test]
        fn it_says_what_a_plain_table_says(
            notes in prop::collection::vec((prop_oneof![0_u64..40, any::<u64>()], 0_u64..3), 0..2000),
            room_at in 0_u64..2000,
        ) {
            let mut seen = SeenIds::default();
            let mut known = HashMap::new();
            for (line, (identity, content)) in (0..).zip(notes) {
                if line == room_at {
                    seen.make_room(line * 3);
                }
                let location = RecordLocation { file: 0, at: line };
                // 0 and 1 share a slot on purpose.
                let expected = match known.get(&identity.max(1)) {
                    None => IdOccurrence::New,
                    Some((first, location)) if *first == content => IdOccurrence::Repeat(*location),
                    Some((_, location)) => IdOccurrence::Clash(*location),
                };
                known.entry(identity.max(1)).or_insert((content, location));
                prop_assert_eq!(seen.note(identity, content, Party::default(), location), expected);
            }
        }
    }
}
