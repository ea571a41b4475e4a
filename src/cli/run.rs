//! `run`: the whole road.

use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use tokio::sync::mpsc;

use super::error::{Error, Usage};
use super::exit::Exit;
use super::{check, destination, export, stopping};
use crate::api::AudioSettings;
use crate::config::{Arguments, RunArgs, RunSettings};
use crate::delivery::{self, Orders, Plan, StopSignal};
use crate::ledger::{Ledger, OpenError, Writer};
use crate::pipeline::{self, Decided, Past, Road, Want};
use crate::plan::Policy;
use crate::report::{Mode, Options, Report, Screen};

/// Decided batches between the road and the delivery.
const AHEAD: usize = 2;

pub(super) fn run(run: &RunArgs, arguments: &Arguments, screen: Screen) -> Result<Exit, Error> {
    let policy = Policy {
        missing: run.export.missing(),
        existing: run.effort.existing(),
    };
    if run.dry_run {
        // A rehearsal begins from nothing, and so does its dry run.
        let is_fresh = run.destination.sandbox && run.ledger.is_none();
        let past = if is_fresh {
            None
        } else {
            past_of_dry_run(&RunSettings::ledger_path(run))?
        };
        let road = export::road(&run.export, policy, past, (Want::Check, run.version()))?;
        let options = options(run, arguments, &road, Mode::DryRun);
        return check::walk(&road, options, screen);
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
    // Whatever can be wrong is found before a ledger is made and bound to this destination.
    let reached = destination::reach(run, &settings).await?;
    let policy = Policy {
        missing: run.export.missing(),
        existing: run.effort.existing(),
    };
    let mut road = export::road(&run.export, policy, None, (Want::Run, settings.version))?;
    let (destination, server) = (reached.name, reached.server);
    let is_rehearsal = server.is_some() && run.ledger.is_none();
    let ledger = open_ledger(&settings.ledger, &destination, is_rehearsal)?;
    road.past = Some(Past {
        path: ledger.path().to_owned(),
        done: ledger.reader()?.load_done()?,
    });
    let options = options(run, arguments, &road, Mode::Run);
    let writer = ledger.writer();
    let plan = Plan {
        client: reached.client,
        version: settings.version,
        read_back: reached.read_back,
        settings: audio_settings(&road),
        workshop: export::workshop(&road)?,
        writer: writer.clone(),
        pace: settings.pace,
        calendar: settings.calendar,
        effort: settings.effort,
    };
    let id = writer.start_run(&format!("{} to {destination}", run.export.mapping))?;
    let stop = Arc::new(StopSignal::new());
    let report = Report::new(options, screen)?;
    let (walker, orders) = walk(road);
    let (report, delivered) = tokio::select! {
        biased;
        // First, so that a signal is heard as soon as anything is said.
        never = stopping::on_signals(&stop) => never,
        done = drive(plan, Arc::clone(&stop), orders, (report, writer.clone())) => done,
    };
    if stop.reason().is_none() {
        join(walker);
    }
    let reason = stop.reason().map(|(stop, _)| stop);
    let finished = report.and_then(|mut report| {
        report.break_off(&delivered);
        report.finish(reason)
    });
    let ended = delivered.map_err(Error::from);
    if let Ok(summary) = &finished {
        let exit = Exit::of_run(&ended, reason, &summary.tally);
        writer.finish_run(id, exit.code(), &summary.tally.to_json())?;
    }
    ledger.close()?;
    if let Some(server) = server {
        server.stop().await;
    }
    let tally = finished?.tally;
    ended?;
    Ok(Exit::of(reason, &tally))
}

type Driven = (
    Result<Report, crate::report::Error>,
    Result<(), pipeline::Error>,
);

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

/// Delivers what the road decides; every event goes to the report, and problems to the ledger.
async fn drive(
    plan: Plan,
    stop: Arc<StopSignal>,
    orders: Orders<pipeline::Error>,
    (mut report, writer): (Report, Writer),
) -> Driven {
    let mut noted = stopping::Notes::new(writer);
    let mut unwritten = Ok(());
    let delivered = delivery::run(plan, Arc::clone(&stop), orders, &mut |event| {
        noted.take(&event, &stop);
        if unwritten.is_ok() {
            unwritten = report.event(&event);
            if let Err(error) = &unwritten {
                stop.raise(pipeline::Stop::LedgerLost, error.to_string());
            }
        }
    })
    .await;
    noted.flush(&stop);
    (unwritten.map(|()| report), delivered)
}

/// Walks the road on a thread of its own.
fn walk(road: Road) -> (JoinHandle<()>, Orders<pipeline::Error>) {
    let (decided, orders) = mpsc::channel::<Result<Decided, pipeline::Error>>(AHEAD);
    let walker = thread::spawn(move || {
        let walked = road.walk(|batch| match decided.blocking_send(Ok(batch)) {
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

/// A panic of the road must not look like the end of the export.
fn join(walker: JoinHandle<()>) {
    if let Err(panic) = walker.join() {
        std::panic::resume_unwind(panic);
    }
}

fn audio_settings(road: &Road) -> AudioSettings {
    let audio = road.mapping.audio();
    AudioSettings {
        language: audio.language.clone(),
        stereo: audio.stereo.map(str::to_owned),
        mono: audio.mono.map(str::to_owned),
    }
}

fn options(run: &RunArgs, arguments: &Arguments, road: &Road, mode: Mode) -> Options {
    Options {
        out: run.output.out.clone(),
        style: arguments.style(),
        is_quiet: arguments.quiet,
        rate: run.pace.rate,
        bandwidth: run.pace.usual_bandwidth(),
        inputs: export::paths(road),
        has_audio: road.audio.is_some(),
        ..Options::new(mode)
    }
}

/// A dry run looks into the ledger if there is one, and makes none.
fn past_of_dry_run(path: &Path) -> Result<Option<Past>, Error> {
    match Ledger::read(path) {
        Ok(reader) => Ok(Some(Past {
            path: path.to_owned(),
            done: reader.load_done()?,
        })),
        Err(OpenError::Missing { .. }) => Ok(None),
        Err(error) => Err(error.into()),
    }
}

/// The ledger of a run. The server inside a rehearsal begins from nothing, and so must its ledger.
fn open_ledger(path: &Path, destination: &str, is_rehearsal: bool) -> Result<Ledger, OpenError> {
    let ledger = if is_rehearsal {
        Ledger::open_anew(path, destination)?
    } else {
        Ledger::open(path, destination)?
    };
    warn_of_a_share(&ledger);
    Ok(ledger)
}
