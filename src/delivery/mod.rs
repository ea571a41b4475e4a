//! Carries the plan out.
//!
//! Owns concurrency, pace, pauses, retries, the order of ledger writes around each request, and
//! stopping. Promises that an intent is durable before its request leaves and a fact before the
//! next step of that call, that no task is left behind, and that every call handed in ends in
//! exactly one event. Speaks only in events; knows nothing of files, formats or screens.

mod backoff;
mod gate;
mod stop;
mod verdict;

pub use gate::Pace;
pub use stop::StopSignal;
