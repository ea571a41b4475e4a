//! How a worker decides calls: from rows to what is to be sent.

mod batch_result;
mod carried;
mod changed_since_sent;
mod clean_rows;
mod find_recording;
mod hold;
mod import;
mod inspect_recording;
mod inspection_options;
mod legs;
mod pending;
mod proposal;
mod propose;
mod recording_match;
mod sent_before;
mod target;
#[cfg(test)]
mod tests;
mod unsent_identity;
mod unsent_recordings;
mod worker;

pub use inspection_options::{InspectionOptions, OddFormats};
pub use target::CallTarget;
