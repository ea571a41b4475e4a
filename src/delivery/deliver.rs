//! What the scheduler asks of a target to send its jobs.

use std::sync::Arc;

use super::job_end::CarriedOut;
use super::new_ledger::NewLedger;
use super::options::RetryLimits;
use super::sender::Sender;
use super::sender::gate::{Gate, RateLimits};
use crate::api::Throttle;
use crate::ledger::Proof;

/// The story of one target's jobs: which requests they take, and what follows from each answer. How often
/// a request is tried, and when, is the sender's.
pub(crate) trait Deliver: Sized + Send + Sync + 'static {
    /// All that it takes to send one of it.
    type Job: Send + 'static;
    /// What the target needs beside the sender.
    type Options;

    /// How several of it are called.
    const NOUN: &'static str;
    /// Whether what the destination has already may be taken over.
    const MAY_ADOPT: bool;

    /// Made once for all tasks of a delivery.
    fn new(options: Self::Options, shared: SharedDelivery) -> Self;

    /// By what people know it.
    fn id(job: &Self::Job) -> &str;

    /// What must not be under way twice.
    fn exclusive(job: &Self::Job) -> Option<u64>;

    /// Whether an earlier request of ours may have made what the destination has.
    fn was_tried(job: &Self::Job) -> bool;

    /// Carries out a job to its end, and says how each of its rows ended. What comes back undone may have
    /// changed by what was learned.
    fn deliver(&self, job: &mut Self::Job) -> impl Future<Output = CarriedOut> + Send;

    /// Whether the ledger may be the wrong one.
    fn new_ledger(&self) -> &NewLedger;

    /// What the ledger is told of itself, for its calls and for its cases.
    fn proofs(&self, proof: Proof) -> (Proof, Proof);

    /// The `api-version` that the read API has answered, if it was asked.
    fn read_version(&self) -> Option<&str> {
        None
    }

    /// Where requests wait for their leave beside the sender's gate.
    fn gates(&self) -> Vec<&Gate> {
        Vec::new()
    }
}

/// What tasks share, whatever they send.
pub(crate) struct SharedDelivery {
    pub(crate) sender: Arc<Sender>,
    pub(crate) pace: RateLimits,
    pub(crate) limits: RetryLimits,
    pub(crate) hooks: UploadHooks,
}

impl SharedDelivery {
    /// Whether the operator may still have to say what to do with what is there.
    pub(crate) fn may_doubt(&self) -> bool {
        !self.limits.is_existing_typed
    }
}

/// What happens while the bytes of recordings leave.
pub(crate) struct UploadHooks {
    /// Waits for the bandwidth limit, if there is one.
    pub(crate) throttle: Option<Throttle>,
    /// Counts them.
    pub(crate) on_bytes: Arc<dyn Fn(u64) + Send + Sync>,
}
