//! What a ledger holds, counted and hashed, to be compared with what another one holds.

use rusqlite::types::ValueRef;
use rusqlite::{Connection, Result as Sql};
use xxhash_rust::xxh3::Xxh3Default;

/// What a ledger holds, whatever the order: rows by kind, and a sum over the hashes of all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Holdings {
    pub(super) rows: [u64; QUERIES.len()],
    sum: u128,
}

/// Everything that a ledger knows of calls and cases, without the numbers of rows.
const QUERIES: [&str; 7] = [
    "SELECT hash, fingerprint, create_state, upload_state, obstacle, identity, uid, recording, bytes, \
     resends, first_at, last_at, status, message, held_at, source_bytes, party FROM call",
    "SELECT hash, state, obstacle, updated, fingerprint, content, identity, first_at, last_at, status, \
     message, replaced FROM desk_case",
    "SELECT it.identity, of.hash, of.mark, of.state FROM desk_message of \
     JOIN desk_case it ON it.id = of.in_case",
    "SELECT it.identity, of.fingerprint, of.fields, of.record, file.name, file.hash, used.hash, \
     used.consent_column FROM sent_content of JOIN call it ON it.id = of.call \
     LEFT JOIN export_file file ON file.id = of.export \
     LEFT JOIN mapping_used used ON used.id = of.mapping",
    "SELECT it.identity, of.length, of.sha256 FROM sent_audio of JOIN call it ON it.id = of.call",
    "SELECT name, call, bytes FROM sent_recording",
    "SELECT hash, identity, in_case, message, held_at FROM cut_row",
];

impl Holdings {
    /// Adds what a ledger holds.
    pub(super) fn add(&mut self, connection: &Connection) -> Sql<()> {
        for (kind, query) in QUERIES.iter().enumerate() {
            let mut statement = connection.prepare(query)?;
            let columns = statement.column_count();
            let mut rows = statement.query(())?;
            while let Some(row) = rows.next()? {
                let mut hash = Xxh3Default::new();
                hash.update(&[u8::try_from(kind).unwrap_or(u8::MAX)]);
                for column in 0..columns {
                    add_value(&mut hash, row.get_ref(column)?);
                }
                self.rows[kind] += 1;
                self.sum = self.sum.wrapping_add(hash.digest128());
            }
        }
        Ok(())
    }

    pub(super) fn words(&self) -> String {
        let [calls, cases, messages, contents, recordings, names, cut] = self.rows;
        format!(
            "{calls} calls, {cases} cases, {messages} messages, {contents} contents, {recordings} and \
             {names} recordings, {cut} cut rows (sum {:032x})",
            self.sum
        )
    }
}

fn add_value(hash: &mut Xxh3Default, value: ValueRef<'_>) {
    let (kind, bytes): (u8, &[u8]) = match value {
        ValueRef::Null => (0, &[]),
        ValueRef::Integer(number) => {
            hash.update(&[1]);
            hash.update(&number.to_le_bytes());
            return;
        }
        ValueRef::Real(number) => {
            hash.update(&[2]);
            hash.update(&number.to_le_bytes());
            return;
        }
        ValueRef::Text(bytes) => (3, bytes),
        ValueRef::Blob(bytes) => (4, bytes),
    };
    hash.update(&[kind]);
    hash.update(&(bytes.len() as u64).to_le_bytes());
    hash.update(bytes);
}
