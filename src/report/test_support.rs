//! A run on a stage, for tests: events by hand, a clock that stands still, a screen in memory.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use crate::domain::{Code, Location, Problem};
use crate::events::{ConsentCounts, Delivered, Event, Outcome, StopReason, Totals};
use crate::report::{ClockReading, Error, Mode, Report, ReportOptions, RunSummary, Screen};
use crate::source::{Batch, FileFormat, Header, Sheet};

/// Text that can be read while it is written.
#[derive(Debug, Clone, Default)]
pub(super) struct Buffer(Arc<Mutex<Vec<u8>>>);

impl Buffer {
    pub(super) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    pub(super) fn lines(&self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }
}

impl Write for Buffer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

pub(super) struct Stage {
    report: Option<Report>,
    now: ClockReading,
    sheet: Arc<Sheet>,
    out: Option<tempfile::TempDir>,
    pub(super) results: Buffer,
    pub(super) notices: Buffer,
}

impl Stage {
    pub(super) fn with(change: impl FnOnce(&mut ReportOptions), mode: Mode) -> Self {
        let mut options = ReportOptions::new(mode);
        change(&mut options);
        let (results, notices) = (Buffer::default(), Buffer::default());
        let screen = Screen::to(results.clone(), notices.clone());
        let mut now = ClockReading::now();
        now.time = "2024-03-15T08:00:00Z".parse().unwrap();
        Stage {
            report: Some(Report::new_at(options, screen, now).unwrap()),
            now,
            sheet: sheet("calls.csv", &["id"]),
            out: None,
            results,
            notices,
        }
    }

    pub(super) fn with_files(mode: Mode) -> Self {
        let out = tempfile::tempdir().unwrap();
        let mut stage = Stage::with(|options| options.out = Some(out.path().to_owned()), mode);
        stage.out = Some(out);
        stage
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.out.as_ref().unwrap().path().join(name)
    }

    pub(super) fn file(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(super) fn event(&mut self, event: &Event<'_>) {
        let report = self.report.as_mut().unwrap();
        report.event_at(event, self.now).unwrap();
    }

    pub(super) fn pass(&mut self, seconds: u64) {
        self.now = self.now.later(Duration::from_secs(seconds));
        self.report.as_mut().unwrap().tick(self.now).unwrap();
    }

    pub(super) fn opened(&mut self, sheet: &Arc<Sheet>) {
        self.sheet = Arc::clone(sheet);
        let sources = &[];
        self.event(&Event::Opened {
            sheet,
            unused: &[],
            sources,
        });
    }

    pub(super) fn opened_json(&mut self) {
        let sheet = Arc::new(Sheet {
            file: "calls.json".into(),
            reading: "json array".to_owned(),
            header: None,
            nulls: Vec::new(),
            form: FileFormat::default(),
        });
        self.opened(&sheet);
    }

    pub(super) fn checked(&mut self, facts: &Totals) {
        self.event(&Event::Checked(facts));
    }

    pub(super) fn ended(
        &mut self,
        line: u64,
        cells: &[&str],
        outcome: Outcome,
        problems: &[Problem],
    ) {
        let batch = self.row(line, cells);
        self.event(&Event::Ended {
            record: batch.get(0),
            outcome,
            detail: "",
            problems,
            delivered: None,
        });
    }

    pub(super) fn created(&mut self, line: u64, cells: &[&str], delivered: &Delivered) {
        let batch = self.row(line, cells);
        self.event(&Event::Ended {
            record: batch.get(0),
            outcome: Outcome::Created,
            detail: "",
            problems: &[],
            delivered: Some(delivered),
        });
    }

    fn row(&self, line: u64, cells: &[&str]) -> Batch {
        let mut batch = Batch::new(Arc::clone(&self.sheet));
        batch.start_row(line);
        for cell in cells {
            batch.push_cell(cell);
        }
        batch
    }

    pub(super) fn ended_json(&mut self, line: u64, json: &str, problems: &[Problem]) {
        let mut batch = Batch::new(Arc::clone(&self.sheet));
        batch.push_tree(line, None, serde_json::from_str(json).unwrap());
        self.event(&Event::Ended {
            record: batch.get(0),
            outcome: Outcome::Rejected,
            detail: "",
            problems,
            delivered: None,
        });
    }

    /// Ends this many records of one kind.
    pub(super) fn many(&mut self, number: u64, outcome: Outcome, detail: &str) {
        let mut batch = Batch::new(Arc::clone(&self.sheet));
        batch.start_row(2);
        for _ in 0..number {
            self.event(&Event::Ended {
                record: batch.get(0),
                outcome,
                detail,
                problems: &[],
                delivered: None,
            });
        }
    }

    pub(super) fn finish(&mut self, ending: Option<StopReason>) -> Result<RunSummary, Error> {
        let finished = self.report.take().unwrap().finish_at(ending, self.now);
        finished.written.map(|()| finished.summary)
    }
}

pub(super) fn sheet(file: &str, names: &[&str]) -> Arc<Sheet> {
    Arc::new(Sheet {
        file: file.into(),
        reading: "comma, utf-8, header, LF".to_owned(),
        header: Some(Header::new(
            names.iter().map(|&name| name.to_owned()).collect(),
        )),
        nulls: Vec::new(),
        form: FileFormat::plain_table(),
    })
}

pub(super) fn problem(code: Code, line: u64) -> Problem {
    Problem::new(code, Location::on_line("calls.csv", line), "is no good")
}

/// Sums over so many records, all of them calls with a recording.
pub(super) fn facts(records: u64) -> Totals {
    let mut filled = [0; 36];
    filled[..7].fill(records);
    filled[7] = 1;
    Totals {
        records,
        calls: records,
        open: records,
        filled,
        consent: ConsentCounts {
            yes: records,
            ..ConsentCounts::default()
        },
        recordings: records,
        bytes: records * 1_000_000,
        #[expect(clippy::cast_precision_loss, reason = "a few records")]
        seconds: records as f64 * 90.0,
        requests: records * 2,
        ..Totals::default()
    }
}
