//! Calls, as the pipeline imports them.

use std::borrow::Cow;
use std::sync::Arc;

use super::target::CallTarget;
use super::worker::CallWorker;
use crate::domain::call::{Field, Value};
use crate::mapping::{
    CallMapping, Legs, LoadError, MappingFile, Newest, unused_consent, unused_consent_keys,
};
use crate::pipeline::{
    Error, GroupingKind, ImportTarget, OpenedFile, RunContext, SheetMapping, SheetMappings,
};
use crate::recordings::Index;
use crate::source::{Batch, Record, Sheet};
use crate::targets::call::job::CallJob;

impl ImportTarget for CallTarget {
    type Mapping = CallMapping;
    type Job = CallJob;
    type Worker<'r> = CallWorker<'r>;

    fn grouping(mapping: &MappingFile) -> GroupingKind {
        if mapping.gathers() {
            GroupingKind::Legs
        } else {
            GroupingKind::None
        }
    }

    fn worker<'r>(
        &'r self,
        run: RunContext<'r>,
        first: &SheetMappings<CallMapping>,
    ) -> Result<CallWorker<'r>, Error> {
        CallWorker::new(self, run, Arc::clone(first.first()))
    }

    /// Of a call that comes twice the first record counts.
    fn supersede(_job: &mut CallJob) {}

    fn recordings(&self) -> Option<&Index> {
        self.recordings.as_deref()
    }
}

/// Records of a file that are looked at for a consent, where it has no header.
const LOOKED_AT: usize = 100;

impl SheetMapping for CallMapping {
    fn bind(mapping: &MappingFile, sheet: &Sheet) -> Result<Option<Self>, LoadError> {
        CallMapping::bind(mapping, sheet).map(Some)
    }

    fn opened(&self, sheet: &Arc<Sheet>) -> OpenedFile {
        let unused = self.unused_columns().into_iter();
        OpenedFile {
            sheet: Arc::clone(sheet),
            unused: unused.map(str::to_owned).collect(),
            sources: self.sources(),
            customer_column: self.column_of(Field::Customer).into(),
            watches: self.watches(),
        }
    }

    fn newest(&self) -> Option<&Newest> {
        self.newest()
    }

    fn legs(&self) -> Option<&Legs> {
        self.legs()
    }

    fn id<'r>(&'r self, record: &Record<'r>) -> Option<(Cow<'r, str>, Cow<'r, str>)> {
        match self.id(record) {
            (column, Value::Text(id)) => Some((column, id)),
            _ => None,
        }
    }

    fn name_of(&self, record: &Record<'_>) -> Option<String> {
        Some(self.id_for_people(record))
    }

    fn unused_consent(&self, batch: &Batch) -> Vec<String> {
        if batch.sheet().header.is_some() {
            unused_consent(self)
        } else {
            let count = batch.len().min(LOOKED_AT);
            unused_consent_keys(self, (0..count).map(|index| batch.get(index)))
        }
    }
}
