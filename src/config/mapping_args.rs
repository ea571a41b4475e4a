//! The flags of the commands on mapping files.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::StoreArgs;
use super::export_args::ExportArgs;

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
    Test(Box<TestArgs>),
}

/// Arguments of `mapping init`.
#[derive(Debug, Args)]
pub struct InitArgs {
    /// The export: a file, or one in a store (`s3://bucket/calls.csv`).
    #[arg(value_name = "EXPORT")]
    pub export: String,
    /// Write the mapping file there instead of printing it; it must not exist.
    #[arg(short, long, value_name = "FILE")]
    pub out: Option<PathBuf>,
    /// Propose a mapping of its own, even though a preset fits.
    #[arg(long)]
    pub own: bool,
    /// Ask at most three questions on the terminal, and write a mapping that names every target.
    #[arg(long)]
    pub guided: bool,
    /// Folder with recordings: propose a pattern for their names.
    #[arg(long, value_name = "DIR")]
    pub audio: Option<PathBuf>,
    /// Encoding of the export, such as windows-1252.
    #[arg(long, value_name = "NAME", env = "CAPTURI_ENCODING")]
    pub encoding: Option<String>,
    /// Sheet of a workbook.
    #[arg(long, value_name = "NAME", env = "CAPTURI_SHEET")]
    pub sheet: Option<String>,
    /// How stores are reached.
    #[command(flatten)]
    pub stores: StoreArgs,
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
