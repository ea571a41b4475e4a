//! What every topic needs: a folder of its own, an export with its recordings and what must arrive
//! of it, a pretend server with faults, and the program as a process.
//!
//! What must arrive is written down beside what the export says, and never by the program's own
//! types, so that the two can disagree. Tests read as given, when, then.

pub(crate) mod export;
pub(crate) mod known;
pub(crate) mod mapping;
pub(crate) mod meddler;
pub(crate) mod model;
pub(crate) mod object_server;
pub(crate) mod program;
pub(crate) mod secrets;
pub(crate) mod server;
