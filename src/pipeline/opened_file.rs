//! A file of the export, as the mapping met it.

use std::sync::Arc;

use crate::domain::call::Field;
use crate::mapping::RecordWatch;
use crate::source::Sheet;

/// A file of the export, as the mapping met it.
#[derive(Debug, Clone)]
pub struct OpenedFile {
    /// What its records look like.
    pub sheet: Arc<Sheet>,
    /// Its columns that nothing uses.
    pub unused: Vec<String>,
    /// The columns that feed each field of a call; nothing for cases.
    pub sources: Vec<(Field, Vec<String>)>,
    /// What feeds the customer; empty where nothing does.
    pub customer_column: Box<str>,
    /// What sees whether its records are those that the mapping is for.
    pub watches: Vec<Arc<RecordWatch>>,
}
