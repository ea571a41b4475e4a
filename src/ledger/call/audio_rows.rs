//! The table `sent_audio`: what is known of the recording of a call beside its hash and its size.

use rusqlite::{Connection, Result};

use crate::ledger::columns::signed;

/// Writes down how long the recording lasts that is about to be sent, in milliseconds.
pub(super) fn note_length(connection: &Connection, call: i64, milliseconds: u64) -> Result<()> {
    let sql = "INSERT INTO sent_audio (call, length) VALUES (?1, ?2) \
               ON CONFLICT (call) DO UPDATE SET length = ?2";
    let mut statement = connection.prepare_cached(sql)?;
    statement.execute((call, signed(milliseconds))).map(drop)
}

/// Writes down the SHA-256 of the recording that arrived.
pub(super) fn note_sha256(connection: &Connection, call: i64, sha256: &[u8; 32]) -> Result<()> {
    let sql = "INSERT INTO sent_audio (call, sha256) VALUES (?1, ?2) \
               ON CONFLICT (call) DO UPDATE SET sha256 = ?2";
    connection
        .prepare_cached(sql)?
        .execute((call, sha256))
        .map(drop)
}
