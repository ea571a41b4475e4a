//! The requests of a call, in the order in which they go out.

pub(super) mod change;
pub(super) mod create;
pub(super) mod upload;
