//! What a delivery needs: the destination, the ledger, and how fast and how hard to try.

use std::sync::Arc;
use std::time::Duration;

use super::failure_budget::FailureBudget;
use super::schedule::Schedule;
use super::sender::gate::RateLimits;
use crate::api::{ApiVersion, AudioSettings, Client, ReadClient};
use crate::ledger::{KnownAtDestination, LedgerWriter, UidOwner};
use crate::plan::ExistingConversation;
use crate::recordings::Transcoder;

/// How hard to try, and when to stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RetryLimits {
    /// Further attempts of a request after the first.
    pub retries: u32,
    /// The longest pause that the server may ask for.
    pub max_wait: Duration,
    /// Stop after failed calls that are too many.
    pub failure_budget: FailureBudget,
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
    pub transcoder: Option<Arc<Transcoder>>,
    /// Where uploads in doubt are looked up.
    pub read_back: Option<ReadBackOptions>,
    /// The ledger.
    pub writer: LedgerWriter,
    /// What it knew of the destination when it was opened.
    pub known: KnownAtDestination,
    /// The uids that it learned last.
    pub uids: Vec<UidOwner>,
    /// How fast.
    pub pace: RateLimits,
    /// When, until when, and at how many bytes a second.
    pub schedule: Schedule,
    /// How hard.
    pub limits: RetryLimits,
}
