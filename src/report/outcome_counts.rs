//! Records by outcome.

use serde::{Serialize, Serializer};

use crate::events::Outcome;

/// Records by outcome, as keys of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Counts(pub(super) [u64; 7]);

impl Serialize for Counts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_map(
            Outcome::ALL
                .into_iter()
                .zip(self.0)
                .map(|(outcome, count)| (outcome.name(), count)),
        )
    }
}
