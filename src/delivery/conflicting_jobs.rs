//! Jobs that the destination has already, while the new ledger may be the wrong one: nothing was done for
//! them, and they wait until it is known whose they are.

use super::deliver::Deliver;
use super::job::Job;
use super::new_ledger::{NewLedger, WaitingCalls};

/// The jobs that wait.
pub(crate) struct ConflictingJobs<D: Deliver>(Vec<Job<D::Job>>);

impl<D: Deliver> Default for ConflictingJobs<D> {
    fn default() -> Self {
        ConflictingJobs(Vec::new())
    }
}

impl<D: Deliver> ConflictingJobs<D> {
    /// Keeps one more.
    pub(crate) fn push(&mut self, job: Job<D::Job>) {
        self.0.push(job);
    }

    /// Whether none waits.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all of them out.
    pub(crate) fn take_all(&mut self) -> Vec<Job<D::Job>> {
        std::mem::take(&mut self.0)
    }

    /// Takes those out that are explained by what is known of the ledger by now.
    pub(crate) fn take_explained(&mut self, ledger: &NewLedger) -> Vec<Job<D::Job>> {
        let is_explained = |job: &mut Job<D::Job>| {
            if D::was_tried(&job.payload) {
                ledger.trusts_attempts()
            } else {
                !ledger.is_doubtful()
            }
        };
        self.0.extract_if(.., is_explained).collect()
    }

    /// Whether so many wait that the ledger is another's, whatever else comes.
    pub(crate) fn are_too_many(&self) -> bool {
        NewLedger::is_too_much(self.waiting())
    }

    /// Whether so few wait at the end of the export that they are somebody else's.
    pub(crate) fn are_bearable(&self, ledger: &NewLedger) -> bool {
        D::MAY_ADOPT && ledger.bears(self.waiting())
    }

    /// Notes that the ledger may be the wrong one; the words about it.
    pub(crate) fn doubt(&self, ledger: &NewLedger) -> String {
        let (number, of) = (self.0.len(), D::NOUN);
        ledger.mark_wrong();
        let which = match ledger.made() {
            0 => format!("the first {number} {of}"),
            made => format!("{number} of the first {} {of}", made + number as u64),
        };
        format!(
            "the destination already has {which}, and this ledger is new and knows none of them"
        )
    }

    fn waiting(&self) -> WaitingCalls {
        let tried = self.0.iter().filter(|job| D::was_tried(&job.payload));
        WaitingCalls {
            all: self.0.len(),
            tried: tried.count(),
        }
    }
}
