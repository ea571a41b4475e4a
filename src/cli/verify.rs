//! `verify`: the ledger against what the destination really has.

use std::time::Duration;

use jiff::Timestamp;

use super::error::{Error, Usage};
use super::exit_code::Exit;
use super::verify_job::VerifyJob;
use crate::api::{ReadClient, ReadConnection};
use crate::config::{Arguments, RunArgs, RunSettings, VerifyArgs, VerifySettings};
use crate::ledger::{VerifyOutcome, VerifyScope};
use crate::report::{Screen, read_id_list};
use crate::verify::VerifyOptions;

pub(super) fn verify(
    arguments: &VerifyArgs,
    program: &Arguments,
    mut screen: Screen,
) -> Result<Exit, Error> {
    let settings = VerifySettings::resolve(arguments)?;
    let job = VerifyJob {
        options: VerifyOptions {
            client: ReadClient::new(&settings.connection)?,
            pace: settings.pace,
            limits: settings.limits,
            settle: settings.settle,
            confirms_missing: arguments.repair,
            wait: arguments.wait,
        },
        destination: settings.destination,
        ledger: arguments.ledger.ledger.clone(),
        scope: scope(arguments)?,
        out: arguments.output.out.clone(),
        lists: arguments.output.lists.form(),
        style: program.style(),
        carries_repair_out: arguments.yes,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Usage::Runtime)?;
    runtime.block_on(job.carry_out(&mut screen))
}

/// The comparison of the calls that a run sends from now on, if one is asked for; waits at most so long.
pub(super) fn after_run(
    run: &RunArgs,
    program: &Arguments,
    settings: &RunSettings,
    reading: Option<&ReadConnection>,
    destination: &str,
) -> Result<Option<VerifyJob>, Error> {
    let Some(wait) = run.verify else {
        return Ok(None);
    };
    let Some(reading) = reading else {
        return Err(Usage::NothingToVerifyBy.into());
    };
    Ok(Some(VerifyJob {
        options: VerifyOptions {
            client: ReadClient::new(reading)?,
            pace: settings.pace,
            limits: settings.limits,
            settle: run.destination.read.settle.max(Duration::from_secs(1)),
            confirms_missing: false,
            wait,
        },
        destination: destination.to_owned(),
        ledger: settings.ledger.clone(),
        scope: VerifyScope {
            changed_since: Some(Timestamp::now()),
            ..VerifyScope::default()
        },
        out: run.output.out.clone(),
        lists: run.output.lists.form(),
        style: program.style(),
        carries_repair_out: false,
    }))
}

/// Which calls are compared. The name of an outcome is one, also where a file is called so.
fn scope(arguments: &VerifyArgs) -> Result<VerifyScope, Error> {
    let name = arguments.only.as_ref().and_then(|only| only.to_str());
    let outcome = name.and_then(VerifyOutcome::from_name);
    let list = arguments.only.as_ref().filter(|_| outcome.is_none());
    let epoch = jiff::civil::date(1970, 1, 1);
    let since_day = arguments.since.map(|date| {
        let hours = date.duration_since(epoch).as_hours();
        hours.div_euclid(24)
    });
    Ok(VerifyScope {
        since_day,
        changed_since: None,
        ids: list.map(|list| read_id_list(list)).transpose()?,
        outcome,
    })
}
