//! Whether a file holds the tables that the migrations make, and nothing else.
//!
//! A trigger would change what is written, a view in place of a table would make up what is read, and a
//! table of somebody else would outlive a purge. So what a file holds is compared with what its version
//! makes, word for word.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, Result as Sql};

use super::error::{LedgerOpenError, at};

/// What a file holds, by kind and name: the statement that made it, with single blanks.
type Objects = BTreeMap<(String, String), String>;

/// An error if the file behind `connection` differs from what `made` holds.
pub(super) fn expect_same(
    path: &Path,
    connection: &Connection,
    made: &Connection,
) -> Result<(), LedgerOpenError> {
    let theirs = objects(connection).map_err(at(path))?;
    let ours = objects(made).map_err(at(path))?;
    match difference(&ours, &theirs) {
        None => Ok(()),
        Some(what) => Err(LedgerOpenError::Foreign {
            path: path.into(),
            what,
        }),
    }
}

fn objects(connection: &Connection) -> Sql<Objects> {
    // SQLite's own are not made by statements, or by `ANALYZE`, which anybody may run.
    let mut statement = connection.prepare(
        "SELECT type, name, sql FROM sqlite_schema \
         WHERE name NOT LIKE 'sqlite\\_stat%' ESCAPE '\\' \
         AND name NOT LIKE 'sqlite\\_autoindex%' ESCAPE '\\'",
    )?;
    let rows = statement.query_map((), |row| {
        let sql = row.get::<_, Option<String>>(2)?.unwrap_or_default();
        let sql: Vec<&str> = sql.split_whitespace().collect();
        Ok(((row.get(0)?, row.get(1)?), sql.join(" ")))
    })?;
    rows.collect()
}

/// The first difference, in words that follow the name of the file.
fn difference(ours: &Objects, theirs: &Objects) -> Option<String> {
    let strange = theirs.keys().find(|object| !ours.contains_key(object));
    if let Some((kind, name)) = strange {
        return Some(format!("the {kind} `{name}` does not belong there"));
    }
    ours.iter().find_map(
        |((kind, name), sql)| match theirs.get(&(kind.clone(), name.clone())) {
            None => Some(format!("the {kind} `{name}` is missing")),
            Some(other) if other != sql => Some(format!("the {kind} `{name}` was changed")),
            Some(_) => None,
        },
    )
}
