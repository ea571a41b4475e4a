//! Changing a ledger between runs, while no run holds it.

use std::path::Path;

use rusqlite::{Connection, Result as Sql};

use super::error::{Error, LedgerOpenError, at};
use super::lock::Lock;
use super::open;

/// Changes the ledger at a path, of whichever destination. None is made where there is none.
pub(super) fn change<T>(
    path: &Path,
    change: impl FnOnce(&mut Connection) -> Sql<T>,
) -> Result<T, LedgerOpenError> {
    let path = open::resolve(path)?;
    drop(open::for_reading(&path)?);
    let _lock = Lock::take(&path)?;
    let mut connection = open::writable(&path, false)?;
    let changed = change(&mut connection).map_err(at(&path))?;
    connection
        .close()
        .map_err(|(_, error)| Error::sql(&path, error))?;
    Ok(changed)
}
