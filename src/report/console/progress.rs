//! How far the run is, how fast, and how long it will take.
//!
//! Speed is that of the last minute, because a night of pauses says nothing about the present. In a run
//! it is that of the calls sent: what is in place already costs no request, and would promise an end
//! that does not come. The time left counts the calls still to be sent (`work`).

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;

use crate::events::{ExportExtent, Outcome};
use crate::recordings::StoreTraffic;
use crate::report::counters::Counters;
use crate::report::format::{self, float};
use crate::report::outcome_counts::Counts;
use crate::report::{ClockReading, Mode, RunProgress, Size};

/// Time between two lines where no bars are drawn.
const BETWEEN_LINES: Duration = Duration::from_secs(5);
/// Time between two drawings of the bar.
const BETWEEN_DRAWINGS: Duration = Duration::from_millis(100);
/// Time between two samples of speed.
const BETWEEN_SAMPLES: Duration = Duration::from_secs(1);
/// Samples that make the speed.
const SAMPLES: usize = 60;
/// Seconds before which an estimate would only be noise.
const SOONEST_ESTIMATE: f64 = 3.0;

/// How the progress is shown, which decides how often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::report) enum ProgressRate {
    Lines,
    Bars,
}

/// The state of the run at one moment.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(in crate::report) struct ProgressView {
    pub(in crate::report) read: u64,
    #[serde(flatten)]
    pub(in crate::report) counts: Counts,
    pub(in crate::report) records_per_second: f64,
    /// Calls that were sent; of a run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) calls_per_second: Option<f64>,
    /// Bytes of recordings sent in a run, else bytes of the export read.
    pub(in crate::report) bytes: u64,
    pub(in crate::report) bytes_per_second: f64,
    /// The same of recordings read from stores; nothing where none were.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) fetched_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(in crate::report) fetched_bytes_per_second: Option<f64>,
    pub(in crate::report) retries: u64,
    /// Requests that may be in flight, and how many were set; `None` while all of them may.
    pub(in crate::report) narrowed: Option<(usize, usize)>,
    /// Between 0 and 1; `None` when the size of the input is not known.
    pub(in crate::report) done: Option<f64>,
    pub(in crate::report) seconds_left: Option<f64>,
    pub(in crate::report) paused_seconds: Option<f64>,
    pub(in crate::report) paused_why: Option<String>,
}

/// Watches the sums go by.
#[derive(Debug)]
pub(in crate::report) struct ProgressMeter {
    mode: Mode,
    started: ClockReading,
    extent: Arc<ExportExtent>,
    traffic: Arc<StoreTraffic>,
    samples: VecDeque<SpeedSample>,
    last_shown: ClockReading,
    last_noted: Option<ClockReading>,
    pause: Option<(ClockReading, String)>,
}

#[derive(Debug, Clone, Copy)]
struct SpeedSample {
    at: ClockReading,
    ended: u64,
    tried: u64,
    bytes: u64,
    fetched: u64,
}

/// What happens in a second.
#[derive(Debug, Clone, Copy)]
struct Speed {
    records: f64,
    calls: f64,
    bytes: f64,
    fetched: f64,
}

impl ProgressMeter {
    /// A run that starts now.
    pub(in crate::report) fn new(mode: Mode, extent: Arc<ExportExtent>, now: ClockReading) -> Self {
        let sample = SpeedSample {
            at: now,
            ended: 0,
            tried: 0,
            bytes: 0,
            fetched: 0,
        };
        ProgressMeter {
            mode,
            started: now,
            extent,
            traffic: Arc::default(),
            samples: [sample].into(),
            last_shown: now,
            last_noted: None,
            pause: None,
        }
    }

    /// The same, with what is read of stores.
    pub(in crate::report) fn watching(self, traffic: Arc<StoreTraffic>) -> Self {
        ProgressMeter { traffic, ..self }
    }

    /// When the run started.
    pub(in crate::report) fn started(&self) -> ClockReading {
        self.started
    }

    /// Nothing is sent from now on for so long.
    pub(in crate::report) fn pause(&mut self, now: ClockReading, pause: Duration, why: &str) {
        self.pause = Some((now.later(pause), why.to_owned()));
    }

    /// The state, if it is time to show it again.
    pub(in crate::report) fn due(
        &mut self,
        counters: &Counters,
        pace: ProgressRate,
        now: ClockReading,
    ) -> Option<ProgressView> {
        let between = match pace {
            ProgressRate::Lines => BETWEEN_LINES,
            ProgressRate::Bars => BETWEEN_DRAWINGS,
        };
        self.sample(counters, now);
        if now.clock.saturating_duration_since(self.last_shown.clock) < between {
            return None;
        }
        self.last_shown = now;
        Some(self.snapshot(counters, now))
    }

