//! `run`: the whole way.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;

use super::connect::{self, Reached};
use super::error::{Error, Usage};
use super::exit_code::Exit;
use super::inputs::{self, FilesBeside, ImportParts, TargetPipeline};
use super::{dry_run, run_options, signals};
use crate::api::AudioSettings;
use crate::config::{Arguments, RunArgs, RunSettings};
use crate::delivery::{self, Cargo, Decisions, DeliveryOptions};
use crate::domain::{Code, Place, Problem};
use crate::events::{Event, StopReason, StopSignal};
use crate::ledger::{KnownAtDestination, Ledger, LedgerOpenError, RunId, UidOwner};
use crate::pipeline::{self, DecidedBatch, EarlierRuns, ImportTarget, Pipeline, Purpose};
use crate::report::{self, Mode, Report, ReportOptions, Screen};

/// Decided batches between the pipeline and the delivery.
const AHEAD: usize = 2;

pub(super) fn run(run: &RunArgs, arguments: &Arguments, screen: Screen) -> Result<Exit, Error> {
    if let Some(origin) = run.destination.sandbox_origin {
        tracing::warn!(
            "{origin} makes this a rehearsal: nothing is sent to Capturi. Take it away to import"
        );
    }
    if run.dry_run {
        return dry_run::dry_run(run, arguments, screen);
    }
    let settings = RunSettings::resolve(run)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Usage::Runtime)?;
    let exit = runtime.block_on(deliver(run, arguments, settings, screen));
    // A reader that waits for standing input must not keep a stopped program alive.
    runtime.shutdown_background();
    exit
}

async fn deliver(
    run: &RunArgs,
    arguments: &Arguments,
    settings: RunSettings,
    screen: Screen,
) -> Result<Exit, Error> {
    expect_a_window(&settings)?;
    // Whatever can be wrong is found before a ledger is made and bound to this destination.
    let reached = connect::reach(run, &settings).await?;
    let (mut parts, options) = prepare((run, arguments), &settings, &reached)?;
    Report::probe(&options)?;
    let (destination, server) = (reached.name, reached.server);
    let ledger = open_ledger(&settings.ledger, &destination, begins_anew(run))?;
    let (past, known, uids) = past(&ledger)?;
    parts.earlier = Some(past);
    let writer = ledger.writer();
    let plan = DeliveryOptions {
        client: reached.client,
        version: settings.version,
        read_back: reached.read_back,
        settings: audio_settings(&parts),
        transcoder: inputs::transcoder(&parts)?,
        writer: writer.clone(),
        known,
        uids,
        pace: settings.pace,
        schedule: settings.schedule,
        limits: settings.limits,
    };
    let report = Report::new(options, screen)?;
    let id = writer.start_run(&format!("{} to {destination}", run.export.mapping))?;
    let stop = Arc::new(StopSignal::new());
    let look_back = LookBack {
        ledger: &ledger,
        hold_for: parts.policy.hold_for,
        started: Timestamp::now(),
    };
    let to = (report, &look_back, id);
    let Driven {
        mut report,
        written,
        delivered,
    } = match parts.into_pipeline() {
        TargetPipeline::Calls(pipeline) => Box::pin(attend(pipeline, plan, &stop, to)).await,
        TargetPipeline::Cases(pipeline) => Box::pin(attend(pipeline, plan, &stop, to)).await,
    };
    let reason = stop.reason().map(|(stop, _)| stop);
    report.break_off(&delivered);
    let finished = report.finish(reason);
    let summary = &finished.summary;
    // Of two failures the first is told; that of the pipeline says more than that of its report.
    let written = written.and(finished.written).map_err(Error::from);
    let ended = delivered.map_err(Error::from).and(written);
    let exit = Exit::of_run(&ended, reason, &summary.tally).unless_unread(summary);
    writer.finish_run(id, exit.code(), &finished.work.to_json())?;
    ledger.close()?;
    if let Some(server) = server {
        server.stop().await;
    }
    ended?;
    Ok(exit)
}

