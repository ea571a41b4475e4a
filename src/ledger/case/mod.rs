//! A case in the ledger.

pub(super) mod fact;
pub(super) mod rows;
pub(super) mod summary;
