//! What the operator asked for, resolved once into plain values.
//!
//! Flags win over `CAPTURI_…` variables, those over `capturi-import.toml`, and that over the
//! defaults. The only folder that reads the environment or the token. What leaves it has no `Option`
//! that means "the default".

mod args;
mod base_url;
mod canary_args;
mod completions;
mod completions_args;
mod config_file;
mod control_args;
mod core_dumps;
mod destination;
mod doctor_args;
mod doctor_settings;
mod evidence_args;
mod export_args;
mod file_trust;
mod host_args;
mod ledger_args;
mod mapping_args;
mod monitoring_args;
mod output_args;
mod parse;
mod program_environment;
mod read_api_args;
mod run_args;
mod sending_args;
mod settings;
mod shard_args;
mod similar_name;
mod small_file;
mod store_args;
mod store_settings;
mod token;
mod token_command;
mod units;
mod v2_page_arg;
mod value_origin;
mod variables;
mod verify_args;
mod verify_settings;

pub use args::{Arguments, CheckArgs, Command, ExplainArgs, SandboxArgs};
pub use base_url::SANDBOX;
pub use canary_args::CanaryArgs;
pub use completions::{CompletionsFile, completions, completions_file};
pub use completions_args::CompletionsArgs;
pub use config_file::NAME as SETTINGS;
pub use control_args::ControlArgs;
pub use core_dumps::keep_memory_private;
pub use destination::{Destination, ReadApiSettings};
pub use doctor_args::DoctorArgs;
pub use doctor_settings::DoctorSettings;
pub use evidence_args::{EvidenceArgs, EvidenceCheckArgs, EvidenceCommand, EvidenceShowArgs};
pub use export_args::ExportArgs;
pub use file_trust::doubt as file_doubt;
pub use ledger_args::{
    ForgetArgs, ForgetHeldArgs, LedgerArgs, LedgerCommand, RebuildArgs, ReportArgs, ReshardArgs,
    StatusArgs,
};
pub use mapping_args::{InitArgs, MappingCommand, TestArgs};
pub use monitoring_args::MonitoringArgs;
pub use output_args::{ListsArg, OutputArgs};
pub use parse::parse;
pub use program_environment::{for_decryption, for_programs};
pub use run_args::RunArgs;
pub use settings::{LEDGERS, RunSettings, SANDBOX_LEDGER, forbids_color};
pub use shard_args::{NamedShard, ShardArgs, ShardError};
pub(crate) use small_file::{LONGEST_TEXT, read_head, read_text};
pub use store_args::{FetchArgs, StoreArgs};
pub use store_settings::{fetch_settings, store_settings};
pub use token::TokenError;
pub use token_command::split as command_words;
pub use v2_page_arg::V2PageArg;
pub use variables::{asked_style, unknown_variables};
pub use verify_args::VerifyArgs;
pub use verify_settings::VerifySettings;

use std::path::PathBuf;

/// The command line or the configuration asks for something that cannot be.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// `capturi-import.toml` cannot be read.
    #[error("{}: {source}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `capturi-import.toml` is no TOML, or has a key or value that no flag has.
    #[error("{}:{line}: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line in it, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// `capturi-import.toml` of the current folder decides where the token goes, and others can write it.
    #[error(
        "{}:{line}: {name} counts only in a file that nobody else can write, and {doubt}; \
         take that right away (chmod go-w), or name the file with --config",
        path.display()
    )]
    Untrusted {
        /// The file.
        path: PathBuf,
        /// Line in it, from 1.
        line: usize,
        /// The setting.
        name: String,
        /// Why the file is not trusted.
        doubt: String,
    },
    /// A variable has a value that its flag does not take.
    #[error("{message}")]
    Variable {
        /// What is wrong, with its name.
        message: String,
    },
    /// No token, or one that cannot be used.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The program that a profile of AWS names gives no credentials.
    #[error("`credential_process` of profile `{profile}` in {}: {why}", path.display())]
    AwsProcess {
        /// The file.
        path: PathBuf,
        /// The profile.
        profile: String,
        /// What is wrong, without anything that it wrote.
        why: String,
    },
    /// The mapping sends a secret to the source of the recordings, and nobody gave it.
    #[error(
        "`auth` in [audio.fetch] needs a secret: set CAPTURI_FETCH_SECRET, or use \
         --fetch-secret-file or --fetch-secret-command"
    )]
    NoFetchSecret,
    /// Plain HTTP would carry the token over a network.
    #[error(
        "{0} is not encrypted, and the token would be sent in the clear (--allow-http forces it)"
    )]
    PlainHttp(String),
    /// Others could watch the run without a token.
    #[error(
        "--metrics-addr {0} can be reached by other machines and needs a token: set \
         CAPTURI_METRICS_TOKEN, or use --metrics-token-file"
    )]
    NoMetricsToken(std::net::SocketAddr),
    /// Nobody can be told at this address or by this program.
    #[error("{flag}: {why}")]
    Notify {
        /// The flag.
        flag: &'static str,
        /// What is wrong, without what may be secret.
        why: String,
    },
    /// A destination of its own, whose read API nobody named.
    #[error("the read API of {destination} is not known; name it with --read-url")]
    NoReadApi {
        /// The destination.
        destination: String,
    },
    /// Nobody tells which part of the export to import.
    #[error(transparent)]
    Shard(#[from] ShardError),
    /// The base URL is none.
    #[error("{value} is not a base URL: {why}")]
    BaseUrl {
        /// What was given.
        value: String,
        /// Why not.
        why: String,
    },
    /// Completions for the shell of this session, which nobody knows.
    #[error("the shell of this session is unknown; name it, as in `completions bash --install`")]
    NoShell,
    /// A folder below the home folder, which is unknown.
    #[error("HOME is not set to a folder, and the completions belong below it")]
    NoHome,
    /// A shell that reads completions from nowhere by itself.
    #[error(
        "{shell} reads completions from no folder of its own; write the output of \
         `capturi-import completions {shell}` to a file, and load it in the profile"
    )]
    NoCompletionsFolder {
        /// The shell.
        shell: String,
    },
    /// The file of trusted certificates cannot be read.
    #[error("{}: {source}", path.display())]
    CaBundle {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
}

/// Arms the fail point that `CAPTURI_FAILPOINT` names.
///
/// # Panics
/// When there is none of this name: the test would test nothing.
#[cfg(feature = "failpoints")]
#[expect(
    clippy::disallowed_methods,
    reason = "this is the room that reads the environment"
)]
pub fn arm_failpoint() {
    if let Ok(text) = std::env::var("CAPTURI_FAILPOINT") {
        let plan: Result<crate::failpoint::FailurePlan, String> = text.parse();
        crate::failpoint::arm(plan.expect("a fail point"));
    }
}
