//! What a delivery needs: the destination, the ledger, and how fast and how hard to try.

use std::sync::Arc;
use std::time::Duration;

use super::control::SendingControl;
use super::failure_budget::FailureBudget;
use super::schedule::Schedule;
use super::sender::gate::RateLimits;
use crate::api::Client;
use crate::domain::ExistingConversation;
use crate::ledger::LedgerWriter;

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

/// Everything that a delivery needs, whatever it delivers.
#[derive(Debug)]
pub struct DeliveryOptions {
    /// The destination.
    pub client: Client,
    /// The ledger.
    pub writer: LedgerWriter,
    /// How fast.
    pub pace: RateLimits,
    /// When, until when, and at how many bytes a second.
    pub schedule: Schedule,
    /// How hard.
    pub limits: RetryLimits,
    /// What the operator asks while it goes on.
    pub control: Arc<SendingControl>,
}
