//! `canary`: picks a few calls, sends them by the usual road, reads them back and shows them side by side.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use super::error::{Error, Usage};
use super::exit_code::Exit;
use super::inputs::{self, TargetPipeline};
use super::run::{OpenedRun, PreparedRun, Sending, connect, prepare, report_interruption};
use super::run_ledger::begins_anew;
use super::screens::Screens;
use super::{canary_approval, signals};
use crate::api::{ReadClient, ReadConnection};
use crate::canary::{
    CallPicker, CanaryCall, CanaryRecord, PickedCall, ReadBackEnd, ReadBackPace, SentCall,
    SentParts, SoundReader, findings, read_back,
};
use crate::config::{self, Arguments, CanaryArgs, RunSettings};
use crate::domain::counted;
use crate::events::StopSignal;
use crate::ledger::{CallState, CreateState, DoneKind, Ledger};
use crate::pipeline::{Pipeline, Selection};
use crate::recordings::{Ffmpeg, IndexOptions, Transcoder};
use crate::report::{CanaryReport, Screen, print_canary, print_picks};
use crate::sandbox::Sandbox;
use crate::targets::CallTarget;

pub(super) fn canary(
    canary: &CanaryArgs,
    arguments: &Arguments,
    screen: Screen,
    own: Screen,
) -> Result<Exit, Error> {
    if let Some(name) = &canary.approve {
        return canary_approval::approve(canary, name, own);
    }
    let settings = RunSettings::resolve(&canary.run)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Usage::Runtime)?;
    let screens = Screens { run: screen, own };
    let exit = runtime.block_on(Box::pin(look(canary, arguments, settings, screens)));
    runtime.shutdown_background();
    exit
}

/// What a canary needs once its run is prepared.
struct CanaryPlan<'a> {
    canary: &'a CanaryArgs,
    arguments: &'a Arguments,
    ledger: PathBuf,
    destination: String,
    /// The hash of the mapping.
    mapping: String,
    /// The `stereoConfig` of the mapping.
    stereo: Option<String>,
    reading: ReadConnection,
    pace: ReadBackPace,
    /// The files that the command reads.
    inputs: Vec<PathBuf>,
    stop: Arc<StopSignal>,
}

async fn look(
    canary: &CanaryArgs,
    arguments: &Arguments,
    settings: RunSettings,
    screens: Screens,
) -> Result<Exit, Error> {
    let run = &canary.run;
    let connected = connect(run, &settings).await?;
    let stop = Arc::new(StopSignal::new());
    let _listening = signals::listen(&stop);
    let (parts, report) = match prepare(run, arguments, &settings, &connected, &stop).await? {
        PreparedRun::Whole(parts, report) => (*parts, report),
        PreparedRun::Interrupted(report) => return report_interruption(report, screens.run),
    };
    if parts.mapping.is_of_cases() {
        return Err(Usage::CanaryOfCases.into());
    }
    let plan = CanaryPlan {
        canary,
        arguments,
        ledger: settings.ledger.clone(),
        destination: connected.name.clone(),
        mapping: canary_approval::hash(run, &parts.mapping),
        stereo: parts.mapping.audio().stereo.map(str::to_owned),
        reading: connected.reading.clone().ok_or(Usage::NoReadApi)?,
        pace: ReadBackPace {
            rate: settings.pace,
            limits: settings.limits,
            wait: canary.wait,
        },
        inputs: inputs::paths(&parts, &run.export),
        stop,
    };
    let OpenedRun {
        pipeline,
        sending,
        server,
    } = OpenedRun::open(run, settings, connected, parts, report)?;
    let TargetPipeline::Calls(pipeline) = pipeline else {
        return Err(Usage::CanaryOfCases.into());
    };
    let carried = plan.carry_out(pipeline, sending, screens, server.as_ref());
    let exit = Box::pin(carried).await;
    if let Some(server) = server {
        server.stop().await;
    }
    exit
}

