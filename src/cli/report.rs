//! `report`: the files again, from the ledger.

use super::error::Error;
use super::exit::Exit;
use crate::config::ReportArgs;
use crate::ledger::Ledger;
use crate::report::{Arrival, Rewritten, Screen};

pub(super) fn report(arguments: &ReportArgs, mut screen: Screen) -> Result<Exit, Error> {
    let reader = Ledger::read(&arguments.ledger.ledger)?;
    let mut files = Rewritten::create(&arguments.out)?;
    reader.accepted(|call| {
        files.accepted(&Arrival {
            identity: &call.identity,
            uid: call.uid.as_deref(),
            recording: call.recording,
            at: call.at,
        })?;
        Ok::<(), Error>(())
    })?;
    reader.problems(|problem| {
        files.problem(&problem)?;
        Ok::<(), Error>(())
    })?;
    let view = super::status::view(&arguments.ledger.ledger, &reader)?;
    for path in files.finish(&view)? {
        screen.say(&format!("wrote {}", path.display()));
    }
    Ok(Exit::Done)
}
