//! The calls of the API, a file for each kind.

pub(super) mod case;
pub(super) mod read;
