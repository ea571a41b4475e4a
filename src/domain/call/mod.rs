//! The words of the domain and their rules.
//!
//! A [`Draft`] is what a mapping made of one record; [`Call::new`] is the only way from a draft to
//! a [`Call`], and it reports every problem of the draft at once. Whoever holds a `Call` may send it
//! without looking again. Nothing here reads files, talks to a server or knows where a record came
//! from, beyond the [`Location`](crate::domain::Location) that a [`Problem`](crate::domain::Problem) points at.

mod check;
mod checked;
mod draft;
mod entry;
mod field;
mod fingerprint;
mod made_parts;
mod plain;
#[cfg(test)]
pub(crate) mod sample;
mod values;

pub use super::rules::read_rfc3339;
pub(crate) use super::rules::{MOST_OFFSET, TOO_EARLY, is_blank, is_too_early, trimmed};
pub use super::value::{Channels, Segment, Value};
pub use check::CallViolation;
pub use checked::Call;
pub use draft::Draft;
pub use field::{Field, ValueKind};
pub use plain::Plain;
