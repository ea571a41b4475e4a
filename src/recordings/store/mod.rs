//! Where recordings lie: a folder that is walked once, and files that are opened as they were seen.

pub(super) mod beneath;
pub(super) mod error;
pub(super) mod listing;
pub(super) mod local;
pub(super) mod recording;
pub(super) mod recycle_bins;
pub(super) mod sendable;
