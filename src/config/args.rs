//! The command line exactly as typed. Nothing here has been resolved or checked against anything
//! else; that is `settings`'.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::BoolishValueParser;
use clap::error::ErrorKind;
use clap::parser::ValueSource;
use clap::{
    ArgMatches, Args, CommandFactory as _, FromArgMatches as _, Parser, Subcommand, ValueEnum,
};

use super::ledger_args::{LedgerCommand, ReportArgs, StatusArgs};
use super::sending_args::{DestinationArgs, EffortArgs, PaceArgs};
use super::{Error, config_file, token, units, value_origin};

const AFTER: &str = "\
Examples:
  capturi-import check calls.csv --audio recordings            what is wrong, before anything is sent
  capturi-import run   calls.csv --audio recordings --sandbox  a rehearsal against a pretend server
  capturi-import run   calls.csv --audio recordings --out out  the import; token in CAPTURI_API_TOKEN
  capturi-import status                                        where the migration stands

Exit codes: 0 everything in place · 1 fault of the program · 2 usage or configuration ·
3 some records rejected or failed, or held for too long · 4 token refused ·
5 another run holds the ledger · 6 gave up · 7 stopped by a limit you set ·
130 interrupted, run again to resume.";

/// Moves calls and their recordings from a dialer's export into Capturi: each once, and resumable.
#[derive(Debug, Parser)]
#[command(name = "capturi-import", version, after_help = AFTER, max_term_width = 100)]
pub struct Arguments {
    /// Settings file; any flag can stand in it by its name (`rate = 10`).
    #[arg(
        long,
        global = true,
        value_name = "FILE",
        env = "CAPTURI_CONFIG",
        help_heading = "General"
    )]
    pub config: Option<PathBuf>,
    /// The settings file that was read, named or not.
    #[arg(skip)]
    pub settings: Option<PathBuf>,
    /// Form of the log and of progress.
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        env = "CAPTURI_LOG_FORMAT",
        help_heading = "General"
    )]
    pub log_format: LogFormat,
    /// How much is logged: error, warn, info, debug or trace; overrides -v.
    #[arg(
        long,
        global = true,
        value_name = "LEVEL",
        env = "CAPTURI_LOG_LEVEL",
        help_heading = "General"
    )]
    pub log_level: Option<String>,
    /// Say more (-v, -vv, -vvv).
    #[arg(short, long, global = true, action = clap::ArgAction::Count, help_heading = "General")]
    pub verbose: u8,
    /// Only errors and the final table.
    #[arg(
        short,
        long,
        global = true,
        value_parser = BoolishValueParser::new(),
        env = "CAPTURI_QUIET",
        help_heading = "General"
    )]
    pub quiet: bool,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Form of the log and of progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum LogFormat {
    /// Text for people.
    #[default]
    Human,
    /// One JSON object a line.
    Json,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Say exactly what is wrong with an export, without sending anything.
    Check(CheckArgs),
    /// Create the conversations and upload their recordings.
    Run(Box<RunArgs>),
    /// Where the migration stands: what arrived, what failed and why.
    Status(StatusArgs),
    /// Write accepted.csv, problems.csv and status.json from the ledger.
    Report(ReportArgs),
    /// Look after the ledger: check it, make it anew, forget what need not be kept.
    Ledger {
        /// What to do.
        #[command(subcommand)]
        command: LedgerCommand,
    },
    /// Work with mapping files.
    Mapping {
        /// What to do.
        #[command(subcommand)]
        command: MappingCommand,
    },
    /// Run a pretend Capturi for rehearsals and tests.
    Sandbox(SandboxArgs),
    /// Tell cause and cure of a problem code.
    Explain(ExplainArgs),
    /// Print completions for a shell.
    Completions {
        /// The shell.
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

/// The export and how to read it.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Export files: a file, a glob, a folder, or - for standard input.
    #[arg(value_name = "EXPORT", required = true)]
    pub exports: Vec<OsString>,
    /// Mapping file, or the name of a preset (`mapping list`).
    #[arg(
        short,
        long,
        value_name = "M",
        default_value = "capturi-v1",
        env = "CAPTURI_MAPPING"
    )]
    pub mapping: String,
    /// Zone for times without an offset, such as Europe/Copenhagen; wins over the mapping's.
    #[arg(long, value_name = "ZONE", env = "CAPTURI_TIMEZONE")]
    pub timezone: Option<String>,
    /// Country for phone numbers without a country code, such as DK; wins over the mapping's.
    #[arg(long, value_name = "COUNTRY", env = "CAPTURI_REGION")]
    pub region: Option<String>,
    /// Table of agents (CSV with id, name, email) for exports that do not say who they are.
    #[arg(long, value_name = "FILE", env = "CAPTURI_AGENTS")]
    pub agents: Option<PathBuf>,
    /// Domain that makes an agent's login an e-mail address, such as example.com.
    #[arg(long, value_name = "DOMAIN", env = "CAPTURI_EMAIL_DOMAIN")]
    pub email_domain: Option<String>,
    /// Another file for a `lookup` table of the mapping, such as users=people.json.
    #[arg(long, value_name = "NAME=FILE", value_parser = units::named_file, env = "CAPTURI_LOOKUP")]
    pub lookup: Vec<(String, PathBuf)>,
    /// Send private notes of tickets, too.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_PRIVATE_NOTES")]
    pub private_notes: bool,
    /// Encoding of the export, such as windows-1252; wins over the mapping's.
    #[arg(long, value_name = "NAME", env = "CAPTURI_ENCODING")]
    pub encoding: Option<String>,
    /// Folder of the recordings; without it none are looked for, and calls go without.
    #[arg(short, long, value_name = "DIR", env = "CAPTURI_AUDIO")]
    pub audio: Option<PathBuf>,
    /// What to do with a call whose recording is missing.
    #[arg(long, value_enum, default_value_t, env = "CAPTURI_MISSING_AUDIO")]
    pub missing_audio: MissingAudio,
    /// How long a call may be held before a person must look (exit 3); 0 for not at all.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "3d",
        value_parser = units::duration,
        env = "CAPTURI_HOLD_FOR"
    )]
    pub hold_for: Duration,
    /// Hold calls whose recording was written less than this ago, such as 2m.
    #[arg(
        long,
        value_name = "TIME",
        default_value = "0",
        value_parser = units::duration,
        env = "CAPTURI_MIN_AGE"
    )]
    pub min_age: Duration,
    /// How far recordings are looked into.
    #[arg(
        long,
        value_enum,
        value_name = "HOW",
        default_value_t,
        env = "CAPTURI_CHECK_AUDIO"
    )]
    pub check_audio: CheckAudio,
    /// Have an installed ffmpeg turn recordings that the API may not take (GSM, G.726, WMA, …) into
    /// WAV before they are sent.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_TRANSCODE")]
    pub transcode: bool,
}

