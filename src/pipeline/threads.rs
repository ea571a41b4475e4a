//! The threads of the pipeline: one reads, some decide, and the caller's thread takes what is decided,
//! in order. Batches go to the workers in turn and are taken back in turn, so that order costs no
//! sorting; every channel is short, so that reading never runs ahead.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use jiff::Timestamp;

use super::decided_batch::DecidedBatch;
use super::error::Error;
use super::group::row_group::GroupingKind;
use super::opened_file::OpenedFile;
use super::preflight::{InputReading, SelectedInputs, select_inputs};
use super::proposal::Proposals;
use super::read::{ReadBatch, ReadLoop, ReadProgress};
use super::rounds::{DeferredRecords, Fetched, Round, Rounds};
use super::run_context::{EarlierRuns, Purpose, RunContext};
use super::selection::Selection;
use super::sequencer::Sequencer;
use super::target::{BatchTask, ImportTarget, Worker};
use crate::domain::Shard;
use crate::events::ExportExtent;
use crate::mapping::MappingFile;
use crate::source::{Input, MemoryBudget, ReadOptions, Unread};

/// Everything that deciding needs.
#[derive(Debug)]
pub struct Pipeline<T> {
    /// What is imported.
    pub target: T,
    /// The files of the export.
    pub inputs: Vec<Input>,
    /// What lies among them and is not read.
    pub unread: Vec<Unread>,
    /// How they are read.
    pub options: ReadOptions,
    /// How records are understood.
    pub mapping: MappingFile,
    /// What earlier runs have done; nothing for a check.
    pub earlier: Option<EarlierRuns>,
    /// What the pipeline runs for.
    pub purpose: Purpose,
    /// The time of the run, to know what lies in the future.
    pub now: Timestamp,
    /// The ids to which the run is limited, if it is.
    pub selection: Option<Selection>,
    /// The part of the export that this process imports, where several share it.
    pub shard: Option<Shard>,
    /// How many threads decide.
    pub workers: usize,
    /// How many records there are, for whoever tells how far the work is.
    pub extent: Arc<ExportExtent>,
}

/// What goes to a worker.
enum Dealt<M> {
    Batch(Box<ReadBatch<M>>),
    /// A round is over: everything that belongs to it was dealt before.
    RoundOver,
}

/// A batch as it leaves its worker.
struct ProposedBatch<T: ImportTarget> {
    proposals: Proposals<T::Mapping, T::Job>,
    opened: Option<OpenedFile>,
    progress: ReadProgress,
}

/// What goes to a worker, or why there is no more.
type ToWorker<T> = Result<Dealt<<T as ImportTarget>::Mapping>, Error>;

/// A batch as it leaves its worker; nothing where a round is over.
type FromWorker<T> = Result<Option<ProposedBatch<T>>, Error>;

/// What the sequencer hands to the reader after each round but the last: the records that were put
/// aside, after the first.
type ToReader<T> = Option<DeferredRecords<<T as ImportTarget>::Mapping>>;

/// Batches between two threads. Two keep both busy; more would only hold memory.
const AHEAD: usize = 2;

