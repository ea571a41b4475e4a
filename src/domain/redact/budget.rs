//! What it may cost to look for all that was sent in one answer: both sides can make their texts long, and
//! an answer can be read in many ways.

use std::cell::Cell;

/// About as many nanoseconds of a usual processor.
const MOST: u64 = 60_000_000;

/// Work that is left, in units of about a nanosecond. Counted and not timed, so that an answer is told on
/// every machine or on none.
#[derive(Debug)]
pub(super) struct Budget(Cell<u64>);

impl Budget {
    pub(super) fn new() -> Budget {
        Budget(Cell::new(MOST))
    }

    /// Takes the cost of work that is about to be done; false if that is more than is left, from then on
    /// for all work.
    pub(super) fn spend(&self, units: usize) -> bool {
        let left = self.0.get().checked_sub(units as u64);
        self.0.set(left.unwrap_or_default());
        !self.is_spent()
    }

    pub(super) fn is_spent(&self) -> bool {
        self.0.get() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_spent_stays_spent() {
        let budget = Budget::new();
        assert!(budget.spend(1) && !budget.is_spent());
        assert!(!budget.spend(usize::MAX) && budget.is_spent());
        assert!(!budget.spend(0));
    }
}
