//! The calls that were written last, in memory: the four facts of a call cost one look-up, and two facts
//! of one call in a group cost one write.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, Result};

use super::apply::apply_fact;
use super::content_rows::{ContentRows, SentRequest};
use super::fact::CallFact;
use super::origin_rows::OriginRows;
use super::sent_content::SentContent;
use super::state::{CallState, UNKNOWN};
use super::{audio_rows, rows};
use crate::domain::redact::mask;
use crate::ledger::sent_recordings;

/// The most calls that are remembered between two groups; a call takes about 300 bytes.
const REMEMBERED: usize = 8_192;

/// The calls in memory, and which of them have changed.
#[derive(Debug, Default)]
pub(in crate::ledger) struct CallCache {
    calls: HashMap<Arc<str>, CachedCall>,
    changed: Vec<Arc<str>>,
    /// Of the export and the mapping that calls are made of.
    origins: OriginRows,
}

/// A call in memory.
#[derive(Debug)]
struct CachedCall {
    /// The row, once there is one.
    id: Option<i64>,
    state: CallState,
    is_changed: bool,
    /// What the file has of its contents.
    contents: ContentRows,
    /// What was said beside the state since the last write.
    beside: BesideState,
}

/// What is kept of a call in tables of its own.
#[derive(Debug, Default)]
struct BesideState {
    /// What requests carry.
    requests: Vec<SentRequest>,
    /// How long the recording lasts, in milliseconds.
    length: Option<u64>,
    /// SHA-256 of the recording that arrived.
    sha256: Option<[u8; 32]>,
    /// What the server may have has changed.
    is_content_old: bool,
}

impl CachedCall {
    /// Takes in a fact; `false` if there is nothing to write.
    fn take(&mut self, mut fact: CallFact, now: Timestamp) -> bool {
        let mut is_beside = false;
        match &mut fact {
            CallFact::CreateIntended {
                fingerprint,
                content,
                ..
            } if content.fields.is_known() && self.state.is_create_open() => {
                self.beside.add_request(*fingerprint, content);
                is_beside = true;
            }
            CallFact::ChangeIntended { content } if content.fields.is_known() => {
                self.beside.add_request(UNKNOWN, content);
                is_beside = true;
            }
            CallFact::Changed {
                fingerprint,
                content,
            } if content.fields.is_known() => {
                self.beside.add_request(*fingerprint, content);
                is_beside = true;
            }
            CallFact::Lasts { milliseconds } => {
                self.beside.length = Some(*milliseconds);
                is_beside = true;
            }
            CallFact::Hashed { sha256 } => {
                self.beside.sha256 = Some(*sha256);
                is_beside = true;
            }
            _ => {}
        }
        let is_of_upload = matches!(
            fact,
            CallFact::UploadIntended { .. } | CallFact::Uploaded { .. }
        );
        let is_new = apply_fact(&mut self.state, fact, now);
        self.beside.is_content_old |= is_new && !is_of_upload;
        is_new || is_beside
    }
}

impl BesideState {
    fn add_request(&mut self, fingerprint: u128, content: &mut SentContent) {
        self.requests.push(SentRequest {
            fingerprint,
            content: std::mem::take(content),
        });
    }

    fn save(
        self,
        connection: &Connection,
        call: i64,
        cached: &mut CachedCall,
        origins: &mut OriginRows,
    ) -> Result<()> {
        for request in &self.requests {
            cached.contents.note(connection, origins, call, request)?;
        }
        if self.is_content_old {
            let state = &cached.state;
            cached
                .contents
                .keep_what_may_be_there(connection, call, state)?;
        }
        if let Some(length) = self.length {
            audio_rows::note_length(connection, call, length)?;
        }
        match &self.sha256 {
            Some(sha256) => audio_rows::note_sha256(connection, call, sha256),
            None => Ok(()),
        }
    }
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
            let (id, state, contents) = match found {
                Some((id, state)) => (Some(id), state, ContentRows::of_read_call()),
                None => (None, CallState::new(now), ContentRows::of_new_call()),
            };
            let call = CachedCall {
                id,
                state,
                is_changed: false,
                contents,
                beside: BesideState::default(),
            };
            self.calls.insert(Arc::clone(&identity), call);
        }
        if let Some(call) = self.calls.get_mut(&identity)
            && call.take(fact, now)
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
            let beside = std::mem::take(&mut call.beside);
            beside.save(connection, id, call, &mut self.origins)?;
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
