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
use super::case_desk::{CaseDesk, Profiles};
use super::desk::{Desk, Worked};
use super::gather::Gather;
use super::register::Register;
use crate::audio;
use crate::ledger::{Done, Ledger, Reader};
use crate::call::Problem;
use crate::mapping::{CaseProfile, Mapping, Profile};
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
    /// The time of the run, to know what lies in the future.
    pub now: Timestamp,
    /// How many threads decide.
    pub deciders: usize,
}

/// A batch on its way to a decider.
struct Task {
    batch: Batch,
    bound: Bound,
    opened: Option<Opened>,
    read: (u64, Option<u64>),
}

/// The mapping, bound to the sheets of a batch.
#[derive(Clone)]
enum Bound {
    Calls(Arc<Profile>),
    Cases(Profiles),
}

/// Bytes of an input as it lies on the disk; a pipe has none.
fn size(input: &Input) -> Option<u64> {
    let metadata = std::fs::metadata(input.path()?).ok()?;
    metadata.is_file().then_some(metadata.len())
}

type Opened = (Arc<Sheet>, Vec<String>);
type Passed = Result<(Worked, Option<Opened>, (u64, Option<u64>)), Error>;

/// Batches between two threads. Two keep both busy; more would only hold memory.
const AHEAD: usize = 2;

/// Takes a task; has had enough when nobody wants more.
type Deal<'d> = dyn FnMut(Result<Task, Error>) -> ControlFlow<()> + 'd;

/// Rows of cases that wait for the others of their case.
#[derive(Default)]
struct Gathering {
    profiles: Vec<(Arc<Sheet>, Arc<CaseProfile>)>,
    rows: Gather,
}

impl Gathering {
    /// Puts the rows of a batch aside; those that tell no case or no time come back, to be told
    /// what is wrong with them.
    fn take(&mut self, batch: &Batch) -> Result<Batch, Error> {
        let mut rest = Batch::new(Arc::clone(batch.sheet()));
        for record in batch.iter() {
            let profile = self.profiles.last().map(|(_, profile)| profile);
            let is_broken = record.problems().any(Problem::is_error);
            match profile.filter(|_| !is_broken).and_then(|profile| profile.key(&record)) {
                Some(key) => self.rows.put(&record, key)?,
                None => rest.push_record(&record),
            }
        }
        Ok(rest)
    }

    fn deal(self, read: (u64, Option<u64>), deal: &mut Deal<'_>) -> Result<(), Error> {
        let profiles: Profiles = self.profiles.into();
        let to_task = |batch| Task {
            batch,
            bound: Bound::Cases(Arc::clone(&profiles)),
            opened: None,
            read,
        };
        self.rows.deal(|batch| deal(Ok(to_task(batch))).is_continue())?;
        Ok(())
    }
}

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

    fn read_all(&self, deal: &mut Deal<'_>) -> Result<(), Error> {
        let total = self.inputs.iter().map(size).sum::<Option<u64>>();
        let mut gathering = Gathering::default();
        let mut before = 0;
        for input in &self.inputs {
            let mut reader = source::open(input, &self.options)?;
            let sheet = Arc::clone(reader.sheet());
            let (bound, unused, gathers) = self.bind(&sheet)?;
            let mut opened = Some((Arc::clone(&sheet), unused));
            if let (true, Bound::Cases(profiles)) = (gathers, &bound) {
                gathering.profiles.extend(profiles.iter().cloned());
            }
            while let Some(batch) = reader.next() {
                let batch = if gathers { gathering.take(&batch?)? } else { batch? };
                let task = Task {
                    batch,
                    bound: bound.clone(),
                    opened: opened.take(),
                    read: (before + reader.progress().bytes_read(), total),
                };
                if deal(Ok(task)).is_break() {
                    return Ok(());
                }
            }
            before += reader.progress().bytes_read();
            if opened.is_some() {
                // A file without records is told as well.
                let task = Task {
                    batch: Batch::new(sheet),
                    bound,
                    opened,
                    read: (before, total),
                };
                if deal(Ok(task)).is_break() {
                    return Ok(());
                }
            }
        }
        gathering.deal((before, total), deal)
    }

    /// The mapping for the records of a sheet, the columns that it does not use, and whether rows
    /// must come together before they can be decided.
    fn bind(&self, sheet: &Arc<Sheet>) -> Result<(Bound, Vec<String>, bool), Error> {
        if let Some(profile) = self.mapping.bind_cases(sheet)? {
            let unused = profile.unused_columns().map(str::to_owned).collect();
            let gathers = !profile.is_nested();
            let profiles = Arc::new([(Arc::clone(sheet), Arc::new(profile))]);
            return Ok((Bound::Cases(profiles), unused, gathers));
        }
        let profile = self.mapping.bind(sheet)?;
        let unused = profile.unused_columns().into_iter();
        let unused = unused.map(str::to_owned).collect();
        Ok((Bound::Calls(Arc::new(profile)), unused, false))
    }

    fn decide(&self, tasks: &Receiver<Result<Task, Error>>, results: &SyncSender<Passed>) {
        let mut desks = (None, None);
        for task in tasks {
            let passed = task.and_then(|task| {
                let worked = self.work(task.batch, task.bound, &mut desks)?;
                Ok((worked, task.opened, task.read))
            });
            if results.send(passed).is_err() {
                return;
            }
        }
    }

    /// Decides a batch at the desk of its kind, which is made for the first one.
    fn work<'r>(
        &'r self,
        batch: Batch,
        bound: Bound,
        (calls, cases): &mut (Option<Desk<'r>>, Option<CaseDesk<'r>>),
    ) -> Result<Worked, Error> {
        match bound {
            Bound::Calls(profile) => {
                let desk = match calls {
                    Some(desk) => {
                        desk.use_profile(profile);
                        desk
                    }
                    none => none.insert(Desk::new(self, profile)?),
                };
                desk.work(batch)
            }
            Bound::Cases(profiles) => {
                let desk = match cases {
                    Some(desk) => desk,
                    none => none.insert(CaseDesk::new(self)?),
                };
                desk.work(batch, &profiles)
            }
        }
    }

    /// What earlier runs have done, to look things up in.
    pub(super) fn reader(&self) -> Result<Option<Reader>, Error> {
        self.past.as_ref().map(Past::reader).transpose()
    }

    /// The time after which nothing can have happened. A clock that is a little behind must not
    /// make today's records implausible.
    pub(super) fn latest(&self) -> Timestamp {
        let day = jiff::SignedDuration::from_hours(24);
        self.now.checked_add(day).unwrap_or(self.now)
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
