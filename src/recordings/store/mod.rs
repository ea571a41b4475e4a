//! Where recordings lie: the seam to any store, and the folder of this machine behind it.

mod beneath;
pub(super) mod error;
pub(super) mod key;
pub(super) mod listing;
pub(super) mod local;
mod local_walk;
pub(super) mod open_recording;
pub(super) mod recording;
pub(super) mod recording_fetch;
pub(super) mod recording_store;
pub(super) mod recycle_bins;
pub(super) mod sendable;
#[cfg(test)]
mod suite;
#[cfg(test)]
pub(super) mod tests;
pub(super) mod traffic;
pub(super) mod version;
