//! How much was read from stores.

use std::sync::atomic::{AtomicU64, Ordering};

/// Bytes of recordings that came from stores so far; counted where they come in, and read by whoever
/// tells how far the work is.
#[derive(Debug, Default)]
pub struct StoreTraffic(AtomicU64);

impl StoreTraffic {
    /// Counts bytes that came.
    pub fn add(&self, bytes: u64) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// How many there were.
    pub fn bytes(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }
}
