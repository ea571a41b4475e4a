//! One request through everything that may hold it back.

pub(super) mod attempt;
pub(super) mod bandwidth;
pub(super) mod breaker;
pub(super) mod concurrency;
pub(super) mod error;
pub(super) mod gate;
pub(super) mod intent;
pub(super) mod notice;
mod pacer;
mod pause;
pub(super) mod refusals;
pub(super) mod retry;
pub(super) mod verdict;
