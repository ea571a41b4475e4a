//! The wire: one function per endpoint, lenient reading, typed errors.
//!
//! Knows how a call is written for each version of the API and how an answer is read. Every function
//! sends exactly one request: no retry, no waiting, no pacing and no judgement whether another try
//! makes sense, since that is `delivery`'s. The token lives here and cannot be printed.

mod client;
mod connect_error;
mod conversation_json;
mod endpoints;
mod error;
pub(crate) mod json_writer;
mod redacted;
mod transport;
mod upload_body;

pub use client::{Client, Connection, Created, Key, Version};
pub use conversation_json::{body, has_field};
pub use endpoints::case::{case_fields, case_with_message, message_only, whole_case};
pub use endpoints::read::{ReadClient, ReadConnection, Seen, Sought};
pub use error::{Error, RetryAfter};
pub use transport::{Proxy, Route, SetUp};
pub use upload_body::{AudioSettings, Sending, Throttle, Upload};
