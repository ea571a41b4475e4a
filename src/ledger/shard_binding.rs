//! The part of an export that a ledger is kept for. It is written down at the first use and compared
//! ever after: with another division, export or mapping a record could be sent by two processes or by none.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Result as Sql};

use super::error::{LedgerOpenError, at};
use super::part_mismatch::PartMismatch;
use crate::domain::Shard;

/// What the key of the ledgers of one export is made with, out of the contents of the export.
const KEY: &str = "capturi-import 2026-12-01 names in the ledgers of one export";

/// What a ledger of a shard is bound to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShardBinding {
    /// The shard.
    pub shard: Shard,
    /// The version of the hash that tells which records are its own.
    pub hash_version: u32,
    /// What is imported; `None` in a ledger that was divided from one of a whole export, until its first
    /// run.
    pub content: Option<SharedContent>,
}

/// What all shards import, in hashes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SharedContent {
    /// Of the names and bytes of all files, in the order in which they are read.
    pub export: [u8; 32],
    /// Of the mapping, its tables and the flags that change what it makes of a record.
    pub mapping: [u8; 32],
}

impl ShardBinding {
    /// Of a run of this program.
    pub fn new(shard: Shard, content: SharedContent) -> ShardBinding {
        ShardBinding {
            shard,
            hash_version: Shard::HASH_VERSION,
            content: Some(content),
        }
    }

    /// Why a ledger with this binding is not the one for a run with that binding.
    fn mismatch(&self, ours: &ShardBinding) -> Option<PartMismatch> {
        if self.shard != ours.shard {
            return Some(PartMismatch::OtherShard {
                theirs: self.shard,
                ours: ours.shard,
            });
        }
        if self.hash_version != ours.hash_version {
            return Some(PartMismatch::OtherHash {
                theirs: self.hash_version,
            });
        }
        let (theirs, ours) = (self.content?, ours.content?);
        if theirs.export != ours.export {
            return Some(PartMismatch::OtherExport);
        }
        (theirs.mapping != ours.mapping).then_some(PartMismatch::OtherMapping)
    }
}

/// The part that the ledger is kept for; nothing for a whole export.
pub(super) fn read(connection: &Connection) -> Sql<Option<ShardBinding>> {
    let sql = "SELECT number, parts, hash_version, export, mapping FROM shard";
    connection
        .query_row(sql, (), |row| {
            let (number, parts): (u32, u32) = (row.get(0)?, row.get(1)?);
            let export: Option<[u8; 32]> = row.get(3)?;
            let mapping: Option<[u8; 32]> = row.get(4)?;
            Ok(ShardBinding {
                shard: Shard::new(number, parts)
                    .ok_or(rusqlite::Error::IntegralValueOutOfRange(0, number.into()))?,
                hash_version: row.get(2)?,
                content: export
                    .zip(mapping)
                    .map(|(export, mapping)| SharedContent { export, mapping }),
            })
        })
        .optional()
}

/// Writes down what the ledger is bound to.
pub(super) fn write(connection: &Connection, binding: &ShardBinding) -> Sql<()> {
    let content = binding.content;
    connection
        .execute(
            "INSERT OR REPLACE INTO shard (id, number, parts, hash_version, export, mapping) \
             VALUES (1, ?1, ?2, ?3, ?4, ?5)",
            (
                binding.shard.number(),
                binding.shard.count(),
                binding.hash_version,
                content.map(|content| content.export),
                content.map(|content| content.mapping),
            ),
        )
        .map(drop)
}

/// An error if the ledger is kept for something else than `ours`; nothing is the whole export.
pub(super) fn expect(
    path: &Path,
    connection: &Connection,
    ours: Option<&ShardBinding>,
) -> Result<(), LedgerOpenError> {
    let theirs = read(connection).map_err(at(path))?;
    let mismatch = match (theirs, ours) {
        (None, None) => None,
        (Some(theirs), None) => Some(PartMismatch::OfShard {
            theirs: theirs.shard,
        }),
        (Some(theirs), Some(ours)) => theirs.mismatch(ours),
        (None, Some(ours)) => {
            let sql = "SELECT EXISTS (SELECT 1 FROM call) OR EXISTS (SELECT 1 FROM desk_case) \
                       OR EXISTS (SELECT 1 FROM cut_row)";
            let is_used = connection.query_row(sql, (), |row| row.get(0));
            let ours = ours.shard;
            is_used
                .map_err(at(path))
                .map(|is_used: bool| is_used.then_some(PartMismatch::OfWholeExport { ours }))?
        }
    };
    match mismatch {
        None => Ok(()),
        Some(mismatch) => Err(LedgerOpenError::OtherPart {
            path: path.to_owned(),
            mismatch,
        }),
    }
}

