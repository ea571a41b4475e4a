//! The flags about the export and its recordings.

use std::ffi::OsString;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::{BoolishValueParser, OsStringValueParser, TypedValueParser as _};
use clap::{Args, ValueEnum};

use super::{FetchArgs, StoreArgs, units};
use crate::domain::MissingRecording;
use crate::stores::StoreAddress;
use crate::targets::{InspectionOptions, OddFormats};

/// The export and how to read it.
#[derive(Debug, Args)]
pub struct ExportArgs {
    /// Export files: a file, a glob, a folder, the same in a store (`s3://bucket/calls-*.csv`), or - for standard input.
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
    /// Sheet of a workbook; wins over the mapping's.
    #[arg(long, value_name = "NAME", env = "CAPTURI_SHEET")]
    pub sheet: Option<String>,
    /// Where the recordings are: folders and stores.
    #[arg(
        short,
        long,
        value_name = "PLACE",
        value_parser = OsStringValueParser::new().try_map(|text| StoreAddress::parse(&text)),
        env = "CAPTURI_AUDIO",
        help = "Folder with recordings, or a store: s3://bucket/prefix, gs://bucket/prefix, \
                az://container/prefix, sftp://host/path, https://host/path/. May be repeated. If omitted, calls are imported without audio"
    )]
    pub audio: Vec<StoreAddress>,
    /// How stores are reached.
    #[command(flatten)]
    pub stores: StoreArgs,
    /// How recordings are fetched by URL.
    #[command(flatten)]
    pub fetch: FetchArgs,
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
    /// Convert recordings that the API may not take (GSM, G.726, WMA, …) to WAV before sending, with an
    /// installed ffmpeg.
    #[arg(long, value_parser = BoolishValueParser::new(), env = "CAPTURI_TRANSCODE")]
    pub transcode: bool,
}

impl ExportArgs {
    /// What to do with a call whose recording is missing.
    pub fn missing(&self) -> MissingRecording {
        match self.missing_audio {
            MissingAudio::Hold => MissingRecording::Hold,
            MissingAudio::Create => MissingRecording::Create,
            MissingAudio::Refuse => MissingRecording::Refuse,
        }
    }

    /// How far recordings are looked into, and what becomes of those that the API may not take;
    /// whether an `ffmpeg` is there is left to be seen.
    pub fn inspection_options(&self) -> InspectionOptions {
        InspectionOptions {
            doubtful: if self.transcode {
                OddFormats::Convert
            } else {
                OddFormats::Send
            },
            has_ffmpeg: false,
            for_silence: self.check_audio == CheckAudio::Silence,
            min_age: self.min_age,
        }
    }
}

/// Which records of the export.
#[derive(Debug, Args)]
pub struct SelectionArgs {
    /// Only the records with these ids: a file with one id on each line, or a list of this program.
    #[arg(long, value_name = "FILE")]
    pub only: Option<PathBuf>,
}

/// How far recordings are looked into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum CheckAudio {
    /// Their headers.
    #[default]
    Header,
    /// Also decode the audio and warn about silent channels.
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
