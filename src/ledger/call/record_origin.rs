//! What a call was made of: records of an export, by a mapping.

use std::sync::Arc;

use crate::source::RecordHash;

/// The bytes of an export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExportOrigin {
    /// The file, as the operator named it. The ledger keeps a keyed hash of it.
    pub name: String,
    /// SHA-256 of its bytes.
    pub hash: [u8; 32],
}

/// The mapping by which a call was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingOrigin {
    /// SHA-256 of the mapping file.
    pub hash: [u8; 32],
    /// The column that consent came from, where one feeds it.
    pub consent_column: Option<String>,
}

/// What a call was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordOrigin {
    /// Each record, in the order of the export.
    pub records: Vec<RecordHash>,
    /// The export that has the first of them; nothing for one whose bytes could not be read twice.
    pub export: Option<Arc<ExportOrigin>>,
    /// The mapping.
    pub mapping: Arc<MappingOrigin>,
}
