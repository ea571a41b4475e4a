//! Divides ledgers anew: those of all shards, or that of a whole export, into any number. Offline: every
//! source is locked, the results are new files, and nothing counts before they were counted again.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, Result as Sql, params};

use super::error::{Error, LedgerOpenError, at};
use super::holdings::Holdings;
use super::lock::Lock;
use super::sent_recordings::name_key;
use super::shard_binding::{self, ShardBinding};
use super::{open, side_files};
use crate::domain::Shard;

/// Why ledgers cannot be divided anew.
#[derive(Debug, thiserror::Error)]
pub enum ReshardError {
    /// They are no parts of one import.
    #[error("{0}")]
    NoParts(String),
    /// A result is there already.
    #[error("{} exists; name another folder with --to", .0.display())]
    Exists(PathBuf),
    /// What was written is not what was read: nothing of it may be used.
    #[error("the new ledgers hold {found}, and the old ones {expected}; delete the new ones")]
    Differs {
        /// What the new ledgers hold.
        found: String,
        /// What the old ones hold.
        expected: String,
    },
    /// A ledger cannot be opened.
    #[error(transparent)]
    Open(#[from] LedgerOpenError),
    /// A ledger cannot be read or written.
    #[error(transparent)]
    Use(#[from] Error),
}

/// What was divided.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resharded {
    /// The new ledgers, in the order of their shards.
    pub ledgers: Vec<PathBuf>,
    /// Calls in all of them.
    pub calls: u64,
    /// Cases in all of them.
    pub cases: u64,
}

/// What moves a part of a source to a target. `{own}` is whether a hash belongs to the target.
const MOVES: [&str; 9] = [
    "INSERT INTO export_file SELECT id + ?1, name, hash FROM source.export_file",
    "INSERT INTO mapping_used SELECT id + ?2, hash, consent_column FROM source.mapping_used",
    "INSERT INTO call (id, hash, fingerprint, create_state, upload_state, obstacle, identity, uid, \
     recording, bytes, resends, first_at, last_at, status, message, held_at, source_bytes, party) \
     SELECT id + ?3, hash, fingerprint, create_state, upload_state, obstacle, identity, uid, recording, \
     bytes, resends, first_at, last_at, status, message, held_at, source_bytes, party \
     FROM source.call WHERE {own:hash}",
    "INSERT INTO sent_content (call, fingerprint, fields, record, export, mapping) \
     SELECT of.call + ?3, of.fingerprint, of.fields, of.record, of.export + ?1, of.mapping + ?2 \
     FROM source.sent_content of JOIN source.call it ON it.id = of.call WHERE {own:it.hash}",
    "INSERT INTO sent_audio (call, length, sha256) SELECT of.call + ?3, of.length, of.sha256 \
     FROM source.sent_audio of JOIN source.call it ON it.id = of.call WHERE {own:it.hash}",
    "INSERT INTO desk_case (id, hash, state, obstacle, updated, fingerprint, content, identity, first_at, \
     last_at, status, message, replaced) SELECT id + ?4, hash, state, obstacle, updated, fingerprint, \
     content, identity, first_at, last_at, status, message, replaced \
     FROM source.desk_case WHERE {own:hash}",
    "INSERT INTO desk_message (in_case, hash, mark, state) \
     SELECT of.in_case + ?4, of.hash, of.mark, of.state FROM source.desk_message of \
     JOIN source.desk_case it ON it.id = of.in_case WHERE {own:it.hash}",
    "INSERT INTO sent_recording (name, call, bytes) SELECT name, call, bytes \
     FROM source.sent_recording WHERE {own:call}",
    "INSERT INTO cut_row (hash, identity, in_case, message, held_at) \
     SELECT hash, identity, in_case, message, held_at FROM source.cut_row WHERE {own:in_case}",
];

/// A ledger that is divided.
struct OldLedger {
    path: PathBuf,
    _lock: Lock,
    destination: String,
    binding: Option<ShardBinding>,
    key: [u8; 32],
    /// `since`, and what was shown of calls and cases.
    proof: [i64; 3],
}

/// Divides ledgers into `into` new ones in a folder. One alone is the ledger of a whole export.
pub fn reshard(sources: &[PathBuf], into: u32, folder: &Path) -> Result<Resharded, ReshardError> {
    let mut opened: Vec<OldLedger> = Vec::with_capacity(sources.len());
    for path in sources {
        let real = open::resolve(path)?;
        if opened.iter().any(|known| known.path == real) {
            let why = format!("{} is named twice", path.display());
            return Err(ReshardError::NoParts(why));
        }
        opened.push(OldLedger::open(real)?);
    }
    expect_parts(&opened)?;
    let targets: Vec<PathBuf> = match into {
        1 => vec![folder.join("capturi-import.db")],
        _ => (0..into)
            .map(|number| folder.join(format!("shard-{number}.db")))
            .collect(),
    };
    std::fs::create_dir_all(folder).map_err(|error| Error::io(folder, error))?;
    for target in &targets {
        if std::fs::symlink_metadata(target).is_ok() {
            return Err(ReshardError::Exists(target.clone()));
        }
        side_files::expect_no_log(target)?;
    }
    let mut expected = Holdings::default();
    for source in &opened {
        expected
            .add(&open::for_reading(&source.path)?)
            .map_err(at(&source.path))?;
    }
    let mut found = Holdings::default();
    for (number, target) in (0..).zip(&targets) {
        let shard = Shard::new(number, into).ok_or_else(|| {
            ReshardError::NoParts(format!("there are 1 to {} shards", Shard::MOST))
        })?;
        fill(target, shard, &opened)?;
        found.add(&open::for_reading(target)?).map_err(at(target))?;
    }
    if found != expected {
        let (found, expected) = (found.words(), expected.words());
        return Err(ReshardError::Differs { found, expected });
    }
    Ok(Resharded {
        ledgers: targets,
        calls: found.rows[0],
        cases: found.rows[1],
    })
}

impl OldLedger {
    fn open(path: PathBuf) -> Result<OldLedger, ReshardError> {
        // A ledger is not made by dividing it.
        drop(open::for_reading(&path)?);
        let lock = Lock::take(&path)?;
        if std::fs::metadata(side_files::beside(&path, "-wal")).is_ok_and(|log| log.len() > 0) {
            // What a killed run left is folded in, as its next run would do.
            let connection = open::writable(&path, false)?;
            connection
                .close()
                .map_err(|(_, error)| Error::sql(&path, error))?;
        }
        let connection = open::for_reading(&path)?;
        let failed = at(&path);
        let destination = open::destination(&connection)
            .map_err(&failed)?
            .unwrap_or_default();
        let binding = shard_binding::read(&connection).map_err(&failed)?;
        let key = name_key(&connection).map_err(&failed)?;
        let sql = "SELECT since, call_proof, case_proof FROM ledger";
        let proof = connection
            .query_row(sql, (), |row| Ok([row.get(0)?, row.get(1)?, row.get(2)?]))
            .map_err(&failed)?;
        drop(failed);
        Ok(OldLedger {
            path,
            _lock: lock,
            destination,
            binding,
            key,
            proof,
        })
    }
}

/// An error unless these are all shards of one import, or one whole ledger.
fn expect_parts(sources: &[OldLedger]) -> Result<(), ReshardError> {
    let refuse = |why: String| Err(ReshardError::NoParts(why));
    let Some((first, others)) = sources.split_first() else {
        return refuse("no ledger is named".to_owned());
    };
    let Some(binding) = first.binding else {
        return match others {
            [] => Ok(()),
            _ => refuse(format!(
                "{} holds a whole export, and cannot be joined with others",
                first.path.display()
            )),
        };
    };
    if binding.hash_version != Shard::HASH_VERSION {
        return refuse(format!(
            "hash version {} is not known",
            binding.hash_version
        ));
    }
    for other in others {
        let path = other.path.display();
        let Some(theirs) = other.binding else {
            return refuse(format!(
                "{path} holds a whole export, and cannot be joined with others"
            ));
        };
        let is_same = theirs.shard.count() == binding.shard.count()
            && theirs.hash_version == binding.hash_version
            && theirs.content == binding.content
            && other.key == first.key
            && other.destination == first.destination;
        if !is_same {
            return refuse(format!(
                "{path} (shard {}) is no part of the import of {} (shard {}): another division, export, \
                 mapping or destination",
                theirs.shard,
                first.path.display(),
                binding.shard
            ));
        }
    }
    let numbers = sources
        .iter()
        .filter_map(|source| Some(source.binding?.shard.number()));
    let numbers: Vec<u32> = numbers.collect();
    let count = binding.shard.count();
    for number in 0..count {
        match numbers.iter().filter(|known| **known == number).count() {
            1 => {}
            0 => {
                return refuse(format!(
                    "shard {number}/{count} is missing: name its ledger, or its calls would be sent again"
                ));
            }
            _ => return refuse(format!("shard {number}/{count} is there more than once")),
        }
    }
    Ok(())
}

/// Makes the ledger of a shard out of the parts of all sources that belong to it.
fn fill(target: &Path, shard: Shard, sources: &[OldLedger]) -> Result<(), ReshardError> {
    let first = &sources[0];
    let made = open::for_writing(target, &first.destination, false)?;
    made.close()
        .map_err(|(_, error)| Error::sql(target, error))?;
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let failed = at(target);
    let mut connection = Connection::open_with_flags(target, flags).map_err(&failed)?;
    for source in sources {
        let name = open::at_rest(&source.path)
            .ok_or_else(|| ReshardError::NoParts(format!("{} is in use", source.path.display())))?;
        connection
            .execute("ATTACH ?1 AS source", [name])
            .map_err(&failed)?;
        move_part(&mut connection, shard).map_err(&failed)?;
        connection.execute("DETACH source", ()).map_err(&failed)?;
    }
    settle(&connection, shard, sources).map_err(&failed)?;
    drop(failed);
    connection
        .close()
        .map_err(|(_, error)| Error::sql(target, error))?;
    Ok(())
}

fn move_part(connection: &mut Connection, shard: Shard) -> Sql<()> {
    let transaction = connection.transaction()?;
    let last = |table: &str| {
        let sql = format!("SELECT coalesce(max(id), 0) FROM main.{table}");
        transaction.query_row(&sql, (), |row| row.get::<_, i64>(0))
    };
    let (files, mappings) = (last("export_file")?, last("mapping_used")?);
    let (calls, cases) = (last("call")?, last("desk_case")?);
    for sql in MOVES {
        let sql = with_ownership(sql, shard);
        let mut statement = transaction.prepare(&sql)?;
        // A statement takes as many values as it names.
        for (at, value) in (1..).zip([files, mappings, calls, cases]) {
            if at <= statement.parameter_count() {
                statement.raw_bind_parameter(at, value)?;
            }
        }
        statement.raw_execute()?;
    }
    transaction.commit()
}

/// Puts the test of a hash in the place of `{own:column}`. Hashes are numbers without a sign, and SQLite's
/// numbers have one.
fn with_ownership(sql: &str, shard: Shard) -> String {
    let Some((before, rest)) = sql.split_once("{own:") else {
        return sql.to_owned();
    };
    let Some((column, after)) = rest.split_once('}') else {
        return sql.to_owned();
    };
    let (number, count) = (shard.number(), u64::from(shard.count()));
    let beyond = (u64::MAX % count + 1) % count;
    format!(
        "{before}(({column} % {count}) + {count} + ({column} < 0) * {beyond}) % {count} = {number}{after}"
    )
}

/// What the new ledger is bound to, with which key, and what is known of it.
fn settle(connection: &Connection, shard: Shard, sources: &[OldLedger]) -> Sql<()> {
    let since = sources.iter().map(|source| source.proof[0]).min();
    // A doubt of one is a doubt of all; else one that was shown to be right speaks for all.
    let proof = |at: usize| {
        let proofs = sources.iter().map(|source| source.proof[at]);
        if proofs.clone().any(|proof| proof == 1) {
            1
        } else {
            proofs.max().unwrap_or(0)
        }
    };
    connection.execute(
        "UPDATE ledger SET since = ?1, call_proof = ?2, case_proof = ?3",
        params![since, proof(1), proof(2)],
    )?;
    connection.execute("UPDATE name_key SET key = ?1", [sources[0].key])?;
    if shard.count() == 1 {
        return Ok(());
    }
    let binding = ShardBinding {
        shard,
        hash_version: Shard::HASH_VERSION,
        content: sources[0].binding.and_then(|binding| binding.content),
    };
    shard_binding::write(connection, &binding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::{CallFact, Ledger, LedgerEntry};

    #[test]
    fn hashes_without_a_sign_are_divided_as_the_pipeline_does() {
        let connection = Connection::open_in_memory().unwrap();
        for count in [1, 2, 3, 7, 8, 100] {
            for hash in [
                0,
                1,
                5,
                u64::MAX,
                u64::MAX / 2,
                u64::MAX / 2 + 1,
                1 << 63,
                77_777,
            ] {
                let owners = (0..count).filter(|number| {
                    let shard = Shard::new(*number, count).unwrap();
                    let test = with_ownership("SELECT {own:?1}", shard);
                    let owns: bool = connection
                        .query_row(&test, [hash.cast_signed()], |row| row.get(0))
                        .unwrap();
                    assert_eq!(owns, shard.owns(hash), "{hash} of {shard}");
                    owns
                });
                assert_eq!(owners.count(), 1);
            }
        }
    }

    fn whole(folder: &Path, calls: usize) -> PathBuf {
        let path = folder.join("whole.db");
        let ledger = Ledger::open(&path, "x").unwrap();
        let entries = (0..calls).map(|number| {
            let fact = CallFact::LeftAlone {
                fingerprint: number as u128,
            };
            LedgerEntry::new(format!("call-{number}"), fact)
        });
        ledger.writer().write_blocking(entries.collect()).unwrap();
        ledger.close().unwrap();
        path
    }

    fn identities(path: &Path) -> Vec<String> {
        let mut found = Vec::new();
        let reader = Ledger::read(path).unwrap();
        reader
            .identities(|identity| {
                found.push(identity);
                Ok::<(), Error>(())
            })
            .unwrap();
        found
    }

    #[test]
    fn a_ledger_is_divided_and_joined_again_without_losing_anything() {
        let folder = tempfile::tempdir().unwrap();
        let source = whole(folder.path(), 500);
        let before = std::fs::read(&source).unwrap();
        let three = reshard(std::slice::from_ref(&source), 3, &folder.path().join("3")).unwrap();
        assert_eq!((three.ledgers.len(), three.calls), (3, 500));
        for (number, path) in (0..).zip(&three.ledgers) {
            let shard = Shard::new(number, 3).unwrap();
            let own = identities(path);
            assert!(own.iter().all(|id| shard.owns(Shard::hash_of_id(id))));
            assert!((100..250).contains(&own.len()), "{}", own.len());
        }
        let eight = reshard(&three.ledgers, 8, &folder.path().join("8")).unwrap();
        let one = reshard(&eight.ledgers, 1, &folder.path().join("1")).unwrap();
        let (mut ours, mut theirs) = (identities(&one.ledgers[0]), identities(&source));
        ours.sort();
        theirs.sort();
        assert_eq!(ours, theirs);
        let part = Ledger::read(&one.ledgers[0]).unwrap().part().unwrap();
        assert_eq!(part, None, "one alone is the ledger of a whole export");
        assert_eq!(
            std::fs::read(&source).unwrap(),
            before,
            "sources stay as they are"
        );
    }

    #[test]
    fn parts_that_do_not_make_a_whole_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let source = whole(folder.path(), 20);
        let three = reshard(std::slice::from_ref(&source), 3, &folder.path().join("3")).unwrap();
        let other = reshard(std::slice::from_ref(&source), 2, &folder.path().join("2")).unwrap();
        let [a, b, c] = &three.ledgers[..] else {
            panic!()
        };
        let to = folder.path().join("new");
        let refusal = |sources: &[&PathBuf]| {
            let sources: Vec<PathBuf> = sources.iter().map(|it| (*it).clone()).collect();
            reshard(&sources, 4, &to).unwrap_err().to_string()
        };
        assert!(refusal(&[a, b]).contains("shard 2/3 is missing"));
        assert!(refusal(&[a, a, b, c]).contains("is named twice"));
        assert!(refusal(&[a, b, c, &other.ledgers[1]]).contains("is no part"));
        assert!(refusal(&[&source, a]).contains("cannot be joined"));
        assert!(!to.exists(), "nothing is made");
        let again =
            reshard(std::slice::from_ref(&source), 3, &folder.path().join("3")).unwrap_err();
        assert!(matches!(again, ReshardError::Exists(_)), "{again}");
    }
}
