//! Opens again what a comparison has found missing, so that the next run sends it.

use rusqlite::{Connection, Result};

use super::rows;
use super::sighting::Observation;
use crate::ledger::call::rows as call_rows;
use crate::ledger::call::state::UploadState;
use crate::ledger::sent_recordings;

/// What is missing, or was opened again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reopened {
    /// Calls whose conversations are gone.
    pub conversations: u64,
    /// Calls whose recordings are not there.
    pub recordings: u64,
    /// Calls whose conversations count as deleted; somebody wanted that.
    pub deleted: u64,
}

/// Counts what a comparison has found missing; `carries_out` opens it again in the ledger as well, all or nothing.
pub(super) fn reopen(
    connection: &mut Connection,
    pass: i64,
    carries_out: bool,
) -> Result<Reopened> {
    let mut reopened = Reopened::default();
    let mut missing = Vec::new();
    rows::unverified(connection, pass, |line| {
        let sighting = line.sighting;
        if sighting.outcome() == super::outcome::VerifyOutcome::Missing {
            missing.push(line);
        }
        Ok::<(), rusqlite::Error>(())
    })?;
    let transaction = connection.transaction()?;
    for line in missing {
        let is_gone = !line.sighting.has(Observation::There);
        if line.sighting.has(Observation::Deleted) {
            reopened.deleted += 1;
            continue;
        }
        let found = call_rows::find(&transaction, &line.identity)?;
        let Some((row, mut state)) = found else {
            continue;
        };
        if is_gone {
            reopened.conversations += 1;
        } else {
            reopened.recordings += 1;
        }
        match (carries_out, is_gone) {
            (false, _) => {}
            (true, true) => {
                call_rows::forget(&transaction, Some(row))?;
                sent_recordings::forget(&transaction, &line.identity)?;
            }
            (true, false) => {
                state.upload = UploadState::Never;
                state.source = None;
                call_rows::save(&transaction, Some(row), &line.identity, &state)?;
            }
        }
    }
    transaction.commit()?;
    Ok(reopened)
}
