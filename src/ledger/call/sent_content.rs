//! What a create request carried.

use super::sent_fields::SentFields;

/// What a create request carried, and later what it was made of. The default says nothing, and nothing is
/// kept of it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SentContent {
    /// Its fields.
    pub fields: SentFields,
}
