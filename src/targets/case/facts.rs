//! What the ledger is told of a case that is sent.

use std::sync::Arc;

use crate::delivery::sender::intent::{Facts, Intent};
use crate::ledger::{CaseFact, LedgerEntry};
use crate::targets::case::job::CaseJob;

/// These facts about the case.
pub(in crate::targets) fn entries(job: &CaseJob, facts: Vec<CaseFact>) -> Facts {
    let identity: Arc<str> = job.case.uid.as_str().into();
    let entry = |fact| LedgerEntry::new(Arc::clone(&identity), fact);
    facts.into_iter().map(entry).collect()
}

/// The intent of a request about the case that carries these messages.
pub(in crate::targets) fn intent(
    job: &CaseJob,
    facts: Vec<CaseFact>,
    messages: &[usize],
) -> Intent {
    Intent {
        facts: Some(entries(job, facts)),
        unsent: Some(not_sent(job, messages)),
        completes: false,
    }
}

/// What the ledger is told when nothing can have come of a request that was to carry these messages.
fn not_sent(job: &CaseJob, messages: &[usize]) -> Facts {
    let messages = messages.iter().filter(|index| !job.doubtful[**index]);
    let fact = CaseFact::NotSent {
        was_in_doubt: job.earlier.is_in_doubt,
        never_sent: messages
            .map(|index| job.message_hashes[*index].hash)
            .collect(),
    };
    entries(job, vec![fact])
}
