//! A record, or a message in one, with what its rules see beside it.

use crate::mapping::{Form, RecordScope};
use crate::source::Record;

/// A record, or a message in one, with what its rules see beside it.
#[derive(Clone, Copy)]
pub(super) struct ScopedRecord<'a, 'b> {
    pub(super) record: &'a Record<'b>,
    /// Whether it is a record or a message within one.
    pub(super) form: Form,
    /// What all messages of the record share.
    pub(super) scope: &'a RecordScope,
}

impl<'a, 'b> ScopedRecord<'a, 'b> {
    /// A record itself.
    pub(super) fn whole(record: &'a Record<'b>, scope: &'a RecordScope) -> Self {
        ScopedRecord {
            record,
            form: Form::Record,
            scope,
        }
    }
}