/// Where results go.
#[derive(Debug, Args)]
pub struct OutputArgs {
    /// Folder for accepted.csv (of a rehearsal accepted.sandbox.csv), rejected.csv, problems.csv,
    /// summary.json and report.html.
    #[arg(short, long, value_name = "DIR", env = "CAPTURI_OUT")]
    pub out: Option<PathBuf>,
    /// Form of the lists in that folder; rejected.csv keeps the form of the export.
    #[arg(
        long,
        value_enum,
        value_name = "FORM",
        default_value_t,
        env = "CAPTURI_LISTS"
    )]
    pub lists: Lists,
}

/// Form of the lists for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum Lists {
    /// Commas, UTF-8, values as they are: for programs.
    #[default]
    Plain,
    /// Opens right in a Danish Excel: semicolons, byte order mark, ids as text.
    Excel,
}

/// How far recordings are looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum CheckAudio {
    /// Their headers.
    #[default]
    Header,
    /// Their sound too: a channel in which nobody is heard is told.
    Silence,
}

/// What to do with a call whose recording is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum MissingAudio {
    /// Wait: it goes out on the first run that finds the recording.
    #[default]
    Hold,
    /// Create the conversation without a recording.
    Create,
    /// Reject the record.
    Refuse,
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The export.
    #[command(flatten)]
    pub export: ExportArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How fast a run would go.
    #[command(flatten)]
    pub pace: PaceArgs,
}

