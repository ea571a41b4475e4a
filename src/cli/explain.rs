//! `explain`: cause and cure of a problem code.

use super::error::{Error, Usage};
use super::exit::Exit;
use crate::call::Code;
use crate::config::ExplainArgs;
use crate::report::{self, Screen};

pub(super) fn explain(arguments: &ExplainArgs, mut screen: Screen) -> Result<Exit, Error> {
    match &arguments.code {
        None => report::show_codes(&mut screen),
        Some(name) => match Code::from_name(name) {
            Some(code) => report::show_explanation(&mut screen, code),
            None => return Err(Usage::NoCode { code: name.clone() }.into()),
        },
    }
    Ok(Exit::Done)
}
