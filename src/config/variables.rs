//! `CAPTURI_…` variables beside those that belong to a flag, and those that belong to nothing.

use std::ffi::OsString;

use clap::{Command, CommandFactory as _};

use super::args::Arguments;
use super::similar_name::most_similar;
use super::store_settings::{STORE_PASSWORD, STORE_USER};
use super::{config_file, token};
use crate::report::Style;

const PREFIX: &str = "CAPTURI_";
/// Read by no flag: the tokens, the place where a test ends the process, and the binary that the
/// scripts beside the program start.
const OTHERS: [&str; 10] = [
    token::VARIABLE,
    token::READ_VARIABLE,
    token::SANDBOX_VARIABLE,
    token::FETCH_VARIABLE,
    token::METRICS_VARIABLE,
    token::NOTIFY_VARIABLE,
    STORE_USER,
    STORE_PASSWORD,
    "CAPTURI_FAILPOINT",
    "CAPTURI_IMPORT",
];
const LOG_FORMAT: &str = "CAPTURI_LOG_FORMAT";

/// The variables of this process that look like settings and are none, each in a sentence without
/// its value.
pub fn unknown_variables() -> Vec<String> {
    // By their names alone: a value may be a secret, and need not be text.
    let names = std::env::vars_os().map(|(name, _)| name.to_string_lossy().into_owned());
    unknown(names)
}

fn unknown(names: impl Iterator<Item = String>) -> Vec<String> {
    let mut names: Vec<String> = names.filter(|name| name.starts_with(PREFIX)).collect();
    if names.is_empty() {
        return Vec::new();
    }
    names.sort_unstable();
    let mut known: Vec<String> = OTHERS.map(str::to_owned).to_vec();
    gather(&Arguments::command(), &mut known);
    let sentence = |name: &String| {
        let meant = nearest(&known, name).map_or_else(
            || "`--help` of each command names them all".to_owned(),
            |meant| format!("did you mean {PREFIX}{meant}?"),
        );
        format!("{name} is the variable of no setting and has no effect; {meant}")
    };
    let is_unknown = |name: &&String| !known.contains(name);
    names.iter().filter(is_unknown).map(sentence).collect()
}

fn gather(command: &Command, known: &mut Vec<String>) {
    let named = command.get_arguments().filter_map(clap::Arg::get_env);
    known.extend(named.map(|name| name.to_string_lossy().into_owned()));
    command.get_subcommands().for_each(|sub| gather(sub, known));
}

/// What a variable was meant to be, without the prefix.
fn nearest<'k>(known: &'k [String], name: &str) -> Option<&'k str> {
    let known = known
        .iter()
        .filter(|known| !OTHERS[8..].contains(&known.as_str()));
    most_similar(
        known.map(|known| &known[PREFIX.len()..]),
        &name[PREFIX.len()..],
    )
}

/// The form of the log that was asked for, also by a command line that cannot be parsed: what is
/// wrong with it is then told in that form.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
pub fn asked_style(arguments: &[OsString]) -> Style {
    let asked = config_file::typed(arguments, "--log-format")
        .or_else(|| std::env::var_os(LOG_FORMAT))
        .or_else(|| config_file::plain_value(arguments, "log-format").map(OsString::from));
    if asked.is_some_and(|asked| asked == "json") {
        Style::Json
    } else {
        Style::Human
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(name: &str) -> Option<String> {
        unknown(["PATH", name].map(str::to_owned).into_iter()).pop()
    }

    #[test]
    fn a_variable_with_a_slip_is_told_with_the_one_that_was_meant() {
        for (name, meant) in [
            ("CAPTURI_BASEURL", "CAPTURI_BASE_URL"),
            ("CAPTURI_TOKEN", "CAPTURI_API_TOKEN"),
            ("CAPTURI_RAET", "CAPTURI_RATE"),
            ("CAPTURI_MISSING_AUDI", "CAPTURI_MISSING_AUDIO"),
        ] {
            let told = told(name).unwrap();
            assert!(told.starts_with(&format!("{name} is")), "{told}");
            assert!(told.ends_with(&format!("did you mean {meant}?")), "{told}");
        }
        let told = told("CAPTURI_SOMETHING_ELSE").unwrap();
        assert!(!told.contains("did you mean"), "{told}");
    }

    #[test]
    fn variables_that_are_read_are_not_told() {
        for name in [
            "CAPTURI_RATE",
            "CAPTURI_CONFIG",
            "CAPTURI_LEDGER",
            "CAPTURIX",
        ] {
            assert_eq!(told(name), None);
        }
        for name in OTHERS {
            assert_eq!(told(name), None);
        }
    }

    /// Those of which the README says that they have no variable, beside the flags of `sandbox`.
    const TYPED_ONLY: [&str; 33] = [
        "canary --approve",
        "canary --calls",
        "canary --new",
        "canary --only",
        "canary --seed",
        "canary --wait",
        "check --audio",
        "check --key",
        "check --mapping",
        "check --only",
        "completions --install",
        "evidence --out",
        "evidence --sign",
        "forget --from",
        "verify --only",
        "verify --repair",
        "verify --since",
        "verify --wait",
        "verify --yes",
        "forget-held --older-than",
        "init --audio",
        "init --guided",
        "init --out",
        "init --own",
        "test --records",
        "rebuild --from",
        "report --merge",
        "reshard --into",
        "reshard --to",
        "status --merge",
        "run --only",
        "status --json",
        "capturi-import --verbose",
    ];

    #[test]
    fn the_rule_of_the_readme_about_variables_is_true() {
        fn walk(command: &Command, odd: &mut Vec<String>) {
            for arg in command.get_arguments() {
                let (Some(flag), variable) = (arg.get_long(), arg.get_env()) else {
                    continue;
                };
                let rule = format!("{PREFIX}{}", flag.replace('-', "_").to_uppercase());
                if variable.is_none_or(|variable| *variable != *rule) {
                    odd.push(format!("{} --{flag}", command.get_name()));
                }
            }
            let own = command.get_subcommands();
            own.filter(|sub| sub.get_name() != "sandbox")
                .for_each(|sub| walk(sub, odd));
        }
        let mut odd = Vec::new();
        walk(&Arguments::command(), &mut odd);
        odd.sort();
        let mut known = TYPED_ONLY;
        known.sort_unstable();
        assert_eq!(odd, known);
    }
}
