//! Hears every event and sees to it that it is counted, shown and written.

use std::sync::Arc;

use crate::domain::Problem;
use crate::events::{Event, Outcome, StopReason};
use crate::report::console::json_lines;
use crate::report::console::progress::ProgressMeter;
use crate::report::console::run_screen::RunScreen;
use crate::report::counters::Counters;
use crate::report::files::output_folder::OutputFolder;
use crate::report::files::recordings;
use crate::report::files::run_files::Files;
use crate::report::files::skipped;
use crate::report::finish::{Finished, complete};
use crate::report::{
    ClockReading, Error, ReportOptions, RunFigures, RunProgress, RunSummary, Screen,
};

/// Seconds after which a slow run brings its files to the disk; a fast one counts records. A list must not
/// lack more than that after a kill: a ledger may have to be made from it.
const BETWEEN_FLUSHES: f64 = 1.0;

/// The report of one run, from its first event to its summary.
#[derive(Debug)]
pub struct Report {
    options: ReportOptions,
    screen: RunScreen,
    /// Where the files will be made, until there is something to write.
    folder: Option<OutputFolder>,
    files: Option<Files>,
    counters: Counters,
    progress: ProgressMeter,
    last_flush: ClockReading,
}

impl Report {
    /// A report that begins now. The files under `out` are made when there is something to write, so
    /// that those of an earlier run outlive one that fails at once.
    pub fn new(options: ReportOptions, screen: Screen) -> Result<Self, Error> {
        Report::new_at(options, screen, ClockReading::now())
    }

    /// Finds out whether the files could be made, and changes none: an earlier run may still be
    /// writing them.
    pub fn probe(options: &ReportOptions) -> Result<(), Error> {
        match &options.out {
            Some(out) => OutputFolder::open(out, &[])?.probe(),
            None => Ok(()),
        }
    }

    /// A report that begins at this moment.
    pub fn new_at(
        options: ReportOptions,
        screen: Screen,
        now: ClockReading,
    ) -> Result<Self, Error> {
        let folder = match &options.out {
            Some(out) => Some(OutputFolder::open(out, &options.inputs)?),
            None => None,
        };
        if let Some(folder) = &folder {
            folder.probe()?;
        }
        let mut report = Report {
            progress: ProgressMeter::new(options.mode, Arc::clone(&options.extent), now)
                .watching(Arc::clone(&options.traffic)),
            screen: RunScreen::new(screen, &options),
            options,
            folder,
            files: None,
            counters: Counters::default(),
            last_flush: now,
        };
        if let Some(to) = &report.options.destination {
            report.screen.start(to, now);
        }
        if let Some(url) = &report.options.watched_at {
            report.screen.watched(url, now);
        }
        report
            .screen
            .second_files(&report.options.second_files, now);
        Ok(report)
    }

    /// Makes the files, and takes away what would read as a report of this run.
    fn begin(&mut self) -> Result<(), Error> {
        let Some(folder) = self.folder.take() else {
            return Ok(());
        };
        for name in ["summary.json", "report.html"] {
            folder.forget(name)?;
        }
        skipped::forget(&folder)?;
        recordings::forget(&folder)?;
        for extension in ["csv", "ndjson"] {
            folder.clear("rejected", extension, &[])?;
        }
        let to = self.options.destination.as_ref();
        let (mode, lists) = (self.options.mode, self.options.lists);
        self.files = Some(Files::create(folder, mode, to, lists)?);
        Ok(())
    }

    /// Takes an event that happens now. An error means that a file could not be written; the event
    /// is counted all the same.
    pub fn event(&mut self, event: &Event<'_>) -> Result<(), Error> {
        // Of a million records that end without a word there is nothing to write, and asking for
        // the time would cost more than counting them; the next batch moves the screen.
        // A row that is rejected with its call may have no problem of its own, and is written, as is
        // one that was left out.
        if let Event::Ended {
            problems: [],
            delivered: None,
            outcome,
            detail,
            ..
        } = event
            && !matches!(outcome, Outcome::Rejected | Outcome::Failed)
            && !(self.options.out.is_some() && skipped::is_listed(*outcome, detail))
        {
            self.counters.add(event);
            return Ok(());
        }
        self.event_at(event, ClockReading::now())
    }

