//! By what a row that may be cut is known again.

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::case::{Case, Message};
use crate::ledger::CutRow;

/// By what a row that may be cut is known again: all that it says of its case and its message.
pub(in crate::targets) fn cut_row(case: &Case, messages: &[Message]) -> CutRow {
    let message = messages.first();
    let mut bytes = case.identity_hash().to_le_bytes().to_vec();
    bytes.extend(case.fingerprint().to_le_bytes());
    bytes.extend(message.map_or(0, Message::fingerprint).to_le_bytes());
    let message = message.map_or(0, Message::identity_hash);
    bytes.extend(message.to_le_bytes());
    CutRow {
        hash: xxh3_64(&bytes),
        message,
    }
}
