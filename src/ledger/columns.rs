//! Values of columns: how numbers and times lie in the file, and how they come back.

use jiff::Timestamp;
use rusqlite::types::Type;
use rusqlite::{Result, Row};
use xxhash_rust::xxh3::xxh3_64;

/// The hash by which a call or a case is found; the same as [`crate::domain::call::Call::identity_hash`].
pub(super) fn identity_hash(identity: &str) -> i64 {
    xxh3_64(identity.as_bytes()).cast_signed()
}

/// SQLite has no unsigned numbers; no recording comes near the limit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// A number of the file that cannot be below 0; 0 if there is none.
pub(super) fn unsigned(row: &Row<'_>, column: usize) -> Result<u64> {
    let number = row.get::<_, Option<i64>>(column)?.unwrap_or(0);
    u64::try_from(number).map_err(|_| unknown(column, number))
}

/// A time of the file, in unix milliseconds.
pub(super) fn time(row: &Row<'_>, column: usize) -> Result<Timestamp> {
    let millisecond = row.get(column)?;
    Timestamp::from_millisecond(millisecond).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(column, Type::Integer, Box::new(error))
    })
}

/// The same, where it may be missing.
pub(super) fn time_if_any(row: &Row<'_>, column: usize) -> Result<Option<Timestamp>> {
    match row.get::<_, Option<i64>>(column)? {
        Some(_) => time(row, column).map(Some),
        None => Ok(None),
    }
}

/// A number that no version up to this one has written.
pub(super) fn unknown(column: usize, number: i64) -> rusqlite::Error {
    rusqlite::Error::IntegralValueOutOfRange(column, number)
}
