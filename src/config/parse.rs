//! From what was typed to the arguments: the command line over the environment over the settings file.

use std::ffi::OsString;

use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory as _, FromArgMatches as _};

use super::args::{Arguments, Command};
use super::run_args::RunArgs;
use super::{Error, config_file, token, value_origin};

/// Parses the command line over the environment over the settings file over the defaults.
///
/// The file's values become the defaults of their flags, so that one parser judges all four.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Result<Arguments, clap::Error>, Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let (mut command, settings) = config_file::apply(command(), &arguments)?;
    let matches = match command.try_get_matches_from_mut(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let error = value_origin::without_signs(error, &mut command, &arguments);
            return value_origin::with_location(error, &command, &arguments).map(Err);
        }
    };
    Ok(
        Arguments::from_arg_matches(&matches).and_then(|mut parsed| {
            parsed.settings = settings;
            forget_real_ledger(&mut parsed, &matches);
            prefer_token_of_variable(&mut parsed, &matches);
            note_origin_of_sandbox(&mut parsed, &matches);
            note_what_was_typed(&mut parsed, &matches);
            expect_sandbox(&mut parsed, &matches)?;
            expect_export(&parsed)?;
            expect_token(&parsed)?;
            Ok(parsed)
        }),
    )
}

/// The command line; an approval is of calls that were sent, so it needs no export.
fn command() -> clap::Command {
    Arguments::command().mut_subcommand("canary", |canary| {
        canary.mut_arg("exports", |exports| exports.required(false))
    })
}

/// What is typed of a run, also where it is that of a canary, with what the parser knows of it.
fn run_of<'p>(
    parsed: &'p mut Arguments,
    matches: &'p ArgMatches,
) -> Option<(&'p mut RunArgs, &'p ArgMatches)> {
    match &mut parsed.command {
        Command::Run(run) => Some((run, matches.subcommand_matches("run")?)),
        Command::Canary(canary) => Some((&mut canary.run, matches.subcommand_matches("canary")?)),
        _ => None,
    }
}

/// Faults and pages that are typed are meant for a rehearsal; those of a variable or of the settings file
/// wait for one.
fn expect_sandbox(parsed: &mut Arguments, matches: &ArgMatches) -> Result<(), clap::Error> {
    let Some((run, matches)) = run_of(parsed, matches) else {
        return Ok(());
    };
    let is_typed = |name| matches.value_source(name) == Some(ValueSource::CommandLine);
    let message = if run.destination.sandbox {
        return Ok(());
    } else if is_typed("faults") {
        "--faults are those of the server inside this process: add --sandbox"
    } else if is_typed("v2_page") {
        "--v2-page is that of the server inside this process: add --sandbox"
    } else {
        return Ok(());
    };
    Err(Arguments::command().error(ErrorKind::MissingRequiredArgument, message))
}

/// Only an approval does without an export, and a canary picks its calls itself.
fn expect_export(parsed: &Arguments) -> Result<(), clap::Error> {
    let Command::Canary(canary) = &parsed.command else {
        return Ok(());
    };
    let message = if canary.approve.is_some() {
        return Ok(());
    } else if canary.run.export.exports.is_empty() {
        "the canary needs an export to pick calls from, or --approve NAME"
    } else if canary.run.export.exports.iter().any(|export| export == "-") {
        "the canary reads the export twice: name a file, not standard input"
    } else if canary.run.selection.only.is_some() {
        "the canary picks its calls itself: leave --only out"
    } else if canary.run.share.shard.is_some() {
        "the canary looks at calls of the whole export: leave --shard out"
    } else {
        return Ok(());
    };
    Err(Arguments::command().error(ErrorKind::MissingRequiredArgument, message))
}

