//! Text to one value.

pub(super) mod ambiguous_time;
pub(super) mod boolean;
pub(super) mod duration;
pub(super) mod list;
pub(super) mod number;
pub(super) mod repair;
pub(super) mod rfc3339;
pub(super) mod spelled_time;
pub(super) mod time;
pub(super) mod time_number;
pub(super) mod time_pattern;
pub(super) mod zone;
