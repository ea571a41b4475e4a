//! Cases of a help desk, as the pipeline imports them.

use std::borrow::Cow;
use std::sync::Arc;

use super::target::CaseTarget;
use super::worker::CaseWorker;
use crate::domain::case::{CaseField, CasePath};
use crate::mapping::{CaseMapping, LoadError, MappingFile};
use crate::pipeline::{
    Error, GroupingKind, ImportTarget, OpenedFile, RunContext, SheetMapping, SheetMappings,
};
use crate::recordings::Index;
use crate::source::{Record, Sheet};
use crate::targets::case::job::CaseJob;
use crate::targets::case::plan::CaseStep;

impl ImportTarget for CaseTarget {
    type Mapping = CaseMapping;
    type Job = CaseJob;
    type Worker<'r> = CaseWorker<'r>;

    fn grouping(_mapping: &MappingFile) -> GroupingKind {
        GroupingKind::Cases
    }

    fn worker<'r>(
        &'r self,
        run: RunContext<'r>,
        _first: &SheetMappings<CaseMapping>,
    ) -> Result<CaseWorker<'r>, Error> {
        CaseWorker::new(self, run)
    }

    /// To replace the case is right in any event.
    fn supersede(job: &mut CaseJob) {
        job.step = CaseStep::Replace;
        job.earlier.is_there = true;
    }

    fn recordings(&self) -> Option<&Index> {
        self.recordings.as_deref()
    }
}

impl SheetMapping for CaseMapping {
    fn bind(mapping: &MappingFile, sheet: &Sheet) -> Result<Option<Self>, LoadError> {
        CaseMapping::bind(mapping, sheet)
    }

    fn opened(&self, sheet: &Arc<Sheet>) -> OpenedFile {
        OpenedFile {
            sheet: Arc::clone(sheet),
            unused: self.unused_columns().map(str::to_owned).collect(),
            sources: Vec::new(),
            customer_column: Box::default(),
            watches: self.watches(),
        }
    }

    fn id<'r>(&'r self, record: &Record<'r>) -> Option<(Cow<'r, str>, Cow<'r, str>)> {
        let id = self.id_for_people(record);
        (!id.is_empty()).then(|| {
            let column = CasePath::Case(CaseField::CaseUid).to_string();
            (Cow::Owned(column), Cow::Owned(id))
        })
    }

    fn is_sorted(&self) -> bool {
        !self.is_nested()
    }

    fn sort_key(&self, record: &Record<'_>) -> Option<(u64, i64)> {
        self.key(record)
    }
}
