//! What the operator chose about reports.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use crate::domain::Shard;
use crate::events::ExportExtent;
use crate::recordings::{PlaceKind, StoreExtent, StoreTraffic};

/// How far the pipeline goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Records are read and checked.
    Check,
    /// As in a run, but nothing is sent.
    DryRun,
    /// Calls are delivered.
    Run,
    /// Calls are delivered to the pretend server inside this process, and to nobody else.
    Rehearsal,
}

/// Where a run sends to, and by what it remembers that.
#[derive(Debug, Clone, PartialEq)]
pub struct DestinationLabel {
    /// The destination as its ledger knows it.
    pub name: String,
    /// The ledger as the operator names it.
    pub ledger: PathBuf,
    /// Whether there was no such ledger before this run.
    pub is_new_ledger: bool,
    /// The settings file that was read, if any.
    pub settings: Option<PathBuf>,
    /// The read API, if one is asked.
    pub read_api: Option<String>,
    /// The part of the export, where several processes share it.
    pub shard: Option<ShardLabel>,
}

/// The part of the export that a process imports, and at which pace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShardLabel {
    /// The part.
    pub shard: Shard,
    /// The variable that told its number, unless it was typed.
    pub from: Option<&'static str>,
    /// Requests a second of all processes together; `None` for no limit.
    pub rate: Option<f64>,
}

impl ShardLabel {
    /// Requests a second of this process.
    pub fn own_rate(&self) -> Option<f64> {
        let count = f64::from(self.shard.count());
        self.rate.map(|rate| rate / count)
    }

    /// The part and its pace, in words.
    pub(super) fn words(&self) -> String {
        let mut words = format!("shard {}", self.shard);
        if let Some(from) = self.from {
            let _ = write!(words, " (by {from})");
        }
        if let (Some(rate), Some(own)) = (self.rate, self.own_rate()) {
            let own = format!("{own:.3}");
            let own = own.trim_end_matches('0').trim_end_matches('.');
            let _ = write!(words, ", {own} of {rate} requests/s (no gate)");
        }
        words
    }
}

impl DestinationLabel {
    /// Whether the ledger was there, in a word.
    pub(super) fn age(&self) -> &'static str {
        if self.is_new_ledger { "new" } else { "known" }
    }
}

impl Mode {
    /// Whether calls are delivered, to whomever.
    pub const fn sends(self) -> bool {
        matches!(self, Mode::Run | Mode::Rehearsal)
    }

    /// The key in `summary.json`.
    pub const fn name(self) -> &'static str {
        match self {
            Mode::Check => "check",
            Mode::DryRun => "dry_run",
            Mode::Run => "run",
            Mode::Rehearsal => "rehearsal",
        }
    }
}

/// In which form things are told on the screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Style {
    /// Text for people.
    #[default]
    Human,
    /// One JSON object a line, for programs.
    Json,
}

/// In which form lists for people (`problems.csv`, `accepted.csv` …) are written; `rejected.csv` keeps that of
/// the export.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ListForm {
    /// As CSV is for programs: commas, UTF-8, line feeds, values as they are.
    #[default]
    Plain,
    /// As a Danish spreadsheet opens a file by a double click, with values that it would change as text.
    Excel,
}

/// What a report needs to know before the first event.
#[derive(Debug, Clone)]
pub struct ReportOptions {
    /// How far the pipeline goes.
    pub mode: Mode,
    /// The folder for the files; `None` for none.
    pub out: Option<PathBuf>,
    /// The form of the lists among the files.
    pub lists: ListForm,
    /// The form on the screen.
    pub style: Style,
    /// Only errors and what stands at the end.
    pub is_quiet: bool,
    /// Requests a second that a run may send, for the estimate; 0 for as many as it can.
    pub rate: f64,
    /// Bytes a second that a run may send; `None` for as many as the line takes.
    pub bandwidth: Option<u64>,
    /// Where a run sends to; `None` for a check.
    pub destination: Option<DestinationLabel>,
    /// Whether recordings are looked for, because a place of them was named.
    pub has_audio: bool,
    /// What kind of place that is.
    pub place: PlaceKind,
    /// What lies in stores, if recordings are in any.
    pub stores: Option<StoreExtent>,
    /// How much is read of them.
    pub traffic: Arc<StoreTraffic>,
    /// The files of the export, so that none of them is overwritten when the output of an earlier
    /// run is fed in again.
    pub inputs: Vec<PathBuf>,
    /// The files that are read beside the export: tables of the mapping.
    pub second_files: Vec<PathBuf>,
    /// Where the run can be watched; `None` for nowhere.
    pub watched_at: Option<String>,
    /// How many records the export has, as far as it was read.
    pub extent: Arc<ExportExtent>,
}

impl ReportOptions {
    /// Options of this mode, with nothing but a screen for people.
    pub fn new(mode: Mode) -> Self {
        ReportOptions {
            mode,
            out: None,
            lists: ListForm::Plain,
            style: Style::Human,
            is_quiet: false,
            rate: 20.0,
            bandwidth: None,
            destination: None,
            has_audio: true,
            place: PlaceKind::Folder,
            stores: None,
            traffic: Arc::default(),
            inputs: Vec::new(),
            second_files: Vec::new(),
            watched_at: None,
            extent: Arc::default(),
        }
    }
}