impl CanaryPlan<'_> {
    async fn carry_out(
        &self,
        pipeline: Pipeline<CallTarget>,
        sending: Sending,
        screens: Screens,
        server: Option<&Sandbox>,
    ) -> Result<Exit, Error> {
        let Screens {
            run: screen,
            mut own,
        } = screens;
        let Picking {
            pipeline,
            picks,
            seen,
        } = tokio::select! {
            biased;
            () = self.stop.raised() => return Ok(Exit::Interrupted),
            picked = self.pick(pipeline) => picked?,
        };
        if picks.is_empty() {
            return Err(Usage::NoCalls.into());
        }
        print_picks(&mut own, &picks, self.arguments.style());
        // Before anything is sent: whoever is interrupted looks at the same calls again.
        self.record(&picks, 0, 0)?;
        let ids = picks.iter().map(identity);
        let selection = Some(Selection::new("canary", ids));
        let pipeline = TargetPipeline::Calls(Pipeline {
            selection,
            ..pipeline
        });
        let sending = sending.of_few();
        let sent = sending.send(pipeline, screen, &self.stop, server).await?;
        if !matches!(sent, Exit::Done | Exit::Incomplete) {
            return Ok(sent);
        }
        let (calls, end) = self.look_at(picks).await?;
        let findings = findings(&calls);
        let report = CanaryReport {
            is_rehearsal: self.canary.run.destination.sandbox,
            destination: &self.destination,
            mapping: &self.canary.run.export.mapping,
            seen,
            calls: &calls,
            findings: &findings,
            broken_off: why(&end),
        };
        let out = self.canary.run.output.out.as_deref();
        let page = report.write(out.unwrap_or(Path::new(".")), &self.inputs)?;
        let picks: Vec<_> = calls.iter().map(|call| call.picked.clone()).collect();
        self.record(&picks, report.complete(), report.against())?;
        print_canary(&mut own, &report, &page, self.arguments.style());
        let is_fine = report.complete() == calls.len() && report.against() == 0;
        Ok(match end {
            ReadBackEnd::TokenRefused(_) => Exit::TokenRefused,
            ReadBackEnd::GaveUp(_) => Exit::GaveUp,
            ReadBackEnd::Stopped => Exit::Interrupted,
            ReadBackEnd::Complete if is_fine => sent,
            ReadBackEnd::Complete => Exit::Incomplete,
        })
    }

    /// Picks the calls: those of the last canary of this mapping and destination if it is not complete, so
    /// that they are looked at once more.
    async fn pick(&self, pipeline: Pipeline<CallTarget>) -> Result<Picking, Error> {
        let last = CanaryRecord::read(&self.ledger).map_err(Usage::Canary)?;
        let is_anew = self.canary.new || begins_anew(&self.canary.run);
        let last = last.filter(|last| {
            let is_ours = last.is_of(&self.mapping, &self.destination);
            !is_anew && is_ours && last.complete < last.calls.len()
        });
        let ids = last.map_or_else(Vec::new, |last| last.calls);
        let (count, seed) = (usize::from(self.canary.calls), self.canary.seed);
        let picking = tokio::task::spawn_blocking(move || {
            let mut picking = Picking::of(pipeline, &ids, seed)?;
            if picking.picks.is_empty() {
                picking = Picking::new(picking.pipeline, count, seed)?;
            }
            Ok(picking)
        });
        finished(picking.await)
    }

    /// Reads the calls back and measures their recordings.
    async fn look_at(
        &self,
        picks: Vec<PickedCall>,
    ) -> Result<(Vec<CanaryCall>, ReadBackEnd), Error> {
        let sent = self.sent(&picks)?;
        let client = ReadClient::new(&self.reading)?;
        let mut told = None;
        let mut tell = |open: usize| {
            // Each time somebody has become less patient, and not at each look.
            if told != Some(open) {
                tracing::info!(
                    "Capturi has not processed {} yet",
                    counted(open as u64, "call")
                );
                told = Some(open);
            }
        };
        let (readings, end) = tokio::select! {
            biased;
            never = signals::on_signals(&self.stop) => never,
            read = read_back(&client, &sent, self.pace, &self.stop, &mut tell) => read,
        };
        let ffmpeg = Ffmpeg::find(config::for_programs()).ok();
        let transcoder = Transcoder::open(ffmpeg, IndexOptions::default().largest).ok();
        let reader = SoundReader::new(transcoder.map(Arc::new), self.stereo.clone());
        let measuring = tokio::task::spawn_blocking(move || {
            let all = picks.into_iter().zip(sent).zip(readings);
            all.map(|((picked, sent), reading)| CanaryCall {
                measured: reader.measure(&picked.candidate),
                picked,
                sent,
                reading,
            })
            .collect::<Vec<_>>()
        });
        Ok((finished(measuring.await.map(Ok))?, end))
    }

    /// What the ledger knows of the calls.
    fn sent(&self, picks: &[PickedCall]) -> Result<Vec<SentCall>, Error> {
        let ids: Vec<&str> = picks
            .iter()
            .map(|pick| pick.candidate.call.identity())
            .collect();
        let states = Ledger::read(&self.ledger)?.call_states(&ids)?;
        let calls = picks.iter().zip(states);
        Ok(calls
            .map(|(pick, state)| SentCall {
                identity: identity(pick),
                uid: state.as_ref().and_then(uid),
                at: pick.candidate.call.at(),
                sent: match state.as_ref().and_then(CallState::done) {
                    Some(DoneKind::Complete) => SentParts::WithRecording,
                    Some(DoneKind::WithoutRecording | DoneKind::Waived) => SentParts::Conversation,
                    Some(DoneKind::LeftAlone) | None => SentParts::Incomplete,
                },
            })
            .collect())
    }

    /// Keeps what came of the canary; an approval of an earlier one is gone by that.
    fn record(&self, picks: &[PickedCall], complete: usize, against: usize) -> Result<(), Error> {
        let record = CanaryRecord {
            mapping: self.mapping.clone(),
            destination: self.destination.clone(),
            calls: picks.iter().map(identity).collect(),
            at: Timestamp::now(),
            complete,
            against,
            approval: None,
        };
        Ok(record.write(&self.ledger).map_err(Usage::Canary)?)
    }
}

