//! What a task of the delivery carries out: a call or a case, with the rows whose end it tells.

use std::sync::Arc;

use jiff::Timestamp;

use super::job_delivery::JobDelivery;
use super::job_end::{CarriedOut, JobEnd};
use crate::domain::Problem;
use crate::events::FurtherRow;
use crate::ledger::{CallFact, CallState, apply_fact};
use crate::pipeline::{CallJob, CaseJob};
use crate::plan::Step;
use crate::source::Batch;

/// What a task carries out.
#[derive(Debug)]
pub enum Cargo {
    /// A call.
    Call(Box<CallJob>),
    /// A case.
    Case(Box<CaseJob>),
}

impl From<Box<CallJob>> for Cargo {
    fn from(job: Box<CallJob>) -> Cargo {
        Cargo::Call(job)
    }
}

impl From<Box<CaseJob>> for Cargo {
    fn from(job: Box<CaseJob>) -> Cargo {
        Cargo::Case(job)
    }
}

/// A row whose end a job tells.
pub(super) struct JobRow {
    /// Its place in the batch.
    pub(super) index: usize,
    /// What is wrong with it.
    pub(super) problems: Vec<Problem>,
    /// The further rows for which it speaks.
    pub(super) further: Vec<FurtherRow>,
}

/// A call or a case with the rows whose end it tells.
pub(super) struct Job {
    pub(super) batch: Arc<Batch>,
    pub(super) rows: Vec<JobRow>,
    pub(super) cargo: Cargo,
}

impl Job {
    /// What must not be under way twice: messages of a case go out in order.
    pub(super) fn case(&self) -> Option<u64> {
        match &self.cargo {
            Cargo::Call(_) => None,
            Cargo::Case(job) => Some(job.case.identity_hash()),
        }
    }

    /// Whether it is a call of which an earlier create may have got through.
    pub(super) fn was_tried(&self) -> bool {
        match &self.cargo {
            Cargo::Call(job) => matches!(
                job.step,
                Step::Create {
                    was_tried: true,
                    ..
                }
            ),
            Cargo::Case(_) => false,
        }
    }

    /// A create of this call may have got through, as the ledger has it by now.
    fn remember_attempt(&mut self) {
        let Cargo::Call(job) = &mut self.cargo else {
            return;
        };
        if let Step::Create { was_tried, .. } = &mut job.step {
            *was_tried = true;
        }
        let intended = CallFact::CreateIntended {
            fingerprint: job.fingerprint,
            party: job.call.party(),
        };
        let now = Timestamp::now();
        let standing = &mut job.standing;
        let known = standing.get_or_insert_with(|| CallState::new(now));
        apply_fact(known, intended, now);
    }

    /// The id of the call or the case.
    pub(super) fn id(&self) -> Box<str> {
        match &self.cargo {
            Cargo::Call(job) => job.call.identity().into(),
            Cargo::Case(job) => job.case.uid.as_str().into(),
        }
    }
}

/// A call or a case that has come back.
pub(super) enum FinishedJob {
    /// With how each of its rows ended.
    Ended {
        batch: Arc<Batch>,
        rows: Vec<(JobRow, JobEnd)>,
        case: Option<u64>,
        /// The id of the call or the case.
        id: Box<str>,
    },
    /// With nothing done: the destination has it already, and the new ledger may be the wrong one.
    Conflict(Job),
}

/// Carries out a job to its end.
pub(super) async fn carry_out(delivery: Arc<JobDelivery>, mut job: Job) -> FinishedJob {
    let carried = match &job.cargo {
        Cargo::Call(job) => match delivery.calls.deliver(job).await {
            CarriedOut::Ended(ending) => CarriedOut::Ended(vec![ending]),
            CarriedOut::Conflict { was_tried } => CarriedOut::Conflict { was_tried },
        },
        Cargo::Case(job) => delivery.cases.deliver(job).await,
    };
    match carried {
        CarriedOut::Ended(endings) => FinishedJob::Ended {
            case: job.case(),
            id: job.id(),
            batch: job.batch,
            rows: job.rows.into_iter().zip(endings).collect(),
        },
        CarriedOut::Conflict { was_tried } => {
            if was_tried {
                job.remember_attempt();
            }
            FinishedJob::Conflict(job)
        }
    }
}
