//! The tables `export_file` and `mapping_used`: what calls were made of, each once.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Result, params};

use super::record_origin::{ExportOrigin, MappingOrigin};
use crate::ledger::sent_recordings::name_hash;

/// The rows of the export and of the mapping that were asked for last: most calls of a run have the same.
/// Good for one writer, since only it makes rows while the ledger is open.
#[derive(Debug, Default)]
pub(super) struct OriginRows {
    export: Option<KnownRow<ExportOrigin>>,
    mapping: Option<KnownRow<MappingOrigin>>,
}

/// What a row says, and its number.
#[derive(Debug)]
struct KnownRow<T> {
    origin: Arc<T>,
    id: i64,
}

impl OriginRows {
    /// The row of an export; a new one for bytes that the ledger has not seen under this name.
    pub(super) fn export(
        &mut self,
        connection: &Connection,
        export: &Arc<ExportOrigin>,
    ) -> Result<i64> {
        if let Some(known) = self.export.as_ref().filter(|row| row.origin == *export) {
            return Ok(known.id);
        }
        let id = find_export(connection, export)?;
        let origin = Arc::clone(export);
        self.export = Some(KnownRow { origin, id });
        Ok(id)
    }

    /// The row of a mapping.
    pub(super) fn mapping(
        &mut self,
        connection: &Connection,
        mapping: &Arc<MappingOrigin>,
    ) -> Result<i64> {
        if let Some(known) = self.mapping.as_ref().filter(|row| row.origin == *mapping) {
            return Ok(known.id);
        }
        let id = find_mapping(connection, mapping)?;
        let origin = Arc::clone(mapping);
        self.mapping = Some(KnownRow { origin, id });
        Ok(id)
    }
}

fn find_export(connection: &Connection, export: &ExportOrigin) -> Result<i64> {
    let name = name_hash(connection, &export.name)?;
    let known = connection
        .prepare_cached("SELECT id FROM export_file WHERE hash = ?1 AND name = ?2")?
        .query_row((export.hash, name), |row| row.get(0))
        .optional()?;
    if let Some(id) = known {
        return Ok(id);
    }
    let mut insert =
        connection.prepare_cached("INSERT INTO export_file (hash, name) VALUES (?1, ?2)")?;
    insert.insert((export.hash, name))
}

fn find_mapping(connection: &Connection, mapping: &MappingOrigin) -> Result<i64> {
    let sql = "SELECT id FROM mapping_used WHERE hash = ?1 AND consent_column IS ?2";
    let values = params![mapping.hash, mapping.consent_column];
    let mut known = connection.prepare_cached(sql)?;
    if let Some(id) = known.query_row(values, |row| row.get(0)).optional()? {
        return Ok(id);
    }
    let sql = "INSERT INTO mapping_used (hash, consent_column) VALUES (?1, ?2)";
    connection.prepare_cached(sql)?.insert(values)
}
