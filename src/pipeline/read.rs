//! The one loop that reads: inputs become batches, and batches whose rows belong together come together.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::Error;
use super::group::Grouping;
use super::group::newest::NewestCopies;
use super::group::row_group::{GroupedBatch, GroupingKind};
use super::opened_file::OpenedFile;
use super::preflight::{InputReading, Preflight, refuse_empty};
use super::rounds::Round;
use super::sheet_mapping::{SheetMapping, SheetMappings};
use super::target::BatchTask;
use crate::events::ExportExtent;
use crate::source::Input;

/// A batch as it was read.
#[derive(Debug)]
pub(super) struct ReadBatch<M> {
    pub(super) task: BatchTask<M>,
    /// Set on the first batch of a file.
    pub(super) opened: Option<OpenedFile>,
    pub(super) progress: ReadProgress,
}

/// Bytes of the inputs that have been read, and of all of them where that is known.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct ReadProgress {
    pub(super) bytes: u64,
    pub(super) total: Option<u64>,
}

/// What takes a batch; it has had enough when nobody wants more.
pub(super) type Deal<'d, M> = dyn FnMut(ReadBatch<M>) -> ControlFlow<()> + 'd;

/// What is read, and how.
pub(super) struct ReadLoop<'r> {
    pub(super) inputs: &'r [Input],
    pub(super) reading: InputReading<'r>,
    pub(super) grouping: GroupingKind,
    pub(super) is_newest_first: bool,
    pub(super) extent: &'r ExportExtent,
}

impl ReadLoop<'_> {
    /// Reads all inputs, one after the other.
    pub(super) fn run<M: SheetMapping>(
        &self,
        deal: &mut Deal<'_, M>,
    ) -> Result<ControlFlow<()>, Error> {
        let total = self.inputs.iter().map(size).sum::<Option<u64>>();
        let copies = match self.grouping {
            GroupingKind::Legs => Some(NewestCopies::of::<M>(self.inputs, self.reading)?),
            GroupingKind::None | GroupingKind::Cases => None,
        };
        let mut inputs = copies
            .as_ref()
            .map_or(self.inputs, |copies| copies.inputs())
            .to_vec();
        if self.is_newest_first {
            inputs.reverse();
        }
        let mut file_loop = FileLoop {
            reading: self.reading,
            extent: self.extent,
            preflight: Preflight::read_headers::<M>(&inputs, self.reading)?,
            grouping: Grouping::new(self.grouping, copies.as_ref()),
            before: 0,
            total,
            deal,
        };
        let mut read = Vec::new();
        for input in &inputs {
            match file_loop.read(input)? {
                // Of files that nobody asks for any more nothing is kept: there may be very many.
                ControlFlow::Continue(mappings) if self.grouping == GroupingKind::Cases => {
                    read.push(mappings);
                }
                ControlFlow::Continue(_) => {}
                ControlFlow::Break(()) => return Ok(ControlFlow::Break(())),
            }
        }
        match SheetMappings::joined(&read) {
            Some(mappings) => file_loop.end(&mappings),
            None => Ok(ControlFlow::Continue(())),
        }
    }
}

/// What goes from file to file.
struct FileLoop<'s, 'r, 'd, M> {
    reading: InputReading<'r>,
    extent: &'r ExportExtent,
    preflight: Preflight,
    grouping: Grouping<'s, 'r>,
    /// Bytes of the files before.
    before: u64,
    /// Bytes of all files, where that is known.
    total: Option<u64>,
    deal: &'d mut Deal<'d, M>,
}

impl<M: SheetMapping> FileLoop<'_, '_, '_, M> {
    /// Reads a file to its end, unless nobody wants more.
    fn read(&mut self, input: &Input) -> Result<ControlFlow<(), SheetMappings<M>>, Error> {
        let mut reader = self.preflight.open(input, self.reading.options)?;
        let sheet = Arc::clone(reader.sheet());
        refuse_empty(&sheet)?;
        let Some(mapping) = M::bind(self.reading.mapping, &sheet)? else {
            return Ok(ControlFlow::Break(()));
        };
        let mut opened = Some(mapping.opened(&sheet));
        self.grouping.begin_file::<M>(input)?;
        let mappings = SheetMappings::of_sheet(Arc::clone(&sheet), Arc::new(mapping));
        while let Some(batch) = reader.next() {
            let batch = batch?;
            self.extent.add(batch.len());
            let bytes = self.before + reader.progress().bytes_read();
            let grouped = self.grouping.take(batch, &**mappings.first())?;
            if self
                .send(grouped, &mappings, opened.take(), bytes)
                .is_break()
            {
                return Ok(ControlFlow::Break(()));
            }
        }
        self.before += reader.progress().bytes_read();
        let rest = self.grouping.end_of_file(sheet)?;
        // A file without records is told as well.
        let is_news = opened.is_some() || !rest.batch.is_empty();
        if is_news && self.send(rest, &mappings, opened, self.before).is_break() {
            return Ok(ControlFlow::Break(()));
        }
        Ok(ControlFlow::Continue(mappings))
    }

    /// Hands on what waited for the end of all files.
    fn end(mut self, mappings: &SheetMappings<M>) -> Result<ControlFlow<()>, Error> {
        let grouping = std::mem::replace(&mut self.grouping, Grouping::None);
        let end = |batch| {
            let groups = None;
            self.send(GroupedBatch { batch, groups }, mappings, None, self.before)
        };
        grouping.end(end).map_err(Error::Spool)
    }

    fn send(
        &mut self,
        grouped: GroupedBatch,
        mappings: &SheetMappings<M>,
        opened: Option<OpenedFile>,
        bytes: u64,
    ) -> ControlFlow<()> {
        let GroupedBatch { batch, groups } = grouped;
        (self.deal)(ReadBatch {
            task: BatchTask {
                batch,
                groups,
                mappings: mappings.clone(),
                round: Round::First,
            },
            opened,
            progress: ReadProgress {
                bytes,
                total: self.total,
            },
        })
    }
}

/// Bytes of an input as it lies on the disk; a pipe has none.
fn size(input: &Input) -> Option<u64> {
    let metadata = std::fs::metadata(input.path()?).ok()?;
    metadata.is_file().then_some(metadata.len())
}