/// The same, and binds a ledger that is not bound yet.
pub(super) fn settle(
    path: &Path,
    connection: &Connection,
    ours: Option<&ShardBinding>,
) -> Result<(), LedgerOpenError> {
    expect(path, connection, ours)?;
    let Some(ours) = ours else { return Ok(()) };
    let bind = || {
        if read(connection)?.is_none()
            && let Some(content) = ours.content
        {
            // The shards of one export have one key, so that their ledgers can be joined.
            let secret = [content.export, content.mapping].concat();
            let key = blake3::derive_key(KEY, &secret);
            connection.execute("UPDATE name_key SET key = ?1", [key])?;
        }
        write(connection, ours)
    };
    bind().map_err(|error| at(path)(error).into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::migrate::in_memory;

    fn binding(number: u32, export: u8, mapping: u8) -> ShardBinding {
        let content = SharedContent {
            export: [export; 32],
            mapping: [mapping; 32],
        };
        ShardBinding::new(Shard::new(number, 4).unwrap(), content)
    }

    fn refusal(connection: &Connection, ours: Option<&ShardBinding>) -> Option<PartMismatch> {
        match settle(Path::new("a.db"), connection, ours) {
            Ok(()) => None,
            Err(LedgerOpenError::OtherPart { mismatch, .. }) => Some(mismatch),
            Err(error) => panic!("{error}"),
        }
    }

    #[test]
    fn a_ledger_stays_with_its_part() {
        let ledger = in_memory();
        let ours = binding(2, 1, 1);
        assert_eq!(refusal(&ledger, Some(&ours)), None);
        assert_eq!(refusal(&ledger, Some(&ours)), None);
        assert_eq!(read(&ledger), Ok(Some(ours)));
        let (theirs, other) = (ours.shard, binding(3, 1, 1));
        let swapped = PartMismatch::OtherShard {
            theirs,
            ours: other.shard,
        };
        assert_eq!(refusal(&ledger, Some(&other)), Some(swapped));
        assert_eq!(
            refusal(&ledger, None),
            Some(PartMismatch::OfShard { theirs })
        );
        let other_export = refusal(&ledger, Some(&binding(2, 9, 1)));
        assert_eq!(other_export, Some(PartMismatch::OtherExport));
        let other_mapping = refusal(&ledger, Some(&binding(2, 1, 9)));
        assert_eq!(other_mapping, Some(PartMismatch::OtherMapping));
        let later = ShardBinding {
            hash_version: 2,
            ..ours
        };
        let later = refusal(&ledger, Some(&later));
        assert_eq!(later, Some(PartMismatch::OtherHash { theirs: 1 }));
        assert_eq!(read(&ledger), Ok(Some(ours)), "a refusal changes nothing");
    }

    #[test]
    fn a_ledger_of_a_whole_export_does_not_become_one_of_a_part() {
        let ledger = in_memory();
        assert_eq!(refusal(&ledger, None), None);
        ledger
            .execute("INSERT INTO cut_row VALUES (1, 'case-1', 2, 3, 4)", ())
            .unwrap();
        let ours = binding(0, 1, 1);
        let of_whole = PartMismatch::OfWholeExport { ours: ours.shard };
        assert_eq!(refusal(&ledger, Some(&ours)), Some(of_whole));
        assert_eq!(read(&ledger), Ok(None));
    }

    #[test]
    fn a_divided_ledger_takes_the_content_of_its_first_run() {
        let ledger = in_memory();
        let ours = binding(1, 5, 6);
        let divided = ShardBinding {
            content: None,
            ..ours
        };
        write(&ledger, &divided).unwrap();
        assert_eq!(read(&ledger), Ok(Some(divided)));
        assert_eq!(refusal(&ledger, Some(&ours)), None);
        assert_eq!(read(&ledger), Ok(Some(ours)));
    }
}
