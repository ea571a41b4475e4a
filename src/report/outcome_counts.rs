//! Records by outcome.

use serde::{Serialize, Serializer};

use crate::events::Outcome;

/// Records by outcome, as keys of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts(pub(super) [u64; 8]);

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let counts = Outcome::ALL.into_iter().zip(self.0);
        // Where nobody shares the export there are no others to speak of.
        let told = counts.filter(|(outcome, count)| *outcome != Outcome::OtherShard || *count > 0);
        to.collect_map(told.map(|(outcome, count)| (outcome.name(), count)))
    }
}
