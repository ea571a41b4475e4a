//! The schemas of ledgers, and the steps from each to the next.

use std::path::Path;

use rusqlite::{Connection, Result as Sql, TransactionBehavior};

use super::error::{LedgerOpenError, at};
use super::head::APPLICATION_ID;
use super::schema;
use crate::failpoint::{self, Point};

/// One step each, in order. A step that was released is never edited: a new one is added.
const MIGRATIONS: &[&str] = &[
    include_str!("migrations/001_calls.sql"),
    include_str!("migrations/002_cases.sql"),
    include_str!("migrations/003_records.sql"),
    include_str!("migrations/004_held.sql"),
    include_str!("migrations/005_problem_identity.sql"),
    include_str!("migrations/006_refusals.sql"),
    include_str!("migrations/007_sent_recordings.sql"),
    include_str!("migrations/008_party.sql"),
    include_str!("migrations/009_owed_recordings.sql"),
    include_str!("migrations/010_cut_rows.sql"),
    include_str!("migrations/011_proof.sql"),
    include_str!("migrations/012_sent_content.sql"),
    include_str!("migrations/013_shard.sql"),
];

/// The newest schema.
pub(super) fn newest() -> i64 {
    i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX)
}

/// The schema of the ledger in the file; 0 if the file is empty.
pub(super) fn schema_version(path: &Path, connection: &Connection) -> Result<i64, LedgerOpenError> {
    let number = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let application = number("application_id").map_err(at(path))?;
    let found = number("user_version").map_err(at(path))?;
    let tables = connection
        .query_row("SELECT count(*) FROM sqlite_schema", (), |row| row.get(0))
        .map_err(at(path))?;
    let known = newest();
    match (application, found, tables) {
        (0, 0, 0) => Ok(0),
        (APPLICATION_ID, 1.., 1_i64..) if found <= known => Ok(found),
        (APPLICATION_ID, 1.., _) if found > known => Err(LedgerOpenError::Newer {
            path: path.into(),
            found,
            known,
        }),
        _ => Err(LedgerOpenError::NotALedger { path: path.into() }),
    }
}

/// An error if the file holds anything but what the migrations up to this schema make.
pub(super) fn expect_schema(
    path: &Path,
    connection: &Connection,
    version: i64,
) -> Result<(), LedgerOpenError> {
    let steps = usize::try_from(version).unwrap_or_default();
    let made = Connection::open_in_memory().and_then(|made| {
        let mut steps = MIGRATIONS.iter().take(steps);
        steps.try_for_each(|step| made.execute_batch(step))?;
        Ok(made)
    });
    schema::expect_same(path, connection, &made.map_err(at(path))?)
}

/// Brings the ledger to the newest schema.
pub(super) fn migrate(connection: &mut Connection) -> Sql<()> {
    take_steps(connection, MIGRATIONS)
}

/// Takes the steps that the file has not seen, each in a transaction of its own.
fn take_steps(connection: &mut Connection, migrations: &[&str]) -> Sql<()> {
    for (number, step) in (1_i64..).zip(migrations) {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        let found: i64 = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if found < number {
            transaction.execute_batch(step)?;
            transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
            transaction.pragma_update(None, "user_version", number)?;
            failpoint::reached(Point::LedgerOpens);
            transaction.commit()?;
        }
    }
    Ok(())
}

/// An empty ledger for tests.
#[cfg(test)]
pub(super) fn in_memory() -> Connection {
    in_memory_of(MIGRATIONS.len())
}

/// The same of an earlier schema.
#[cfg(test)]
pub(super) fn in_memory_of(version: usize) -> Connection {
    let mut connection = Connection::open_in_memory().unwrap();
    take_steps(&mut connection, &MIGRATIONS[..version]).unwrap();
    connection
}

/// A ledger of an earlier schema, in the newest one.
#[cfg(test)]
pub(super) fn migrated(mut connection: Connection) -> Connection {
    take_steps(&mut connection, MIGRATIONS).unwrap();
    connection
}

#[cfg(test)]
mod tests {
    use super::*;

    const STEPS: [&str; 3] = [
        "CREATE TABLE one (a); INSERT INTO one VALUES (1)",
        "ALTER TABLE one ADD COLUMN b DEFAULT 2",
        "UPDATE one SET a = a + 10",
    ];

    fn state(connection: &Connection) -> (i64, i64, i64) {
        let number = |sql: &str| connection.query_row(sql, (), |row| row.get(0)).unwrap();
        (
            number("PRAGMA user_version"),
            number("PRAGMA application_id"),
            number("SELECT a FROM one"),
        )
    }

    #[test]
    fn yesterdays_file_takes_the_steps_it_has_not_seen() {
        for seen in 0..=STEPS.len() {
            let mut connection = Connection::open_in_memory().unwrap();
            take_steps(&mut connection, &STEPS[..seen]).unwrap();
            take_steps(&mut connection, &STEPS).unwrap();
            assert_eq!(state(&connection), (3, APPLICATION_ID, 11), "{seen} seen");
            take_steps(&mut connection, &STEPS).unwrap();
            assert_eq!(state(&connection), (3, APPLICATION_ID, 11), "{seen} seen");
        }
    }

    #[test]
    fn a_step_that_fails_leaves_the_schema_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let steps = [STEPS[0], "UPDATE one SET a = 9; SELECT nonsense"];
        assert!(take_steps(&mut connection, &steps).is_err());
        assert_eq!(state(&connection), (1, APPLICATION_ID, 1));
    }

    /// Files out there have taken these very steps. Add one instead of changing one.
    #[test]
    fn the_steps_that_were_released_are_as_they_were() {
        let hashes = MIGRATIONS
            .iter()
            .map(|step| xxhash_rust::xxh3::xxh3_64(step.as_bytes()));
        assert_eq!(
            hashes.collect::<Vec<_>>(),
            [
                16_394_836_949_933_315_348,
                11_371_275_832_567_202,
                6_194_242_240_220_206_297,
                15_176_429_039_567_504_035,
                1_076_486_293_362_699_784,
                12_017_383_782_531_632_385,
                12_397_551_121_301_951_791,
                17_349_270_706_528_339_619,
                2_186_261_465_990_853_920,
                3_086_532_530_053_780_657,
                16_939_503_620_145_357_533,
                13_475_908_207_020_334_259,
                3_026_469_409_507_057_870
            ]
        );
    }
}
