//! The threads of the road: one reads, some decide, and the caller's thread takes what is decided,
//! in order. Batches go to the deciders in turn and are taken back in turn, so that order costs no
//! sorting; every channel is short, so that reading never runs ahead.

use std::ops::ControlFlow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use jiff::Timestamp;

use super::Error;
use super::decided::Decided;
use super::desk::{Desk, Worked};
use super::gather::{Gathered, Span, Survey};
use super::register::Register;
use crate::api::Version;
use crate::audio;
use crate::ledger::{Done, Ledger, Reader};
use crate::mapping::{Mapping, Profile};
use crate::plan::Policy;
use crate::source::{self, Batch, Input, Sheet};

/// What the road is walked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Want {
    /// To know: recordings are looked into, and nothing is kept for sending.
    Check,
    /// To send.
    Run,
}

/// What earlier runs have done.
#[derive(Debug)]
pub struct Past {
    /// The ledger.
    pub path: PathBuf,
    /// The calls that are done.
    pub done: Done,
}

impl Past {
    pub(super) fn reader(&self) -> Result<Reader, Error> {
        Ledger::read(&self.path).map_err(Error::Ledger)
    }
}

/// Everything that deciding needs.
#[derive(Debug)]
pub struct Road {
    /// The files of the export.
    pub inputs: Vec<Input>,
    /// How they are read.
    pub options: source::Options,
    /// How records become calls.
    pub mapping: Mapping,
    /// The recordings, if an audio folder was given.
    pub audio: Option<Arc<audio::Index>>,
    /// What earlier runs have done; nothing for a check.
    pub past: Option<Past>,
    /// What the operator asked for.
    pub policy: Policy,
    /// What the road is walked for.
    pub want: Want,
    /// The shape of the destination's conversation endpoint, to warn about fields it lacks.
    pub version: Version,
    /// The time of the run, to know what lies in the future.
    pub now: Timestamp,
    /// How many threads decide.
    pub deciders: usize,
}

/// A batch on its way to a decider.
struct Task {
    batch: Batch,
    /// What rows are to each other, where the mapping brings some together.
    spans: Option<Vec<Span>>,
    profile: Arc<Profile>,
    opened: Option<Opened>,
    read: (u64, Option<u64>),
}

/// Bytes of an input as it lies on the disk; a pipe has none.
fn size(input: &Input) -> Option<u64> {
    let metadata = std::fs::metadata(input.path()?).ok()?;
    metadata.is_file().then_some(metadata.len())
}

fn parts(gathered: Gathered) -> (Batch, Option<Vec<Span>>) {
    (gathered.batch, Some(gathered.spans))
}

type Opened = (Arc<Sheet>, Vec<String>);
type Passed = Result<(Worked, Option<Opened>, (u64, Option<u64>)), Error>;

/// Batches between two threads. Two keep both busy; more would only hold memory.
const AHEAD: usize = 2;

impl Road {
    /// Walks the whole road and hands every decided batch to `sink`, in the order of the export,
    /// until the export ends, something breaks or the sink has had enough.
    pub fn walk(&self, mut sink: impl FnMut(Decided) -> ControlFlow<()>) -> Result<(), Error> {
        let deciders = self.deciders.max(1);
        thread::scope(|scope| {
            let mut tasks = Vec::with_capacity(deciders);
            let mut results = Vec::with_capacity(deciders);
            for _ in 0..deciders {
                let (to_decider, at_decider) = sync_channel::<Result<Task, Error>>(AHEAD);
                let (to_register, at_register) = sync_channel::<Passed>(AHEAD);
                tasks.push(to_decider);
                results.push(at_register);
                scope.spawn(move || self.decide(&at_decider, &to_register));
            }
            scope.spawn(move || self.read(&tasks));
            self.register(&results, &mut sink)
        })
    }

    /// Reads the inputs and deals out batches, one to each decider in turn.
    fn read(&self, tasks: &[SyncSender<Result<Task, Error>>]) {
        let mut turns = tasks.iter().cycle();
        // A decider that is gone means that nobody wants more.
        let mut deal = |task: Result<Task, Error>| match turns.next() {
            Some(decider) if decider.send(task).is_ok() => ControlFlow::Continue(()),
            _ => ControlFlow::Break(()),
        };
        if let Err(error) = self.read_all(&mut deal) {
            let _ = deal(Err(error));
        }
    }

    fn read_all(
        &self,
        deal: &mut impl FnMut(Result<Task, Error>) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let total = self.inputs.iter().map(size).sum::<Option<u64>>();
        let mut before = 0;
        let survey = if self.mapping.gathers() { Some(Survey::new(self)?) } else { None };
        for input in survey.as_ref().map_or(&self.inputs[..], Survey::inputs) {
            let mut reader = source::open(input, &self.options)?;
            let sheet = Arc::clone(reader.sheet());
            let profile = Arc::new(self.mapping.bind(&sheet)?);
            let unused = profile
                .unused_columns()
                .into_iter()
                .map(str::to_owned)
                .collect();
            let mut opened = Some((Arc::clone(&sheet), unused));
            let mut gatherer = match &survey {
                Some(survey) => Some(survey.gatherer(input)?),
                None => None,
            };
            while let Some(batch) = reader.next() {
                let batch = batch?;
                let read = (before + reader.progress().bytes_read(), total);
                let (batch, spans) = match &mut gatherer {
                    Some(gatherer) => parts(gatherer.take(batch, &profile)?),
                    None => (batch, None),
                };
                let task = Task {
                    batch,
                    spans,
                    profile: Arc::clone(&profile),
                    opened: opened.take(),
                    read,
                };
                if deal(Ok(task)).is_break() {
                    return Ok(());
                }
            }
            before += reader.progress().bytes_read();
            let (batch, spans) = match &mut gatherer {
                Some(gatherer) => parts(gatherer.finish(Batch::new(sheet))?),
                None => (Batch::new(sheet), None),
            };
            // A file without records is told as well.
            let task = Task { batch, spans, profile, opened, read: (before, total) };
            if (task.opened.is_some() || !task.batch.is_empty()) && deal(Ok(task)).is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn decide(&self, tasks: &Receiver<Result<Task, Error>>, results: &SyncSender<Passed>) {
        let mut desk: Option<Desk<'_>> = None;
        for task in tasks {
            let passed = task.and_then(|task| {
                let desk = match &mut desk {
                    Some(desk) => {
                        desk.use_profile(task.profile);
                        desk
                    }
                    none => none.insert(Desk::new(self, task.profile)?),
                };
                Ok((desk.work(task.batch, task.spans.as_deref())?, task.opened, task.read))
            });
            if results.send(passed).is_err() {
                return;
            }
        }
    }

    fn register(
        &self,
        results: &[Receiver<Passed>],
        sink: &mut impl FnMut(Decided) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut register = Register::new(self);
        for decider in results.iter().cycle() {
            let Ok(passed) = decider.recv() else { break };
            let (worked, opened, read) = passed?;
            if let Some((sheet, _)) = &opened {
                register.open(&sheet.file);
            }
            let decided = Decided {
                opened,
                read,
                ..register.admit(worked)
            };
            if sink(decided).is_break() {
                return Ok(());
            }
        }
        let asides = register.unclaimed();
        if !asides.is_empty() {
            let _ = sink(Decided::aside(asides));
        }
        Ok(())
    }
}
