//! A hash of what a record says, by which anybody can find the record again in its export.
//!
//! SHA-256 over compact JSON in UTF-8: of a table an object of columns and cells in the order of the file (a
//! list of cells where there is no header), of JSON the record itself. How the file is written, such as its
//! quotes and its encoding, does not matter.

use serde::ser::{SerializeMap as _, Serializer};
use sha2::{Digest as _, Sha256};

use super::record::Record;

/// The hash of a record.
pub type RecordHash = [u8; 32];

/// The hash of what a record says.
pub fn record_hash(record: &Record<'_>) -> RecordHash {
    Sha256::digest(json(record)).into()
}

fn json(record: &Record<'_>) -> Vec<u8> {
    let written = match (record.tree(), &record.sheet().header) {
        (Some(tree), _) => serde_json::to_vec(tree),
        (None, Some(header)) => named(record, header.names()),
        (None, None) => serde_json::to_vec(&record.cells().collect::<Vec<_>>()),
    };
    // Texts in a vector can be written; a hash of nothing would stand for no record.
    written.unwrap_or_default()
}

fn named(record: &Record<'_>, names: &[String]) -> serde_json::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut serializer = serde_json::Serializer::new(&mut text);
    let mut map = serializer.serialize_map(None)?;
    for (name, cell) in names.iter().zip(record.cells()) {
        map.serialize_entry(name, cell)?;
    }
    map.end()?;
    Ok(text)
}
