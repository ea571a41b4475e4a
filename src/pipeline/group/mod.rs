//! Brings together what belongs together: the rows of one call, which need not be neighbours, the copies
//! of a record, of which only the newest counts, and the rows of one case. Stands between reading and
//! deciding, and only for mappings that ask for it.

pub(super) mod cases;
pub(super) mod legs;
pub(super) mod newest;
pub(super) mod row_group;
mod spool;

use std::io;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::Error;
use super::sheet_mapping::SheetMapping;
use crate::source::{Batch, Input, Sheet};
use cases::CaseGrouping;
use legs::LegGrouping;
use newest::NewestCopies;
use row_group::{GroupedBatch, GroupingKind};

/// The rows of an export on their way to their groups.
pub(super) enum Grouping<'s, 'r> {
    None,
    Legs {
        copies: &'s NewestCopies<'r>,
        /// The rows of the file that is read.
        rows: Option<LegGrouping<'s, 'r>>,
    },
    Cases(CaseGrouping),
}

impl<'s, 'r> Grouping<'s, 'r> {
    /// Groups of this kind; `copies` is what the passes before have found out, where there were any.
    pub(super) fn new(kind: GroupingKind, copies: Option<&'s NewestCopies<'r>>) -> Self {
        match (copies, kind) {
            (Some(copies), _) => Grouping::Legs { copies, rows: None },
            (None, GroupingKind::Cases) => Grouping::Cases(CaseGrouping::default()),
            (None, GroupingKind::None | GroupingKind::Legs) => Grouping::None,
        }
    }

    /// A file begins.
    pub(super) fn begin_file<M: SheetMapping>(&mut self, input: &Input) -> Result<(), Error> {
        if let Grouping::Legs { copies, rows } = self {
            *rows = Some(LegGrouping::of::<M>(copies, input)?);
        }
        Ok(())
    }

    /// Takes the next rows of the file and gives those that are complete.
    pub(super) fn take<M: SheetMapping>(
        &mut self,
        batch: Batch,
        mapping: &M,
    ) -> Result<GroupedBatch, Error> {
        match self {
            Grouping::Legs {
                rows: Some(rows), ..
            } => rows.take(batch, mapping),
            Grouping::Cases(rows) if mapping.is_sorted() => {
                let batch = rows.take(&batch, mapping).map_err(Error::Spool)?;
                let groups = None;
                Ok(GroupedBatch { batch, groups })
            }
            Grouping::None | Grouping::Legs { .. } | Grouping::Cases(_) => {
                let groups = None;
                Ok(GroupedBatch { batch, groups })
            }
        }
    }

    /// What still waits at the end of the file and can wait for no other one.
    pub(super) fn end_of_file(&mut self, sheet: Arc<Sheet>) -> Result<GroupedBatch, Error> {
        let batch = Batch::new(sheet);
        match self {
            Grouping::Legs {
                rows: Some(rows), ..
            } => rows.finish(batch),
            Grouping::None | Grouping::Legs { .. } | Grouping::Cases(_) => {
                let groups = None;
                Ok(GroupedBatch { batch, groups })
            }
        }
    }

    /// Hands back what waited for the end of all files, until `deal` has had enough.
    pub(super) fn end(
        self,
        deal: impl FnMut(Batch) -> ControlFlow<()>,
    ) -> io::Result<ControlFlow<()>> {
        match self {
            Grouping::Cases(rows) => rows.end(deal),
            Grouping::None | Grouping::Legs { .. } => Ok(ControlFlow::Continue(())),
        }
    }
}
