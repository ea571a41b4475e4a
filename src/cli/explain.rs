//! `explain`: cause and cure of a problem code.

use super::error::{Error, Usage};
use super::exit_code::Exit;
use crate::config::ExplainArgs;
use crate::domain::Code;
use crate::report::{self, Screen, Style};

pub(super) fn explain(
    arguments: &ExplainArgs,
    style: Style,
    mut screen: Screen,
) -> Result<Exit, Error> {
    match &arguments.code {
        None => report::print_codes(&mut screen, style),
        Some(name) => match Code::from_name(name) {
            Some(code) => report::print_explanation(&mut screen, code, style),
            None => return Err(Usage::NoCode { code: name.clone() }.into()),
        },
    }
    Ok(Exit::Done)
}
