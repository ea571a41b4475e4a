//! Carries the plan out.
//!
//! Owns concurrency, pace, pauses, retries, the order of ledger writes around each request, and
//! stopping. Promises that an intent is durable before its request leaves and a fact before the
//! next step of that call, that no task is left behind, and that every call handed in ends in
//! exactly one event. Speaks only in events; knows nothing of files, formats or screens.

mod conflicting_jobs;
mod control;
pub(crate) mod deliver;
mod failure_budget;
mod job;
pub(crate) mod job_end;
mod job_queue;
mod load;
pub(crate) mod new_ledger;
pub(crate) mod options;
mod pulse;
mod refused_rows;
mod run_events;
mod schedule;
mod schedule_clock;
mod scheduler;
pub(crate) mod sender;

pub use control::{OperatorOrders, SendingControl};
pub use failure_budget::FailureBudget;
pub use options::{DeliveryOptions, RetryLimits};
pub use schedule::{Bandwidth, Hours, OutsideWindow, Schedule, time_of_day};
pub(crate) use scheduler::run;
pub use sender::gate::RateLimits;

use tokio::sync::mpsc;

use crate::pipeline::DecidedBatch;

/// Decided batches, in the order of the export, until the pipeline ends or breaks.
pub type Decisions<J, E> = mpsc::Receiver<Result<DecidedBatch<J>, E>>;
