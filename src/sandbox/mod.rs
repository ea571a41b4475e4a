//! A pretend Capturi server on this machine, with faults on demand.
//!
//! Written from the vendor's documentation alone and on purpose without a word of this program's
//! own client, so that the two can disagree: a body that the client writes wrongly is refused here
//! and not read by the same mistake. Where the documentation says nothing, the stricter reading is
//! taken. It keeps what arrived (recordings as hashes only) and shows it at `/`, to whoever has the token.
//!
//! Promises: a request has its whole effect or none; faults repeat with their seed; nothing of a
//! person or a token is logged. Leaves to others: reading the faults file, printing the address.

mod accept;
mod answer;
mod audio;
mod case;
mod check;
mod connection;
mod conversation;
mod dice;
mod faults;
mod origin;
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
mod token_file;

pub use faults::{Fault, Faults, FaultsError, Operation, RetryAfter, Rule, Strikes, Window};
pub use server::{Error, Options, Sandbox, UnknownFields, start};
pub use snapshot::{Case, Conversation, EndpointCount, Snapshot, Upload};
pub use token::random as random_token;
pub use token_file::{TokenFile, TokenFileError};
