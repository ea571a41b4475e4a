//! A few calls that differ, sent first and looked at closely: the costliest mistake of an import is the one
//! that every call has.
//!
//! Picks the calls ([`CallPicker`]), reads them back once they were sent by the usual road
//! ([`read_back`]), measures their recordings ([`SoundReader`]) and says what is odd about them all
//! ([`findings`]). A person's approval is bound to the mapping and the destination ([`CanaryRecord`]).
//! What is measured is evidence and no proof: each finding says how many calls it counts. Sends nothing
//! itself, and prints nothing.

mod agent_channel;
mod call_cells;
mod call_trait;
mod canary_call;
mod candidate;
mod compare_fields;
mod findings;
mod measure;
mod pick;
mod read_back;
mod record;

pub use call_trait::{CallTrait, TraitKind};
pub use canary_call::CanaryCall;
pub use candidate::Candidate;
pub use findings::{CanaryFinding, FindingKind, findings};
pub use measure::{Measured, Sound, SoundReader};
pub use pick::{CallPicker, PickedCall};
pub use read_back::{CallReading, ReadBackEnd, ReadBackPace, SentCall, SentParts, read_back};
pub use record::{Approval, CanaryRecord, RecordError};
