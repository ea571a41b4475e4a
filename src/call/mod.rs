//! The words of the domain and their rules.
//!
//! A [`Draft`] is what a mapping made of one record; [`Call::new`] is the only way from a draft to
//! a [`Call`], and it reports every problem of the draft at once. Whoever holds a `Call` may send it
//! without looking again. Nothing here reads files, talks to a server or knows where a record came
//! from, beyond the [`Place`] that a [`Problem`] points at.

mod checked;
mod draft;
mod email;
mod explain;
mod field;
mod key;
mod lost_digits;
mod party;
mod phone;
mod plain;
mod print;
mod problem;
mod unseen;
mod values;

pub use checked::{Call, Channels, Fault, Segment, read_rfc3339};
pub(crate) use checked::{MOST_OFFSET, TOO_EARLY, is_blank, is_too_early, trimmed};
pub use draft::{Draft, Value};
pub use email::is_email;
pub use explain::{Explanation, explain};
pub use field::{Field, Kind};
pub(crate) use key::{damage_of_id, fault_of_id, fault_of_key, fault_of_person_id, unguarded};
pub use lost_digits::{note_of_id, noted_before};
pub use party::Party;
pub use phone::{PhoneReading, read_phone};
pub(crate) use phone::{bare_number, is_plainly_possible};
pub use plain::Plain;
pub use problem::{Code, Place, Problem, Severity};
pub(crate) use unseen::as_seen;
