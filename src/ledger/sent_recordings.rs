//! Which recording went to which call. Of names there are only hashes in the file: they hold people.

use rusqlite::{Connection, Result, Row};

use super::call::checkpoint::RECORDING_SENT_SQL;
use super::call::fact::{SentFile, UNKNOWN_HASH};
use super::columns::{identity_hash, signed};

/// How much was known of sent recordings at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SentUntil(i64);

/// The call that a file of this name and size went to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SentTo {
    /// The call's id.
    pub identity: String,
    /// BLAKE3 of what was sent, where it arrived, is known and was the file as it is.
    pub hash: Option<[u8; 32]>,
}

/// The random key of this ledger.
pub(super) fn name_key(connection: &Connection) -> Result<[u8; 32]> {
    connection
        .prepare_cached("SELECT key FROM name_key")?
        .query_row((), |row| row.get(0))
}

/// Eight bytes of the name, keyed by what only this ledger has.
pub(super) fn name_hash(connection: &Connection, name: &str) -> Result<i64> {
    let key = name_key(connection)?;
    let hash = blake3::keyed_hash(&key, name.as_bytes());
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    Ok(i64::from_le_bytes(bytes))
}

/// Writes down that a call takes these files.
pub(super) fn note(connection: &Connection, identity: &str, files: &[SentFile]) -> Result<()> {
    let sql = "INSERT INTO sent_recording (name, call, bytes) VALUES (?1, ?2, ?3) \
               ON CONFLICT (name, call) DO UPDATE SET bytes = ?3";
    let mut statement = connection.prepare_cached(sql)?;
    for file in files {
        let name = name_hash(connection, &file.name)?;
        statement.execute((name, identity_hash(identity), signed(file.bytes)))?;
    }
    Ok(())
}

/// Forgets which files a call took.
pub(super) fn forget(connection: &Connection, identity: &str) -> Result<()> {
    let mut statement = connection.prepare_cached("DELETE FROM sent_recording WHERE call = ?1")?;
    statement.execute([identity_hash(identity)]).map(drop)
}

/// How much is known by now.
pub(super) fn sent_until(connection: &Connection) -> Result<SentUntil> {
    let sql = "SELECT coalesce(max(id), 0) FROM sent_recording";
    let last = connection.query_row(sql, (), |row| row.get(0));
    last.map(SentUntil)
}

/// The call, other than this one, that a file went to or may have gone to until then: the first of
/// those with a file of this name and size that `is_same` takes.
pub(super) fn sent_to(
    connection: &Connection,
    file: &SentFile,
    identity: &str,
    until: SentUntil,
    mut is_same: impl FnMut(&SentTo) -> bool,
) -> Result<Option<SentTo>> {
    if until == SentUntil::default() {
        return Ok(None);
    }
    let name = name_hash(connection, &file.name)?;
    let sql = format!(
        "SELECT call.identity, call.recording, call.bytes FROM sent_recording sent \
               JOIN call ON call.hash = sent.call \
               WHERE sent.name = ?1 AND sent.bytes = ?2 AND sent.id <= ?3 \
               AND {RECORDING_SENT_SQL} AND call.identity <> ?4"
    );
    let read = |row: &Row<'_>| {
        let bytes: Option<i64> = row.get(2)?;
        let hash: Option<[u8; 32]> = row.get(1)?;
        let is_whole = bytes == Some(signed(file.bytes));
        Ok(SentTo {
            identity: row.get(0)?,
            hash: hash.filter(|hash| is_whole && *hash != UNKNOWN_HASH),
        })
    };
    let mut statement = connection.prepare_cached(&sql)?;
    let named = (name, signed(file.bytes), until.0, identity);
    for sent in statement.query_map(named, read)? {
        let sent = sent?;
        if is_same(&sent) {
            return Ok(Some(sent));
        }
    }
    Ok(None)
}
