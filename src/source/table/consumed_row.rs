//! What a row uses up.

/// What a row uses up.
pub(super) struct ConsumedRow {
    pub(super) bytes: usize,
    pub(super) lines: u64,
    /// Bytes that were looked at only to find that they do not belong to it.
    pub(super) in_vain: usize,
}
