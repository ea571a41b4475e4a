//! Who is at the other end of a connection.

use std::sync::atomic::{AtomicBool, Ordering};

/// Who is at the other end of a connection.
#[derive(Debug, Default)]
pub(super) struct Peer {
    is_known: AtomicBool,
}

impl Peer {
    /// It has presented the token.
    pub(super) fn is_known(&self) -> bool {
        self.is_known.load(Ordering::Relaxed)
    }

    /// Notes that it has presented the token.
    pub(super) fn recognise(&self) {
        self.is_known.store(true, Ordering::Relaxed);
    }
}
