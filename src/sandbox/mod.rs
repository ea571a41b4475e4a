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
mod auth;
mod body_check;
mod connection;
mod dispatch;
mod dropped;
mod endpoints;
mod faults;
mod options;
mod origin;
mod peer;
mod request;
mod response;
mod route;
mod server;
mod shared;
mod snapshot;
mod state;
#[cfg(test)]
mod test_support;
mod time;
mod token_file;
mod v2_page;

pub use auth::random as random_token;
pub use faults::rules::{
    Fault, FaultRule, FaultWindow, Faults, FaultsError, Operation, RetryAfterHeader, Strikes,
};
pub use faults::tamper::{TamperRule, Tampering};
pub use options::{SandboxOptions, UnknownFields};
pub use server::{Error, Sandbox, start};
pub use snapshot::{EndpointCount, ReceivedCase, ReceivedConversation, ReceivedUpload, Snapshot};
pub use token_file::{TokenFile, TokenFileError};
pub use v2_page::V2Page;
