//! `capturi-import.toml`: any flag by its name, as a default below flags and variables.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{ArgAction, Command};
use toml::Spanned;
use toml::de::DeTable;

use super::similar_name::most_similar;
use super::small_file::{LONGEST_TEXT, read_text};
use super::{Error, file_trust};

/// The file that is read from the current folder when no other is named.
pub const NAME: &str = "capturi-import.toml";

/// The token has no flag, `config` names this very file, and the export is no setting.
/// What changes a ledger is typed, each time.
const NO_SETTINGS: [&str; 8] = [
    "config", "exports", "help", "version", "token", "repair", "yes", "install",
];

/// Gives the flags of `command` the values of the settings file as defaults, and says which file it read.
pub(super) fn apply(
    command: Command,
    arguments: &[OsString],
) -> Result<(Command, Option<PathBuf>), Error> {
    let (path, is_named) = place(arguments);
    let text = match text_of(&path, is_named) {
        Ok(text) => text,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && !is_named => {
            return Ok((command, None));
        }
        Err(source) => return Err(Error::File { path, source }),
    };
    let command = merge(command, &text, &path)?;
    if !is_named {
        expect_trusted(&text, &path)?;
    }
    Ok((command, Some(path)))
}

/// Where the settings are, and whether somebody named that file.
fn place(arguments: &[OsString]) -> (PathBuf, bool) {
    match named(arguments) {
        Some(path) => (path, true),
        None => (PathBuf::from(NAME), false),
    }
}

/// What stands in the file. A pipe or a device that nobody named is not read: it may never end.
fn text_of(path: &Path, is_named: bool) -> std::io::Result<String> {
    let is_endless = |found: std::fs::Metadata| !(found.is_file() || found.is_dir());
    if !is_named && std::fs::metadata(path).is_ok_and(is_endless) {
        return Err(std::io::Error::other("it must be a regular file"));
    }
    read_text(path, LONGEST_TEXT)
}

/// Refuses a file that decides where the token goes, or about files, although others can write it.
fn expect_trusted(text: &str, path: &Path) -> Result<(), Error> {
    let Ok(table) = DeTable::parse(text) else {
        return Ok(());
    };
    let keys = table.get_ref().keys();
    let decisive = keys.filter(|key| file_trust::is_decisive(key.get_ref()));
    let Some(key) = decisive.min_by_key(|key| key.span().start) else {
        return Ok(());
    };
    match file_trust::doubt(path) {
        None => Ok(()),
        Some(doubt) => Err(Error::Untrusted {
            path: path.to_owned(),
            line: line_of(text, key.span().start),
            name: key.get_ref().to_string(),
            doubt,
        }),
    }
}

/// `--config FILE`, or `CAPTURI_CONFIG`. Looked for by hand because the file must be known before
/// the command line can be parsed.
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
fn named(arguments: &[OsString]) -> Option<PathBuf> {
    typed(arguments, "--config")
        .or_else(|| std::env::var_os("CAPTURI_CONFIG").filter(|value| !value.is_empty()))
        .map(PathBuf::from)
}

/// The value of a flag, on a command line that has not been parsed.
pub(super) fn typed(arguments: &[OsString], flag: &str) -> Option<OsString> {
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let text = argument.to_string_lossy();
        if text == "--" {
            break;
        }
        if text == flag {
            return rest.next().cloned();
        }
        let value = text.strip_prefix(flag);
        if let Some(value) = value.and_then(|value| value.strip_prefix('=')) {
            return Some(value.into());
        }
    }
    None
}

/// What the settings file says of a flag, if the file can be read as far as that.
pub(super) fn plain_value(arguments: &[OsString], name: &str) -> Option<String> {
    let (path, is_named) = place(arguments);
    let text = text_of(&path, is_named).ok()?;
    let (table, _) = DeTable::parse_recoverable(&text);
    let entries = table.get_ref().iter();
    let is_it = |key: &str| key.replace('_', "-") == name;
    let mut found = entries.filter(|(key, _)| is_it(key.get_ref()));
    found.next().and_then(|(_, value)| plain(value))
}

