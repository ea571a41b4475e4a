//! Jobs that the destination has already, while the new ledger may be the wrong one: nothing was done for
//! them, and they wait until it is known whose the calls and cases are.

use super::job::{Cargo, Job};
use super::new_ledger::{NewLedger, WaitingCalls};

/// The jobs that wait.
#[derive(Default)]
pub(super) struct ConflictingJobs(Vec<Job>);

impl ConflictingJobs {
    /// Keeps one more.
    pub(super) fn push(&mut self, job: Job) {
        self.0.push(job);
    }

    /// Whether none waits.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes all of them out.
    pub(super) fn take_all(&mut self) -> Vec<Job> {
        std::mem::take(&mut self.0)
    }

    /// Takes those out that are explained by what is known of the ledger by now.
    pub(super) fn take_explained(&mut self, calls: &NewLedger, cases: &NewLedger) -> Vec<Job> {
        let is_explained = |job: &mut Job| match job.cargo {
            Cargo::Call(_) if job.was_tried() => calls.believes_in_tries(),
            Cargo::Call(_) => !calls.is_doubtful(),
            Cargo::Case(_) => !cases.is_doubtful(),
        };
        self.0.extract_if(.., is_explained).collect()
    }

    /// Whether so many wait that the ledger is another's, whatever else comes.
    pub(super) fn are_too_many(&self) -> bool {
        NewLedger::is_too_much(self.waiting())
    }

    /// Whether so few wait at the end of the export that they are somebody else's.
    pub(super) fn are_bearable(&self, calls: &NewLedger) -> bool {
        let is_call = |job: &Job| matches!(job.cargo, Cargo::Call(_));
        self.0.iter().all(is_call) && calls.bears(self.waiting())
    }

    /// Notes that the ledger may be the wrong one; the words about it.
    pub(super) fn doubt(&self, calls: &NewLedger, cases: &NewLedger) -> String {
        let number = self.0.len();
        let (of, ledger) = match self.0.first().map(|job| &job.cargo) {
            Some(Cargo::Case(_)) => ("tickets", cases),
            _ => ("calls", calls),
        };
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
        let tried = self.0.iter().filter(|job| job.was_tried());
        WaitingCalls {
            all: self.0.len(),
            tried: tried.count(),
        }
    }
}
