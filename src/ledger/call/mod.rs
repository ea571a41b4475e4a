//! A call in the ledger.

pub(super) mod fact;
pub(super) mod rows;
pub(super) mod state;
pub(super) mod undo;