    /// Takes an event of this moment.
    pub fn event_at(&mut self, event: &Event<'_>, now: ClockReading) -> Result<(), Error> {
        self.counters.add(event);
        let written = self.write(event, now);
        if let Event::Paused { pause, why } = event {
            self.progress.pause(now, *pause, why);
        }
        self.screen.event(event, self.counters.sheets, now);
        written.and(self.tick(now))
    }

    /// Lets time pass: shows the progress if it is due, and brings what is written to the disk. To
    /// be called about every second, because nothing else moves the screen while nothing happens.
    pub fn tick(&mut self, now: ClockReading) -> Result<(), Error> {
        let due = self.progress.due(&self.counters, self.screen.pace(), now);
        if let Some(snapshot) = due {
            self.screen.progress(&snapshot, now);
        }
        match &mut self.files {
            Some(files) if now.seconds_since(self.last_flush) >= BETWEEN_FLUSHES => {
                self.last_flush = now;
                files.flush()
            }
            _ => Ok(()),
        }
    }

    /// How far the run is, for the ledger; about once a second, so that also of a run that is killed it
    /// is known. To be asked after events that come by themselves.
    pub fn work_due(&mut self) -> Option<RunProgress> {
        self.progress.work_due(&self.counters, ClockReading::now())
    }

    /// What has happened so far, for those who watch.
    pub fn figures(&mut self) -> RunFigures {
        self.figures_at(ClockReading::now())
    }

    fn figures_at(&mut self, now: ClockReading) -> RunFigures {
        let view = self.progress.snapshot(&self.counters, now);
        let work = self.progress.work(&self.counters, now);
        let started = self.progress.started().time;
        RunFigures::new(&self.options, &self.counters, view, work, started)
    }

    /// Ends the report: completes the files and shows what the run came to. `ending` is why it
    /// ended early, if it did; what events said about that counts too.
    pub fn finish(self, ending: Option<StopReason>) -> Finished {
        self.finish_at(ending, ClockReading::now())
    }

    /// Keeps why the pipeline ended before the export did, if it did, in one line, for whoever reads the
    /// files later.
    pub fn break_off<E: std::error::Error>(&mut self, walked: &Result<(), E>) {
        if let Err(error) = walked {
            let text = error.to_string();
            let line = text.lines().next().unwrap_or_default();
            self.counters.break_off(line.trim_start_matches("error: "));
        }
    }

    /// Ends the report at this moment. The screen is written even when a file cannot be.
    pub fn finish_at(mut self, ending: Option<StopReason>, now: ClockReading) -> Finished {
        if let Some(stop) = ending {
            self.counters.stop_for(stop, "");
        }
        self.screen.clear_progress();
        // Where nothing was read before the end, what an earlier run has left says more.
        let begun = match self.counters.stop {
            Some(_) => Ok(()),
            None => self.begin(),
        };
        let started = self.progress.started();
        let work = self.progress.work(&self.counters, now);
        let mut figures = self.figures_at(now);
        // What was put aside and not decided counts as not read, as in the summary.
        figures.work.read = self.counters.tally.read;
        let mut summary = RunSummary::new(&self.options, self.counters, started, now);
        let written = match self.files {
            Some(files) => complete(files, &mut summary),
            None => Ok(()),
        };
        let written = begun.and(written);
        self.screen.summary(&summary, now);
        Finished {
            summary,
            work,
            figures,
            written,
        }
    }

