//! The wire: one function per endpoint, lenient reading, typed errors.
//!
//! Knows how a call is written for each version of the API and how an answer is read. Every function
//! sends exactly one request: no retry, no waiting, no pacing and no judgement whether another try
//! makes sense, since that is `delivery`'s. The token lives here and cannot be printed.

mod case;
mod client;
mod discreet;
mod error;
mod failure;
mod reading;
mod transport;
mod upload;
mod wire;

pub use case::{case_fields, case_with_message, message_only, whole_case};
pub use client::{Client, Connection, Created, Key, Version};
pub use error::{Error, RetryAfter};
pub use reading::{ReadClient, ReadConnection, Seen, Sought};
pub use transport::{Proxy, Route, SetUp};
pub use upload::{AudioSettings, Sending, Throttle, Upload};
pub use wire::{body, has_field};
