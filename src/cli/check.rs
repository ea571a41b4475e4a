//! `check`: the road, cut before delivery.

use std::ops::ControlFlow;

use super::error::Error;
use super::exit::Exit;
use super::export;
use crate::api::Version;
use crate::config::{Arguments, CheckArgs};
use crate::pipeline::{Road, Stop, Want};
use crate::plan::{Existing, Policy};
use crate::report::{Mode, Options, Report, Screen};

pub(super) fn check(
    check: &CheckArgs,
    arguments: &Arguments,
    screen: Screen,
) -> Result<Exit, Error> {
    let policy = Policy {
        missing: check.export.missing(),
        existing: Existing::Adopt,
    };
    let road = export::road(&check.export, policy, None, (Want::Check, Version::V2))?;
    let options = Options {
        out: check.output.out.clone(),
        style: arguments.style(),
        is_quiet: arguments.quiet,
        rate: check.pace.rate,
        bandwidth: check.pace.usual_bandwidth(),
        inputs: export::paths(&road),
        has_audio: road.audio.is_some(),
        ..Options::new(Mode::Check)
    };
    walk(&road, options, screen)
}

/// Walks a road that sends nothing, and reports what was found.
pub(super) fn walk(road: &Road, options: Options, screen: Screen) -> Result<Exit, Error> {
    let mut report = Report::new(options, screen)?;
    let mut unwritten = Ok(());
    let walked = road.walk(|decided| {
        decided.tell(&mut |event| {
            if unwritten.is_ok() {
                unwritten = report.event(&event);
            }
        });
        if unwritten.is_ok() {
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(())
        }
    });
    report.break_off(&walked);
    let summary = report.finish(walked.is_err().then_some(Stop::ExportBroken))?;
    unwritten?;
    walked?;
    Ok(Exit::of(None, &summary.tally))
}
