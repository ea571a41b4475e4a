//! How a worker decides calls: from rows to what is to be sent.

pub(super) mod changed_since_sent;
pub(super) mod clean_rows;
pub(super) mod find_recording;
pub(super) mod inspect_recording;
pub(super) mod legs;
pub(super) mod propose;
pub(super) mod sent_before;
pub(super) mod unsent_recordings;
pub(super) mod worker;
