//! `run`: flags to parts, parts to one call of `import`, its outcome to an exit code.

use std::sync::Arc;

use jiff::Timestamp;

use super::connect::{self, ConnectedDestination};
use super::error::{Error, Usage};
use super::exit_code::Exit;
use super::files_beside::FilesBeside;
use super::inputs::{self, ImportParts, TargetPipeline};
use super::report_listener::ReportListener;
use super::run_ledger::{LedgerKnowledge, begins_anew, open_ledger};
use super::screens::Screens;
use super::watch::{self, Watch};
use super::{
    canary_approval, dry_run, export_age, ledger_part, run_options, sandbox, signals, verify,
};
use crate::api::AudioSettings;
use crate::config::{Arguments, RunArgs, RunSettings};
use crate::delivery::deliver::Deliver;
use crate::delivery::{DeliveryOptions, SendingControl};
use crate::domain::{ChangedRecord, Problem};
use crate::events::{Event, StopReason, StopSignal};
use crate::import::{Import, Imported, Listener as _, RunParts, import};
use crate::monitoring::{LedgerAtStart, RunBoard};
use crate::pipeline::{ImportTarget, Purpose};
use crate::report::{self, Mode, Report, ReportOptions, Screen};
use crate::sandbox::Sandbox;
use crate::targets::{CallDelivery, CallDeliveryOptions, CaseDelivery, CaseDeliveryOptions};

/// `own` is the screen of what comes after the run.
pub(super) fn run(
    run: &RunArgs,
    arguments: &Arguments,
    screen: Screen,
    own: Screen,
) -> Result<Exit, Error> {
    if let Some(origin) = run.destination.sandbox_origin {
        tracing::warn!(
            "{origin} makes this a rehearsal: nothing is sent to Capturi. Take it away to import"
        );
    }
    if run.dry_run {
        return dry_run::dry_run(run, arguments, screen);
    }
    let watch = Watch::start(run)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Usage::Runtime)?;
    let screens = Screens { run: screen, own };
    let exit = runtime.block_on(async {
        let exit = match RunSettings::resolve(run) {
            Ok(settings) => Box::pin(deliver(run, arguments, settings, screens, &watch)).await,
            Err(error) => Err(error.into()),
        };
        watch.end(&exit).await;
        exit
    });
    // A reader that waits for standing input must not keep a stopped program alive.
    runtime.shutdown_background();
    exit
}

async fn deliver(
    run: &RunArgs,
    arguments: &Arguments,
    settings: RunSettings,
    screens: Screens,
    watch: &Watch,
) -> Result<Exit, Error> {
    let Screens {
        run: screen,
        mut own,
    } = screens;
    let connected = connect(run, &settings).await?;
    let stop = Arc::new(StopSignal::new());
    let _listening = signals::listen(&stop);
    let (parts, mut report) = match prepare(run, arguments, &settings, &connected, &stop).await? {
        PreparedRun::Whole(parts, report) => (*parts, report),
        PreparedRun::Interrupted(report) => return report_interruption(report, screen),
    };
    report.watched_at = watch.url();
    let aged = export_age::too_old(parts.exports(), run.age.expect_new);
    if run.approval.require_canary {
        let mapping = canary_approval::hash(run, &parts.mapping);
        canary_approval::expect(&mapping, &settings.ledger, &connected.name)?;
    }
    let reading = connected.reading.as_ref();
    let comparison = verify::after_run(run, arguments, &settings, reading, &connected.name)?;
    let OpenedRun {
        pipeline,
        sending,
        server,
    } = OpenedRun::open(run, settings, connected, parts, report)?;
    let mut sending = sending.watched_by(watch, &pipeline)?;
    sending.aged = aged;
    watch.obey(sending.run.ledger.path(), sending.control(), &stop);
    let mut exit = sending.send(pipeline, screen, &stop, server.as_ref()).await;
    watch.disobey();
    if let Ok(Exit::Done | Exit::Incomplete) = &exit {
        export_age::prune(run.output.out.as_deref(), run.age.keep);
    }
    if let (Ok(ended @ (Exit::Done | Exit::Incomplete)), Some(comparison)) = (&exit, comparison) {
        let compared = comparison.carry_out(&mut own).await;
        // What was wrong with the run is told by its number.
        exit = compared.map(|compared| {
            if *ended == Exit::Done {
                compared
            } else {
                *ended
            }
        });
    }
    if let Some(server) = server {
        server.stop().await;
    }
    exit
}

