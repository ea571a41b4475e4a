//! Whether a new ledger is the right one. A destination that has many of the calls already was filled by
//! a run with another ledger, and to take its conversations over would send every recording a second
//! time. What is there already therefore waits until it is known how much that is. One call that is new
//! to the destination says nothing: the calls of tonight are new also to a destination of which the
//! ledger is lost, and their file may be the first. Of tickets each is asked for, since the destination takes a
//! message twice without a word: one that it does not have says nothing of the next.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use hashbrown::HashSet;

use crate::ledger::{KnownOf, Proof};

/// So many that are there already are not a few of somebody else, whatever else is new: the run stops
/// at once, and no more than these are kept waiting.
const TOO_MANY: usize = 20;
/// Fewer of them can be a coincidence.
const A_FEW: usize = 3;
/// One in so many may be there already at the end of the export. Exports that overlap, as those of a
/// night do, have more.
const BEARABLE: u64 = 4;

/// What a new ledger may be taken for, of calls or of cases.
#[derive(Debug)]
pub(crate) struct NewLedger {
    is_doubtful: AtomicBool,
    known: KnownOf,
    /// Whether the operator may still have to say what to do with what is there.
    may_doubt: bool,
    /// Whether a call or a case was carried out in this run.
    is_used: AtomicBool,
    /// Whether this run stops because the ledger may be the wrong one.
    is_wrong: AtomicBool,
    /// How many creates of this run were new to the destination.
    made: AtomicU64,
    /// Cases of which the destination has said in this run that it does not have them, in hashes: what is
    /// there of them since is of this run.
    news: Mutex<HashSet<u64>>,
}

/// How many calls wait because the destination has them already.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WaitingCalls {
    /// All of them.
    pub(crate) all: usize,
    /// Those of which a request of ours may have got through unheard.
    pub(crate) tried: usize,
}

impl NewLedger {
    /// Doubtful until a run has shown that the ledger is the right one, if it `may_doubt`: the operator did
    /// not say what to do with what is there.
    pub(crate) fn new(known: KnownOf, may_doubt: bool) -> Self {
        NewLedger {
            is_doubtful: AtomicBool::new(may_doubt && known != KnownOf::Some),
            known,
            may_doubt,
            is_used: AtomicBool::new(false),
            is_wrong: AtomicBool::new(false),
            made: AtomicU64::new(0),
            news: Mutex::default(),
        }
    }

    /// Whether nothing has yet shown that the ledger and the destination belong together.
    pub(crate) fn is_doubtful(&self) -> bool {
        self.is_doubtful.load(Ordering::Relaxed)
    }

    /// The ledger and the destination belong together.
    pub(crate) fn confirm(&self) {
        self.is_doubtful.store(false, Ordering::Relaxed);
    }

    /// A call or a case is carried out.
    pub(crate) fn mark_used(&self) {
        self.is_used.store(true, Ordering::Relaxed);
    }

    /// The ledger may be the wrong one, and the run stops for it.
    pub(crate) fn mark_wrong(&self) {
        self.is_wrong.store(true, Ordering::Relaxed);
    }

    /// What this run shows of the ledger, `at_end` of its export without a stop. A run that made nothing
    /// shows nothing: an export of what this ledger has sent itself reaches its end with any ledger.
    pub(crate) fn proof(&self, at_end: bool) -> Proof {
        if self.is_wrong.load(Ordering::Relaxed) {
            return Proof::Doubted;
        }
        let has_made = self.made() > 0 || (!self.is_doubtful() && self.made_before() > 0);
        let is_given = match self.may_doubt {
            _ if self.known == KnownOf::Some => false,
            true => at_end && has_made,
            // The operator said so.
            false => self.is_used.load(Ordering::Relaxed),
        };
        if is_given {
            Proof::Given
        } else {
            Proof::Missing
        }
    }

    /// How many creates of earlier runs were new to the destination, none of which has doubted the ledger.
    fn made_before(&self) -> u64 {
        match self.known {
            KnownOf::Unproved { made } => made,
            KnownOf::Nothing | KnownOf::Doubted | KnownOf::Some => 0,
        }
    }

    /// A create was new to the destination.
    pub(crate) fn count_made(&self) {
        self.made.fetch_add(1, Ordering::Relaxed);
    }

    /// The destination does not have this case.
    pub(crate) fn remember_new(&self, case: u64) {
        self.news().insert(case);
        self.count_made();
    }

    /// Whether the destination did not have this case when it was asked in this run.
    pub(crate) fn was_new(&self, case: u64) -> bool {
        self.news().contains(&case)
    }

