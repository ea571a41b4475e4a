//! The calls that were written last, in memory: the four facts of a call cost one look-up, and two facts
//! of one call in a group cost one write.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Result};

use super::apply::apply_fact;
use super::fact::CallFact;
use super::rows;
use super::state::CallState;
use crate::domain::redact::mask;
use crate::ledger::sent_recordings;

/// The most calls that are remembered between two groups; a call takes about 300 bytes.
const REMEMBERED: usize = 8_192;

/// The calls in memory, and which of them have changed.
#[derive(Debug, Default)]
pub(in crate::ledger) struct CallCache {
    calls: HashMap<Arc<str>, CachedCall>,
    changed: Vec<Arc<str>>,
}

/// A call in memory.
#[derive(Debug)]
struct CachedCall {
    /// The row, once there is one.
    id: Option<i64>,
    state: CallState,
    is_changed: bool,
}

impl CallCache {
    /// Applies a fact to its call, which is read first if it is not in memory.
    pub(in crate::ledger) fn apply(
        &mut self,
        connection: &Connection,
        identity: Arc<str>,
        fact: CallFact,
        now: Timestamp,
    ) -> Result<()> {
        if let CallFact::Takes { files } = &fact {
            return sent_recordings::note(connection, &identity, files);
        }
        let fact = masked(fact, &identity);
        if !self.calls.contains_key(&identity) {
            let found = rows::find(connection, &identity)?;
            let (id, state) = match found {
                Some((id, state)) => (Some(id), state),
                None => (None, CallState::new(now)),
            };
            let call = CachedCall {
                id,
                state,
                is_changed: false,
            };
            self.calls.insert(Arc::clone(&identity), call);
        }
        if let Some(call) = self.calls.get_mut(&identity)
            && apply_fact(&mut call.state, fact, now)
            && !std::mem::replace(&mut call.is_changed, true)
        {
            self.changed.push(identity);
        }
        Ok(())
    }

    /// Writes the calls that have changed to their rows, each once.
    pub(in crate::ledger) fn save(&mut self, connection: &Connection) -> Result<()> {
        for identity in self.changed.drain(..) {
            let Some(call) = self.calls.get_mut(&identity) else {
                continue;
            };
            if call.state.is_blank() {
                // Its only intent was taken back.
                rows::forget(connection, call.id)?;
                self.calls.remove(&identity);
                continue;
            }
            let id = rows::save(connection, call.id, &identity, &call.state)?;
            call.id = Some(id);
            call.is_changed = false;
        }
        Ok(())
    }

    /// Forgets the calls in memory once they are too many.
    pub(in crate::ledger) fn shrink(&mut self) {
        if self.calls.len() > REMEMBERED {
            self.calls.clear();
        }
    }
}

/// The fact with the words of others made fit to keep.
fn masked(mut fact: CallFact, identity: &str) -> CallFact {
    if let CallFact::Refused { message, .. } | CallFact::Failed { why: message, .. } = &mut fact {
        *message = mask(message, identity);
    }
    fact
}
