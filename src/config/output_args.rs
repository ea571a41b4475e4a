//! The flags about the files that a command writes.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::report::ListForm;

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
    pub lists: ListsArg,
}

/// Form of the lists for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
pub enum ListsArg {
    /// Commas, UTF-8, values as they are: for programs.
    #[default]
    Plain,
    /// Opens right in a Danish Excel: semicolons, byte order mark, ids as text.
    Excel,
}

impl ListsArg {
    /// The form in which lists are written.
    pub fn form(self) -> ListForm {
        match self {
            ListsArg::Plain => ListForm::Plain,
            ListsArg::Excel => ListForm::Excel,
        }
    }
}
