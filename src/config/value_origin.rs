//! Where a value came from that the parser refuses: it names a flag, also when the value stands in a
//! variable or in the settings file.

use std::ffi::OsString;

use clap::error::{ContextKind, ContextValue};
use clap::{Arg, Command};

use super::{Error, config_file};
use crate::report::safe;

/// The same mistake in a command line whose control characters are written as their codes: the parser
/// repeats what was typed, and a terminal would act on it.
pub(super) fn without_signs(
    error: clap::Error,
    command: &mut Command,
    arguments: &[OsString],
) -> clap::Error {
    let shown = |argument: &OsString| OsString::from(&*safe(&argument.to_string_lossy()));
    let safe: Vec<OsString> = arguments.iter().map(shown).collect();
    if safe == arguments {
        return error;
    }
    let again = command.try_get_matches_from_mut(&safe).err();
    // What only went wrong because of its signs is told without the words of the command line.
    again.unwrap_or_else(|| command.error(error.kind(), "an argument holds control characters"))
}

/// The same mistake told where it was made, if that is not the command line.
pub(super) fn with_location(
    error: clap::Error,
    command: &Command,
    arguments: &[OsString],
) -> Result<clap::Error, Error> {
    let Some(ContextValue::String(shown)) = error.get(ContextKind::InvalidArg) else {
        return Ok(error);
    };
    // `--rate <N>`
    let flag = shown.split(' ').next().unwrap_or(shown);
    let Some(name) = flag.strip_prefix("--") else {
        return Ok(error);
    };
    if config_file::typed(arguments, flag).is_some() || is_switch_typed(arguments, flag) {
        return Ok(error);
    }
    let message = |name: &str| {
        let text = error.to_string();
        let first = text.split("\n\n").next().unwrap_or(&text).trim();
        let first = first.strip_prefix("error: ").unwrap_or(first);
        first.replace(shown, name)
    };
    if let Some(variable) = variable(command, name).filter(|variable| is_set(variable)) {
        let message = message(&variable);
        return Err(Error::Variable { message });
    }
    match config_file::place_of(arguments, name) {
        Some((path, line)) => Err(Error::Syntax {
            path,
            line,
            message: message(name),
        }),
        None => Ok(error),
    }
}

fn is_switch_typed(arguments: &[OsString], flag: &str) -> bool {
    let mut typed = arguments.iter().take_while(|argument| *argument != "--");
    typed.any(|argument| argument == flag)
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn is_set(variable: &str) -> bool {
    std::env::var_os(variable).is_some()
}

/// The variable of the flag of this name, in whichever command has it.
fn variable(command: &Command, name: &str) -> Option<String> {
    let own = command
        .get_arguments()
        .find(|arg| arg.get_long() == Some(name))
        .and_then(Arg::get_env);
    match own {
        Some(variable) => Some(variable.to_string_lossy().into_owned()),
        None => command
            .get_subcommands()
            .find_map(|sub| variable(sub, name)),
    }
}
