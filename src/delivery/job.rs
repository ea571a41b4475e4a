//! What a task of the delivery carries out: a job of its target, with the rows whose end it tells.

use std::sync::Arc;

use super::deliver::Deliver;
use super::job_end::{CarriedOut, JobEnd};
use crate::domain::Problem;
use crate::events::FurtherRow;
use crate::source::Batch;

/// A row whose end a job tells.
pub(crate) struct JobRow {
    /// Its place in the batch.
    pub(crate) index: usize,
    /// What is wrong with it.
    pub(crate) problems: Vec<Problem>,
    /// The further rows for which it speaks.
    pub(crate) further: Vec<FurtherRow>,
}

/// A job with the rows whose end it tells.
pub(crate) struct Job<J> {
    pub(crate) batch: Arc<Batch>,
    pub(crate) rows: Vec<JobRow>,
    /// What its target needs to send it.
    pub(crate) payload: Box<J>,
}

/// A job that has come back.
pub(crate) enum FinishedJob<J> {
    /// With how each of its rows ended.
    Ended {
        batch: Arc<Batch>,
        rows: Vec<(JobRow, JobEnd)>,
        /// What was not to be under way twice.
        exclusive: Option<u64>,
        /// The id of the call or the case.
        id: Box<str>,
    },
    /// With nothing done: the destination has it already, and the new ledger may be the wrong one.
    Conflict(Job<J>),
}

/// Carries out a job to its end.
pub(crate) async fn carry_out<D: Deliver>(
    delivery: Arc<D>,
    mut job: Job<D::Job>,
) -> FinishedJob<D::Job> {
    match delivery.deliver(&mut job.payload).await {
        CarriedOut::Ended(ends) => FinishedJob::Ended {
            exclusive: D::exclusive(&job.payload),
            id: D::id(&job.payload).into(),
            batch: job.batch,
            rows: job.rows.into_iter().zip(ends).collect(),
        },
        CarriedOut::Conflict => FinishedJob::Conflict(job),
    }
}