    fn news(&self) -> MutexGuard<'_, HashSet<u64>> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How many creates of this run were new to the destination.
    pub(crate) fn made(&self) -> u64 {
        self.made.load(Ordering::Relaxed)
    }

    /// Whether what is there may be what a try of ours made whose answer was lost. While no create with
    /// this ledger was ever heard of, a lost answer proves nothing.
    pub(crate) fn trusts_attempts(&self) -> bool {
        !self.is_doubtful() || self.known != KnownOf::Nothing || self.made() > 0
    }

    /// Whether so few of the creates were there already, at the end of the export, that they are
    /// somebody else's, or ours if all of them were tried: a run that was killed leaves as many as were
    /// under way.
    pub(crate) fn bears(&self, waiting: WaitingCalls) -> bool {
        let (made, all) = (self.made() + self.made_before(), waiting.all as u64);
        let is_few = waiting.all < A_FEW || all * BEARABLE <= made + all;
        waiting.tried == waiting.all || (made > 0 && is_few)
    }

    /// Whether so many are there already that no end of the export has to be waited for.
    pub(crate) fn is_too_much(waiting: WaitingCalls) -> bool {
        waiting.all - waiting.tried >= TOO_MANY
    }
}

#[cfg(test)]
mod tests {
    use super::{NewLedger, WaitingCalls};
    use crate::ledger::{KnownOf, Proof};

    fn ledger(known: KnownOf) -> NewLedger {
        NewLedger::new(known, true)
    }

    fn bears(made: u64, all: usize, tried: usize) -> bool {
        let ledger = ledger(KnownOf::Nothing);
        (0..made).for_each(|_| ledger.count_made());
        ledger.bears(WaitingCalls { all, tried })
    }

    #[test]
    fn a_few_among_many_new_ones_are_somebody_elses() {
        assert!(bears(15, 5, 0) && bears(2, 1, 0) && bears(1, 2, 0));
        assert!(!bears(15, 6, 0) && !bears(5, 3, 0), "a night's overlap");
    }

    #[test]
    fn what_is_there_without_anything_new_is_another_ledgers() {
        assert!(!bears(0, 1, 0) && !bears(0, 2, 1));
    }

    #[test]
    fn lost_answers_explain_themselves_and_nothing_else() {
        assert!(bears(0, 1, 1) && bears(0, 30, 30));
        assert!(!bears(0, 30, 29));
        let is_too_much = |all, tried| NewLedger::is_too_much(WaitingCalls { all, tried });
        assert!(is_too_much(20, 0) && is_too_much(30, 10));
        assert!(!is_too_much(30, 30) && !is_too_much(19, 0));
    }

    #[test]
    fn a_try_is_believed_once_a_create_was_heard() {
        let new = ledger(KnownOf::Nothing);
        assert!(!new.trusts_attempts());
        new.count_made();
        assert!(new.trusts_attempts() && new.is_doubtful());
        let doubted = ledger(KnownOf::Doubted);
        assert!(doubted.trusts_attempts() && doubted.is_doubtful());
        assert!(!ledger(KnownOf::Some).is_doubtful());
    }

    #[test]
    fn only_a_run_that_made_something_and_reached_the_end_is_a_proof() {
        for known in [
            KnownOf::Nothing,
            KnownOf::Unproved { made: 1 },
            KnownOf::Doubted,
        ] {
            let ledger = ledger(known);
            ledger.mark_used();
            assert!(ledger.is_doubtful());
            assert_eq!(
                ledger.proof(true),
                Proof::Missing,
                "{known:?}: made nothing"
            );
            ledger.count_made();
            let proofs = [false, true].map(|at_end| ledger.proof(at_end));
            assert_eq!(proofs, [Proof::Missing, Proof::Given], "{known:?}");
        }
    }

    #[test]
    fn the_word_of_the_operator_is_a_proof_once_something_was_sent() {
        let ledger = NewLedger::new(KnownOf::Nothing, false);
        assert_eq!(ledger.proof(true), Proof::Missing);
        ledger.mark_used();
        assert_eq!(ledger.proof(false), Proof::Given);
    }

    #[test]
    fn what_stopped_runs_have_made_counts_until_one_has_doubted() {
        let borne = |known| {
            let ledger = ledger(known);
            ledger.bears(WaitingCalls { all: 5, tried: 0 })
        };
        assert!(borne(KnownOf::Unproved { made: 15 }));
        assert!(!borne(KnownOf::Unproved { made: 14 }) && !borne(KnownOf::Doubted));
    }
}
