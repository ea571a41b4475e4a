//! `status`: where a migration stands.

use super::error::Error;
use super::exit_code::Exit;
use super::{ledger_view, merge};
use crate::config::StatusArgs;
use crate::ledger::Ledger;
use crate::report::{Screen, Style, print_status};

pub(super) fn status(arguments: &StatusArgs, mut screen: Screen) -> Result<Exit, Error> {
    let style = if arguments.json {
        Style::Json
    } else {
        Style::Human
    };
    if !arguments.merge.is_empty() {
        return merge::status(&arguments.merge, style, screen);
    }
    let path = &arguments.ledger.ledger;
    let reader = Ledger::read(path)?;
    let view = ledger_view::view(path, &reader)?;
    print_status(&mut screen, &view, style);
    Ok(Exit::Done)
}