    /// The state at this moment.
    pub(in crate::report) fn snapshot(
        &mut self,
        counters: &Counters,
        now: ClockReading,
    ) -> ProgressView {
        self.pause.take_if(|(until, _)| until.clock <= now.clock);
        let (speed, size) = (self.speed(counters, now), Size::of(counters, &self.extent));
        let fetched = Some(self.traffic.bytes()).filter(|bytes| *bytes > 0);
        let (ended, bytes) = (counters.tally.accounted(), self.bytes(counters));
        let seconds_left = self.seconds_left(counters, size, speed, now);
        ProgressView {
            read: counters.read(),
            counts: Counts(Outcome::ALL.map(|outcome| counters.tally.of(outcome))),
            records_per_second: speed.records,
            calls_per_second: (self.mode.sends()).then_some(speed.calls),
            bytes,
            bytes_per_second: speed.bytes,
            fetched_bytes: fetched,
            fetched_bytes_per_second: fetched.map(|_| speed.fetched),
            retries: counters.retries,
            narrowed: counters
                .width
                .filter(|[most, _, now]| now < most)
                .map(|[most, _, now]| (now, most)),
            done: size.map(|size| (float(ended) / float(size.records).max(1.0)).min(1.0)),
            seconds_left,
            paused_seconds: self
                .pause
                .as_ref()
                .map(|(until, _)| until.seconds_since(now)),
            paused_why: self.pause.as_ref().map(|(_, why)| why.clone()),
        }
    }

    /// How far the run is, for the ledger, if it is time to keep that again.
    pub(in crate::report) fn work_due(
        &mut self,
        counters: &Counters,
        now: ClockReading,
    ) -> Option<RunProgress> {
        self.sample(counters, now);
        let is_due = self
            .last_noted
            .is_none_or(|last| now.clock.saturating_duration_since(last.clock) >= BETWEEN_SAMPLES);
        if !is_due || counters.read() == 0 {
            return None;
        }
        self.last_noted = Some(now);
        Some(self.work(counters, now))
    }

    /// How far the run is at this moment.
    pub(in crate::report) fn work(&self, counters: &Counters, now: ClockReading) -> RunProgress {
        let (speed, size) = (self.speed(counters, now), Size::of(counters, &self.extent));
        let left = self.seconds_left(counters, size, speed, now);
        RunProgress::new(counters, size, speed.calls, left, now.time)
            .stopped_for(counters.stop.as_ref().map(|(stop, _)| *stop))
    }

    /// The speed of the last minute. A recording that takes longer than that is no end of sending:
    /// then the speed of all the time so far tells more than none.
    fn speed(&self, counters: &Counters, now: ClockReading) -> Speed {
        let per_second = |number: u64, since: ClockReading| {
            let seconds = now.seconds_since(since);
            if seconds > 0.0 {
                float(number) / seconds
            } else {
                0.0
            }
        };
        let Some(oldest) = self.samples.front() else {
            return Speed {
                records: 0.0,
                calls: 0.0,
                bytes: 0.0,
                fetched: 0.0,
            };
        };
        let ended = counters.tally.accounted().saturating_sub(oldest.ended);
        let fetched = self.traffic.bytes().saturating_sub(oldest.fetched);
        let moved = self.bytes(counters).saturating_sub(oldest.bytes);
        Speed {
            records: per_second(ended, oldest.at),
            calls: match counters.tried.saturating_sub(oldest.tried) {
                0 => per_second(counters.tried, self.started),
                tried => per_second(tried, oldest.at),
            },
            bytes: per_second(moved, oldest.at),
            fetched: per_second(fetched, oldest.at),
        }
    }

    /// How long the rest takes; `None` where that would be noise.
    fn seconds_left(
        &self,
        counters: &Counters,
        size: Option<Size>,
        speed: Speed,
        now: ClockReading,
    ) -> Option<f64> {
        let size = size.filter(|_| now.seconds_since(self.started) >= SOONEST_ESTIMATE)?;
        let to_send = match self.mode {
            Mode::Run | Mode::Rehearsal => size.to_send(counters),
            Mode::Check | Mode::DryRun => 0.0,
        };
        let (left, pace) = if to_send >= 1.0 {
            (to_send, speed.calls)
        } else {
            let ended = counters.tally.accounted();
            (float(size.records.saturating_sub(ended)), speed.records)
        };
        (pace > 0.0).then(|| left / pace)
    }