impl<T: ImportTarget> Pipeline<T> {
    /// Runs the whole pipeline and hands every decided batch to `sink`, in the order of the export,
    /// until the export ends, something breaks or the sink has had enough.
    pub fn run(
        &self,
        mut sink: impl FnMut(DecidedBatch<T::Job>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let reading = InputReading {
            options: &self.options,
            mapping: &self.mapping,
        };
        let SelectedInputs { inputs, unread } =
            select_inputs::<T::Mapping>(&self.inputs, &self.unread, reading)?;
        if !unread.is_empty() && sink(DecidedBatch::of_export(unread)).is_break() {
            return Ok(());
        }
        let workers = self.workers.max(1);
        let rounds = &Rounds::default();
        let run = self.context(rounds);
        thread::scope(|scope| {
            let mut to_workers = Vec::with_capacity(workers);
            let mut from_workers = Vec::with_capacity(workers);
            for _ in 0..workers {
                let (to_worker, at_worker) = sync_channel::<ToWorker<T>>(AHEAD);
                let (to_sequencer, at_sequencer) = sync_channel::<FromWorker<T>>(AHEAD);
                to_workers.push(to_worker);
                from_workers.push(at_sequencer);
                scope.spawn(move || self.propose(run, &at_worker, &to_sequencer));
            }
            let (to_reader, at_reader) = sync_channel(AHEAD);
            let budget = Arc::new(MemoryBudget::default());
            let reader = Dealer::<T> {
                workers: to_workers,
                next: 0,
                rounds: at_reader,
                budget: Arc::clone(&budget),
            };
            let read_loop = ReadLoop {
                inputs: &inputs,
                reading,
                grouping: T::grouping(&self.mapping),
                is_newest_first: run.is_newest_first,
                extent: &self.extent,
            };
            let has_rounds = self.target.recordings().is_some();
            scope.spawn(move || reader.read(&read_loop, has_rounds));
            let sequenced = self.sequence(run, &from_workers, &to_reader, &mut sink);
            budget.close();
            sequenced
        })
    }

    /// What all workers know of this run.
    ///
    /// Exports overlap, and of a call that was not sent yet the last file has its newest record: read first,
    /// it is the one that is sent, without anything that would have to be known before. Where records are
    /// brought together over all files, their order is decided there.
    fn context<'r>(&'r self, rounds: &'r Rounds) -> RunContext<'r> {
        let has_several_inputs = self.inputs.len() > 1;
        RunContext {
            mapping: &self.mapping,
            earlier: self.earlier.as_ref(),
            purpose: self.purpose,
            now: self.now,
            has_several_inputs,
            is_newest_first: has_several_inputs && T::grouping(&self.mapping) == GroupingKind::None,
            selection: self.selection.as_ref(),
            shard: self.shard,
            rounds,
        }
    }

    /// Decides batches by a worker, which is made for the first one.
    fn propose(
        &self,
        run: RunContext<'_>,
        tasks: &Receiver<ToWorker<T>>,
        results: &SyncSender<FromWorker<T>>,
    ) {
        let mut worker = None;
        for task in tasks {
            let proposed = task.and_then(|task| match task {
                Dealt::Batch(batch) => {
                    let ReadBatch {
                        task,
                        opened,
                        progress,
                    } = *batch;
                    let worker = match &mut worker {
                        Some(worker) => worker,
                        none => none.insert(self.target.worker(run, &task.mappings)?),
                    };
                    Ok(Some(ProposedBatch {
                        proposals: worker.propose(task)?,
                        opened,
                        progress,
                    }))
                }
                Dealt::RoundOver => Ok(None),
            });
            if results.send(proposed).is_err() {
                return;
            }
        }
    }

    /// Takes proposals in the order of the export and makes decisions of them.
    fn sequence(
        &self,
        run: RunContext<'_>,
        results: &[Receiver<FromWorker<T>>],
        to_reader: &SyncSender<ToReader<T>>,
        sink: &mut impl FnMut(DecidedBatch<T::Job>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut sequencer = Sequencer::new(&self.target, run);
        let mut read_so_far = ReadProgress::default();
        for worker in results.iter().cycle() {
            let Ok(proposed) = worker.recv() else { break };
            let Some(proposed) = proposed? else {
                let deferred = sequencer.end_round();
                // A reader that is gone has ended for a reason of its own, which comes after this.
                let _ = to_reader.send(deferred);
                continue;
            };
            let ProposedBatch {
                proposals,
                opened,
                progress,
            } = proposed;
            if let Some(opened) = &opened {
                sequencer.open(opened);
            }
            sequencer.reserve(&proposals.batch, progress.bytes, progress.total);
            // Records that were put aside have been read before.
            if proposals.round == Round::First {
                read_so_far = progress;
            }
            let decided = DecidedBatch {
                opened,
                read: (read_so_far.bytes, read_so_far.total),
                ..sequencer.finish(proposals).map_err(Error::Spool)?
            };
            if sink(decided).is_break() {
                return Ok(());
            }
        }
        let notes = sequencer.closing_notes();
        if !notes.is_empty() {
            let _ = sink(DecidedBatch::of_export(notes));
        }
        Ok(())
    }
}

/// The reader's side of the channels: deals out batches, one to each worker in turn.
struct Dealer<T: ImportTarget> {
    workers: Vec<SyncSender<ToWorker<T>>>,
    next: usize,
    rounds: Receiver<ToReader<T>>,
    budget: Arc<MemoryBudget>,
}

impl<T: ImportTarget> Dealer<T> {
    /// Reads the inputs, and then what was put aside, where recordings make rounds.
    fn read(mut self, read_loop: &ReadLoop<'_>, has_rounds: bool) {
        let read = read_loop.run(&mut |batch| self.deal(Ok(Dealt::Batch(Box::new(batch)))));
        let read = read.and_then(|read| {
            if read.is_break() {
                return Ok(());
            }
            read_loop.extent.close();
            if has_rounds {
                self.read_aside().map_err(Error::Spool)
            } else {
                Ok(())
            }
        });
        if let Err(error) = read {
            let _ = self.deal(Err(error));
        }
    }

    /// A worker that is gone means that nobody wants more.
    fn deal(&mut self, mut task: ToWorker<T>) -> ControlFlow<()> {
        if let Ok(Dealt::Batch(batch)) = &mut task {
            batch.task.batch.reserve(&self.budget);
        }
        let worker = self.next % self.workers.len();
        self.next = worker + 1;
        match self.workers[worker].send(task) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    }

    /// Deals the records that were put aside: once to say what they claim, and once to be decided.
    fn read_aside(&mut self) -> std::io::Result<()> {
        if self.deal(Ok(Dealt::RoundOver)).is_break() {
            return Ok(());
        }
        let Ok(Some(mut deferred)) = self.rounds.recv() else {
            return Ok(());
        };
        for round in [Round::Claims, Round::Last] {
            let dealt = deferred.each(|fetched| {
                let batch = Box::new(again(fetched, round));
                self.deal(Ok(Dealt::Batch(batch)))
            })?;
            let goes_on = dealt.is_continue()
                && round == Round::Claims
                && self.deal(Ok(Dealt::RoundOver)).is_continue()
                && self.rounds.recv().is_ok();
            if !goes_on {
                break;
            }
        }
        Ok(())
    }
}

fn again<M>(fetched: Fetched<M>, round: Round) -> ReadBatch<M> {
    ReadBatch {
        task: BatchTask {
            batch: fetched.batch,
            groups: fetched.groups,
            mappings: fetched.mappings,
            round,
        },
        opened: None,
        progress: ReadProgress::default(),
    }
}
