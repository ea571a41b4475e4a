//! What the server does at each of its addresses.

pub(super) mod audio;
pub(super) mod case;
pub(super) mod conversation;
pub(super) mod portal;
pub(super) mod read;
mod read_filters;
mod read_picture;
pub(super) mod status_page;
pub(super) mod transcript;