/// Where the settings file says something of a flag: the file and the line, from 1.
pub(super) fn place_of(arguments: &[OsString], name: &str) -> Option<(PathBuf, usize)> {
    let (path, is_named) = place(arguments);
    let text = text_of(&path, is_named).ok()?;
    let table = DeTable::parse(&text).ok()?;
    let mut keys = table.get_ref().keys();
    let key = keys.find(|key| key.get_ref().replace('_', "-") == name)?;
    let line = line_of(&text, key.span().start);
    Some((path, line))
}

fn line_of(text: &str, offset: usize) -> usize {
    text[..offset.min(text.len())].matches('\n').count() + 1
}

fn merge(mut command: Command, text: &str, path: &Path) -> Result<Command, Error> {
    let at = |offset: usize, message: String| Error::Syntax {
        path: path.to_owned(),
        line: line_of(text, offset),
        message,
    };
    let table = DeTable::parse(text).map_err(|error| {
        at(
            error.span().map_or(0, |span| span.start),
            error.message().to_owned(),
        )
    })?;
    for (key, value) in table.into_inner() {
        let start = key.span().start;
        let name = key.into_inner();
        let Some(values) =
            several(&value).filter(|values| values.len() == 1 || may_stand_often(&command, &name))
        else {
            return Err(at(
                start,
                format!("{name} must be a text (in quotes), a number or true or false"),
            ));
        };
        match set(command, &name, &values) {
            (changed, true) => command = changed,
            (command, false) => return Err(at(start, unknown(&command, &name))),
        }
    }
    Ok(command)
}

fn unknown(command: &Command, name: &str) -> String {
    let mut flags = Vec::new();
    gather(command, &mut flags);
    let meant = most_similar(flags.iter().copied(), name)
        .map_or_else(String::new, |meant| format!("; did you mean {meant}?"));
    format!("{name} is not the name of a flag{meant}")
}

/// The flags that may stand in the file.
fn gather<'c>(command: &'c Command, flags: &mut Vec<&'c str>) {
    let named = command.get_arguments().filter_map(clap::Arg::get_long);
    flags.extend(named.filter(|name| !NO_SETTINGS.contains(name)));
    command.get_subcommands().for_each(|sub| gather(sub, flags));
}

/// The values of a flag that may be given more than once.
fn several(value: &Spanned<toml::de::DeValue<'_>>) -> Option<Vec<String>> {
    match value.get_ref() {
        toml::de::DeValue::Array(items) if !items.is_empty() => items.iter().map(plain).collect(),
        _ => Some(vec![plain(value)?]),
    }
}

fn may_stand_often(command: &Command, name: &str) -> bool {
    let id = name.replace('-', "_");
    let mut own = command.get_arguments();
    own.any(|arg| arg.get_id() == id.as_str() && matches!(arg.get_action(), ArgAction::Append))
        || command
            .get_subcommands()
            .any(|sub| may_stand_often(sub, name))
}

fn plain(value: &Spanned<toml::de::DeValue<'_>>) -> Option<String> {
    use toml::de::DeValue;
    match value.get_ref() {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) => Some(number.as_str().replace('_', "")),
        DeValue::Float(number) => Some(number.as_str().replace('_', "")),
        DeValue::Boolean(bool) => Some(bool.to_string()),
        DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
    }
}

