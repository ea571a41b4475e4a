//! What a run shows while it goes on and when it ends, as text for people or JSON lines.

use std::path::PathBuf;

use crate::domain::{Problem, Severity};
use crate::events::{Event, StopReason};
use crate::report::console::final_table;
use crate::report::console::json_lines::JsonLine;
use crate::report::console::progress::{ProgressRate, ProgressView};
use crate::report::console::progress_bar::ProgressDisplay;
use crate::report::console::screen::{Screen, TextStyle};
use crate::report::destination_line::first_line;
use crate::report::format::{safe, wait};
use crate::report::json::stop_name;
use crate::report::{ClockReading, DestinationLabel, Mode, ReportOptions, RunSummary, Style};

/// Opened files that are named one by one; of a folder of thousands the rest is only counted.
const NAMED_FILES: u64 = 10;
/// Seconds between two notices about pauses.
const BETWEEN_PAUSES: f64 = 5.0;

/// The screen of one run.
#[derive(Debug)]
pub(in crate::report) struct RunScreen {
    screen: Screen,
    bar: Option<ProgressDisplay>,
    mode: Mode,
    style: Style,
    is_quiet: bool,
    last_pause: Option<ClockReading>,
}

impl RunScreen {
    /// The screen of a run with these options.
    pub(in crate::report) fn new(screen: Screen, options: &ReportOptions) -> Self {
        let bar = screen
            .bars()
            .filter(|_| options.style == Style::Human && !options.is_quiet)
            .map(|bars| ProgressDisplay::new(&bars, screen.color()));
        RunScreen {
            screen,
            bar,
            mode: options.mode,
            style: options.style,
            is_quiet: options.is_quiet,
            last_pause: None,
        }
    }

    /// Says where the run sends to, before anything else.
    pub(in crate::report) fn start(&mut self, to: &DestinationLabel, now: ClockReading) {
        let mode = self.mode;
        let settings = to.settings.as_ref().map(|path| path.to_string_lossy());
        let line = JsonLine::Started {
            mode: mode.name(),
            destination: &to.name,
            ledger: &to.ledger.to_string_lossy(),
            ledger_is_new: to.is_new_ledger,
            read_api: to.read_api.as_deref(),
            settings: settings.as_deref(),
            shard: to.shard.map(|label| label.shard.to_string()),
        };
        self.notice(&line, Some(first_line(mode, to)), now);
    }

    /// Says what is read besides the export: a mapping of somebody else may name more than one expects.
    pub(in crate::report) fn second_files(&mut self, files: &[PathBuf], now: ClockReading) {
        let files = files.iter();
        let files: Vec<String> = files
            .map(|file| file.to_string_lossy().into_owned())
            .collect();
        if !files.is_empty() {
            let text = format!("Read besides the export: {}", safe(&files.join(", ")));
            self.notice(&JsonLine::SecondFiles { files: &files }, Some(text), now);
        }
    }

    /// Says where the run can be watched.
    pub(in crate::report) fn watched(&mut self, url: &str, now: ClockReading) {
        let text = format!("Live page: {url}/");
        self.notice(&JsonLine::Watched { url }, Some(text), now);
    }

    /// How often progress is to be shown.
    pub(in crate::report) fn pace(&self) -> ProgressRate {
        if self.bar.is_some() {
            ProgressRate::Bars
        } else {
            ProgressRate::Lines
        }
    }

    /// Shows how far the run is.
    pub(in crate::report) fn progress(&mut self, snapshot: &ProgressView, now: ClockReading) {
        match self.style {
            _ if self.is_quiet => {}
            Style::Json => self
                .screen
                .result(&JsonLine::Progress(snapshot).text(now.time)),
            Style::Human => match &mut self.bar {
                Some(bar) => bar.show(snapshot, self.mode),
                None => self.screen.notice(&snapshot.line(self.mode)),
            },
        }
    }

