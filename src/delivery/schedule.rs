//! What the clock on the wall says: whether requests may leave now, until when the run may go on,
//! and how wide the line is. Pure: `now` is passed in, and every answer is about that moment alone,
//! so a clock that jumps is obeyed at the next look and nothing has to be made up for.
//!
//! Hours are those of people in a zone, so a night is one hour longer or shorter twice a year. An
//! hour that happens twice is inside both times; one that does not happen begins when it would have.

use std::time::Duration;

use jiff::civil::Time;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// Hours of the day, from the first minute inside to the first one outside; over midnight where
/// the end is the earlier of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hours {
    from: Time,
    to: Time,
}

impl Hours {
    /// Reads `20:00-06:00`.
    pub fn parse(text: &str) -> Result<Hours, String> {
        let expected = || "expected hours such as 20:00-06:00".to_owned();
        let (from, to) = text.split_once('-').ok_or_else(expected)?;
        let hours = Hours {
            from: time_of_day(from)?,
            to: time_of_day(to)?,
        };
        if hours.from == hours.to {
            let same = "a window that ends when it begins is never open";
            return Err(format!(
                "{same}; write hours such as 20:00-06:00, or leave it out for all hours"
            ));
        }
        Ok(hours)
    }

    fn holds(self, time: Time) -> bool {
        if self.from < self.to {
            (self.from..self.to).contains(&time)
        } else {
            time >= self.from || time < self.to
        }
    }
}

impl std::fmt::Display for Hours {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (from, to) = (self.from, self.to);
        write!(
            formatter,
            "{}-{}",
            from.strftime("%H:%M"),
            to.strftime("%H:%M")
        )
    }
}

/// Reads `06:00`, `6:00` or `06:00:30`.
pub fn time_of_day(text: &str) -> Result<Time, String> {
    let text = text.trim();
    let is_time = text.contains(':') && text.bytes().all(|b| b.is_ascii_digit() || b == b':');
    let zero = if text.find(':') == Some(1) { "0" } else { "" };
    let time = format!("{zero}{text}").parse().ok().filter(|_| is_time);
    time.ok_or_else(|| format!("{text:?} is no time of day such as 06:00"))
}

/// Bytes a second, at certain hours or always.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Bandwidth {
    /// At these hours; the first that holds counts.
    pub at: Vec<(Hours, u64)>,
    /// At all others; `None` for no limit.
    pub usual: Option<u64>,
}

impl Bandwidth {
    fn now(&self, time: Time) -> Option<u64> {
        let special = self.at.iter().find(|(hours, _)| hours.holds(time));
        special.map_or(self.usual, |(_, bytes)| Some(*bytes))
    }
}

/// What happens outside the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutsideWindow {
    /// Nothing is sent until it opens again.
    #[default]
    Wait,
    /// The run stops.
    Stop,
}

/// What was asked for about times of the day.
#[derive(Debug, Clone, PartialEq)]
pub struct Schedule {
    /// Whose clock is meant.
    pub zone: TimeZone,
    /// When requests may leave.
    pub window: Option<Hours>,
    /// What happens at other times.
    pub outside: OutsideWindow,
    /// When the run stops.
    pub until: Option<Time>,
    /// How wide the line is.
    pub bandwidth: Bandwidth,
}

/// What holds at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum WindowState {
    Open,
    /// Until then, for this reason.
    Shut(Timestamp, String),
    /// The run is over, for this reason.
    Over(String),
}

impl Schedule {
    /// When a run that begins now is to stop.
    pub(crate) fn deadline(&self, now: Timestamp) -> Option<Timestamp> {
        self.until.map(|until| self.next(until, now))
    }

    /// Whether requests may leave now.
    pub(crate) fn state_at(&self, now: Timestamp, deadline: Option<Timestamp>) -> WindowState {
        if let (Some(deadline), Some(until)) = (deadline, self.until)
            && now >= deadline
        {
            return WindowState::Over(format!("it is {} (--until)", until.strftime("%H:%M")));
        }
        match self.window {
            Some(window) if !window.holds(self.zone.to_datetime(now).time()) => {
                let opens = self.next(window.from, now);
                let why = format!("outside the window {window}");
                match self.outside {
                    OutsideWindow::Wait => WindowState::Shut(opens, why),
                    OutsideWindow::Stop => WindowState::Over(why),
                }
            }
            _ => WindowState::Open,
        }
    }

