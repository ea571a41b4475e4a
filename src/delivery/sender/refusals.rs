//! Whom a 401 or 403 is about. A token that is wrong refuses everything, and a firewall that dislikes one
//! text refuses that text alone; the answer does not tell which. So a refusal is held against nobody until
//! a later request of its kind has worked, or too many in a row have not. Counts only: what is concluded is
//! the sender's and the scheduler's.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::request_kind::RequestKind;

/// So many refusals in a row, of one kind of request and without a success between, are the token's unless
/// something proves that it works. Two rows behind each other may both hold what a firewall dislikes.
const TOO_MANY: u32 = 3;

/// The refusals of a run.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// Requests that have left.
    departed: AtomicU64,
    kinds: Mutex<[RefusalKind; 3]>,
}

/// What is known of one kind of request.
#[derive(Debug, Default, Clone, Copy)]
struct RefusalKind {
    /// The number of the last request that left and worked.
    last_success: Option<u64>,
    /// Refusals since.
    refused: u32,
}

/// A refusal that is held against nobody yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refusal {
    kind: RequestKind,
    /// Requests that had left when it came.
    at: u64,
}

impl Refusal {
    /// Which request it was an answer to.
    pub(crate) fn kind(self) -> RequestKind {
        self.kind
    }
}

impl Refusals {
    /// Counts a request that leaves now; its number.
    pub(crate) fn depart(&self) -> u64 {
        self.departed.fetch_add(1, Ordering::Relaxed)
    }

    /// Request `number` worked.
    pub(crate) fn worked(&self, kind: RequestKind, number: u64) {
        let mut kinds = self.kinds();
        let known = &mut kinds[place(kind)];
        known.last_success = known.last_success.max(Some(number));
        known.refused = 0;
    }

    /// A request was refused; whether that is one too many.
    pub(crate) fn refused(&self, kind: RequestKind) -> (Refusal, bool) {
        let at = self.departed.load(Ordering::Relaxed);
        let mut kinds = self.kinds();
        let known = &mut kinds[place(kind)];
        known.refused = known.refused.saturating_add(1);
        (Refusal { kind, at }, known.refused >= TOO_MANY)
    }

    /// Whether any request of the kind has worked in this run.
    pub(crate) fn has_worked(&self, kind: RequestKind) -> bool {
        self.kinds()[place(kind)].last_success.is_some()
    }

    /// The token was proved to work: what was refused until now is held against its own row.
    pub(crate) fn clear_token(&self, kind: RequestKind) {
        let number = self.depart();
        self.worked(kind, number);
    }

    /// Whether a request of the kind that left later has worked, so that the token is not to blame.
    pub(crate) fn is_of_its_row(&self, refusal: Refusal) -> bool {
        let last = self.kinds()[place(refusal.kind)].last_success;
        last.is_some_and(|last| last >= refusal.at)
    }

    fn kinds(&self) -> MutexGuard<'_, [RefusalKind; 3]> {
        self.kinds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Cases are one kind, however they are sent.
fn place(kind: RequestKind) -> usize {
    match kind {
        RequestKind::Create => 0,
        RequestKind::Upload => 1,
        RequestKind::Case | RequestKind::Change => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_its_rows_once_a_later_request_of_its_kind_has_worked() {
        let refusals = Refusals::default();
        let (before, refused) = (refusals.depart(), refusals.depart());
        let (refusal, _) = refusals.refused(RequestKind::Create);
        assert!(!refusals.is_of_its_row(refusal));
        // It left before the refusal was heard, and so may the end of the token have come between.
        refusals.worked(RequestKind::Create, before);
        assert!(!refusals.is_of_its_row(refusal));
        let later = refusals.depart();
        refusals.worked(RequestKind::Upload, later);
        assert!(!refusals.is_of_its_row(refusal));
        refusals.worked(RequestKind::Create, later);
        assert!(refusals.is_of_its_row(refusal) && later > refused);
    }

    #[test]
    fn three_in_a_row_of_one_kind_are_too_many() {
        let refusals = Refusals::default();
        let is_too_many = |kind| refusals.refused(kind).1;
        assert!(!is_too_many(RequestKind::Case) && !is_too_many(RequestKind::Create));
        assert!(!is_too_many(RequestKind::Change) && is_too_many(RequestKind::Case));
        assert!(!refusals.has_worked(RequestKind::Case));
        refusals.clear_token(RequestKind::Change);
        assert!(refusals.has_worked(RequestKind::Case));
        assert!(!refusals.refused(RequestKind::Case).1);
        assert!(!refusals.has_worked(RequestKind::Create));
    }
}
