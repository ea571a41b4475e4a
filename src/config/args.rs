//! The command line exactly as typed. Nothing here has been resolved or checked against anything
//! else; that is `settings`'.

use std::path::PathBuf;

use clap::builder::BoolishValueParser;
use clap::{Args, Parser, Subcommand, ValueEnum};
use secrecy::ExposeSecret as _;

use super::canary_args::CanaryArgs;
use super::completions_args::CompletionsArgs;
use super::control_args::ControlArgs;
use super::doctor_args::DoctorArgs;
use super::evidence_args::EvidenceArgs;
use super::export_args::{ExportArgs, SelectionArgs};
use super::ledger_args::{LedgerCommand, ReportArgs, StatusArgs};
use super::mapping_args::MappingCommand;
use super::output_args::OutputArgs;
use super::run_args::RunArgs;
use super::sending_args::PaceArgs;
use super::v2_page_arg::V2PageArg;
use super::verify_args::VerifyArgs;
use super::{Error, token, units};
use crate::report::Style;

const AFTER: &str = "\
Examples:
  capturi-import check calls.csv --audio recordings            what is wrong, before anything is sent
  capturi-import run   calls.csv --audio recordings --sandbox  a rehearsal against a pretend server
  capturi-import run   calls.csv --audio recordings --out out  the import; token in CAPTURI_API_TOKEN
  capturi-import status                                        how far the migration is

Exit codes: 0 everything in place · 1 fault of the program · 2 usage or configuration ·
3 some records rejected or failed, or held for too long · 4 token refused ·
5 another run holds the ledger · 6 gave up · 7 stopped by a limit you set ·
130 interrupted, run again to resume.";

/// Moves calls and their recordings from a dialer's export into Capturi: each once, and resumable.
#[derive(Debug, Parser)]
#[command(name = "capturi-import", version, after_help = AFTER, max_term_width = 100)]
pub struct Arguments {
    /// Settings file. It may hold any flag by its name (`rate = 10`).
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

impl Arguments {
    /// In which form things are told.
    pub fn style(&self) -> Style {
        match self.log_format {
            LogFormat::Human => Style::Human,
            LogFormat::Json => Style::Json,
        }
    }

    /// The level of the log, as a filter of `tracing`.
    pub fn level(&self) -> &str {
        match (&self.log_level, self.quiet, self.verbose) {
            (Some(level), _, _) => level,
            (None, true, _) => "error",
            (None, false, 0) => "warn",
            (None, false, 1) => "info",
            (None, false, 2) => "debug",
            (None, false, _) => "trace",
        }
    }
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
    /// Report what is wrong with an export, without sending anything.
    Check(Box<CheckArgs>),
    /// Create the conversations and upload their recordings.
    Run(Box<RunArgs>),
    /// Send a few calls that differ, read them back, and show them side by side.
    Canary(Box<CanaryArgs>),
    /// Compare the ledger with what the destination has, call by call.
    Verify(Box<VerifyArgs>),
    /// Control a run that is going on: pause it, slow it down, end it gracefully.
    Control(ControlArgs),
    /// Show what arrived, what failed and why.
    Status(StatusArgs),
    /// Write accepted.csv, problems.csv and status.json from the ledger.
    Report(ReportArgs),
    /// Write proof of what was sent, or check it.
    Evidence(EvidenceArgs),
    /// Check, rebuild or purge the ledger.
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
    /// Explain cause and cure of a problem code.
    Explain(ExplainArgs),
    /// Look at everything that a run needs, without sending a call.
    Doctor(DoctorArgs),
    /// Print completions for a shell, or install them.
    Completions(CompletionsArgs),
}

/// Arguments of `check`.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// The export.
    #[command(flatten)]
    pub export: ExportArgs,
    /// Which records.
    #[command(flatten)]
    pub selection: SelectionArgs,
    /// Where results go.
    #[command(flatten)]
    pub output: OutputArgs,
    /// How fast a run would go.
    #[command(flatten)]
    pub pace: PaceArgs,
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
    /// Listen on an address that other machines can reach; needs `CAPTURI_SANDBOX_TOKEN` or
    /// --token.
    #[arg(long)]
    pub allow_remote: bool,
    /// Token that clients must present. Other users of this machine can read it here;
    /// `CAPTURI_SANDBOX_TOKEN` keeps it private. Without either, each start prints a random token.
    #[arg(long, value_name = "TOKEN")]
    pub token: Option<String>,
    /// Write the token to this file for scripts: readable by its owner only, removed at the end.
    #[arg(long, value_name = "FILE")]
    pub token_out: Option<PathBuf>,
    /// Faults to play (TOML).
    #[arg(long, value_name = "FILE")]
    pub faults: Option<PathBuf>,
    /// Page of version 2 to keep to. Fields that the page lacks are dropped and counted.
    #[arg(long, value_enum, default_value_t)]
    pub v2_page: V2PageArg,
    /// Largest recording that is accepted.
    #[arg(long, value_name = "BYTES", default_value = "1GB", value_parser = units::size)]
    pub max_audio: u64,
}

impl SandboxArgs {
    /// The token that the operator chose: by the flag, else by the variable.
    pub fn chosen_token(&self) -> Result<Option<String>, Error> {
        if self.token.is_some() {
            return Ok(self.token.clone());
        }
        let of_variable = token::read_for_sandbox()?;
        Ok(of_variable.map(|token| token.expose_secret().to_owned()))
    }
}

/// Arguments of `explain`.
#[derive(Debug, Args)]
pub struct ExplainArgs {
    /// A problem code such as bad-time; if omitted, all codes are listed.
    pub code: Option<String>,
}
