//! `run --dry-run`: the pipeline of a run by its ledger, cut before delivery.

use super::error::Error;
use super::exit_code::Exit;
use super::files_beside::FilesBeside;
use super::inputs::{self, ImportParts};
use super::{check, export_age, ledger_part, run_options};
use crate::config::{self, Arguments, RunArgs, RunSettings};
use crate::ledger::{Ledger, LedgerOpenError, LedgerReader};
use crate::pipeline::{EarlierRuns, Purpose};
use crate::report::{DestinationLabel, Mode, Screen};

pub(super) fn dry_run(run: &RunArgs, arguments: &Arguments, screen: Screen) -> Result<Exit, Error> {
    let shard = run.share.resolve().map_err(config::Error::from)?;
    // A rehearsal begins from nothing, and so does its dry run.
    let is_fresh = run.destination.sandbox && run.ledger.is_none();
    let reader = if is_fresh { None } else { reader(run)? };
    let ledger = RunSettings::ledger_path(run);
    let destination = DestinationLabel {
        name: run.destination.name()?,
        is_new_ledger: reader.is_none(),
        ledger: ledger.clone(),
        settings: arguments.settings.clone(),
        read_api: run.destination.read_api()?,
        shard: run_options::shard_label(run, shard),
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
    let aged = export_age::too_old(parts.exports(), run.age.expect_new);
    parts.select(run.selection.only.as_deref())?;
    parts.expect_labels(run.label.as_deref())?;
    parts.share(&run.export, shard)?;
    parts.earlier = match &reader {
        Some(reader) => Some(past(reader, run, &parts)?),
        None => None,
    };
    let options = run_options::report_options(run, arguments, &parts, Mode::DryRun, destination);
    check::walk(parts, options, aged.as_ref(), screen)
}

/// The ledger, if there is one; none is made. One of another destination would tell of
/// other calls, and a run would refuse it.
fn reader(run: &RunArgs) -> Result<Option<LedgerReader>, Error> {
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
    Ok(Some(reader))
}

/// What the ledger tells, if it is the one for this part of the export.
fn past(reader: &LedgerReader, run: &RunArgs, parts: &ImportParts) -> Result<EarlierRuns, Error> {
    reader.expect_part(ledger_part::binding(run, parts)?.as_ref())?;
    Ok(EarlierRuns {
        path: RunSettings::ledger_path(run),
        done: reader.load_done()?,
        sent: reader.sent_until().map_err(LedgerOpenError::from)?,
    })
}
