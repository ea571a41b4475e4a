//! The calls of the API, a file for each kind.

pub(super) mod audio;
pub(super) mod case;
pub(super) mod conversation;
pub(super) mod details;
pub(super) mod list_query;
pub(super) mod metadata;
pub(super) mod probe;
pub(super) mod read;
mod read_versions;
pub(super) mod reply;
pub(super) mod told_value;
pub(super) mod transcript;
