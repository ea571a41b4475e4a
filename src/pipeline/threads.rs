//! The threads of the pipeline: one reads, some decide, and the caller's thread takes what is decided,
//! in order. Batches go to the deciders in turn and are taken back in turn, so that order costs no
//! sorting; every channel is short, so that reading never runs ahead.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use super::Error;
use super::call::worker::CallWorker;
use super::case::worker::{CaseWorker, SheetMappings};
use super::decision::{DecidedBatch, OpenedFile};
use super::group::cases::CaseGrouping;
use super::group::{GroupedBatch, NewestCopies, RowGroup};
use super::preflight::{Preflight, Sifted, refuse_empty, sift};
use super::proposal::Proposals;
use super::rounds::{Aside, Fetched, Round, Rounds};
use super::sequencer::Sequencer;
use super::setup::Pipeline;
use crate::mapping::{CallMapping, CaseMapping};
use crate::source::{Batch, Input, MemoryBudget, Sheet};

/// A batch on its way to a decider.
struct BatchTask {
    batch: Batch,
    /// What rows are to each other, where the mapping brings some together.
    spans: Option<Vec<RowGroup>>,
    bound: Bound,
    opened: Option<OpenedFile>,
    read: (u64, Option<u64>),
    round: Round,
}

impl BatchTask {
    fn of_calls(
        (batch, spans): (Batch, Option<Vec<RowGroup>>),
        profile: &Arc<CallMapping>,
        opened: Option<OpenedFile>,
        read: (u64, Option<u64>),
    ) -> BatchTask {
        BatchTask {
            batch,
            spans,
            bound: Bound::Calls(Arc::clone(profile)),
            opened,
            read,
            round: Round::First,
        }
    }
}

/// What goes to a decider.
enum Dealt {
    Task(Box<BatchTask>),
    /// A round is over: everything that belongs to it was dealt before.
    RoundOver,
}

/// What the sequencer hands to the reader after each round but the last: the records that were put
/// aside, after the first.
type Turns = Receiver<Option<Aside>>;

/// The mapping, bound to the sheets of a batch.
#[derive(Clone)]
enum Bound {
    Calls(Arc<CallMapping>),
    Cases(SheetMappings),
}

/// Bytes of an input as it lies on the disk; a pipe has none.
fn size(input: &Input) -> Option<u64> {
    let metadata = std::fs::metadata(input.path()?).ok()?;
    metadata.is_file().then_some(metadata.len())
}

fn parts(gathered: GroupedBatch) -> (Batch, Option<Vec<RowGroup>>) {
    (gathered.batch, Some(gathered.spans))
}

/// A decided batch, what its file looks like where it is the first, and how much has been read.
type Outgoing = (Proposals, Option<OpenedFile>, (u64, Option<u64>));

/// A batch as it leaves its decider; nothing where a round is over.
type Passed = Result<Option<Outgoing>, Error>;

/// Batches between two threads. Two keep both busy; more would only hold memory.
const AHEAD: usize = 2;

/// Takes a task; has had enough when nobody wants more.
type Deal<'d> = dyn FnMut(Result<Dealt, Error>) -> ControlFlow<()> + 'd;

impl From<BatchTask> for Dealt {
    fn from(task: BatchTask) -> Dealt {
        Dealt::Task(Box::new(task))
    }
}

fn owned<'n>(names: impl Iterator<Item = &'n str>) -> Vec<String> {
    names.map(str::to_owned).collect()
}

fn opened_for_calls(sheet: &Arc<Sheet>, profile: &CallMapping) -> OpenedFile {
    OpenedFile {
        sheet: Arc::clone(sheet),
        unused: owned(profile.unused_columns().into_iter()),
        sources: profile.sources(),
        watches: profile.watches(),
    }
}

impl Pipeline {
    /// Runs the whole pipeline and hands every decided batch to `sink`, in the order of the export,
    /// until the export ends, something breaks or the sink has had enough.
    pub fn walk(&self, mut sink: impl FnMut(DecidedBatch) -> ControlFlow<()>) -> Result<(), Error> {
        let Sifted { inputs, unread } = sift(self)?;
        if !unread.is_empty() && sink(DecidedBatch::aside(unread)).is_break() {
            return Ok(());
        }
        let deciders = self.deciders.max(1);
        let rounds = &Rounds::default();
        thread::scope(|scope| {
            let mut tasks = Vec::with_capacity(deciders);
            let mut results = Vec::with_capacity(deciders);
            for _ in 0..deciders {
                let (to_decider, at_decider) = sync_channel::<Result<Dealt, Error>>(AHEAD);
                let (to_register, at_register) = sync_channel::<Passed>(AHEAD);
                tasks.push(to_decider);
                results.push(at_register);
                scope.spawn(move || self.decide(&at_decider, &to_register, rounds));
            }
            let inputs = &inputs[..];
            let (to_reader, turns) = sync_channel(AHEAD);
            let budget = Arc::new(MemoryBudget::default());
            let readers = Arc::clone(&budget);
            scope.spawn(move || self.read(inputs, &tasks, (&turns, &readers)));
            let registered = self.register(&results, (rounds, to_reader), &mut sink);
            budget.close();
            registered
        })
    }

