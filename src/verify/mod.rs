//! Compares the ledger with what the destination has, call by call.
//!
//! Pages of the read API are looked up in the ledger, judged one conversation at a time, and written down with
//! the place where the listing goes on, so that a comparison that was killed goes on there. Memory holds one
//! page. Nothing is changed at the destination.

mod compare;
mod judge;
mod options;

pub use compare::{Compared, verify};
pub use options::VerifyOptions;