    /// Takes the progress away, so that what follows stands below everything.
    pub(in crate::report) fn clear_progress(&mut self) {
        if let Some(bar) = &self.bar {
            bar.clear();
        }
    }

    /// Shows a problem to programs; people get them grouped at the end.
    pub(in crate::report) fn problem(&mut self, problem: &Problem, now: ClockReading) {
        let least = if self.is_quiet {
            Severity::Error
        } else {
            Severity::Warning
        };
        if self.style == Style::Json && problem.severity >= least {
            self.screen
                .result(&JsonLine::problem(problem).text(now.time));
        }
    }

    /// Shows an event that people should see at once; `sheets` is how many files were opened so far.
    pub(in crate::report) fn event(&mut self, event: &Event<'_>, sheets: u64, now: ClockReading) {
        match event {
            Event::Opened { sheet, unused, .. } => {
                let (file, reading) = (&*sheet.file, sheet.reading.as_str());
                let line = JsonLine::Opened {
                    file,
                    reading,
                    unused_columns: unused,
                };
                let text = match sheets {
                    ..=NAMED_FILES => Some(format!("reading {} as: {}", safe(file), safe(reading))),
                    number if number == NAMED_FILES + 1 => {
                        Some("reading more files, not named one by one".to_owned())
                    }
                    _ => None,
                };
                self.notice(&line, text, now);
            }
            Event::Paused { pause, why } => {
                let last = self.last_pause;
                if last.is_none_or(|last| now.seconds_since(last) >= BETWEEN_PAUSES) {
                    self.last_pause = Some(now);
                    let seconds = pause.as_secs_f64();
                    let line = JsonLine::Paused { seconds, why };
                    let text = format!("paused for {}: {}", wait(seconds), safe(why));
                    self.notice(&line, Some(text), now);
                }
            }
            Event::ReadApiAnswers { version } => {
                let text = format!("the read API answers api-version {}", safe(version));
                self.notice(&JsonLine::ReadApiAnswers { version }, Some(text), now);
            }
            Event::Stopping { stop, why } => self.show_stop(*stop, why, now),
            Event::Ended { .. }
            | Event::Read { .. }
            | Event::Checked(_)
            | Event::Matched(_)
            | Event::ExportProblem(_)
            | Event::Sent { .. }
            | Event::Sending(_)
            | Event::Width { .. }
            | Event::Retried { .. } => {}
        }
    }

    fn show_stop(&mut self, stop: StopReason, why: &str, now: ClockReading) {
        let line = JsonLine::Stopping {
            stop: stop_name(stop),
            why,
        };
        match self.style {
            Style::Json => self.screen.result(&line.text(now.time)),
            Style::Human if self.is_quiet && stop < StopReason::GaveUp => {}
            Style::Human => {
                let text = format!("stopping: {}; finishing what is under way", safe(why));
                let text = self.screen.paint(TextStyle::Warning, &text);
                self.screen.notice(&text);
            }
        }
    }

    fn notice(&mut self, line: &JsonLine<'_>, text: Option<String>, now: ClockReading) {
        match (self.style, text) {
            _ if self.is_quiet => {}
            (Style::Json, _) => self.screen.result(&line.text(now.time)),
            (Style::Human, Some(text)) => self.screen.notice(&text),
            (Style::Human, None) => {}
        }
    }

    /// Shows what the run came to.
    pub(in crate::report) fn summary(&mut self, summary: &RunSummary, now: ClockReading) {
        let is_broken = matches!(summary.stop, Some((StopReason::ExportBroken, _)));
        match self.style {
            Style::Json => self
                .screen
                .result(&JsonLine::Summary(summary).text(now.time)),
            // There is nothing to say about no record, and the error that follows says why.
            Style::Human if is_broken && summary.tally.read == 0 => {}
            Style::Human => {
                for line in final_table::lines(summary, self.is_quiet, &self.screen) {
                    self.screen.result(&line);
                }
            }
        }
    }
}
