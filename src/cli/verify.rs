//! `verify`: the ledger against what the destination really has.

use std::path::Path;
use std::sync::Arc;

use jiff::Timestamp;

use super::error::{Error, LedgerError, Usage};
use super::exit_code::Exit;
use super::signals;
use crate::api::ReadClient;
use crate::config::{Arguments, VerifyArgs, VerifySettings};
use crate::events::StopSignal;
use crate::ledger::{Reopened, VerifyBook, VerifyOutcome, VerifyScope};
use crate::report::{Screen, Style, VerifyList, VerifySummary, read_id_list};
use crate::verify::{self, VerifyOptions};

pub(super) fn verify(
    arguments: &VerifyArgs,
    program: &Arguments,
    mut screen: Screen,
) -> Result<Exit, Error> {
    let settings = VerifySettings::resolve(arguments)?;
    let scope = scope(arguments)?;
    let options = VerifyOptions {
        client: ReadClient::new(&settings.connection)?,
        pace: settings.pace,
        limits: settings.limits,
        settle: settings.settle,
        wait: arguments.wait,
        confirms_missing: arguments.repair,
    };
    let path = &arguments.ledger.ledger;
    let mut book = VerifyBook::open(path, &settings.destination, &scope)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(Usage::Runtime)?;
    let summary = runtime.block_on(compare(&mut book, &options, settings.destination))?;
    if program.style() == Style::Json {
        screen.say(&summary.to_json().to_string());
    } else {
        summary.print(&mut screen);
    }
    if let Some(out) = &arguments.output.out {
        write_files(out, arguments, &book, &summary, &mut screen)?;
    }
    if arguments.repair && summary.stop.is_none() {
        let reopened = book.reopen(arguments.yes).map_err(LedgerError::Use)?;
        tell_repair(reopened, arguments.yes, &mut screen);
    }
    book.close().map_err(LedgerError::Use)?;
    let stop = summary.stop.as_ref().map(|(stop, _)| *stop);
    Ok(Exit::of_verify(stop, &summary.counts))
}

async fn compare(
    book: &mut VerifyBook,
    options: &VerifyOptions,
    destination: String,
) -> Result<VerifySummary, Error> {
    let stop = Arc::new(StopSignal::new());
    let started = Timestamp::now();
    let compared = tokio::select! {
        biased;
        never = signals::on_signals(&stop) => never,
        compared = verify::verify(book, options, &stop) => compared.map_err(LedgerError::Open)?,
    };
    Ok(VerifySummary {
        counts: compared.counts,
        stop: stop.reason(),
        destination,
        read_version: compared.version,
        requests: compared.requests,
        started,
        seconds: Timestamp::now().duration_since(started).as_secs_f64(),
    })
}

/// Which calls are compared. The name of an outcome is one, also where a file is called so.
fn scope(arguments: &VerifyArgs) -> Result<VerifyScope, Error> {
    let outcome = arguments.only.as_ref().and_then(|only| {
        let name = only.to_str()?;
        VerifyOutcome::from_name(name)
    });
    let list = arguments.only.as_ref().filter(|_| outcome.is_none());
    let epoch = jiff::civil::date(1970, 1, 1);
    let since_day = arguments.since.map(|date| {
        let days = date.duration_since(epoch).as_hours();
        days.div_euclid(24)
    });
    Ok(VerifyScope {
        since_day,
        changed_since: None,
        ids: list.map(|list| read_id_list(list)).transpose()?,
        outcome,
    })
}

/// What is put back, or could be.
fn tell_repair(found: Reopened, is_done: bool, screen: &mut Screen) {
    let Reopened {
        conversations,
        recordings,
        deleted,
    } = found;
    if deleted > 0 {
        screen.say(&format!(
            "{deleted} conversations count as deleted in Capturi; they are left alone."
        ));
    }
    if conversations + recordings == 0 {
        screen.say("Nothing that can be put back is missing.");
        return;
    }
    let head = if is_done { "opened again" } else { "plan" };
    screen.say(&format!(
        "{head}: {conversations} conversations that are gone; the next run that reads their records sends them"
    ));
    screen.say(&format!(
        "{head}: {recordings} recordings that are not there; the next run with --audio uploads them"
    ));
    if !is_done {
        screen.say("Nothing was changed; --repair --yes does it.");
    }
}

fn write_files(
    out: &Path,
    arguments: &VerifyArgs,
    book: &VerifyBook,
    summary: &VerifySummary,
    screen: &mut Screen,
) -> Result<(), Error> {
    let ledger = &arguments.ledger.ledger;
    let mut list = VerifyList::create(out, ledger, arguments.output.lists.form())?;
    book.unverified(|line| {
        list.add(&line)?;
        Ok::<(), Error>(())
    })?;
    let written = [list.finish()?, summary.add_to_summary(out, ledger)?];
    for path in written {
        screen.say(&format!("wrote {}", path.display()));
    }
    Ok(())
}