/// Finds the destination of a run that may begin now or later.
pub(super) async fn connect(
    run: &RunArgs,
    settings: &RunSettings,
) -> Result<ConnectedDestination, Error> {
    expect_a_window(settings)?;
    connect::connect(run, settings).await
}

/// A run that may begin.
pub(super) struct OpenedRun {
    /// What it imports.
    pub(super) pipeline: TargetPipeline,
    /// How it sends.
    pub(super) sending: Sending,
    /// The server inside this process.
    pub(super) server: Option<Sandbox>,
}

/// How a run sends, with its ledger.
pub(super) struct Sending {
    calls: CallDeliveryOptions,
    cases: CaseDeliveryOptions,
    run: RunParts,
    report: ReportOptions,
    board: Option<Arc<RunBoard>>,
    /// What is wrong with the age of the export.
    aged: Option<Problem>,
}

impl OpenedRun {
    /// Opens the ledger and everything else that the run needs. Whatever can be wrong is found before a
    /// ledger is made and bound to this destination.
    pub(super) fn open(
        run: &RunArgs,
        settings: RunSettings,
        connected: ConnectedDestination,
        mut parts: ImportParts,
        report: ReportOptions,
    ) -> Result<OpenedRun, Error> {
        if run.effort.changed() == ChangedRecord::Send && connected.read_back.is_none() {
            return Err(Usage::NoReadApiForChanges.into());
        }
        Report::probe(&report)?;
        let part = ledger_part::binding(run, &parts)?;
        let (path, name) = (&settings.ledger, &connected.name);
        let ledger = open_ledger(path, name, part.as_ref(), begins_anew(run))?;
        let LedgerKnowledge {
            earlier,
            known,
            uids,
            content_key,
        } = LedgerKnowledge::of(&ledger)?;
        parts.earlier = Some(earlier);
        let calls = CallDeliveryOptions {
            version: settings.version,
            audio: audio_settings(&parts),
            with_sha256: run.sha256,
            label: run.label.clone(),
            transcoder: inputs::transcoder(&parts)?,
            read_back: connected.read_back,
            known: known.calls,
            uids,
            content_key,
        };
        let delivery = DeliveryOptions {
            client: connected.client,
            writer: ledger.writer(),
            pace: settings.pace,
            schedule: settings.schedule,
            limits: settings.limits,
            control: Arc::default(),
        };
        let run_parts = RunParts {
            options: delivery,
            ledger,
            description: format!("{} to {}", run.export.mapping, connected.name),
            // A run of a few records says nothing of the others.
            hold_for: parts.selection.is_none().then_some(parts.policy.hold_for),
        };
        Ok(OpenedRun {
            pipeline: parts.into_pipeline(),
            sending: Sending {
                calls,
                cases: CaseDeliveryOptions { known: known.cases },
                run: run_parts,
                report,
                board: None,
                aged: None,
            },
            server: connected.server,
        })
    }
}

impl Sending {
    /// The same for a few records, which says nothing of the others.
    #[must_use]
    pub(super) fn of_few(mut self) -> Sending {
        self.run.hold_for = None;
        self
    }

    /// The same with its figures for those who watch.
    fn watched_by(mut self, watch: &Watch, pipeline: &TargetPipeline) -> Result<Sending, Error> {
        self.board = watch.board();
        if let Some(board) = &self.board {
            // It takes a while in a large ledger.
            let known = if watch.is_asked() && matches!(pipeline, TargetPipeline::Calls(_)) {
                let summary = self.run.ledger.reader()?.summary()?;
                Some(LedgerAtStart::of(&summary))
            } else {
                None
            };
            board.opened(self.run.ledger.path(), known);
        }
        Ok(self)
    }

    /// What the run obeys.
    fn control(&self) -> Arc<SendingControl> {
        Arc::clone(&self.run.options.control)
    }

    /// Sends what there is to send.
    pub(super) async fn send(
        self,
        pipeline: TargetPipeline,
        screen: Screen,
        stop: &Arc<StopSignal>,
        server: Option<&Sandbox>,
    ) -> Result<Exit, Error> {
        let report = Report::new(self.report, screen)?;
        let listener = ReportListener::new(report, Arc::clone(stop), self.board);
        match pipeline {
            TargetPipeline::Calls(pipeline) => {
                let import = Import::<_, CallDelivery>::of(pipeline, self.calls, self.run);
                Box::pin(attend(import, listener, stop, server, self.aged)).await
            }
            TargetPipeline::Cases(pipeline) => {
                let import = Import::<_, CaseDelivery>::of(pipeline, self.cases, self.run);
                Box::pin(attend(import, listener, stop, server, self.aged)).await
            }
        }
    }
}

