//! The tables `export_file` and `mapping_used`: what calls were made of, each once.

use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::record_origin::{MappingOrigin, RecordOrigin};
use crate::ledger::sent_recordings::name_hash;

/// The row of the export of a call; a new one for bytes that the ledger has not seen under this name.
pub(super) fn export(connection: &Connection, origin: &RecordOrigin) -> Result<Option<i64>> {
    let Some(export) = &origin.export else {
        return Ok(None);
    };
    let name = name_hash(connection, &export.name)?;
    let known = connection
        .prepare_cached("SELECT id FROM export_file WHERE hash = ?1 AND name = ?2")?
        .query_row((export.hash, name), |row| row.get(0))
        .optional()?;
    if known.is_some() {
        return Ok(known);
    }
    let mut insert =
        connection.prepare_cached("INSERT INTO export_file (hash, name) VALUES (?1, ?2)")?;
    insert.insert((export.hash, name)).map(Some)
}

/// The row of a mapping.
pub(super) fn mapping(connection: &Connection, mapping: &MappingOrigin) -> Result<i64> {
    let sql = "SELECT id FROM mapping_used WHERE hash = ?1 AND consent_column IS ?2";
    let values = params![mapping.hash, mapping.consent_column];
    let mut known = connection.prepare_cached(sql)?;
    if let Some(id) = known.query_row(values, |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let sql = "INSERT INTO mapping_used (hash, consent_column) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.insert(values)
}
