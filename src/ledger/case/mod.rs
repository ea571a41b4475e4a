//! A case in the ledger.

pub(super) mod fact;
pub(super) mod rows;