/// Imports, listens to signals meanwhile, and ends the report and the run.
async fn attend<T, D>(
    run: Import<T, D>,
    mut listener: ReportListener,
    stop: &Arc<StopSignal>,
    server: Option<&Sandbox>,
    aged: Option<Problem>,
) -> Result<Exit, Error>
where
    T: ImportTarget + Send + 'static,
    D: Deliver<Job = T::Job>,
{
    let Imported { ended, record } = tokio::select! {
        biased;
        // First, so that a signal is heard as soon as anything is said.
        never = signals::on_signals(stop) => never,
        imported = import(run, stop, &mut listener) => imported?,
    };
    let lost = server.map(sandbox::lost_fields).unwrap_or_default();
    for problem in lost.iter().chain(&aged) {
        listener.event(&Event::ExportProblem(problem));
    }
    let reason = stop.reason().map(|(stop, _)| stop);
    let ReportListener {
        mut report,
        written,
        board,
        ..
    } = listener;
    report.break_off(&ended);
    let finished = report.finish(reason);
    if let Some(board) = board {
        board.finish(finished.figures, watch::notes(&finished.summary));
    }
    let summary = &finished.summary;
    // Of two failures the first is told; that of the pipeline says more than that of its report.
    let written = written.and(finished.written).map_err(Error::from);
    let ended = ended.map_err(Error::from).and(written);
    let exit = Exit::of_run(&ended, reason, &summary.tally).unless_unread(summary);
    record.close(exit.code(), &finished.work.to_json())?;
    ended?;
    Ok(exit)
}

/// What is imported, and what its report is to be like.
pub(super) enum PreparedRun {
    Whole(Box<ImportParts>, ReportOptions),
    /// The run was to end before its recordings were listed.
    Interrupted(ReportOptions),
}

/// The report of a run that was to end before it read anything.
pub(super) fn report_interruption(options: ReportOptions, screen: Screen) -> Result<Exit, Error> {
    let mut report = Report::new(options, screen)?;
    let (stop, why) = (StopReason::Interrupted, "interrupted by a signal");
    report.event(&Event::Stopping { stop, why })?;
    let finished = report.finish(Some(stop));
    finished.written?;
    Ok(Exit::of(Some(stop), &finished.summary.tally))
}

/// Finds out what is imported, and lists its recordings unless the run is to end meanwhile.
pub(super) async fn prepare(
    run: &RunArgs,
    arguments: &Arguments,
    settings: &RunSettings,
    connected: &ConnectedDestination,
    stop: &StopSignal,
) -> Result<PreparedRun, Error> {
    let beside = FilesBeside {
        out: run.output.out.as_deref(),
        ledger: Some(&settings.ledger),
    };
    let mut parts = inputs::unlisted_parts(
        &run.export,
        run_options::policy(run),
        Purpose::Run,
        settings.version,
        beside,
    )?;
    parts.select(run.selection.only.as_deref())?;
    parts.expect_labels(run.label.as_deref())?;
    parts.share(&run.export, settings.shard)?;
    let is_listed = parts.list_unless(stop).await?;
    let mode = if run.destination.sandbox {
        Mode::Rehearsal
    } else {
        Mode::Run
    };
    let to = report::DestinationLabel {
        name: connected.name.clone(),
        ledger: settings.ledger.clone(),
        is_new_ledger: begins_anew(run) || !settings.ledger.exists(),
        settings: arguments.settings.clone(),
        read_api: run.destination.read_api()?,
        shard: run_options::shard_label(run, settings.shard),
    };
    let options = run_options::report_options(run, arguments, &parts, mode, to);
    Ok(if is_listed {
        PreparedRun::Whole(Box::new(parts), options)
    } else {
        PreparedRun::Interrupted(options)
    })
}

/// An error if the run would have to end before the window opens.
fn expect_a_window(settings: &RunSettings) -> Result<(), Usage> {
    let longest = settings.limits.max_duration;
    match settings.schedule.never_opens(Timestamp::now(), longest) {
        Some(why) => Err(Usage::NeverOpens { why }),
        None => Ok(()),
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
