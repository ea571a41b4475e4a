//! How many records the export has, as far as it has been read: reading runs ahead of sending, and of
//! a small export all is read before the first answer has come.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is known of the size of the export; written while it is read, and read by whoever tells how far
/// a run is.
#[derive(Debug, Default)]
pub struct ExportExtent {
    records: AtomicU64,
    is_whole: AtomicBool,
}

impl ExportExtent {
    /// Counts records that were read.
    pub fn add(&self, records: usize) {
        self.records.fetch_add(records as u64, Ordering::Relaxed);
    }

    /// Every input was read to its end.
    pub fn close(&self) {
        self.is_whole.store(true, Ordering::Release);
    }

    /// How many records there are; `None` before every input was read to its end.
    pub fn records(&self) -> Option<u64> {
        let is_whole = self.is_whole.load(Ordering::Acquire);
        is_whole.then(|| self.records.load(Ordering::Relaxed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_size_is_told_once_everything_was_read() {
        let extent = ExportExtent::default();
        extent.add(1000);
        assert_eq!(extent.records(), None);
        extent.add(1);
        extent.close();
        assert_eq!(extent.records(), Some(1001));
    }
}