/// What other machines can reach is protected by the token alone, so the operator chooses it.
fn expect_token(parsed: &Arguments) -> Result<(), clap::Error> {
    match &parsed.command {
        Command::Sandbox(sandbox)
            if sandbox.allow_remote
                && sandbox.token.is_none()
                && !token::is_in_sandbox_variable() =>
        {
            let message = "--allow-remote needs a token, because other machines can reach the sandbox: \
                           set CAPTURI_SANDBOX_TOKEN, or use --token";
            Err(Arguments::command().error(ErrorKind::MissingRequiredArgument, message))
        }
        _ => Ok(()),
    }
}

/// A token in a variable wins over one that the settings file names, as every variable does.
fn prefer_token_of_variable(parsed: &mut Arguments, found: &ArgMatches) {
    let (host, read, matches);
    if let Command::Verify(verify) = &mut parsed.command {
        (host, read) = (&mut verify.read.host, &mut verify.read.api);
        matches = found.subcommand_matches("verify");
    } else {
        let Some((run, of_run)) = run_of(parsed, found) else {
            return;
        };
        let to = &mut run.destination;
        (host, read) = (&mut to.host, &mut to.read);
        matches = Some(of_run);
    }
    let Some(matches) = matches else {
        return;
    };
    let of_file = |name| matches.value_source(name) == Some(ValueSource::DefaultValue);
    if token::is_in_variable() {
        if of_file("token_file") {
            host.token_file = None;
        }
        if of_file("token_command") {
            host.token_command = None;
        }
    }
    if token::is_in_read_variable() && of_file("read_token_file") {
        read.token_file = None;
    }
}

/// A sandbox that nobody typed may be one that somebody forgot.
fn note_origin_of_sandbox(parsed: &mut Arguments, matches: &ArgMatches) {
    if let Some((run, matches)) = run_of(parsed, matches)
        && run.destination.sandbox
    {
        run.destination.sandbox_origin = match matches.value_source("sandbox") {
            Some(ValueSource::EnvVariable) => Some("the variable CAPTURI_SANDBOX"),
            Some(ValueSource::DefaultValue) => Some("`sandbox` in the settings file"),
            _ => None,
        };
    }
}

/// A rehearsal goes into a ledger of the import only if that is typed: the one that the settings
/// name would from then on belong to the pretend server.
fn forget_real_ledger(parsed: &mut Arguments, matches: &ArgMatches) {
    if let Some((run, matches)) = run_of(parsed, matches)
        && run.destination.sandbox
        && matches.value_source("ledger") != Some(ValueSource::CommandLine)
    {
        run.ledger = None;
    }
}

/// Whether to take over or to leave what is there already was typed for this very run.
fn note_what_was_typed(parsed: &mut Arguments, matches: &ArgMatches) {
    if let Some((run, matches)) = run_of(parsed, matches) {
        let source = matches.value_source("existing");
        run.effort.is_existing_typed = source == Some(ValueSource::CommandLine);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::ffi::OsStringExt as _;

    use proptest::prelude::*;

    use super::*;

    fn word() -> impl Strategy<Value = Vec<u8>> {
        let flags = [
            "run",
            "check",
            "status",
            "report",
            "explain",
            "mapping",
            "ledger",
            "--rate",
            "--out",
            "--hours",
            "--max-duration",
            "--bandwidth",
            "--timezone",
            "--max-errors",
            "--lookup",
            "--log-format",
            "--audio",
            "-m",
            "--",
            "-",
            "=",
            "--rate=",
            "*",
            "[",
        ];
        prop_oneof![
            2 => proptest::sample::select(flags.to_vec()).prop_map(|flag| flag.as_bytes().to_vec()),
            1 => proptest::collection::vec(any::<u8>(), 0..12),
            1 => "[-+0-9:.,%=a-zA-Z/ ]{0,12}".prop_map(String::into_bytes),
        ]
    }

    proptest! {
        #[test]
        fn any_arguments_are_answered(words in proptest::collection::vec(word(), 0..7)) {
            let program = std::iter::once(b"capturi-import".to_vec());
            let _ = parse(program.chain(words).map(OsString::from_vec));
        }
    }
}