/// Calls that were picked, and the pipeline that knows them.
struct Picking {
    pipeline: Pipeline<CallTarget>,
    picks: Vec<PickedCall>,
    /// Calls to choose from.
    seen: u64,
}

impl Picking {
    /// So many calls of those that a run would send.
    fn new(pipeline: Pipeline<CallTarget>, count: usize, lot: u64) -> Result<Picking, Error> {
        let mut picker = CallPicker::new(count, lot);
        pipeline.run(|batch| {
            picker.see(&batch);
            ControlFlow::Continue(())
        })?;
        Ok(Picking {
            seen: picker.seen(),
            picks: picker.pick(),
            pipeline,
        })
    }

    /// The calls of these ids, sent or not, as far as the export still has them.
    fn of(mut pipeline: Pipeline<CallTarget>, ids: &[String], lot: u64) -> Result<Picking, Error> {
        let mut picker = CallPicker::new(ids.len(), lot).of_ids(ids);
        if !ids.is_empty() {
            // As if nothing had been sent, so that all of them come with what was sent.
            let earlier = pipeline.earlier.take();
            pipeline.run(|batch| {
                picker.see(&batch);
                ControlFlow::Continue(())
            })?;
            pipeline.earlier = earlier;
        }
        let seen = picker.seen();
        let picks = picker.pick();
        if picks.len() < ids.len() {
            let missing = ids.len() - picks.len();
            tracing::warn!(
                "No longer in this export: {} of the last canary",
                counted(missing as u64, "call")
            );
        }
        Ok(Picking {
            pipeline,
            picks,
            seen,
        })
    }
}

fn identity(pick: &PickedCall) -> String {
    pick.candidate.call.identity().to_owned()
}

fn uid(state: &CallState) -> Option<String> {
    match &state.create {
        CreateState::Done { uid, .. } => uid.clone(),
        _ => None,
    }
}

/// Why reading back ended before its end.
fn why(end: &ReadBackEnd) -> Option<&str> {
    match end {
        ReadBackEnd::Complete => None,
        ReadBackEnd::Stopped => Some("it was interrupted."),
        ReadBackEnd::TokenRefused(why) | ReadBackEnd::GaveUp(why) => Some(why),
    }
}

/// What a thread came to; a panic goes on here.
fn finished<T>(ended: Result<Result<T, Error>, tokio::task::JoinError>) -> Result<T, Error> {
    match ended {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
