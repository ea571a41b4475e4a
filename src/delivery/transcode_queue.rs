//! Recordings that must be made before they can be sent: put together, or converted.
//!
//! This happens before anything of the call leaves, so that a recording that cannot be made leaves
//! no conversation without one. Work runs on blocking threads, as many at once as there are cores;
//! what was made lies on the disk until its call has ended, so the calls that have come so far are
//! bounded too. Nobody waits here with a permit of the gate in hand.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use super::call::{Courier, Ending};
use crate::domain::Code;
use crate::ledger::{Fact, Stage};
use crate::pipeline::{Outcome, Parcel, Shipment};
use crate::plan::Step;
use crate::recordings::{Change, Made, Order, Recall, Sendable, WorkError, Workshop};

/// The workshop, and how much of it calls may use.
#[derive(Debug)]
pub(super) struct Bench {
    workshop: Arc<Workshop>,
    /// Works at once.
    turns: Semaphore,
    /// Calls whose recording has been made, and those that wait for a turn with it.
    room: Semaphore,
}

/// A recording that was made for a call.
#[derive(Debug)]
pub(super) struct Prepared<'b> {
    pub(super) parcel: Parcel,
    _room: SemaphorePermit<'b>,
}

/// Why there is none.
pub(super) enum Unprepared {
    /// The run stops.
    Stopped,
    /// What it is to be made of is not what was found; the call waits.
    Changed(Change),
    /// It cannot be made.
    Failed(WorkError),
}

impl Bench {
    /// Room for so many calls at once.
    pub(super) fn new(workshop: Arc<Workshop>, calls: usize) -> Bench {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        Bench {
            workshop,
            turns: Semaphore::new(cores),
            room: Semaphore::new(calls.max(1)),
        }
    }
}

impl Courier {
    /// Makes the recording of a call, where something must be made of it. A run that stops does not
    /// wait for it: nothing of the call has left.
    pub(super) async fn prepare_recording(
        &self,
        shipment: &Shipment,
    ) -> Result<Option<Prepared<'_>>, Unprepared> {
        let parcel = shipment.parcel.as_ref();
        let Some((parcel, order)) = parcel.and_then(|one| Some((one, one.order.clone()?))) else {
            return Ok(None);
        };
        let Some(bench) = &self.bench else {
            return Err(Unprepared::Failed(WorkError::NoFfmpeg));
        };
        let (Ok(room), Ok(_turn)) = (tokio::select! {
            biased;
            () = self.stop.raised() => return Err(Unprepared::Stopped),
            leave = async { (bench.room.acquire().await, bench.turns.acquire().await) } => leave,
        }) else {
            // Nobody closes them while there are calls.
            return Err(Unprepared::Stopped);
        };
        let made = self.make(bench, order).await?;
        let parcel = Parcel {
            bytes: made.bytes,
            sound: Sendable::Made(Arc::new(made)),
            order: None,
            ..parcel.clone()
        };
        Ok(Some(Prepared {
            parcel,
            _room: room,
        }))
    }

    /// Waits for the work; when the run stops it is recalled, and waited for all the same, so that
    /// nothing of it is left.
    async fn make(&self, bench: &Bench, order: Order) -> Result<Made, Unprepared> {
        let recall = Arc::new(Recall::default());
        let (workshop, wanted) = (Arc::clone(&bench.workshop), Arc::clone(&recall));
        let mut work = tokio::task::spawn_blocking(move || workshop.make(&order, &wanted));
        let made = tokio::select! {
            made = &mut work => made,
            () = self.stop.raised() => {
                recall.call();
                work.await
            }
        };
        match made {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(WorkError::Recalled)) => Err(Unprepared::Stopped),
            Ok(Err(WorkError::Changed(change))) => Err(Unprepared::Changed(change)),
            Ok(Err(error)) => Err(Unprepared::Failed(error)),
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        }
    }

    /// Tells that a recording could not be made. The next run tries again: somebody may have
    /// installed what was lacking, or mended the file.
    pub(super) async fn unprepared(&self, shipment: &Shipment, error: &WorkError) -> Ending {
        let why = error.to_string();
        let fact = Fact::Failed {
            fingerprint: shipment.fingerprint,
            stage: match shipment.step {
                Step::Create { .. } => Stage::Create,
                _ => Stage::Upload,
            },
            status: None,
            why: why.clone(),
        };
        // A ledger that is lost stops the run by itself; this call failed either way.
        let _ = self.write(shipment, vec![fact]).await;
        Ending {
            problem: Some((Code::RecordingNotMade, why)),
            ..Ending::plain(Outcome::Failed, "")
        }
    }
}
