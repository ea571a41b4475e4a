//! `ledger`: looking after the ledger of a migration.

mod lists;
mod rebuild;

use super::error::{Error, Usage};
use super::exit_code::Exit;
use jiff::Timestamp;

use crate::config::{ForgetArgs, ForgetHeldArgs, LedgerArgs, LedgerCommand, ReshardArgs};
use crate::domain::counted;
use crate::ledger::{self, CallStatus, Forgotten, HeldChoice, Ledger, Purged};
use crate::report::{Screen, read_id_list};

pub(super) use rebuild::{UNNAMED, hashed_id};

pub(super) fn ledger(command: &LedgerCommand, mut screen: Screen) -> Result<Exit, Error> {
    match command {
        LedgerCommand::Check(arguments) => check(arguments, &mut screen),
        LedgerCommand::Rebuild(arguments) => rebuild::rebuild(arguments, &mut screen),
        LedgerCommand::Purge(arguments) => {
            let purged = ledger::purge(&arguments.ledger)?;
            tell_purged(&purged, &mut screen);
            Ok(Exit::Done)
        }
        LedgerCommand::Reshard(arguments) => reshard(arguments, &mut screen),
        LedgerCommand::Forget(arguments) => forget(arguments, &mut screen),
        LedgerCommand::ForgetHeld(arguments) => forget_held(arguments, &mut screen),
    }
}

/// Nothing of the old ledgers changes; whoever goes on with both sends twice.
fn reshard(arguments: &ReshardArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let ReshardArgs { ledgers, into, to } = arguments;
    let ended = ledger::reshard(ledgers, *into, to).map_err(Usage::Reshard)?;
    for path in &ended.ledgers {
        screen.say(&format!("wrote {}", path.display()));
    }
    screen.say(&format!(
        "{} calls and {} cases, the same before and after. Use the new ledgers alone from now on.",
        ended.calls, ended.cases
    ));
    Ok(Exit::Done)
}

/// Tells what was known of each: it is in no ledger any more. Ids that the ledger does not know may be spelled
/// wrong: that is no success.
fn forget(arguments: &ForgetArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let mut ids = arguments.ids.clone();
    if let Some(list) = &arguments.from {
        ids.extend(read_id_list(list)?);
    }
    let ended = ledger::forget(&arguments.ledger.ledger, &ids)?;
    for known in &ended.forgotten {
        screen.say(&format!("forgotten: {}", was_known(known)));
    }
    for id in &ended.unknown {
        screen.say(&format!("not in the ledger: {id}"));
    }
    screen.say(&format!(
        "forgotten: {} calls and cases; the next run that reads their records sends them again",
        ended.forgotten.len()
    ));
    Ok(if ended.unknown.is_empty() {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

fn was_known(known: &Forgotten) -> String {
    let what = known.call.map_or("a case", CallStatus::name);
    let uid = known.uid.as_ref();
    let uid = uid.map(|uid| format!(", uid {uid}")).unwrap_or_default();
    let last = known.last_at.map(|at| format!(", last news {at:.0}"));
    format!(
        "{}, {what}{uid}{}",
        known.identity,
        last.unwrap_or_default()
    )
}

/// Ids that are not held may be spelled wrong: that is no success.
fn forget_held(arguments: &ForgetHeldArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let now = Timestamp::now();
    let choice = match arguments.older_than {
        Some(age) => HeldChoice::Since(now.checked_sub(age).unwrap_or(Timestamp::MIN)),
        None => HeldChoice::Ids(&arguments.ids),
    };
    let forgotten = ledger::forget_held(&arguments.ledger.ledger, choice)?;
    screen.say(&format!(
        "forgotten: {}, {} of cases",
        counted(forgotten.calls, "held call"),
        counted(forgotten.messages, "held message")
    ));
    if forgotten.known > 0 {
        screen.say(&format!(
            "kept: the ids of {} of these calls, whose conversations may exist",
            forgotten.known
        ));
    }
    for id in &forgotten.unknown {
        screen.say(&format!("not held: {id}"));
    }
    Ok(if forgotten.unknown.is_empty() {
        Exit::Done
    } else {
        Exit::Incomplete
    })
}

fn check(arguments: &LedgerArgs, screen: &mut Screen) -> Result<Exit, Error> {
    let path = &arguments.ledger;
    let found = Ledger::read(path)?.inspect()?;
    if found.faults.is_empty() {
        let (calls, cases) = (found.calls, found.cases);
        screen.say(&format!(
            "{} is whole: {} and {}",
            path.display(),
            counted(calls, "call"),
            counted(cases, "case")
        ));
        return Ok(Exit::Done);
    }
    for fault in &found.faults {
        screen.say(fault);
    }
    Err(ledger::Error::Damaged {
        path: path.clone(),
        detail: format!("{} found", counted(found.faults.len() as u64, "fault")),
    }
    .into())
}

fn tell_purged(purged: &Purged, screen: &mut Screen) {
    screen.say(&format!(
        "forgotten: times and sizes of {} (or cases) that are done, {}, {}",
        counted(purged.forgotten, "call"),
        counted(purged.problems, "problem"),
        counted(purged.runs, "run")
    ));
    screen.say(&format!(
        "kept: their ids and hashes, and all of {} that are not done; {} bytes are now {}",
        purged.open, purged.bytes_before, purged.bytes_after
    ));
}
