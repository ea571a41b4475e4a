//! A whole run: the pipeline decides on a thread of its own, the delivery sends, the ledger keeps what
//! happened, and a listener is told. Owns the pipeline's thread, which has ended before the ledger is closed.

mod check;
mod look_back;
mod problem_log;

pub(crate) use check::check;

use std::ops::ControlFlow;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use self::look_back::LookBack;
use self::problem_log::ProblemLog;
use crate::delivery::deliver::Deliver;
use crate::delivery::{self, Decisions, DeliveryOptions};
use crate::events::{Event, StopReason, StopSignal};
use crate::ledger::{self, Ledger, RunId};
use crate::pipeline::{self, DecidedBatch, ImportTarget, Pipeline};

/// Decided batches between the pipeline and the delivery.
const AHEAD: usize = 2;

/// All that a run takes.
pub(crate) struct Import<T, D: Deliver> {
    pipeline: Pipeline<T>,
    /// What the delivery of this target needs.
    target: D::Options,
    run: RunParts,
}

impl<T, D: Deliver> Import<T, D> {
    pub(crate) fn of(pipeline: Pipeline<T>, target: D::Options, run: RunParts) -> Self {
        Import {
            pipeline,
            target,
            run,
        }
    }
}

/// What a run takes, whatever it imports.
pub(crate) struct RunParts {
    pub(crate) options: DeliveryOptions,
    pub(crate) ledger: Ledger,
    /// How the ledger describes the run.
    pub(crate) description: String,
    /// How long a record may be held that this run does not find; nothing where it does not look for all.
    pub(crate) hold_for: Option<Duration>,
}

/// Who is told what happens.
pub(crate) trait Listener {
    /// Hears one thing that happened.
    fn event(&mut self, event: &Event<'_>);

    /// What the run has come to so far, when it is time to write that down.
    fn progress_due(&mut self) -> Option<String>;
}

/// A run that has ended.
pub(crate) struct Imported {
    /// Why the pipeline ended before the export did, if it did.
    pub(crate) ended: Result<(), pipeline::Error>,
    pub(crate) record: RunRecord,
}

/// The run in its ledger.
pub(crate) struct RunRecord {
    ledger: Ledger,
    id: RunId,
}

impl RunRecord {
    /// Writes the run's last line, and closes the ledger.
    pub(crate) fn close(self, exit_code: u8, work: &str) -> Result<(), ledger::Error> {
        self.ledger.writer().finish_run(self.id, exit_code, work)?;
        self.ledger.close()
    }
}

/// Imports everything, until the export ends or the run is stopped. Every record that was decided ends in
/// exactly one event.
pub(crate) async fn import<T, D>(
    import: Import<T, D>,
    stop: &Arc<StopSignal>,
    listener: &mut dyn Listener,
) -> Result<Imported, ledger::Error>
where
    T: ImportTarget + Send + 'static,
    D: Deliver<Job = T::Job>,
{
    let Import {
        pipeline,
        target,
        run,
    } = import;
    let RunParts {
        options,
        ledger,
        description,
        hold_for,
    } = run;
    let writer = ledger.writer();
    let id = writer.start_run(&description)?;
    let started = Timestamp::now();
    let look_back = hold_for.map(|hold_for| LookBack {
        ledger: &ledger,
        hold_for,
        started,
    });
    let (pipeline, decisions) = start(pipeline);
    let mut problems = ProblemLog::new(writer.clone());
    let mut listen = |event: Event<'_>| {
        problems.take(&event, stop);
        listener.event(&event);
        // Those that come by themselves, and the first batch.
        if matches!(event, Event::Sent { .. } | Event::Checked(_))
            && let Some(work) = listener.progress_due()
        {
            writer.note_progress(id, &work);
        }
    };
    let stop_of_run = Arc::clone(stop);
    let ended = delivery::run::<D, _>(options, target, stop_of_run, decisions, &mut listen).await;
    if let Some(look_back) = look_back.filter(|_| stop.reason().is_none()) {
        match look_back.overdue() {
            Ok(problems) => problems
                .iter()
                .for_each(|it| listen(Event::ExportProblem(it))),
            Err(error) => stop.raise(StopReason::LedgerLost, error.to_string()),
        }
    }
    problems.flush(stop);
    if stop.reason().is_none() {
        join(pipeline);
    }
    let record = RunRecord { ledger, id };
    Ok(Imported { ended, record })
}

/// Runs the pipeline on a thread of its own.
fn start<T: ImportTarget + Send + 'static>(
    pipeline: Pipeline<T>,
) -> (JoinHandle<()>, Decisions<T::Job, pipeline::Error>) {
    let (decided, decisions) = mpsc::channel::<Result<DecidedBatch<T::Job>, _>>(AHEAD);
    let thread = thread::spawn(move || {
        let ended = pipeline.run(|batch| match decided.blocking_send(Ok(batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        });
        if let Err(error) = ended {
            // Nobody left to hear it means that the run has ended for another reason.
            let _ = decided.blocking_send(Err(error));
        }
    });
    (thread, decisions)
}

/// A panic of the pipeline must not look like the end of the export.
fn join(pipeline: JoinHandle<()>) {
    if let Err(panic) = pipeline.join() {
        std::panic::resume_unwind(panic);
    }
}
