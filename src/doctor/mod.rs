//! Looks at everything that a run needs, without sending a call.
//!
//! Each check answers in one line: how the thing is, what was found, and what to do about it. Nothing is
//! changed: the destination is asked a question that changes nothing, the ledger is only read, and what is
//! written beside it is gone at once.

mod destination;
mod ledger;
mod machine;
mod read_api;

pub use destination::check_destination;
pub use ledger::{check_disk, check_ledger};
pub use machine::{check_ffmpeg, check_ssh, check_time_zones};
pub use read_api::check_read_api;
