//! Recordings that must be made before they can be sent: put together, or converted.
//!
//! This happens before anything of the call leaves, so that a recording that cannot be made leaves
//! no conversation without one. Work runs on blocking threads, as many at once as there are cores;
//! what was made lies on the disk until its call has ended, so the calls that have come so far are
//! bounded too. Nobody waits here with a permit of the gate in hand.

use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};

use crate::events::StopSignal;
use crate::recordings::{
    CancelFlag, FileChange, Sendable, TranscodeFailure, TranscodeJob, Transcoded, Transcoder,
};
use crate::targets::call::job::RecordingUpload;

/// The transcoder, and how much of it calls may use.
#[derive(Debug)]
pub(in crate::targets) struct TranscodeQueue {
    transcoder: Arc<Transcoder>,
    /// Works at once.
    turns: Semaphore,
    /// Calls whose recording has been made, and those that wait for a turn with it.
    room: Semaphore,
}

/// A recording that was made for a call.
#[derive(Debug)]
pub(in crate::targets) struct Prepared<'b> {
    pub(in crate::targets) recording: RecordingUpload,
    _room: SemaphorePermit<'b>,
}

/// Why there is none.
pub(in crate::targets) enum TranscodeError {
    /// The run stops.
    Stopped,
    /// What it is to be made of is not what was found; the call waits.
    Changed(FileChange),
    /// It cannot be made.
    Failed(TranscodeFailure),
}

impl TranscodeQueue {
    /// Room for so many calls at once.
    pub(in crate::targets) fn new(transcoder: Arc<Transcoder>, calls: usize) -> TranscodeQueue {
        let cores = std::thread::available_parallelism().map_or(2, usize::from);
        TranscodeQueue {
            transcoder,
            turns: Semaphore::new(cores),
            room: Semaphore::new(calls.max(1)),
        }
    }
    /// Makes the recording of a call. A run that stops does not wait for it: nothing of the call has left.
    pub(in crate::targets) async fn prepare(
        &self,
        recording: &RecordingUpload,
        job: TranscodeJob,
        stop: &StopSignal,
    ) -> Result<Prepared<'_>, TranscodeError> {
        let (Ok(room), Ok(_turn)) = (tokio::select! {
            biased;
            () = stop.raised() => return Err(TranscodeError::Stopped),
            leave = async { (self.room.acquire().await, self.turns.acquire().await) } => leave,
        }) else {
            // Nobody closes them while there are calls.
            return Err(TranscodeError::Stopped);
        };
        let made = self.make(job, stop).await?;
        let recording = RecordingUpload {
            bytes: made.bytes,
            found: Sendable::Made(Arc::new(made)),
            order: None,
            ..recording.clone()
        };
        Ok(Prepared {
            recording,
            _room: room,
        })
    }

    /// Waits for the work; when the run stops it is recalled, and waited for all the same, so that
    /// nothing of it is left.
    async fn make(
        &self,
        job: TranscodeJob,
        stop: &StopSignal,
    ) -> Result<Transcoded, TranscodeError> {
        let cancel = Arc::new(CancelFlag::default());
        let (transcoder, wanted) = (Arc::clone(&self.transcoder), Arc::clone(&cancel));
        let mut work = tokio::task::spawn_blocking(move || transcoder.make(&job, &wanted));
        let made = tokio::select! {
            made = &mut work => made,
            () = stop.raised() => {
                cancel.call();
                work.await
            }
        };
        match made {
            Ok(Ok(made)) => Ok(made),
            Ok(Err(TranscodeFailure::Recalled)) => Err(TranscodeError::Stopped),
            Ok(Err(TranscodeFailure::Changed(change))) => Err(TranscodeError::Changed(change)),
            Ok(Err(error)) => Err(TranscodeError::Failed(error)),
            Err(ended) => std::panic::resume_unwind(ended.into_panic()),
        }
    }
}
