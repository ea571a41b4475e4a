//! Carries the plan out.
//!
//! Owns concurrency, pace, pauses, retries, the order of ledger writes around each request, and
//! stopping. Promises that an intent is durable before its request leaves and a fact before the
//! next step of that call, that no task is left behind, and that every call handed in ends in
//! exactly one event. Speaks only in events; knows nothing of files, formats or screens.

mod call;
mod case;
mod failure_budget;
mod job;
mod known_uids;
mod new_ledger;
mod not_sent;
mod read_back;
mod schedule;
mod schedule_clock;
mod scheduler;
mod sender;
mod stop;
mod transcode_queue;
mod upload;

pub use failure_budget::FailureBudget;
pub use schedule::{Bandwidth, Hours, OutsideWindow, Schedule, time_of_day};
pub use scheduler::run;
pub use sender::gate::RateLimits;
pub use stop::StopSignal;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use crate::api::{ApiVersion, AudioSettings, Client, ReadClient};
use crate::ledger::{Known, UidOwner, Writer};
use crate::pipeline::DecidedBatch;
use crate::plan::ExistingConversation;
use crate::recordings::Transcoder;

/// Decided batches, in the order of the export, until the road ends or breaks.
pub type Decisions<E> = mpsc::Receiver<Result<DecidedBatch, E>>;

/// How hard to try, and when to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryLimits {
    /// Further tries of a request after the first.
    pub retries: u32,
    /// The longest pause that the server may ask for.
    pub max_wait: Duration,
    /// Stop after failed calls that are too many.
    pub bearable: FailureBudget,
    /// Send at most so many calls.
    pub limit: Option<u64>,
    /// Stop after so long.
    pub max_duration: Option<Duration>,
    /// Somebody else's conversations.
    pub existing: ExistingConversation,
    /// The operator typed that, and does not have to be asked again.
    pub is_existing_typed: bool,
    /// How long a call may be held before a person must look.
    pub hold_for: Duration,
}

/// Where uploads in doubt are looked up.
#[derive(Debug)]
pub struct ReadBackOptions {
    /// The read API.
    pub client: ReadClient,
    /// How long after a lost answer it is believed that a recording is not there.
    pub settle: Duration,
}

/// Everything that a delivery needs.
#[derive(Debug)]
pub struct DeliveryOptions {
    /// The destination.
    pub client: Client,
    /// The shape of its conversation endpoint.
    pub version: ApiVersion,
    /// How recordings are to be understood.
    pub settings: AudioSettings,
    /// Where recordings are put together or converted, if any may have to be.
    pub workshop: Option<Arc<Transcoder>>,
    /// Where uploads in doubt are looked up.
    pub read_back: Option<ReadBackOptions>,
    /// The ledger.
    pub writer: Writer,
    /// What it knew of the destination when it was opened.
    pub known: Known,
    /// The uids that it learned last.
    pub uids: Vec<UidOwner>,
    /// How fast.
    pub pace: RateLimits,
    /// When, until when, and at how many bytes a second.
    pub calendar: Schedule,
    /// How hard.
    pub effort: RetryLimits,
}