    /// Reads the inputs and deals out batches, one to each decider in turn.
    fn read(
        &self,
        inputs: &[Input],
        tasks: &[SyncSender<Result<Dealt, Error>>],
        (turns_of_rounds, budget): (&Turns, &Arc<MemoryBudget>),
    ) {
        let mut turns = tasks.iter().cycle();
        // A decider that is gone means that nobody wants more.
        let mut deal = |mut task: Result<Dealt, Error>| {
            if let Ok(Dealt::Task(task)) = &mut task {
                task.batch.reserve(budget);
            }
            match turns.next() {
                Some(decider) if decider.send(task).is_ok() => ControlFlow::Continue(()),
                _ => ControlFlow::Break(()),
            }
        };
        let read = self.read_all(inputs, &mut deal).and_then(|read| {
            if read.is_break() {
                return Ok(());
            }
            self.extent.close();
            match self.audio {
                Some(_) => read_aside(turns_of_rounds, &mut deal).map_err(Error::Spool),
                None => Ok(()),
            }
        });
        if let Err(error) = read {
            let _ = deal(Err(error));
        }
    }

    fn read_all(&self, inputs: &[Input], deal: &mut Deal<'_>) -> Result<ControlFlow<()>, Error> {
        if self.mapping.is_of_cases() {
            return self.read_cases(inputs, deal);
        }
        let total = inputs.iter().map(size).sum::<Option<u64>>();
        let mut before = 0;
        let survey = if self.mapping.gathers() {
            Some(NewestCopies::new(self, inputs)?)
        } else {
            None
        };
        let mut inputs = match &survey {
            Some(survey) => survey.inputs().to_vec(),
            None => inputs.to_vec(),
        };
        if self.is_newest_first() {
            inputs.reverse();
        }
        let mut openings = Preflight::look(&inputs, &self.options, &self.mapping)?;
        for input in &inputs {
            let mut reader = openings.open(input, &self.options)?;
            let sheet = Arc::clone(reader.sheet());
            refuse_empty(&sheet)?;
            let profile = Arc::new(CallMapping::bind(&self.mapping, &sheet)?);
            let mut opened = Some(opened_for_calls(&sheet, &profile));
            let mut gatherer = match &survey {
                Some(survey) => Some(survey.gatherer(input)?),
                None => None,
            };
            while let Some(batch) = reader.next() {
                let batch = batch?;
                self.extent.add(batch.len());
                let read = (before + reader.progress().bytes_read(), total);
                let parts = match &mut gatherer {
                    Some(gatherer) => parts(gatherer.take(batch, &profile)?),
                    None => (batch, None),
                };
                let task = BatchTask::of_calls(parts, &profile, opened.take(), read);
                if deal(Ok(task.into())).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            before += reader.progress().bytes_read();
            let parts = match &mut gatherer {
                Some(gatherer) => parts(gatherer.finish(Batch::new(sheet))?),
                None => (Batch::new(sheet), None),
            };
            // A file without records is told as well.
            let task = BatchTask::of_calls(parts, &profile, opened, (before, total));
            let is_news = task.opened.is_some() || !task.batch.is_empty();
            if is_news && deal(Ok(task.into())).is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        Ok(ControlFlow::Continue(()))
    }

    /// Reads records of a help desk. Rows that are messages come together first, over all inputs.
    fn read_cases(&self, inputs: &[Input], deal: &mut Deal<'_>) -> Result<ControlFlow<()>, Error> {
        let total = inputs.iter().map(size).sum::<Option<u64>>();
        let mut rows = CaseGrouping::default();
        let mut all: Vec<(Arc<Sheet>, Arc<CaseMapping>)> = Vec::new();
        let mut before = 0;
        let task = |batch, bound, opened, bytes| BatchTask {
            batch,
            spans: None,
            bound,
            opened,
            read: (bytes, total),
            round: Round::First,
        };
        let mut openings = Preflight::look(inputs, &self.options, &self.mapping)?;
        for input in inputs {
            let mut reader = openings.open(input, &self.options)?;
            let sheet = Arc::clone(reader.sheet());
            let Some(profile) = CaseMapping::bind(&self.mapping, &sheet)?.map(Arc::new) else {
                return Ok(ControlFlow::Break(()));
            };
            let opened = OpenedFile {
                sheet: Arc::clone(&sheet),
                unused: owned(profile.unused_columns()),
                sources: Vec::new(),
                watches: profile.watches(),
            };
            all.push((Arc::clone(&sheet), Arc::clone(&profile)));
            let bound = Bound::Cases(Arc::new([(Arc::clone(&sheet), Arc::clone(&profile))]));
            // The file is told even if it holds no record.
            let first = task(Batch::new(sheet), bound.clone(), Some(opened), before);
            if deal(Ok(first.into())).is_break() {
                return Ok(ControlFlow::Break(()));
            }
            while let Some(batch) = reader.next() {
                let batch = batch?;
                self.extent.add(batch.len());
                let batch = if profile.is_nested() {
                    batch
                } else {
                    rows.take(&batch, &profile).map_err(Error::Spool)?
                };
                let bytes = before + reader.progress().bytes_read();
                if deal(Ok(task(batch, bound.clone(), None, bytes).into())).is_break() {
                    return Ok(ControlFlow::Break(()));
                }
            }
            before += reader.progress().bytes_read();
        }
        let all: SheetMappings = all.into();
        let to_task = |batch| task(batch, Bound::Cases(Arc::clone(&all)), None, before);
        rows.deal(|batch| deal(Ok(to_task(batch).into())).is_continue())
            .map_err(Error::Spool)?;
        Ok(ControlFlow::Continue(()))
    }

    fn decide(
        &self,
        tasks: &Receiver<Result<Dealt, Error>>,
        results: &SyncSender<Passed>,
        rounds: &Rounds,
    ) {
        let mut desks = (None, None);
        for task in tasks {
            let passed = task.and_then(|task| match task {
                Dealt::Task(task) => self.work(*task, rounds, &mut desks).map(Some),
                Dealt::RoundOver => Ok(None),
            });
            if results.send(passed).is_err() {
                return;
            }
        }
    }

    /// Decides a batch by the worker of its kind, which is made for the first one.
    fn work<'r>(
        &'r self,
        task: BatchTask,
        rounds: &'r Rounds,
        (calls, cases): &mut (Option<CallWorker<'r>>, Option<CaseWorker<'r>>),
    ) -> Result<Outgoing, Error> {
        let BatchTask {
            batch,
            spans,
            bound,
            opened,
            read,
            round,
        } = task;
        let worked = match bound {
            Bound::Calls(profile) => {
                let desk = match calls {
                    Some(desk) => {
                        desk.use_profile(profile);
                        desk
                    }
                    none => none.insert(CallWorker::new(self, profile, rounds)?),
                };
                desk.work(batch, spans.as_deref(), round)?
            }
            Bound::Cases(profiles) => {
                let desk = match cases {
                    Some(desk) => desk,
                    none => none.insert(CaseWorker::new(self)?),
                };
                desk.work(batch, &profiles)?
            }
        };
        Ok((worked, opened, read))
    }

    fn register(
        &self,
        results: &[Receiver<Passed>],
        (rounds, to_reader): (&Rounds, SyncSender<Option<Aside>>),
        sink: &mut impl FnMut(DecidedBatch) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut register = Sequencer::new(self);
        let mut read_so_far = (0, None);
        for decider in results.iter().cycle() {
            let Ok(passed) = decider.recv() else { break };
            let Some((worked, opened, read)) = passed? else {
                let aside = register.end_round(rounds);
                // A reader that is gone has ended for a reason of its own, which comes after this.
                let _ = to_reader.send(aside);
                continue;
            };
            if let Some(opened) = &opened {
                register.open(opened);
            }
            register.expect(&worked.batch, read);
            // Records that were put aside have been read before.
            if worked.round == Round::First {
                read_so_far = read;
            }
            let decided = DecidedBatch {
                opened,
                read: read_so_far,
                ..register.admit(worked).map_err(Error::Spool)?
            };
            if sink(decided).is_break() {
                return Ok(());
            }
        }
        let asides = register.asides();
        if !asides.is_empty() {
            let _ = sink(DecidedBatch::aside(asides));
        }
        Ok(())
    }
}

/// Deals the records that were put aside: once to say what they claim, and once to be decided.
fn read_aside(turns: &Turns, deal: &mut Deal<'_>) -> std::io::Result<()> {
    if deal(Ok(Dealt::RoundOver)).is_break() {
        return Ok(());
    }
    let Ok(Some(mut aside)) = turns.recv() else {
        return Ok(());
    };
    for round in [Round::Claims, Round::Last] {
        let dealt = aside.each(|fetched| deal(Ok(again(fetched, round).into())))?;
        let goes_on = dealt.is_continue()
            && round == Round::Claims
            && deal(Ok(Dealt::RoundOver)).is_continue()
            && turns.recv().is_ok();
        if !goes_on {
            break;
        }
    }
    Ok(())
}

fn again(fetched: Fetched, round: Round) -> BatchTask {
    BatchTask {
        batch: fetched.batch,
        spans: fetched.spans,
        bound: Bound::Calls(fetched.profile),
        opened: None,
        read: (0, None),
        round,
    }
}
