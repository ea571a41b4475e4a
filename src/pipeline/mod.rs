//! The road itself: from an opened export to decided records.
//!
//! Owns the threads between reading and deciding, the table of ids already seen, and the words in
//! which everything that happens is told ([`Event`]). Promises that records come out decided in the
//! order of the export, each exactly once, and that memory stays bounded but for a few bytes a
//! record. `check` ends here; `run` hands what is decided to `delivery`.

mod decided;
mod event;
mod facts;

pub use decided::{Decided, Decision, Fate, Parcel, Shipment};
pub use event::{Delivered, Event, Outcome, Stop, Tally};
pub use facts::{Consent, Facts};
