//! What the pipeline asks of a target: one thing that can be imported, such as calls.

use super::error::Error;
use super::group::row_group::{GroupingKind, RowGroup};
use super::proposal::Proposals;
use super::rounds::Round;
use super::run_context::RunContext;
use super::sheet_mapping::{SheetMapping, SheetMappings};
use crate::mapping::MappingFile;
use crate::recordings::Index;
use crate::source::Batch;

/// One thing that can be imported. The pipeline reads, keeps order and makes decisions final; a target
/// makes something of each record.
pub trait ImportTarget: Sync + Sized {
    /// Its mapping, bound to a sheet.
    type Mapping: SheetMapping;
    /// All that it takes to send one of it.
    type Job: Send + 'static;
    /// What makes proposals of records, on a thread of its own.
    type Worker<'r>: Worker<Self>
    where
        Self: 'r;

    /// How rows come together.
    fn grouping(mapping: &MappingFile) -> GroupingKind;

    /// A worker, made on the thread that uses it for its first batch, whose mappings are these.
    fn worker<'r>(
        &'r self,
        run: RunContext<'r>,
        first: &SheetMappings<Self::Mapping>,
    ) -> Result<Self::Worker<'r>, Error>;

    /// Changes a job of which an earlier state goes out in this very run.
    fn supersede(job: &mut Self::Job);

    /// The recordings, if a folder of them was given.
    fn recordings(&self) -> Option<&Index>;
}

/// Makes proposals of records, one batch after the other.
pub trait Worker<T: ImportTarget> {
    /// Decides the records of a batch, as far as one record alone can be.
    fn propose(
        &mut self,
        task: BatchTask<T::Mapping>,
    ) -> Result<Proposals<T::Mapping, T::Job>, Error>;
}

/// A batch on its way to a worker.
#[derive(Debug)]
pub struct BatchTask<M> {
    /// The records.
    pub batch: Batch,
    /// What rows are to each other, where the mapping brings some together.
    pub groups: Option<Vec<RowGroup>>,
    /// The mappings of their sheets.
    pub mappings: SheetMappings<M>,
    /// Which time they are decided.
    pub round: Round,
}