    fn write(&mut self, event: &Event<'_>, now: ClockReading) -> Result<(), Error> {
        if let Event::Opened { .. } | Event::Ended { .. } | Event::ExportProblem(_) = event {
            self.begin()?;
        }
        match event {
            Event::Ended {
                record,
                outcome,
                detail,
                problems,
                delivered,
            } => {
                let number = Some(self.counters.record());
                let noted = self.problems(number, problems, now);
                let Some(files) = &mut self.files else {
                    return noted;
                };
                if let Some(delivered) = delivered {
                    files.accepted(delivered, Some(now.time))?;
                }
                files.ended(record, *outcome, detail, problems)?;
                noted
            }
            Event::Opened { sources, .. } => {
                if let Some(files) = &mut self.files {
                    files.opened(sources);
                }
                Ok(())
            }
            Event::Read { bytes, total } => {
                if let Some(files) = &mut self.files {
                    files.read(*bytes, *total);
                }
                Ok(())
            }
            Event::Matched(matched) => match &mut self.files {
                Some(files) => files.matched(matched),
                None => Ok(()),
            },
            Event::ExportProblem(problem) => {
                self.problems(None, std::slice::from_ref(*problem), now)
            }
            _ => Ok(()),
        }
    }

    fn problems(
        &mut self,
        record: Option<u64>,
        problems: &[Problem],
        now: ClockReading,
    ) -> Result<(), Error> {
        let mut written = Ok(());
        for problem in problems {
            let known = self.counters.groups.add(record, problem);
            if known <= json_lines::MOST_PROBLEMS {
                self.screen.problem(problem, now);
            }
            if let (Some(files), Ok(())) = (&mut self.files, &written) {
                written = files.problem(problem);
            }
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::Write;
    use std::time::Duration;

    use super::*;
    use crate::domain::Code;
    use crate::events::{Delivered, Outcome};
    use crate::report::test_support::{Stage, facts, problem, sheet};
    use crate::report::{Mode, Style};

    fn delivered(identity: &str) -> Delivered {
        Delivered {
            kind: crate::events::DeliveryKind::Call,
            identity: identity.to_owned(),
            uid: Some("0f6d-uid".to_owned()),
            recording: Some("march/=1.wav".to_owned()),
            bytes: 1_000,
            was_there: false,
            in_doubt: 0,
            is_unproved: false,
        }
    }

    #[test]
    fn a_run_leaves_its_files_and_they_say_what_happened() {
        let mut stage = Stage::with_files(Mode::Run);
        stage.opened(&sheet("calls.csv", &["id", "phone"]));
        stage.checked(&facts(3));
        let done = delivered("-5");
        stage.created(2, &["-5", "+4512345678"], &done);
        let mut bad = problem(Code::BadTime, 3).at("phone", "=HYPERLINK(1)");
        bad.name_record("7");
        let worse = problem(Code::BadEmail, 3);
        stage.ended(3, &["7", "=1+1"], Outcome::Rejected, &[bad, worse]);
        stage.ended(4, &["8", "x"], Outcome::NotAttempted, &[]);
        let summary = stage.finish(Some(StopReason::Interrupted)).unwrap();

        assert_eq!(
            stage.file("accepted.csv"),
            "external_id,uid,recording,bytes,when,kind,destination,ledger\n\
             -5,0f6d-uid,march/=1.wav,1000,2024-03-15T08:00:00.000Z,call,,\n"
        );
        assert_eq!(
            stage.file("problems.csv"),
            "file,line,column,code,severity,value,message,record,external_id\n\
             calls.csv,3,phone,bad-time,error,'=HYPERLINK(1),is no good,,7\n\
             calls.csv,3,,bad-email,error,,is no good,,\n"
        );
        assert_eq!(
            stage.file("rejected.csv"),
            "id,phone,_problems\n7,=1+1,id 7; bad-time phone: is no good; bad-email: is no good\n"
        );
        let json: serde_json::Value = serde_json::from_str(&stage.file("summary.json")).unwrap();
        assert_eq!(json["outcomes"]["created"], 1);
        assert_eq!(json["stop"], "interrupted");
        assert_eq!(json["problems"][0]["code"], "bad-time");
        assert_eq!(summary.rejected_files, [stage.path("rejected.csv")]);
        let last = stage.results.lines().pop().unwrap();
        assert!(
            last.ends_with("Run the same command again to resume."),
            "{last}"
        );
    }

    #[test]
    fn sheets_of_another_header_get_a_file_of_their_own_and_json_gets_lines() {
        let mut stage = Stage::with_files(Mode::Check);
        let bad = [problem(Code::BadTime, 2)];
        for names in [["a", "b"], ["a", "c"], ["a", "b"]] {
            stage.opened(&sheet("x.csv", &names));
            stage.ended(2, &["1", "2"], Outcome::Rejected, &bad);
        }
        stage.opened_json();
        stage.ended_json(1, r#"{"id": 12345678901234567890}"#, &bad);
        let summary = stage.finish(None).unwrap();
        assert_eq!(stage.file("rejected.csv").lines().count(), 3);
        assert_eq!(stage.file("rejected-2.csv").lines().count(), 2);
        assert_eq!(
            stage.file("rejected.ndjson"),
            "{\"id\":12345678901234567890,\"_problems\":\"bad-time: is no good\"}\n"
        );
        assert_eq!(summary.rejected_files.len(), 3);
    }

    #[test]
    fn a_cure_calls_the_file_of_rejected_records_by_its_name() {
        let bad = [problem(Code::MissingField, 1)];
        let mut stage = Stage::with_files(Mode::Check);
        stage.opened_json();
        stage.ended_json(1, r#"{"id": 1}"#, &bad);
        let cure = &stage.finish(None).unwrap().groups[0].cure;
        assert!(cure.contains("rejected.ndjson"), "{cure}");
        assert!(!cure.contains("rejected.csv"), "{cure}");
        let mut stage = Stage::with_files(Mode::Check);
        stage.opened(&sheet("x.csv", &["a"]));
        stage.ended(2, &["1"], Outcome::Rejected, &bad);
        let cure = &stage.finish(None).unwrap().groups[0].cure;
        assert!(cure.contains("rejected.csv"), "{cure}");
    }

    #[test]
    fn a_check_leaves_the_accepted_of_a_run_alone() {
        let mut stage = Stage::with_files(Mode::Check);
        fs::write(stage.path("accepted.csv"), "of a run").unwrap();
        stage.checked(&facts(0));
        stage.finish(None).unwrap();
        assert_eq!(stage.file("accepted.csv"), "of a run");
    }

    #[test]
    fn rejected_records_of_an_earlier_run_are_not_taken_for_those_of_this_one() {
        let mut stage = Stage::with_files(Mode::Run);
        fs::write(stage.path("rejected.csv"), "earlier").unwrap();
        stage.finish(None).unwrap();
        assert!(!stage.path("rejected.csv").exists());
        let kept = fs::read_dir(stage.path("."))
            .unwrap()
            .filter_map(|entry| entry.unwrap().file_name().into_string().ok())
            .find(|name| name.starts_with("rejected."));
        assert_eq!(stage.file(&kept.unwrap()), "earlier");
    }

    #[test]
    fn records_are_on_disk_before_the_run_ends() {
        let mut stage = Stage::with_files(Mode::Run);
        stage.opened(&sheet("x.csv", &["a"]));
        for line in 0..200 {
            let done = delivered(&line.to_string());
            stage.created(line, &["1"], &done);
        }
        assert_eq!(stage.file("accepted.csv").lines().count(), 201);
    }

    #[test]
    fn the_records_of_a_slow_run_are_on_disk_after_seconds() {
        let mut stage = Stage::with_files(Mode::Run);
        stage.created(2, &["1"], &delivered("1"));
        stage.pass(1);
        assert_eq!(stage.file("accepted.csv").lines().count(), 2);
    }

    #[test]
    fn a_file_that_cannot_be_written_is_an_error_and_the_table_is_shown_all_the_same() {
        let mut stage = Stage::with_files(Mode::Check);
        fs::create_dir(stage.path("summary.json")).unwrap();
        stage.checked(&facts(0));
        let error = stage.finish(None).unwrap_err();
        assert!(error.to_string().contains("summary.json"), "{error}");
        assert!(stage.results.text().contains("= records read"));
    }

    #[test]
    fn a_screen_that_is_gone_does_not_end_the_run() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
        let report = Report::new(ReportOptions::new(Mode::Check), Screen::to(Gone, Gone)).unwrap();
        assert!(report.finish(None).written.is_ok());
    }

    #[test]
    fn json_style_is_one_object_a_line_and_nothing_else() {
        let mut stage = Stage::with(|options| options.style = Style::Json, Mode::Run);
        stage.opened(&sheet("calls\u{1b}.csv", &["id"]));
        stage.checked(&facts(1));
        stage.ended(
            2,
            &["1"],
            Outcome::Held,
            &[problem(Code::RecordingMissing, 2)],
        );
        stage.event(&Event::Paused {
            pause: Duration::from_secs(30),
            why: "429",
        });
        stage.pass(6);
        stage.event(&Event::Stopping {
            stop: StopReason::TokenRefused,
            why: "401",
        });
        stage.finish(Some(StopReason::TokenRefused)).unwrap();
        let events: Vec<String> = stage
            .results
            .lines()
            .iter()
            .map(|line| {
                let json: serde_json::Value = serde_json::from_str(line).unwrap();
                json["event"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(
            events,
            [
                "opened", "problem", "paused", "progress", "stopping", "summary"
            ]
        );
        assert!(stage.notices.text().is_empty());
        assert!(!stage.results.text().contains('\u{1b}'));
    }

    #[test]
    fn problems_of_one_kind_are_told_a_hundred_times_and_counted_always() {
        let mut stage = Stage::with(|options| options.style = Style::Json, Mode::Check);
        stage.opened(&sheet("x.csv", &["id"]));
        for line in 0..500 {
            stage.ended(
                line,
                &["1"],
                Outcome::Rejected,
                &[problem(Code::BadTime, line)],
            );
        }
        let summary = stage.finish(None).unwrap();
        let told = stage
            .results
            .text()
            .matches("\"event\":\"problem\"")
            .count();
        assert_eq!((told, summary.groups[0].problems), (100, 500));
    }

    #[test]
    fn quiet_shows_errors_and_the_end_only() {
        let mut stage = Stage::with(|options| options.is_quiet = true, Mode::Run);
        stage.opened(&sheet("x.csv", &["id"]));
        stage.pass(60);
        stage.event(&Event::Stopping {
            stop: StopReason::Interrupted,
            why: "signal",
        });
        assert_eq!(stage.notices.text(), "");
        stage.event(&Event::Stopping {
            stop: StopReason::GaveUp,
            why: "no line\x07",
        });
        assert_eq!(
            stage.notices.text(),
            "stopping: no line<U+0007>; finishing what is under way\n"
        );
        stage.finish(None).unwrap();
        assert!(stage.results.text().contains("= records read"));
    }

    #[test]
    fn of_a_folder_of_files_the_first_are_named() {
        let mut stage = Stage::with(|_| {}, Mode::Check);
        for number in 0..50 {
            stage.opened(&sheet(&format!("{number}.csv"), &["id"]));
        }
        let lines = stage.notices.lines();
        assert_eq!(lines[0], "reading 0.csv as: comma, utf-8, header, LF");
        assert_eq!(lines.len(), 11);
    }

    #[test]
    fn a_problem_of_no_record_is_counted_but_is_no_record() {
        let mut stage = Stage::with(|_| {}, Mode::Check);
        stage.event(&Event::ExportProblem(&problem(Code::RecordingMissing, 0)));
        let summary = stage.finish(None).unwrap();
        assert_eq!(
            (summary.groups[0].problems, summary.groups[0].records),
            (1, 0)
        );
        assert!(summary.is_accounted_for());
    }
}
