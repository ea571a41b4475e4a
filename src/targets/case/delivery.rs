//! Cases, as the scheduler delivers them.

use super::deliver::CaseDelivery;
use super::job::CaseJob;
use crate::delivery::deliver::{Deliver, SharedDelivery};
use crate::delivery::job_end::CarriedOut;
use crate::delivery::new_ledger::NewLedger;
use crate::ledger::{KnownOf, Proof};

/// What the delivery of cases needs.
#[derive(Debug)]
pub struct CaseDeliveryOptions {
    /// What the ledger knew of the destination's cases when it was opened.
    pub known: KnownOf,
}

impl Deliver for CaseDelivery {
    type Job = CaseJob;
    type Options = CaseDeliveryOptions;

    const NOUN: &'static str = "tickets";
    // A message that is sent once more stands in the case twice.
    const MAY_ADOPT: bool = false;

    fn new(options: CaseDeliveryOptions, shared: SharedDelivery) -> Self {
        let may_doubt = shared.may_doubt();
        CaseDelivery {
            sender: shared.sender,
            new_ledger: NewLedger::new(options.known, may_doubt),
        }
    }

    fn id(job: &CaseJob) -> &str {
        &job.case.uid
    }

    /// Messages of a case go out in order.
    fn exclusive(job: &CaseJob) -> Option<u64> {
        Some(job.case.identity_hash())
    }

    fn was_tried(_job: &CaseJob) -> bool {
        false
    }

    async fn deliver(&self, job: &mut CaseJob) -> CarriedOut {
        self.carry_out(job).await
    }

    fn new_ledger(&self) -> &NewLedger {
        &self.new_ledger
    }

    fn proofs(&self, proof: Proof) -> (Proof, Proof) {
        (Proof::Missing, proof)
    }
}
