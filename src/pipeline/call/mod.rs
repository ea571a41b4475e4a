//! How a worker decides calls: from rows to what is to be sent.

pub(super) mod batch_result;
pub(super) mod carried;
pub(super) mod changed_since_sent;
pub(super) mod clean_rows;
pub(super) mod find_recording;
pub(super) mod hold;
pub(super) mod inspect_recording;
pub(super) mod inspection_options;
pub(super) mod legs;
pub(super) mod pending;
pub(super) mod propose;
pub(super) mod recording_match;
pub(super) mod sent_before;
pub(super) mod unsent_identity;
pub(super) mod unsent_recordings;
pub(super) mod worker;
