//! Which ids the export has shown already.

use hashbrown::HashTable;

/// What is kept of a record: 24 bytes.
#[derive(Debug, Clone, Copy)]
struct First {
    identity: u64,
    content: u64,
    /// A running number of the file and the line in it, packed.
    place: u64,
}

/// How an id relates to those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Sight {
    /// Not seen before.
    New,
    /// Seen with the same content.
    Repeat(Where),
    /// Seen with other content.
    Clash(Where),
}

/// Where an id was seen first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Where {
    /// Number of the file among the inputs.
    pub(super) file: u16,
    /// Line in that file.
    pub(super) line: u64,
}

/// The ids of all records so far.
#[derive(Debug, Default)]
pub(super) struct Seen {
    table: HashTable<First>,
}

/// Lines take 48 bits: a file of 281 million million lines is not met.
const LINE_BITS: u32 = 48;

impl Seen {
    /// Notes an id with the hash of its content.
    pub(super) fn note(&mut self, identity: u64, content: u64, place: Where) -> Sight {
        let found = self
            .table
            .find(identity, |first| first.identity == identity);
        if let Some(first) = found {
            let earlier = Where {
                file: u16::try_from(first.place >> LINE_BITS).unwrap_or(u16::MAX),
                line: first.place & ((1 << LINE_BITS) - 1),
            };
            return if first.content == content {
                Sight::Repeat(earlier)
            } else {
                Sight::Clash(earlier)
            };
        }
        let line = place.line.min((1 << LINE_BITS) - 1);
        let first = First {
            identity,
            content,
            place: u64::from(place.file) << LINE_BITS | line,
        };
        self.table
            .insert_unique(identity, first, |first| first.identity);
        Sight::New
    }
}

/// How a case that came before relates to this record of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CaseSight {
    /// Not seen before.
    New,
    /// Seen with the same content.
    Repeat,
    /// Seen in an earlier state: this one takes its place.
    Newer,
    /// Seen in a later state.
    Older,
}

/// The latest state of each case so far: pages of a help desk hold a case that changed while they
/// were fetched more than once.
#[derive(Debug, Default)]
pub(super) struct SeenCases {
    table: HashTable<(u64, u64, i64)>,
}

impl SeenCases {
    /// Notes a case with the hash of its content and the time of its last change.
    pub(super) fn note(&mut self, identity: u64, content: u64, updated: i64) -> CaseSight {
        let found = self
            .table
            .find_mut(identity, |(known, ..)| *known == identity);
        let Some((_, known, last)) = found else {
            let entry = (identity, content, updated);
            self.table
                .insert_unique(identity, entry, |(known, ..)| *known);
            return CaseSight::New;
        };
        if *known == content {
            return CaseSight::Repeat;
        }
        if updated < *last {
            return CaseSight::Older;
        }
        (*known, *last) = (content, updated);
        CaseSight::Newer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_state_of_a_case_is_kept() {
        let mut seen = SeenCases::default();
        assert_eq!(seen.note(7, 1, 10), CaseSight::New);
        assert_eq!(seen.note(7, 1, 10), CaseSight::Repeat);
        assert_eq!(seen.note(7, 2, 9), CaseSight::Older);
        assert_eq!(seen.note(7, 3, 11), CaseSight::Newer);
        assert_eq!(seen.note(7, 1, 10), CaseSight::Older);
        assert_eq!(seen.note(8, 1, 10), CaseSight::New);
    }

    #[test]
    fn the_first_place_of_an_id_is_kept() {
        let mut seen = Seen::default();
        let at = |file, line| Where { file, line };
        assert_eq!(seen.note(7, 1, at(2, 10)), Sight::New);
        assert_eq!(seen.note(7, 1, at(2, 11)), Sight::Repeat(at(2, 10)));
        assert_eq!(seen.note(7, 2, at(3, 12)), Sight::Clash(at(2, 10)));
        assert_eq!(seen.note(8, 1, at(3, 13)), Sight::New);
    }
}
