//! What ends a command before it has a result.

use std::path::{Path, PathBuf};

use crate::domain::{Code, counted};
use crate::evidence::EvidenceError;
use crate::ledger::PartMismatch;
use crate::mapping::Preset;
use crate::monitoring::MonitoringError;
use crate::stores::StoreError;
use crate::{api, config, ledger, pipeline, recordings, report, sandbox, source};

/// Why a command could not be carried out.
#[derive(Debug, thiserror::Error)]
pub(super) enum Error {
    #[error(transparent)]
    Config(#[from] config::Error),
    #[error(transparent)]
    Road(#[from] pipeline::Error),
    #[error(transparent)]
    Audio(#[from] StoreError),
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    #[error(transparent)]
    Report(#[from] report::Error),
    #[error(transparent)]
    Client(#[from] api::ClientError),
    #[error(transparent)]
    Sandbox(#[from] sandbox::Error),
    #[error(transparent)]
    Evidence(#[from] EvidenceError),
    #[error(transparent)]
    Monitoring(#[from] MonitoringError),
    #[error(transparent)]
    Usage(#[from] Usage),
}

/// The ledger cannot be opened or used.
#[derive(Debug, thiserror::Error)]
pub(super) enum LedgerError {
    #[error(transparent)]
    Open(#[from] ledger::LedgerOpenError),
    #[error(transparent)]
    Use(#[from] ledger::Error),
}

/// What was asked for cannot be done.
#[derive(Debug, thiserror::Error)]
pub(super) enum Usage {
    #[error("no mapping file and no preset is called {name}")]
    NoMapping { name: String },
    #[error("{name} is a preset, and a file here has the same name")]
    TwoMappings { name: String },
    #[error("{} is {what}, not a mapping file", path.display())]
    Mistaken { path: PathBuf, what: &'static str },
    #[error("nothing can be sent: {why}")]
    NeverOpens { why: String },
    #[error("cannot read {}: {source}", path.display())]
    File {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{} already exists; choose another file name", path.display())]
    Exists { path: PathBuf },
    #[error("cannot write {}: {source}", path.display())]
    NotWritten {
        path: PathBuf,
        source: std::io::Error,
    },
    #[error("{name} must be a regular file, not a pipe")]
    NoFile { name: String },
    #[error("--verify needs the read API: name it with --read-url")]
    NothingToVerifyBy,
    #[error("--guided asks on a terminal, and there is none")]
    NoTerminal,
    #[error("the questions were not answered; nothing was written")]
    NoAnswer,
    #[error("{name} has no records to look at; it says: {sentence}")]
    NoRecords { name: String, sentence: String },
    #[error("{}: {why}", path.display())]
    Faults { path: PathBuf, why: String },
    #[error(transparent)]
    Name(crate::mapping::UnknownName),
    #[error(transparent)]
    Agents(crate::mapping::AgentsError),
    #[error("no problem has the code {code}")]
    NoCode { code: String },
    #[error("No delivered calls found in {}; nothing to rebuild", counted(*files as u64, "file"))]
    NothingAccepted { files: usize },
    #[error("{}", refused.join("\n"))]
    ForeignLists { refused: Vec<String> },
    #[error("--transcode needs ffmpeg: {0}")]
    NoFfmpeg(recordings::NoFfmpeg),
    #[error("{what}: {why}")]
    Unusable { what: &'static str, why: String },
    #[error("no temporary folder for recordings that are put together or converted: {0}")]
    Workshop(std::io::Error),
    #[error("{} already exists, and `ledger rebuild` makes a ledger only where there is none", path.display())]
    LedgerThere { path: PathBuf },
    #[error(transparent)]
    NotAnIdList(#[from] report::NotAnIdList),
    #[error("evidence is written into a new folder; name it with --out")]
    NoFolder,
    #[error("--changed send changes calls by the read API; name it with --read-url")]
    NoReadApiForChanges,
    #[error("--label is for calls, and the mapping makes cases, which have tags")]
    LabelOfCases,
    #[error(transparent)]
    NotAccepted(#[from] report::NotAccepted),
    #[error(
        "--shard needs files: every shard reads the whole export, and standard input is read once"
    )]
    SharedInput,
    #[error(transparent)]
    Reshard(ledger::ReshardError),
    #[error("--require-canary: {why}")]
    NoCanary { why: &'static str },
    #[error("the canary needs the read API: name it with --read-url")]
    NoReadApi,
    #[error("the canary looks at calls, and this mapping makes cases")]
    CanaryOfCases,
    #[error("no call of this export is left to send, so there is none to look at")]
    NoCalls,
    #[error(transparent)]
    Canary(crate::canary::RecordError),
    #[error(transparent)]
    Control(crate::monitoring::ControlError),
    #[error("the program cannot start its threads: {0}")]
    Runtime(std::io::Error),
}

impl From<ledger::LedgerOpenError> for Error {
    fn from(error: ledger::LedgerOpenError) -> Self {
        Error::Ledger(error.into())
    }
}

impl From<ledger::Error> for Error {
    fn from(error: ledger::Error) -> Self {
        Error::Ledger(error.into())
    }
}

impl From<report::NotAnIdList> for Error {
    fn from(error: report::NotAnIdList) -> Self {
        Error::Usage(error.into())
    }
}

impl From<report::NotAccepted> for Error {
    fn from(error: report::NotAccepted) -> Self {
        Error::Usage(error.into())
    }
}

impl From<source::Error> for Error {
    fn from(error: source::Error) -> Self {
        Error::Road(error.into())
    }
}

impl From<crate::mapping::LoadError> for Error {
    fn from(error: crate::mapping::LoadError) -> Self {
        Error::Road(error.into())
    }
}

impl Error {
    /// What the operator can do about it.
    pub(super) fn hint(&self) -> Option<String> {
        match self {
            Error::Usage(Usage::TwoMappings { name }) => Some(format!(
                "name the file as ./{name}, or move it away for the preset"
            )),
            Error::Usage(Usage::NoMapping { name }) => {
                let names = Preset::all()
                    .iter()
                    .map(|preset| preset.name);
                Some(nearest(names, name).map_or_else(
                    || "`capturi-import mapping list` names the presets".to_owned(),
                    |known| format!("did you mean {known}?"),
                ))
            }
            Error::Usage(Usage::Mistaken { .. }) => Some(
                "-m takes a mapping file (TOML) or the name of a preset (`capturi-import mapping list`); \
                 recordings belong to --audio"
                    .to_owned(),
            ),
            Error::Usage(Usage::NoCode { code }) => {
                let names = Code::ALL.iter().map(|code| code.name());
                Some(nearest(names, code).map_or_else(
                    || "`capturi-import explain` lists all codes".to_owned(),
                    |known| format!("did you mean {known}?"),
                ))
            }
            Error::Road(pipeline::Error::Ledger(error))
            | Error::Ledger(LedgerError::Open(error)) => hint_of_ledger(error),
            Error::Ledger(LedgerError::Use(ledger::Error::Damaged { .. })) => {
                Some(DAMAGED.to_owned())
            }
            Error::Usage(Usage::ForeignLists { .. }) => Some(
                "name the lists of this destination alone, or another destination with --base-url"
                    .to_owned(),
            ),
            Error::Usage(Usage::LedgerThere { .. }) => {
                Some("move the old one away, or name another with --ledger".to_owned())
            }
            Error::Config(config::Error::Token(config::TokenError::Missing)) => {
                Some("a rehearsal with --sandbox needs no token".to_owned())
            }
            Error::Usage(Usage::NoCanary { .. }) => Some(NO_CANARY.to_owned()),
            Error::Usage(Usage::NoTerminal) => Some(
                "without --guided the proposal says what is missing, and flags answer it".to_owned(),
            ),
            Error::Usage(Usage::NoFfmpeg(_)) => Some(
                "install ffmpeg where the system finds programs, or leave --transcode out: such \
                 recordings then go out as they are"
                    .to_owned(),
            ),
            Error::Usage(Usage::Name(_)) => Some(
                "a zone is named as in Europe/Copenhagen, a region by two letters as in DK"
                    .to_owned(),
            ),
            // A mapping of one's own is mended where the error points; a preset is the wrong one.
            Error::Road(pipeline::Error::Mapping(error)) if Preset::is_unfit(error) => Some(
                "the export is of another kind: `capturi-import mapping init` and the file propose a \
                 mapping for it, `capturi-import mapping list` names the presets"
                    .to_owned(),
            ),
            _ => None,
        }
    }
}

/// What to do where a run asks for an approval that is not there.
const NO_CANARY: &str = "run `capturi-import canary` with the same flags, look at its page, and approve it \
                         with `capturi-import canary --approve NAME`";

/// What to do about a ledger whose content is not what was written.
const DAMAGED: &str = "nothing more is sent. Keep the file, and make a new one with `capturi-import \
                       ledger rebuild --from` all the accepted.csv of earlier runs \
                       (docs/reliability.md)";

fn hint_of_ledger(error: &ledger::LedgerOpenError) -> Option<String> {
    let hint = match error {
        ledger::LedgerOpenError::Missing { .. } => {
            "name the ledger with --ledger; that of a rehearsal is capturi-import-sandbox.db"
        }
        ledger::LedgerOpenError::Storage(ledger::Error::Damaged { path, .. })
            if path.ends_with(config::SANDBOX_LEDGER) =>
        {
            "it tells of rehearsals only: delete it, and the next one begins anew"
        }
        ledger::LedgerOpenError::Storage(ledger::Error::Damaged { .. }) => DAMAGED,
        ledger::LedgerOpenError::Foreign { .. } => {
            "nothing was sent and nothing changed. Restore the ledger from a copy, or make a new one \
             with `capturi-import ledger rebuild`"
        }
        ledger::LedgerOpenError::Newer { .. } => {
            "nothing was sent and nothing changed; use the version that wrote it, or a newer one"
        }
        ledger::LedgerOpenError::OtherDestination { .. } => {
            "name another file with --ledger for another destination"
        }
        ledger::LedgerOpenError::OtherPart { path, mismatch } => {
            return Some(hint_of_part(path, *mismatch));
        }
        _ => return None,
    };
    Some(hint.to_owned())
}

/// The way on from a ledger that is kept for something else.
fn hint_of_part(path: &Path, mismatch: PartMismatch) -> String {
    match mismatch {
        PartMismatch::OtherShard { ours, .. } => format!(
            "name the ledger of shard {ours} with --ledger; for another number of shards: \
             `capturi-import ledger reshard LEDGERS --into {}`",
            ours.count()
        ),
        PartMismatch::OfShard { theirs } => format!(
            "add --shard {theirs}, or join the ledgers of all shards: `capturi-import ledger reshard \
             LEDGERS --into 1`"
        ),
        PartMismatch::OfWholeExport { ours } => format!(
            "name a new ledger with --ledger, or divide this one: `capturi-import ledger reshard {} \
             --into {}`",
            path.display(),
            ours.count()
        ),
        PartMismatch::OtherHash { .. } => {
            "finish with the version that began it; nothing was sent".to_owned()
        }
        PartMismatch::OtherExport => {
            "name the files it was begun with, all of them; new files need new ledgers".to_owned()
        }
        PartMismatch::OtherMapping => {
            "use the mapping, tables and flags it was begun with; to go on with another, join all \
             ledgers (`capturi-import ledger reshard LEDGERS --into 1`) and divide that one again"
                .to_owned()
        }
    }
}

/// The name that is most like what was typed, if any is.
fn nearest<'a>(names: impl Iterator<Item = &'a str>, typed: &str) -> Option<&'a str> {
    let typed = typed.to_lowercase().replace('_', "-");
    names
        .map(|known| (strsim::damerau_levenshtein(known, &typed), known))
        .min()
        .filter(|(distance, _)| *distance <= 3)
        .map(|(_, known)| known)
}