/// Arguments of `run`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  capturi-import run calls.csv --audio recordings --sandbox --out rehearsal
  capturi-import run 'exports/*.csv.gz' --audio /srv/recordings --rate 10 --bandwidth 5MB
  capturi-import run nightly.ndjson --audio recordings --token-file /etc/capturi.token --quiet")]
pub struct RunArgs {
    /// The export.
    #[command(flatten)]
    pub export: ExportArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How fast to go.
    #[command(flatten)]
    pub pace: PaceArgs,
    /// The ledger [default: capturi-import.db; with --sandbox capturi-import-sandbox.db, made anew
    /// for each rehearsal, unless another is typed].
    #[arg(long, value_name = "FILE", env = "CAPTURI_LEDGER")]
    pub ledger: Option<PathBuf>,
    /// Do everything but send.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_DRY_RUN")]
    pub dry_run: bool,
    /// Where to send.
    #[command(flatten)]
    pub destination: DestinationArgs,
    /// How hard to try.
    #[command(flatten)]
    pub effort: EffortArgs,
}

/// Commands on mapping files.
#[derive(Debug, Subcommand)]
pub enum MappingCommand {
    /// List the presets.
    List,
    /// Print a preset, as a start for your own mapping file.
    Show {
        /// Name of the preset.
        name: String,
    },
    /// Look at an export: which preset fits and why, or a first mapping file to correct.
    Init(InitArgs),
    /// Show side by side what the file says and what the API would get.
    Test(TestArgs),
}

/// Arguments of `mapping init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The export: a file.
    #[arg(value_name = "EXPORT")]
    pub export: String,
    /// Write the mapping file there instead of printing it; it must not exist.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Propose a mapping of its own, even though a preset fits.
    #[arg(long)]
    pub own: bool,
    /// Folder with recordings: propose a pattern for their names.
    #[arg(long, value_name = "DIR")]
    pub audio: Option<PathBuf>,
    /// Encoding of the export, such as windows-1252.
    #[arg(long, value_name = "NAME", env = "CAPTURI_ENCODING")]
    pub encoding: Option<String>,
}

/// Arguments of `mapping test`.
#[derive(Debug, Args)]
pub struct TestArgs {
    /// The export.
    #[command(flatten)]
    pub export: ExportArgs,
    /// Show so many records that are not left out.
    #[arg(short = 'n', long, value_name = "N", default_value_t = 5)]
    pub records: usize,
}

/// Arguments of `sandbox`.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Port to listen on; 0 for any.
    #[arg(long, default_value_t = 8787)]
    pub port: u16,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub listen: std::net::IpAddr,
    /// Listen on an address that other machines can reach; needs --token.
    #[arg(long)]
    pub allow_remote: bool,
    /// Token that clients must present. If omitted, each start makes and prints a random one.
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Write the token to this file for scripts: readable by its owner only, removed at the end.
    #[arg(long, value_name = "FILE")]
    pub token_out: Option<PathBuf>,
    /// Faults to play (TOML).
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Largest recording that is accepted.
    #[arg(long, value_name = "BYTES", default_value = "1GB", value_parser = units::size)]
    pub max_audio: u64,
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A problem code such as bad-time; without one all codes are listed.
    pub code: Option<String>,
}

/// Parses the command line over the environment over the settings file over the defaults.
///
/// The file's values become the defaults of their flags, so that one parser judges all four.
pub fn parse(
    arguments: impl IntoIterator<Item = OsString>,
) -> Result<Result<Arguments, clap::Error>, Error> {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let (mut command, settings) = config_file::apply(Arguments::command(), &arguments)?;
    let matches = match command.try_get_matches_from_mut(&arguments) {
        Ok(matches) => matches,
        Err(error) => {
            let error = value_origin::without_signs(error, &mut command, &arguments);
            return value_origin::told_where_it_stands(error, &command, &arguments).map(Err);
        }
    };
    Ok(
        Arguments::from_arg_matches(&matches).and_then(|mut parsed| {
            parsed.settings = settings;
            forget_real_ledger(&mut parsed, &matches);
            prefer_token_of_variable(&mut parsed, &matches);
            note_origin_of_sandbox(&mut parsed, &matches);
            note_what_was_typed(&mut parsed, &matches);
            expect_sandbox(&parsed, &matches)?;
            expect_token(&parsed)?;
            Ok(parsed)
        }),
    )
}

