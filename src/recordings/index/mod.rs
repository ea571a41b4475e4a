//! Which recordings there are, in tables that are built once and then only asked.

pub(super) mod build;
pub(super) mod captures;
pub(super) mod lookup;
pub(super) mod places;
pub(super) mod substrings;
