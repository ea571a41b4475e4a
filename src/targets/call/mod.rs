//! Calls: from rows to what is to be sent, and from there to the destination.

mod batch_result;
mod call_origins;
mod changed_since_sent;
mod clean_rows;
mod context;
mod deliver;
mod delivery;
mod facts;
mod find_recording;
mod hold;
mod import;
mod inspect_recording;
mod inspection;
mod inspection_options;
mod job;
mod known_uids;
mod legs;
mod pending;
mod plan;
mod proposal;
mod propose;
mod proposed_step;
mod read_back;
mod recording_match;
mod recording_problems;
mod search_recording;
mod sent_before;
mod several_recordings;
mod steps;
mod target;
#[cfg(test)]
mod tests;
mod transcode_queue;
mod unsent_identity;
mod unsent_recordings;
mod uploader;
mod worker;

pub use call_origins::CallOrigins;
pub use deliver::CallDelivery;
pub use delivery::CallDeliveryOptions;
pub use inspection_options::{InspectionOptions, OddFormats};
pub use job::{CallJob, RecordingUpload};
pub use plan::{RecordingPresence, Step, is_another_call, next};
pub use read_back::ReadBackOptions;
pub use target::CallTarget;
