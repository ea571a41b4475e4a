//! What the rules of a mapping read: one record, with what is found out about it once.

use std::borrow::Cow;
use std::cell::Cell;

use crate::mapping::template::Rendering;
use crate::source::{Cells, Record};

/// One record, as all rules of a mapping read it.
pub(in crate::mapping) struct FieldInput<'a, 'r> {
    pub(in crate::mapping) record: &'a Record<'r>,
    pub(in crate::mapping) templates: &'a Rendering<'r>,
    /// The cells by position, where the record is a row of a table.
    pub(in crate::mapping) cells: Option<Cells<'r>>,
    /// Room for the labels that are read next.
    pub(in crate::mapping) room: Cell<Vec<Cow<'r, str>>>,
}

impl<'a, 'r> FieldInput<'a, 'r> {
    pub(in crate::mapping) fn new(record: &'a Record<'r>, templates: &'a Rendering<'r>) -> Self {
        FieldInput {
            record,
            templates,
            cells: record.table_cells(),
            room: Cell::default(),
        }
    }
}
