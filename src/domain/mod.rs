//! Words and rules of calls and cases, and what may be told of them. No input, no output.

mod back_off;
pub mod call;
mod call_direction;
pub mod case;
mod code;
mod email;
mod explanation;
mod ids;
mod invisible;
mod location;
mod lost_digits;
mod party;
mod phone;
mod policy;
mod problem;
pub mod redact;
mod rules;
mod severity;
mod value;

pub(crate) use back_off::delay;
pub use call_direction::CallDirection;
pub use code::Code;
pub use email::is_email;
pub(crate) use email::is_plain_email;
pub use explanation::Explanation;
pub(crate) use ids::{damage_of_id, fault_of_id, fault_of_key, fault_of_person_id, unguarded};
pub(crate) use invisible::{as_seen, shown, spell};
pub use location::Location;
pub use lost_digits::{note_of_id, noted_before};
pub use party::Party;
pub(crate) use phone::bare_number;
pub use phone::{PhoneReading, read_phone};
pub use policy::{ChangedRecord, ExistingConversation, MissingRecording, Policy};
pub use problem::Problem;
pub use severity::Severity;
pub use value::{Channels, Segment, Value};