    fn sample(&mut self, counters: &Counters, now: ClockReading) {
        let is_time = self.samples.back().is_none_or(|last| {
            now.clock.saturating_duration_since(last.at.clock) >= BETWEEN_SAMPLES
        });
        if is_time {
            if self.samples.len() >= SAMPLES {
                self.samples.pop_front();
            }
            self.samples.push_back(SpeedSample {
                at: now,
                ended: counters.tally.accounted(),
                tried: counters.tried,
                bytes: self.bytes(counters),
                fetched: self.traffic.bytes(),
            });
        }
    }

    fn bytes(&self, counters: &Counters) -> u64 {
        match self.mode {
            Mode::Run | Mode::Rehearsal => counters.sent,
            Mode::Check | Mode::DryRun => counters.bytes_read,
        }
    }
}

impl ProgressView {
    /// The state as one line of text.
    pub(in crate::report) fn line(&self, mode: Mode) -> String {
        match self.pace() {
            Some(pace) => format!("{} · {pace}{}", self.counted(mode), self.details()),
            None => format!("{} · {}", self.counted(mode), self.pause()),
        }
    }

    /// The same in two: what must be seen however narrow the terminal is, and the rest.
    pub(in crate::report) fn two_lines(&self, mode: Mode) -> (String, String) {
        match self.pace() {
            Some(pace) => (pace, self.counted(mode) + &self.details()),
            None => (
                String::new(),
                format!("{} · {}", self.pause(), self.counted(mode)),
            ),
        }
    }

    /// How many records were read, and how they ended.
    fn counted(&self, mode: Mode) -> String {
        let mut line = format!("{} read", format::count(self.read));
        let mut separator = ": ";
        for (outcome, count) in Outcome::ALL.into_iter().zip(self.counts.0) {
            if count > 0 {
                let name = format::outcome(outcome, mode);
                let _ = write!(line, "{separator}{} {name}", format::count(count));
                separator = ", ";
            }
        }
        line
    }

    /// How fast, and how long it will take; `None` in a pause, where speed means nothing.
    fn pace(&self) -> Option<String> {
        if self.paused_seconds.is_some() {
            return None;
        }
        let pace = self.calls_per_second.unwrap_or(self.records_per_second);
        let mut line = format!("{}/s", speed(pace));
        if let Some(seconds) = self.seconds_left {
            let _ = write!(line, " · about {} left", format::clock(seconds));
        }
        Some(line)
    }

    fn pause(&self) -> String {
        let seconds = self.paused_seconds.unwrap_or_default();
        let why = format::safe(self.paused_why.as_deref().unwrap_or_default());
        format!("paused for {}: {why}", format::wait(seconds))
    }

    /// Bytes, and what is unusual.
    fn details(&self) -> String {
        let mut line = String::new();
        if self.bytes > 0 {
            let speed = format::bytes(format::whole(self.bytes_per_second));
            let _ = write!(line, " · {} at {speed}/s", format::bytes(self.bytes));
        }
        if let (Some(bytes), Some(speed)) = (self.fetched_bytes, self.fetched_bytes_per_second) {
            let speed = format::bytes(format::whole(speed));
            let _ = write!(line, " · {} from stores at {speed}/s", format::bytes(bytes));
        }
        if let Some((now, most)) = self.narrowed {
            let _ = write!(line, " · {now} of {most} at once");
        }
        if self.retries > 0 {
            let _ = write!(line, " · {} tried again", format::count(self.retries));
        }
        line
    }
}