/// Faults that are typed are meant for a rehearsal; those of a variable or of the settings file wait
/// for one.
fn expect_sandbox(parsed: &Arguments, matches: &ArgMatches) -> Result<(), clap::Error> {
    let run = matches.subcommand_matches("run");
    let source = run.and_then(|run| run.value_source("faults"));
    match &parsed.command {
        Command::Run(run)
            if source == Some(ValueSource::CommandLine) && !run.destination.sandbox =>
        {
            let message = "--faults are those of the server inside this process: add --sandbox";
            Err(Arguments::command().error(ErrorKind::MissingRequiredArgument, message))
        }
        _ => Ok(()),
    }
}

/// What other machines can reach is protected by the token alone, so the operator chooses it.
fn expect_token(parsed: &Arguments) -> Result<(), clap::Error> {
    match &parsed.command {
        Command::Sandbox(sandbox) if sandbox.allow_remote && sandbox.token.is_none() => {
            let message = "--allow-remote needs --token: other machines can reach the sandbox";
            Err(Arguments::command().error(ErrorKind::MissingRequiredArgument, message))
        }
        _ => Ok(()),
    }
}

/// A token in a variable wins over one that the settings file names, as every variable does.
fn prefer_token_of_variable(parsed: &mut Arguments, matches: &ArgMatches) {
    let Command::Run(run) = &mut parsed.command else {
        return;
    };
    let Some(matches) = matches.subcommand_matches("run") else {
        return;
    };
    let destination = &mut run.destination;
    let of_file = |name| matches.value_source(name) == Some(ValueSource::DefaultValue);
    if token::is_in_variable() {
        if of_file("token_file") {
            destination.token_file = None;
        }
        if of_file("token_command") {
            destination.token_command = None;
        }
    }
    if token::is_in_read_variable() && of_file("read_token_file") {
        destination.read_token_file = None;
    }
}

/// A sandbox that nobody typed may be one that somebody forgot.
fn note_origin_of_sandbox(parsed: &mut Arguments, matches: &ArgMatches) {
    let run = matches.subcommand_matches("run");
    let source = run.and_then(|run| run.value_source("sandbox"));
    if let Command::Run(run) = &mut parsed.command
        && run.destination.sandbox
    {
        run.destination.sandbox_origin = match source {
            Some(ValueSource::EnvVariable) => Some("the variable CAPTURI_SANDBOX"),
            Some(ValueSource::DefaultValue) => Some("`sandbox` in the settings file"),
            _ => None,
        };
    }
}

/// A rehearsal goes into a ledger of the import only if that is typed: the one that the settings
/// name would from then on belong to the pretend server.
fn forget_real_ledger(parsed: &mut Arguments, matches: &ArgMatches) {
    let run = matches.subcommand_matches("run");
    let source = run.and_then(|run| run.value_source("ledger"));
    if let Command::Run(run) = &mut parsed.command
        && run.destination.sandbox
        && source != Some(ValueSource::CommandLine)
    {
        run.ledger = None;
    }
}

/// Whether to take over or to leave what is there already was typed for this very run.
fn note_what_was_typed(parsed: &mut Arguments, matches: &ArgMatches) {
    let run = matches.subcommand_matches("run");
    let source = run.and_then(|run| run.value_source("existing"));
    if let Command::Run(run) = &mut parsed.command {
        run.effort.is_existing_typed = source == Some(ValueSource::CommandLine);
    }
}

/// The completions for a shell.
pub fn completions(shell: clap_complete::Shell) -> String {
    let mut text = Vec::new();
    clap_complete::generate(
        shell,
        &mut Arguments::command(),
        "capturi-import",
        &mut text,
    );
    String::from_utf8_lossy(&text).into_owned()
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
