//! What a create request carried.

use super::record_origin::RecordOrigin;
use super::sent_fields::SentFields;

/// What a create request carried, and what it was made of. The default says nothing, and nothing is
/// kept of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentContent {
    /// Its fields.
    pub fields: SentFields,
    /// The records of the export.
    pub origin: Option<RecordOrigin>,
}
