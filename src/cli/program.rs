//! The program as a whole: from its arguments to one command, and from how that ended to a number.

use std::ffi::OsString;
use std::process::ExitCode;

use super::error::Error;
use super::exit_code::Exit;
use super::{
    canary, check, completions, control, doctor, evidence, explain, ledger, mapping, report, run,
    sandbox, status, verify,
};
use crate::config::{self, Arguments, Command};
use crate::report::{Color, ErrorOutput, Screen, Style, init_tracing, tell_panics_as_json};

/// Runs the program with these arguments and says how it ended.
pub fn main(arguments: impl IntoIterator<Item = OsString>) -> ExitCode {
    #[cfg(feature = "failpoints")]
    config::arm_failpoint();
    config::keep_memory_private();
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let style = config::asked_style(&arguments);
    if style == Style::Json {
        tell_panics_as_json();
    }
    let arguments = match config::parse(arguments) {
        Ok(Ok(arguments)) => arguments,
        Ok(Err(usage)) if usage.use_stderr() && style == Style::Json => {
            let (what, hint) = in_two_lines(&usage.to_string());
            return complain(style, &what, hint.as_deref(), Exit::Usage).into();
        }
        Ok(Err(usage)) => {
            // Help and version are no errors; a closed terminal is nobody's.
            let _ = usage.print();
            return if usage.use_stderr() {
                Exit::Usage.into()
            } else {
                Exit::Done.into()
            };
        }
        Err(error) => return fail(style, &Error::Config(error)).into(),
    };
    // The panic has told about itself; what is left is a number that means what the table says.
    match std::panic::catch_unwind(|| dispatch(&arguments)) {
        Ok(ended) => ended.unwrap_or_else(|error| fail(style, &error)).into(),
        Err(_) => Exit::Fault.into(),
    }
}

fn dispatch(arguments: &Arguments) -> Result<Exit, Error> {
    let screen = Screen::of_process(color());
    init_tracing(arguments.level(), arguments.style(), &screen)?;
    for unknown in config::unknown_variables() {
        tracing::warn!("{unknown}");
    }
    match &arguments.command {
        Command::Check(check) => check::check(check, arguments, screen),
        // The report of a run keeps one screen; what comes after it has another.
        Command::Run(run) => run::run(run, arguments, screen, Screen::of_process(color())),
        Command::Canary(canary) => {
            // The report of the run keeps the other one.
            let own = Screen::of_process(color());
            canary::canary(canary, arguments, screen, own)
        }
        Command::Verify(verify) => verify::verify(verify, arguments, screen),
        Command::Control(arguments) => control::control(arguments, screen),
        Command::Status(status) => status::status(status, screen),
        Command::Report(report) => report::report(report, screen),
        Command::Evidence(arguments) => evidence::evidence(arguments, &mut { screen }),
        Command::Ledger { command } => ledger::ledger(command, screen),
        Command::Mapping { command } => mapping::mapping(command, screen),
        Command::Sandbox(sandbox) => sandbox::sandbox(sandbox, screen),
        Command::Explain(code) => explain::explain(code, arguments.style(), screen),
        Command::Doctor(doctor) => doctor::doctor(doctor, screen),
        Command::Completions(arguments) => completions::completions(arguments, screen),
    }
}

fn color() -> Color {
    if config::forbids_color() {
        Color::Never
    } else {
        Color::of_terminal()
    }
}

fn fail(style: Style, error: &Error) -> Exit {
    let hint = error.hint();
    complain(
        style,
        &error.to_string(),
        hint.as_deref(),
        Exit::of_error(error),
    )
}

/// What is wrong with the command line, and all that the parser adds to it, each in one line.
fn in_two_lines(usage: &str) -> (String, Option<String>) {
    let in_one = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (what, more) = usage.split_once("\n\n").unwrap_or((usage, ""));
    let more = in_one(more);
    (in_one(what), (!more.is_empty()).then_some(more))
}

fn complain(style: Style, text: &str, hint: Option<&str>, exit: Exit) -> Exit {
    let complaint = ErrorOutput {
        // What is shown with its lines brings its own head.
        what: text.strip_prefix("error: ").unwrap_or(text).trim_end(),
        hint,
        exit: exit.code(),
    };
    complaint.show(&mut Screen::of_process(color()), style);
    exit
}
