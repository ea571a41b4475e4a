//! `run --dry-run`: the pipeline of a run by its ledger, cut before delivery.

use super::error::Error;
use super::exit_code::Exit;
use super::files_beside::FilesBeside;
use super::inputs;
use super::{check, run_options};
use crate::config::{Arguments, RunArgs, RunSettings};
use crate::ledger::{Ledger, LedgerOpenError};
use crate::pipeline::{EarlierRuns, Purpose};
use crate::report::{DestinationLabel, Mode, Screen};

pub(super) fn dry_run(run: &RunArgs, arguments: &Arguments, screen: Screen) -> Result<Exit, Error> {
    // A rehearsal begins from nothing, and so does its dry run.
    let is_fresh = run.destination.sandbox && run.ledger.is_none();
    let past = if is_fresh { None } else { past(run)? };
    let ledger = RunSettings::ledger_path(run);
    let destination = DestinationLabel {
        name: run.destination.name()?,
        is_new_ledger: past.is_none(),
        ledger: ledger.clone(),
        settings: arguments.settings.clone(),
        read_api: run.destination.read_api()?,
    };
    let beside = FilesBeside {
        out: run.output.out.as_deref(),
        ledger: Some(&ledger),
    };
    let mut parts = inputs::parts(
        &run.export,
        run_options::policy(run),
        Purpose::Check,
        run.version(),
        beside,
    )?;
    parts.select(run.selection.only.as_deref())?;
    parts.expect_labels(run.label.as_deref())?;
    parts.earlier = past;
    let options = run_options::report_options(run, arguments, &parts, Mode::DryRun, destination);
    check::walk(parts, options, screen)
}

/// What the ledger tells, if there is one; none is made. One of another destination would tell of
/// other calls, and a run would refuse it.
fn past(run: &RunArgs) -> Result<Option<EarlierRuns>, Error> {
    let path = RunSettings::ledger_path(run);
    let ours = run.destination.name()?;
    let reader = match Ledger::read(&path) {
        Ok(reader) => reader,
        Err(LedgerOpenError::Missing { .. }) => {
            if run.ledger.is_some() {
                tracing::warn!(
                    ledger = %path.display(),
                    "there is no ledger of that name yet: no call counts as sent before"
                );
            }
            return Ok(None);
        }
        Err(error) => return Err(error.into()),
    };
    reader.expect_destination(&ours)?;
    let done = reader.load_done()?;
    let sent = reader.sent_until().map_err(LedgerOpenError::from)?;
    Ok(Some(EarlierRuns { path, done, sent }))
}
