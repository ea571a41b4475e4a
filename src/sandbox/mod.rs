//! A pretend Capturi server on this machine, with faults on demand.
//!
//! Written from the vendor's documentation alone and on purpose without a word of this program's
//! own client, so that the two can disagree: a body that the client writes wrongly is refused here
//! and not read by the same mistake. Where the documentation says nothing, the stricter reading is
//! taken. It keeps what arrived (recordings as hashes only) and shows it at `/`.
//!
//! Promises: a request has its whole effect or none; faults repeat with their seed; nothing of a
//! person or a token is logged. Leaves to others: reading the faults file, printing the address.

mod answer;
mod audio;
mod case;
mod check;
mod conversation;
mod dice;
mod faults;
mod page;
mod portal;
mod reading;
mod request;
mod route;
mod server;
mod service;
mod snapshot;
mod state;
mod strike;
#[cfg(test)]
mod testing;
mod time;
mod token;

pub use faults::{Fault, Faults, FaultsError, Operation, RetryAfter, Rule, Strikes, Window};
pub use server::{Error, Options, Sandbox, UnknownFields, start};
pub use snapshot::{Case, Conversation, EndpointCount, Snapshot, Upload};
