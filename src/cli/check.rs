//! `check`: the pipeline, cut before delivery.

use std::ops::ControlFlow;
use std::sync::Arc;

use super::error::Error;
use super::exit_code::Exit;
use super::files_beside::FilesBeside;
use super::inputs::{self, ImportParts, TargetPipeline};
use crate::api::ApiVersion;
use crate::config::{Arguments, CheckArgs};
use crate::domain::{ChangedRecord, ExistingConversation, Policy, Problem};
use crate::events::{Event, StopReason};
use crate::import;
use crate::pipeline::{ImportTarget, Pipeline, Purpose};
use crate::report::{Mode, Report, ReportOptions, Screen};

pub(super) fn check(
    check: &CheckArgs,
    arguments: &Arguments,
    screen: Screen,
) -> Result<Exit, Error> {
    let policy = Policy {
        missing: check.export.missing(),
        existing: ExistingConversation::Adopt,
        changed: ChangedRecord::Report,
        hold_for: check.export.hold_for,
    };
    let beside = FilesBeside {
        out: check.output.out.as_deref(),
        ledger: None,
    };
    let mut parts = inputs::parts(
        &check.export,
        policy,
        Purpose::Check,
        ApiVersion::V2,
        beside,
    )?;
    parts.select(check.selection.only.as_deref())?;
    let options = ReportOptions {
        out: check.output.out.clone(),
        lists: check.output.lists.form(),
        style: arguments.style(),
        is_quiet: arguments.quiet,
        rate: check.pace.rate,
        bandwidth: check.pace.usual_bandwidth(),
        inputs: inputs::paths(&parts, &check.export),
        second_files: parts.mapping.second_files(),
        has_audio: parts.recordings.is_some(),
        place: parts.place_kind(),
        stores: parts.store_extent(),
        traffic: Arc::clone(&parts.traffic),
        ..ReportOptions::new(Mode::Check)
    };
    walk(parts, options, None, screen)
}

/// Runs a pipeline that sends nothing, and reports what was found.
pub(super) fn walk(
    parts: ImportParts,
    options: ReportOptions,
    aged: Option<&Problem>,
    screen: Screen,
) -> Result<Exit, Error> {
    match parts.into_pipeline() {
        TargetPipeline::Calls(pipeline) => report_on(&pipeline, options, aged, screen),
        TargetPipeline::Cases(pipeline) => report_on(&pipeline, options, aged, screen),
    }
}

fn report_on<T: ImportTarget>(
    pipeline: &Pipeline<T>,
    options: ReportOptions,
    aged: Option<&Problem>,
    screen: Screen,
) -> Result<Exit, Error> {
    let mut report = Report::new(options, screen)?;
    let mut written = Ok(());
    let walked = import::check(pipeline, |event| {
        let told = report.event(event);
        written = std::mem::replace(&mut written, Ok(())).and(told);
        match written {
            Ok(()) => ControlFlow::Continue(()),
            Err(_) => ControlFlow::Break(()),
        }
    });
    report.break_off(&walked);
    if let (Some(problem), Ok(())) = (aged, &written) {
        written = report.event(&Event::ExportProblem(problem));
    }
    if let Err(error) = &written {
        let (stop, why) = (StopReason::ReportLost, &error.to_string());
        // It failed before, and that is the failure that is told.
        let _ = report.event(&Event::Stopping { stop, why });
    }
    let finished = report.finish(walked.is_err().then_some(StopReason::ExportBroken));
    walked?;
    written.and(finished.written)?;
    let tally = &finished.summary.tally;
    let exit = match finished.summary.mode {
        Mode::Check => Exit::of_check(tally),
        Mode::DryRun | Mode::Run | Mode::Rehearsal => Exit::of(None, tally),
    };
    Ok(exit.unless_unread(&finished.summary))
}