/// Runs both halves, and listens to signals meanwhile.
async fn attend<T>(
    pipeline: Pipeline<T>,
    plan: DeliveryOptions,
    stop: &Arc<StopSignal>,
    to: (Report, &LookBack<'_>, RunId),
) -> Driven
where
    T: ImportTarget + Send + 'static,
    Cargo: From<Box<T::Job>>,
{
    let (walker, orders) = walk(pipeline);
    let driven = tokio::select! {
        biased;
        // First, so that a signal is heard as soon as anything is said.
        never = signals::on_signals(stop) => never,
        done = drive(plan, Arc::clone(stop), orders, to) => done,
    };
    if stop.reason().is_none() {
        join(walker);
    }
    driven
}

/// What is imported, and what its report is to be like.
fn prepare(
    (run, arguments): (&RunArgs, &Arguments),
    settings: &RunSettings,
    reached: &Reached,
) -> Result<(ImportParts, ReportOptions), Error> {
    let beside = FilesBeside {
        out: run.output.out.as_deref(),
        ledger: Some(&settings.ledger),
    };
    let want = (Purpose::Run, settings.version);
    let parts = inputs::parts(&run.export, run_options::policy(run), want, beside)?;
    let mode = if run.destination.sandbox {
        Mode::Rehearsal
    } else {
        Mode::Run
    };
    let to = report::DestinationLabel {
        name: reached.name.clone(),
        ledger: settings.ledger.clone(),
        is_new_ledger: begins_anew(run) || !settings.ledger.exists(),
        settings: arguments.settings.clone(),
        read_api: run.destination.read_api()?,
    };
    let options = run_options::report_options((run, arguments), &parts, mode, to);
    Ok((parts, options))
}

/// Whether the ledger of this run forgets those before: that of a rehearsal does, unless it was typed.
fn begins_anew(run: &RunArgs) -> bool {
    run.destination.sandbox && run.ledger.is_none()
}

/// An error if the run would have to end before the window opens.
fn expect_a_window(settings: &RunSettings) -> Result<(), Usage> {
    let longest = settings.limits.max_duration;
    match settings.schedule.never_opens(Timestamp::now(), longest) {
        Some(why) => Err(Usage::NeverOpens { why }),
        None => Ok(()),
    }
}

/// What the ledger knows. It tidies up when the last that looks at it has gone, so nobody does for longer.
fn past(ledger: &Ledger) -> Result<(EarlierRuns, KnownAtDestination, Vec<UidOwner>), Error> {
    let reader = ledger.reader()?;
    let past = EarlierRuns {
        path: ledger.path().to_owned(),
        done: reader.load_done()?,
        sent: reader.sent_until()?,
    };
    Ok((past, reader.known()?, reader.recent_uids()?))
}

/// What is left of a delivery.
struct Driven {
    report: Report,
    /// The first file of the report that could not be written, if any.
    written: Result<(), report::Error>,
    delivered: Result<(), pipeline::Error>,
}

/// A share works most of the time, which is how it takes people in.
fn warn_of_a_share(ledger: &Ledger) {
    if ledger.is_remote() {
        tracing::warn!(
            ledger = %ledger.path().display(),
            "the ledger stands on the disk of another machine: what is written may be lost with \
             that machine's power, and two machines may take the lock at once; use a local disk"
        );
    }
}

/// Delivers what the pipeline decides; every event goes to the report, and problems to the ledger.
async fn drive<J>(
    plan: DeliveryOptions,
    stop: Arc<StopSignal>,
    orders: Decisions<J, pipeline::Error>,
    (mut report, look_back, id): (Report, &LookBack<'_>, RunId),
) -> Driven
where
    Cargo: From<Box<J>>,
{
    let writer = look_back.ledger.writer();
    let mut noted = signals::ProblemLog::new(writer.clone());
    let mut written = Ok(());
    let mut listen = |event: Event<'_>| {
        noted.take(&event, &stop);
        // Told to the end whatever happens, so that every record is counted.
        let told = report.event(&event);
        if let Err(error) = told
            && written.is_ok()
        {
            stop.raise(StopReason::ReportLost, error.to_string());
            written = Err(error);
        }
        // Those that come by themselves, and the first batch.
        if matches!(event, Event::Sent { .. } | Event::Checked(_))
            && let Some(work) = report.work_due()
        {
            writer.note_progress(id, &work.to_json());
        }
    };
    let delivered = delivery::run(plan, Arc::clone(&stop), orders, &mut listen).await;
    if stop.reason().is_none() {
        match look_back.overdue() {
            Ok(problems) => problems.iter().for_each(|it| listen(Event::Aside(it))),
            Err(error) => stop.raise(StopReason::LedgerLost, error.to_string()),
        }
    }
    noted.flush(&stop);
    Driven {
        report,
        written,
        delivered,
    }
}

/// The look at the ledger after all records: what it holds for too long, and no record told of.
struct LookBack<'l> {
    ledger: &'l Ledger,
    hold_for: Duration,
    started: Timestamp,
}

