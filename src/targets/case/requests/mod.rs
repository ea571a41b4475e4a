//! The requests about a case.

pub(super) mod add_message;
pub(super) mod change;
pub(super) mod find;
pub(super) mod replace;
