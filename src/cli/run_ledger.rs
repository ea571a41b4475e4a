//! The ledger of a run, and what it knows when the run begins.

use std::path::Path;

use super::error::Error;
use crate::config::RunArgs;
use crate::ledger::{
    ContentKey, KnownAtDestination, Ledger, LedgerOpenError, ShardBinding, UidOwner,
};
use crate::pipeline::EarlierRuns;

/// Whether the ledger of this run forgets those before: that of a rehearsal does, unless it was typed.
pub(super) fn begins_anew(run: &RunArgs) -> bool {
    run.destination.sandbox && run.ledger.is_none()
}

/// What a ledger knows when a run begins.
pub(super) struct LedgerKnowledge {
    pub(super) earlier: EarlierRuns,
    pub(super) known: KnownAtDestination,
    /// The uids that it learned last.
    pub(super) uids: Vec<UidOwner>,
    /// Makes the hashes that it keeps of what is sent.
    pub(super) content_key: ContentKey,
}

impl LedgerKnowledge {
    /// The ledger tidies up when the last that looks at it has gone, so nobody does for longer.
    pub(super) fn of(ledger: &Ledger) -> Result<LedgerKnowledge, Error> {
        let reader = ledger.reader()?;
        Ok(LedgerKnowledge {
            earlier: EarlierRuns {
                path: ledger.path().to_owned(),
                done: reader.load_done()?,
                sent: reader.sent_until()?,
            },
            known: reader.known()?,
            uids: reader.recent_uids()?,
            content_key: reader.content_key()?,
        })
    }
}

/// The ledger of a run. The server inside a rehearsal begins from nothing, and so must its ledger.
pub(super) fn open_ledger(
    path: &Path,
    destination: &str,
    part: Option<&ShardBinding>,
    is_rehearsal: bool,
) -> Result<Ledger, LedgerOpenError> {
    let ledger = if is_rehearsal {
        Ledger::open_part_anew(path, destination, part)?
    } else {
        Ledger::open_part(path, destination, part)?
    };
    warn_of_a_share(&ledger);
    Ok(ledger)
}

/// A share works most of the time, which is how it takes people in.
fn warn_of_a_share(ledger: &Ledger) {
    if ledger.is_remote() {
        tracing::warn!(
            ledger = %ledger.path().display(),
            "the ledger is on a network share, where locks and durable writes are unreliable: use a local disk"
        );
    }
}
