//! Lines of a list that say the same of one record after the other.
//!
//! A few kilobytes of an archive become millions of records with one fault. Nobody reads on after a
//! hundred thousand lines of it, so lists end there and say so; what is counted is counted on.

use std::collections::HashMap;
use std::hash::Hash;

/// So many lines of one kind are listed.
pub(in crate::report) const MOST: u64 = 100_000;

/// Lines by kind.
#[derive(Debug)]
pub(in crate::report) struct LineCounts<K> {
    lines: HashMap<K, u64>,
}

/// What becomes of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum LineTurn {
    /// It is listed.
    Listed,
    /// In its place the list says that there are more.
    Announced,
    /// It is counted elsewhere.
    Counted,
}

impl<K> Default for LineCounts<K> {
    fn default() -> Self {
        LineCounts {
            lines: HashMap::new(),
        }
    }
}

impl<K: Eq + Hash> LineCounts<K> {
    /// Counts a line.
    pub(in crate::report) fn turn(&mut self, kind: K) -> LineTurn {
        let lines = self.lines.entry(kind).or_default();
        *lines += 1;
        match *lines {
            ..=MOST => LineTurn::Listed,
            lines if lines == MOST + 1 => LineTurn::Announced,
            _ => LineTurn::Counted,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_kind_are_listed_up_to_the_limit() {
        let mut alike = LineCounts::default();
        let listed = (0..MOST).all(|_| alike.turn("a") == LineTurn::Listed);
        assert!(listed);
        assert_eq!(alike.turn("a"), LineTurn::Announced);
        assert_eq!(alike.turn("a"), LineTurn::Counted);
        assert_eq!(alike.turn("b"), LineTurn::Listed);
    }
}
