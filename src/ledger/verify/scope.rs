//! Which calls are compared.

use jiff::Timestamp;

use super::outcome::VerifyOutcome;

/// Which calls are compared. The default is all that the destination should have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct VerifyScope {
    /// Only calls of this day or later, counted from 1970-01-01; those of which no day is known belong to it.
    pub since_day: Option<i64>,
    /// Only calls of which the ledger learned something at this moment or later.
    pub changed_since: Option<Timestamp>,
    /// Only these calls.
    pub ids: Option<Vec<String>>,
    /// Only calls that the last comparison found so.
    pub outcome: Option<VerifyOutcome>,
}

impl VerifyScope {
    /// By which a comparison that was broken off is known again.
    pub(super) fn hash(&self) -> i64 {
        let text = format!("{self:?}");
        xxhash_rust::xxh3::xxh3_64(text.as_bytes()).cast_signed()
    }
}
