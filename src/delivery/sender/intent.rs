//! What the ledger is told about a request before it leaves, and how often the request was tried.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::gate::{Gate, Permit, RateLimits};
use crate::ledger::LedgerEntry;

/// Facts that the ledger takes at once.
pub(crate) type Facts = Vec<LedgerEntry>;

/// What the ledger is told before a request leaves, once the gate is open.
#[derive(Debug, Default)]
pub(crate) struct Intent {
    pub(crate) facts: Option<Facts>,
    /// What it is told when nothing can have come of the request.
    pub(crate) unsent: Option<Facts>,
    /// The request completes what this run has begun.
    pub(crate) completes: bool,
}

/// The attempts of one request.
#[derive(Debug)]
pub(super) struct Attempts {
    /// To be written before the next attempt leaves.
    pub(super) facts: Option<Facts>,
    /// To be written when the attempts end while nothing can have come of any.
    pub(super) unsent: Option<Facts>,
    pub(super) completes: bool,
    /// How many have left.
    pub(super) made: u32,
    /// By what the request is told from others, once it has left.
    number: Option<u64>,
}

impl Attempts {
    pub(super) fn new(intent: Intent) -> Self {
        Attempts {
            facts: intent.facts,
            unsent: intent.unsent,
            completes: intent.completes,
            made: 0,
            number: None,
        }
    }

    /// One more fact about its call to be written before the next attempt leaves.
    pub(super) fn add(&mut self, entry: Option<LedgerEntry>) {
        if let Some(entry) = entry {
            self.facts.get_or_insert_default().push(entry);
        }
    }

    /// An attempt with this number leaves. What would undo the intent, which means nothing from now on
    /// unless the answer says that nothing came of the attempt.
    pub(super) fn leave(&mut self, number: u64) -> Option<Facts> {
        self.number.get_or_insert(number);
        self.unsent.take()
    }

    /// Says on the permit whose it is, however often it is tried.
    pub(super) fn mark(&self, permit: Permit) -> Permit {
        match self.number {
            Some(number) => permit.of(number),
            None => permit,
        }
    }
}

/// Longer than most disks need to make a commit durable.
const COMMIT_SECONDS: f64 = 0.005;
/// For each request in flight so many wait for their turn with their intent written, where the pace allows:
/// one waits for the disk, one has been waited for, and one is next. With one slot for each, the line
/// stood still for a quarter of its time on a disk that takes 0.1 ms for a commit.
const AHEAD: usize = 3;

/// Slots for those that go next: whoever has one writes its intent while others are in flight, so that the
/// line does not wait for the disk. At a slow pace there are none; then the intent is written behind the
/// gate, and no call is in doubt that was never tried.
#[derive(Debug)]
pub(super) struct IntentSlots(Option<Arc<Semaphore>>);

impl IntentSlots {
    /// As many slots as requests leave in the time of a commit, and never more than [`AHEAD`] says.
    pub(super) fn new(pace: RateLimits) -> IntentSlots {
        let leaving = pace
            .rate
            .map_or(f64::INFINITY, |rate| rate * COMMIT_SECONDS);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "the cast saturates, and the width is the bound"
        )]
        let slots = (leaving as usize).min(pace.width.saturating_mul(AHEAD));
        IntentSlots((slots > 0).then(|| Arc::new(Semaphore::new(slots))))
    }

    /// Waits for a slot; none where there are none at this pace. Nobody gets one while the gate holds
    /// everybody back, or where an operator has made the pace slow.
    pub(super) async fn reserve(&self, gate: &Gate) -> Option<OwnedSemaphorePermit> {
        if gate.rate().is_some_and(|rate| rate * COMMIT_SECONDS < 1.0) {
            return None;
        }
        let slot = Arc::clone(self.0.as_ref()?).acquire_owned().await.ok();
        gate.opened().await;
        slot
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn nobody_gets_a_slot_while_a_pause_lasts() {
        let limits = RateLimits {
            rate: None,
            width: 2,
            patience: Duration::ZERO,
        };
        let (gate, slots) = (Gate::new(limits), IntentSlots::new(limits));
        let first = slots.reserve(&gate).await;
        assert!(first.is_some(), "at an unlimited pace there are slots");
        let mut others = Vec::new();
        for _ in 1..2 * AHEAD {
            others.push(slots.reserve(&gate).await);
        }
        let next = async {
            let slot = slots.reserve(&gate).await;
            (slot, Instant::now())
        };
        let start = Instant::now();
        let pause = async {
            tokio::task::yield_now().await;
            gate.pause(Duration::from_secs(60));
            drop(first);
        };
        let ((_slot, at), ()) = tokio::join!(next, pause);
        assert_eq!((at - start).as_secs(), 60);
    }

    #[test]
    fn slots_follow_the_pace_and_three_times_the_width_is_the_most() {
        let slots = |rate, width| {
            let slots = IntentSlots::new(RateLimits {
                rate,
                width,
                patience: Duration::ZERO,
            });
            slots.0.map_or(0, |slots| slots.available_permits())
        };
        assert_eq!([slots(Some(20.0), 8), slots(Some(199.0), 8)], [0, 0]);
        assert_eq!([slots(Some(200.0), 8), slots(Some(1000.0), 8)], [1, 5]);
        assert_eq!([slots(Some(1e9), 8), slots(None, 8)], [24, 24]);
    }
}
