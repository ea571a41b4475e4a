//! How a worker decides the cases of a help desk.

mod assemble;
mod import;
mod proposal;
mod target;
mod worker;

pub use target::CaseTarget;
