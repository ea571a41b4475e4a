//! Whether a new ledger is the right one. A destination that has all of the first calls already was
//! filled by a run with another ledger, and to take its conversations over would send every recording a
//! second time. So the first calls that are there already wait until one of this export is new to the
//! destination; when none is, the run stops and asks.

use std::sync::atomic::{AtomicBool, Ordering};

/// So many calls that are there already, with none that is new, are no coincidence.
pub(super) const TOO_MANY: usize = 20;

/// What a new ledger may be taken for, of calls or of cases.
#[derive(Debug)]
pub(super) struct NewLedger {
    is_doubtful: AtomicBool,
    /// One looks at a time, so that a destination that is new as well is asked once.
    pub(super) turn: tokio::sync::Mutex<()>,
}

impl NewLedger {
    /// `is_doubtful` of a ledger that knows nothing of the destination, unless the operator said what to do
    /// with what is there.
    pub(super) fn new(is_doubtful: bool) -> Self {
        NewLedger {
            is_doubtful: AtomicBool::new(is_doubtful),
            turn: tokio::sync::Mutex::default(),
        }
    }

    /// Whether nothing has yet shown that the ledger and the destination belong together.
    pub(super) fn is_doubtful(&self) -> bool {
        self.is_doubtful.load(Ordering::Relaxed)
    }

    /// Something of the export was new to the destination.
    pub(super) fn fits(&self) {
        self.is_doubtful.store(false, Ordering::Relaxed);
    }
}
