//! How one call is delivered: `create` and `upload` are its requests, `deliver` puts them in order.

mod create;
pub(super) mod deliver;
mod facts;
pub(super) mod known_uids;
pub(super) mod read_back;
pub(super) mod transcode_queue;
mod upload;
pub(super) mod uploader;
