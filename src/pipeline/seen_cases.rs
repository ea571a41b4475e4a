//! Which cases the export has shown already, and in which state.

use hashbrown::HashTable;

/// How a case that came before relates to this record of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CaseSighting {
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
    pub(super) fn note(&mut self, identity: u64, content: u64, updated: i64) -> CaseSighting {
        let found = self
            .table
            .find_mut(identity, |(known, ..)| *known == identity);
        let Some((_, known, last)) = found else {
            let entry = (identity, content, updated);
            self.table
                .insert_unique(identity, entry, |(known, ..)| *known);
            return CaseSighting::New;
        };
        if *known == content {
            return CaseSighting::Repeat;
        }
        if updated < *last {
            return CaseSighting::Older;
        }
        (*known, *last) = (content, updated);
        CaseSighting::Newer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_latest_state_of_a_case_is_kept() {
        let mut seen = SeenCases::default();
        assert_eq!(seen.note(7, 1, 10), CaseSighting::New);
        assert_eq!(seen.note(7, 1, 10), CaseSighting::Repeat);
        assert_eq!(seen.note(7, 2, 9), CaseSighting::Older);
        assert_eq!(seen.note(7, 3, 11), CaseSighting::Newer);
        assert_eq!(seen.note(7, 1, 10), CaseSighting::Older);
        assert_eq!(seen.note(8, 1, 10), CaseSighting::New);
    }
}