fn speed(per_second: f64) -> String {
    if per_second < 100.0 {
        format!("{per_second:.1}")
    } else {
        format::count(format::whole(per_second))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::{Event, Totals};

    fn counters(read: u64, created: u64) -> Counters {
        let mut counters = Counters::default();
        let facts = Totals {
            records: read,
            open: read,
            ..Totals::default()
        };
        counters.add(&Event::Checked(&facts));
        for _ in 0..created {
            counters.tally.count(Outcome::Created);
        }
        counters.tried = created;
        counters
    }

    fn seconds(number: u64) -> Duration {
        Duration::from_secs(number)
    }

    #[test]
    fn a_line_comes_every_five_seconds_and_not_between() {
        let start = ClockReading::now();
        let mut progress = ProgressMeter::new(Mode::Run, Arc::default(), start);
        let counters = counters(10, 5);
        let mut shown = Vec::new();
        for second in 0..=16 {
            let now = start.later(seconds(second));
            if progress.due(&counters, ProgressRate::Lines, now).is_some() {
                shown.push(second);
            }
        }
        assert_eq!(shown, [5, 10, 15]);
    }

    #[test]
    fn what_is_left_follows_the_bytes_and_the_speed_of_the_last_minute() {
        let start = ClockReading::now();
        let mut progress = ProgressMeter::new(Mode::Run, Arc::default(), start);
        let mut counters = counters(200, 100);
        counters.bytes_read = 1_000;
        counters.bytes_total = Some(2_000);
        counters.sent = 5_000_000;
        let snapshot = progress.snapshot(&counters, start.later(seconds(10)));
        // 400 records in all, 300 left, 10 a second.
        assert_eq!(snapshot.seconds_left, Some(30.0));
        assert_eq!(snapshot.done, Some(0.25));
        assert_eq!(
            snapshot.line(Mode::Run),
            "200 read: 100 created · 10.0/s · about 0:00:30 left · 5.0 MB at 500.0 kB/s"
        );
    }

    #[test]
    fn what_is_in_place_is_no_pace_and_a_long_upload_no_end() {
        let start = ClockReading::now();
        let mut progress = ProgressMeter::new(Mode::Run, Arc::default(), start);
        let mut counters = counters(1_000, 140);
        for _ in 0..600 {
            counters.tally.count(Outcome::AlreadyThere);
        }
        counters.facts.open = 400;
        (counters.bytes_read, counters.bytes_total) = (1_000, Some(1_000));
        let snapshot = progress.snapshot(&counters, start.later(seconds(7)));
        assert_eq!(snapshot.seconds_left, Some(13.0));
        for second in 8..=200 {
            progress.due(&counters, ProgressRate::Bars, start.later(seconds(second)));
        }
        // 140 in 200 seconds, and none of late.
        let snapshot = progress.snapshot(&counters, start.later(seconds(200)));
        assert_eq!(snapshot.calls_per_second, Some(0.7));
        assert!(snapshot.seconds_left.is_some());
    }

    #[test]
    fn reading_from_stores_and_sending_are_told_apart() {
        let start = ClockReading::now();
        let traffic = Arc::new(StoreTraffic::default());
        let progress = ProgressMeter::new(Mode::Run, Arc::default(), start);
        let mut progress = progress.watching(Arc::clone(&traffic));
        let mut counters = counters(10, 10);
        counters.sent = 2_000_000;
        let line = |progress: &mut ProgressMeter| {
            let snapshot = progress.snapshot(&counters, start.later(seconds(2)));
            snapshot.line(Mode::Run)
        };
        assert!(!line(&mut progress).contains("from stores"));
        traffic.add(6_000_000);
        let both = "2.0 MB at 1.0 MB/s · 6.0 MB from stores at 3.0 MB/s";
        assert!(
            line(&mut progress).contains(both),
            "{}",
            line(&mut progress)
        );
    }

    #[test]
    fn a_speed_of_yesterday_does_not_count() {
        let start = ClockReading::now();
        let mut progress = ProgressMeter::new(Mode::Run, Arc::default(), start);
        let counters = counters(1_000, 1_000);
        for second in 1..=200 {
            progress.due(&counters, ProgressRate::Bars, start.later(seconds(second)));
        }
        let snapshot = progress.snapshot(&counters, start.later(seconds(200)));
        assert_eq!(snapshot.records_per_second.to_bits(), 0.0_f64.to_bits());
    }

    #[test]
    fn a_pause_is_shown_until_it_is_over() {
        let start = ClockReading::now();
        let mut progress = ProgressMeter::new(Mode::Run, Arc::default(), start);
        progress.pause(start, seconds(30), "429 \x1b[2J");
        let counters = counters(1, 0);
        let during = progress.snapshot(&counters, start.later(seconds(3)));
        assert!(
            during
                .line(Mode::Run)
                .ends_with("paused for 0:00:27: 429 <U+001B>[2J")
        );
        let after = progress.snapshot(&counters, start.later(seconds(30)));
        assert_eq!(after.paused_seconds, None);
    }

    #[test]
    fn nothing_is_promised_about_standard_input() {
        let start = ClockReading::now();
        let mut progress = ProgressMeter::new(Mode::Check, Arc::default(), start);
        let snapshot = progress.snapshot(&counters(10, 10), start.later(seconds(60)));
        assert_eq!((snapshot.done, snapshot.seconds_left), (None, None));
    }
}