/// What is told one by one.
const MOST_OVERDUE: usize = 1000;

impl LookBack<'_> {
    fn overdue(&self) -> Result<Vec<Problem>, LedgerOpenError> {
        let now = Timestamp::now();
        let until = now.checked_sub(self.hold_for).unwrap_or(Timestamp::MIN);
        let mut problems = Vec::new();
        let mut more = 0_u64;
        let reader = self.ledger.reader()?;
        reader.overdue(until, self.started, |held| {
            let age = pipeline::overdue(Some(held.held_at), now, self.hold_for);
            match age.filter(|_| problems.len() < MOST_OVERDUE) {
                Some(age) => problems.push(left_held(&age, &held.identity)),
                None => more += 1,
            }
        })?;
        if more > 0 {
            problems.push(left_held(&format!("{more} more records are held"), ""));
        }
        Ok(problems)
    }
}

fn left_held(age: &str, id: &str) -> Problem {
    let message = format!(
        "{age}; this run neither sent nor found it. Run the export that had it, or drop it: \
         `capturi-import ledger forget-held` and the id"
    );
    let mut problem = Problem::new(Code::HeldTooLong, Place::on_line("", 0), message);
    problem.name_record(id);
    problem
}

/// Runs the pipeline on a thread of its own.
fn walk<T: ImportTarget + Send + 'static>(
    pipeline: Pipeline<T>,
) -> (JoinHandle<()>, Decisions<T::Job, pipeline::Error>) {
    let (decided, orders) = mpsc::channel::<Result<DecidedBatch<T::Job>, pipeline::Error>>(AHEAD);
    let walker = thread::spawn(move || {
        let walked = pipeline.run(|batch| match decided.blocking_send(Ok(batch)) {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        });
        if let Err(error) = walked {
            // Nobody left to hear it means that the run has ended for another reason.
            let _ = decided.blocking_send(Err(error));
        }
    });
    (walker, orders)
}

/// A panic of the pipeline must not look like the end of the export.
fn join(walker: JoinHandle<()>) {
    if let Err(panic) = walker.join() {
        std::panic::resume_unwind(panic);
    }
}

fn audio_settings(parts: &ImportParts) -> AudioSettings {
    let audio = parts.mapping.audio();
    AudioSettings {
        language: audio.language.clone(),
        stereo: audio.stereo.map(str::to_owned),
        mono: audio.mono.map(str::to_owned),
    }
}

/// The ledger of a run. The server inside a rehearsal begins from nothing, and so must its ledger.
fn open_ledger(
    path: &Path,
    destination: &str,
    is_rehearsal: bool,
) -> Result<Ledger, LedgerOpenError> {
    let ledger = if is_rehearsal {
        Ledger::open_anew(path, destination)?
    } else {
        Ledger::open(path, destination)?
    };
    warn_of_a_share(&ledger);
    Ok(ledger)
}
