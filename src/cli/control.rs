//! `control`: an order for a run that goes on.

use super::error::{Error, Usage};
use super::exit_code::Exit;
use crate::config::ControlArgs;
use crate::monitoring::ask_run;
use crate::report::Screen;

pub(super) fn control(arguments: &ControlArgs, mut screen: Screen) -> Result<Exit, Error> {
    let order = arguments.order.order();
    let said = ask_run(&arguments.ledger.ledger, order).map_err(Usage::Control)?;
    screen.say(&said);
    Ok(Exit::Done)
}
