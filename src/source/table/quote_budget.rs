//! How far to look for a closing quote.

/// The least that may be looked at, however many quotes were left open.
const LEAST: usize = 64;
/// So much further may be looked for every byte that was read.
const GROWTH: usize = 4;

/// How many bytes a quoted cell may reach over the end of its line. Shrinks with what was looked at in
/// vain for open quotes, or a file of them would be read once for each; grows with what is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct QuoteBudget {
    now: usize,
    most: usize,
}

impl QuoteBudget {
    pub(super) fn new(most: usize) -> Self {
        QuoteBudget { now: most, most }
    }

    pub(super) fn bytes(self) -> usize {
        self.now
    }

    /// So many bytes were looked at only to find that they do not belong to a row.
    pub(super) fn looked_in_vain(&mut self, bytes: usize) {
        self.now = self.now.saturating_sub(bytes / 2).max(LEAST);
    }

    /// So many bytes were read.
    pub(super) fn read(&mut self, bytes: usize) {
        self.now = self.now.saturating_add(GROWTH * bytes).min(self.most);
    }
}
