//! How a worker decides the cases of a help desk.

pub(super) mod assemble;
pub(super) mod worker;
