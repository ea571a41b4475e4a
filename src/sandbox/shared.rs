//! What all requests share.

use std::sync::{Mutex, MutexGuard, PoisonError};

use super::options::{SandboxOptions, UnknownFields};
use super::origin::OwnAddresses;
use super::state::ServerState;

/// What is read away of a body that is refused, beyond the largest recording.
const DRAIN_MARGIN: u64 = 16 * 1024 * 1024;

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: SandboxOptions,
    /// Which addresses requests may name.
    pub(super) own: OwnAddresses,
    state: Mutex<ServerState>,
}

impl Shared {
    /// What requests to a server on this port share.
    pub(super) fn new(options: SandboxOptions, port: u16) -> Self {
        let state = ServerState::new(options.faults.clone());
        let own = if options.allow_remote {
            OwnAddresses::Any
        } else {
            OwnAddresses::Loopback(port)
        };
        Self {
            options,
            own,
            state: Mutex::new(state),
        }
    }

    /// The state, for a moment without waiting.
    pub(super) fn state(&self) -> MutexGuard<'_, ServerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn unknown_fields(&self) -> UnknownFields {
        self.options.unknown_fields
    }

    /// How much of a refused body is read away.
    pub(super) fn drain_limit(&self) -> u64 {
        self.options.max_audio.saturating_add(DRAIN_MARGIN)
    }
}