    /// Why the window does not open before a run that begins now has to end, if it does not.
    pub fn never_opens(&self, now: Timestamp, longest: Option<Duration>) -> Option<String> {
        let window = self
            .window
            .filter(|_| self.outside == OutsideWindow::Wait)?;
        let WindowState::Shut(opens, _) = self.state_at(now, None) else {
            return None;
        };
        let shown = opens
            .to_zoned(self.zone.clone())
            .strftime("%H:%M")
            .to_string();
        let until = self.until.zip(self.deadline(now));
        if let Some((until, _)) = until.filter(|(_, deadline)| *deadline <= opens) {
            let until = until.strftime("%H:%M");
            return Some(format!(
                "--window {window} opens at {shown}, after --until {until}"
            ));
        }
        let end = longest.and_then(|longest| now.checked_add(longest).ok());
        end.filter(|end| *end <= opens).map(|_| {
            format!(
                "--window {window} opens at {shown}, when --max-duration is over; start it later"
            )
        })
    }

    /// Bytes a second at this moment.
    pub(crate) fn bandwidth(&self, now: Timestamp) -> Option<u64> {
        self.bandwidth.now(self.zone.to_datetime(now).time())
    }

    /// The next moment at which a clock on the wall shows this time.
    fn next(&self, time: Time, now: Timestamp) -> Timestamp {
        let today = self.zone.to_datetime(now).date();
        (0..3)
            .filter_map(|days| today.checked_add(days.days()).ok())
            .filter_map(|day| {
                let at = self.zone.to_ambiguous_timestamp(day.to_datetime(time));
                at.compatible().ok()
            })
            .find(|at| *at > now)
            .unwrap_or(now)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn hours(text: &str) -> Hours {
        Hours::parse(text).unwrap()
    }

    fn schedule(window: &str) -> Schedule {
        Schedule {
            zone: TimeZone::get("Europe/Copenhagen").unwrap(),
            window: Some(hours(window)),
            outside: OutsideWindow::Wait,
            until: None,
            bandwidth: Bandwidth::default(),
        }
    }

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    /// Until when it is shut, or nothing.
    fn shut(schedule: &Schedule, now: &str) -> Option<String> {
        match schedule.state_at(at(now), None) {
            WindowState::Open => None,
            WindowState::Shut(until, _) => Some(until.to_string()),
            WindowState::Over(why) => Some(why),
        }
    }

    #[test]
    fn hours_go_over_midnight_where_the_end_is_earlier() {
        let night = hours("20:00-06:00");
        let day = hours("8:00-18:00");
        for (time, in_night, in_day) in [
            ("05:59", true, false),
            ("06:00", false, false),
            ("08:00", false, true),
            ("18:00", false, false),
            ("20:00", true, false),
            ("00:00", true, false),
        ] {
            let time = time_of_day(time).unwrap();
            assert_eq!((night.holds(time), day.holds(time)), (in_night, in_day));
        }
        assert_eq!(night.to_string(), "20:00-06:00");
        for not in [
            "",
            "20:00",
            "20-06",
            "20:00-25:00",
            "6:00-6:00",
            "a-b",
            "20:00-06:00-08:00",
        ] {
            assert!(Hours::parse(not).is_err(), "{not}");
        }
        assert!(time_of_day("2024-05-01 06:00").is_err() && time_of_day("T06").is_err());
    }

    #[test]
    fn outside_the_window_it_is_shut_until_it_opens() {
        let night = schedule("20:00-06:00");
        // Summer: two hours ahead of UTC.
        assert_eq!(shut(&night, "2024-07-01T19:00:00Z"), None);
        assert_eq!(shut(&night, "2024-07-02T03:59:59Z"), None);
        let opens = Some("2024-07-02T18:00:00Z".to_owned());
        assert_eq!(shut(&night, "2024-07-02T04:00:00Z"), opens);
        assert_eq!(shut(&night, "2024-07-02T17:59:59Z"), opens);
    }

    #[test]
    fn a_window_follows_the_clock_over_a_change_of_the_hour() {
        let small = schedule("02:30-03:30");
        // Spring: 02:30 does not happen, and the clock goes from 01:59:59 to 03:00.
        let opens = "2024-03-31T01:30:00Z".to_owned();
        assert_eq!(shut(&small, "2024-03-31T00:59:59Z"), Some(opens));
        assert_eq!(shut(&small, "2024-03-31T01:00:00Z"), None);
        assert!(shut(&small, "2024-03-31T01:30:00Z").is_some());
        // Autumn: 02:30 happens twice.
        assert_eq!(shut(&small, "2024-10-27T00:30:00Z"), None);
        let again = shut(&small, "2024-10-27T01:00:00Z").unwrap();
        assert_eq!(again, "2024-10-28T01:30:00Z");
        assert_eq!(shut(&small, "2024-10-27T01:30:00Z"), None);
        assert!(shut(&small, "2024-10-27T02:30:00Z").is_some());
    }

    #[test]
    fn a_run_ends_when_the_clock_first_shows_the_time() {
        let mut until = schedule("00:00-23:59");
        until.window = None;
        until.until = Some(time_of_day("06:00").unwrap());
        let deadline = |now: &str| until.deadline(at(now)).unwrap().to_string();
        assert_eq!(deadline("2024-07-01T20:00:00Z"), "2024-07-02T04:00:00Z");
        assert_eq!(deadline("2024-07-02T04:00:00Z"), "2024-07-03T04:00:00Z");
        // The night in which the hour changes.
        assert_eq!(deadline("2024-10-26T20:00:00Z"), "2024-10-27T05:00:00Z");
        let end = until.deadline(at("2024-07-01T20:00:00Z"));
        assert_eq!(
            until.state_at(at("2024-07-02T03:59:59Z"), end),
            WindowState::Open
        );
        // Also when the clock has jumped far beyond it.
        let over = until.state_at(at("2031-01-01T00:00:00Z"), end);
        assert_eq!(over, WindowState::Over("it is 06:00 (--until)".to_owned()));
    }

    #[test]
    fn a_window_that_opens_after_the_end_of_the_run_never_opens() {
        let never = |until: Option<&str>, longest: Option<u64>, now: &str| {
            let schedule = Schedule {
                until: until.map(|until| time_of_day(until).unwrap()),
                ..schedule("20:00-06:00")
            };
            schedule.never_opens(at(now), longest.map(Duration::from_secs))
        };
        // 12:00 on the wall; the window opens in eight hours.
        let noon = "2024-07-02T10:00:00Z";
        let why = never(Some("19:00"), None, noon).unwrap();
        assert_eq!(
            why,
            "--window 20:00-06:00 opens at 20:00, after --until 19:00"
        );
        assert!(never(None, Some(8 * 3600), noon).is_some());
        assert_eq!(never(Some("21:00"), None, noon), None);
        assert_eq!(never(Some("06:00"), Some(8 * 3600 + 1), noon), None);
        assert_eq!(never(None, None, noon), None);
        // It is open now.
        let night = "2024-07-02T20:00:00Z";
        assert_eq!(never(Some("23:00"), Some(1), night), None);
    }

    #[test]
    fn who_asked_to_stop_outside_the_window_is_stopped() {
        let mut night = schedule("20:00-06:00");
        night.outside = OutsideWindow::Stop;
        let words = "outside the window 20:00-06:00".to_owned();
        assert_eq!(shut(&night, "2024-07-02T10:00:00Z"), Some(words));
    }

    #[test]
    fn the_line_is_as_wide_as_the_hour_says() {
        let mut day = schedule("20:00-06:00");
        day.bandwidth = Bandwidth {
            at: vec![(hours("08:00-18:00"), 2), (hours("12:00-20:00"), 3)],
            usual: Some(9),
        };
        for (now, bytes) in [("06:00", 2), ("15:59", 2), ("16:00", 3), ("18:00", 9)] {
            let now = at(&format!("2024-07-02T{now}:00Z"));
            assert_eq!(day.bandwidth(now), Some(bytes), "{now}");
        }
    }

    proptest! {
        #[test]
        fn it_opens_when_it_says(second in 0_i64..4_000_000_000, from in 0..1440_i16, to in 0..1440_i16) {
            prop_assume!(from != to);
            let time = |minute: i16| Time::midnight() + i64::from(minute).minutes();
            let mut schedule = schedule("20:00-06:00");
            schedule.window = Some(Hours { from: time(from), to: time(to) });
            let now = Timestamp::from_second(second).unwrap();
            if let WindowState::Shut(opens, _) = schedule.state_at(now, None) {
                prop_assert!(opens > now && opens.as_second() - second <= 2 * 86_400);
                let before = Timestamp::from_second(opens.as_second() - 1).unwrap();
                let is_change = schedule.zone.to_datetime(before).time() > schedule.zone.to_datetime(opens).time();
                let is_open = schedule.state_at(opens, None) == WindowState::Open;
                // A short window in the hour that does not happen is over before it opens.
                prop_assert!(is_open || is_change || to > from, "{opens}");
            }
        }
    }
}