/// Sets the default of a flag in every command that has it, and says whether any has.
fn set(command: Command, name: &str, values: &[String]) -> (Command, bool) {
    let mut is_found = false;
    let id = name.replace('-', "_");
    if NO_SETTINGS.contains(&id.as_str()) {
        return (command, false);
    }
    // `out` is a folder of reports, and that of `mapping init` the mapping file.
    if id == "out" && command.get_name() == "init" {
        return (command, false);
    }
    let mut command = if command
        .get_arguments()
        .any(|arg| arg.get_id() == id.as_str())
    {
        is_found = true;
        command.mut_arg(&id, |arg| arg.default_values(values.to_vec()))
    } else {
        command
    };
    let names: Vec<String> = command
        .get_subcommands()
        .map(|sub| sub.get_name().to_owned())
        .collect();
    for sub in names {
        command = command.mut_subcommand(sub, |sub| {
            let (sub, found) = set(sub, name, values);
            is_found |= found;
            sub
        });
    }
    (command, is_found)
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, FromArgMatches as _};

    use super::*;
    use crate::config::args::{Arguments, Command as Which};

    fn rate(file: &str, arguments: &[&str]) -> f64 {
        let command = merge(Arguments::command(), file, Path::new("x.toml")).unwrap();
        let matches = command.try_get_matches_from(arguments).unwrap();
        match Arguments::from_arg_matches(&matches).unwrap().command {
            Which::Run(run) => run.pace.rate,
            _ => unreachable!("the test runs `run`"),
        }
    }

    #[test]
    fn flags_win_over_the_file_and_the_file_over_defaults() {
        let run = ["capturi-import", "run", "a.csv"];
        assert!((rate("", &run) - 20.0).abs() < 1e-9);
        assert!((rate("rate = 7", &run) - 7.0).abs() < 1e-9);
        assert!(
            (rate(
                "rate = 7",
                &["capturi-import", "run", "a.csv", "--rate", "3"]
            ) - 3.0)
                .abs()
                < 1e-9
        );
    }

    #[test]
    fn a_flag_that_may_stand_often_takes_a_list_and_no_other_does() {
        let parse = |file: &str| {
            let command = merge(Arguments::command(), file, Path::new("x.toml"))?;
            let matches = command.try_get_matches_from(["capturi-import", "run", "a.csv"]);
            Ok::<_, Error>(Arguments::from_arg_matches(&matches.unwrap()).unwrap())
        };
        for (file, number) in [("lookup = ['a=1', 'b=2']", 2), ("lookup = 'a=1'", 1)] {
            let Which::Run(run) = parse(file).unwrap().command else {
                unreachable!("the test runs `run`")
            };
            assert_eq!(run.export.lookup.len(), number, "{file}");
        }
        for not in ["rate = [1, 2]", "lookup = []", "until = 06:00:00"] {
            let error = parse(not).unwrap_err().to_string();
            assert!(error.contains("must be a text"), "{error}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_write_decides_nothing_that_matters() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(NAME);
        let set = |mode| {
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(folder.path(), mode).unwrap();
        };
        for text in [
            "allow-remote = true",
            "token-out = '/home/me/.profile'",
            "lookup = ['t=/home/me/secret.csv']",
            "agents = '/home/me/secret.csv'",
            "mapping = '/home/me/secret.toml'",
            "audio = '/home/me'",
            "ledger = '/home/me/work.db'",
            "faults = '/home/me/secret.toml'",
            "out = '/home/me'",
        ] {
            let text = format!("rate = 1\n{text}");
            std::fs::write(&path, &text).unwrap();
            set(0o777);
            let told = expect_trusted(&text, &path).unwrap_err();
            assert!(matches!(told, Error::Untrusted { line: 2, .. }), "{text}");
            set(0o700);
            assert!(expect_trusted(&text, &path).is_ok(), "{text}");
        }
        set(0o777);
        assert!(expect_trusted("rate = 1", &path).is_ok());
    }

    #[test]
    fn the_folder_of_reports_is_no_mapping_file() {
        let command = merge(Arguments::command(), "out = 'reports'", Path::new("x.toml")).unwrap();
        let arguments = ["capturi-import", "mapping", "init", "a.csv"];
        let matches = command.try_get_matches_from(arguments).unwrap();
        let parsed = Arguments::from_arg_matches(&matches).unwrap();
        assert!(format!("{:?}", parsed.command).contains("out: None"));
    }

    #[test]
    fn an_unknown_key_is_told_with_its_line() {
        for (text, line) in [
            ("rate = 1\nraet = 2", 2),
            ("\n\ntoken = 'x'", 3),
            ("rate = ", 1),
            ("[run]", 1),
        ] {
            let error = merge(Arguments::command(), text, Path::new("x.toml")).unwrap_err();
            assert!(
                error.to_string().starts_with(&format!("x.toml:{line}: ")),
                "{error}"
            );
        }
    }

    #[test]
    fn an_unknown_key_is_told_with_what_was_probably_meant() {
        for (text, said) in [
            (
                "raet = 2",
                "raet is not the name of a flag; did you mean rate?",
            ),
            ("baseurl = 'x'", "did you mean base-url?"),
            (
                "entirely-else = 1",
                "entirely-else is not the name of a flag",
            ),
        ] {
            let error = merge(Arguments::command(), text, Path::new("x.toml")).unwrap_err();
            assert!(error.to_string().ends_with(said), "{error}");
        }
    }

    #[test]
    fn the_command_line_is_consistent() {
        Arguments::command().debug_assert();
    }
}
