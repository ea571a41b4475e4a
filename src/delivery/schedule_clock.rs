//! The clock on the wall, and what it rules: the gates, the line, and the end of the run.

use std::time::Duration;

use jiff::Timestamp;

use super::schedule::{Calendar, Gateway};
use super::sender::bandwidth::Line;
use super::sender::gate::Gate;
use super::stop::StopSignal;
use crate::pipeline::Stop;

/// Looked at every now and then; what it said last is remembered.
pub(super) struct Wall {
    calendar: Calendar,
    deadline: Option<Timestamp>,
    line: Line,
    /// When the window opens, while it is shut.
    shut_until: Option<Timestamp>,
}

impl Wall {
    /// A run that begins now.
    pub(super) fn new(calendar: Calendar, line: Line) -> Self {
        Wall {
            deadline: calendar.deadline(Timestamp::now()),
            calendar,
            line,
            shut_until: None,
        }
    }

    /// Opens and shuts the gates, sets the line and ends the run, as the hour says. For how long
    /// nothing is sent from now on, and why, if that is new.
    pub(super) fn look(
        &mut self,
        now: Timestamp,
        gates: &[&Gate],
        stop: &StopSignal,
    ) -> Option<(Duration, String)> {
        self.line.set(self.calendar.bandwidth(now));
        let (shut_until, why) = match self.calendar.look(now, self.deadline) {
            Gateway::Open => (None, String::new()),
            Gateway::Shut(until, why) => (Some(until), why),
            Gateway::Over(why) => {
                if !stop.is_raised() {
                    stop.raise(Stop::Limit, why);
                }
                // A gate that was shut stays so: that the run is over opens no window.
                return None;
            }
        };
        if shut_until == self.shut_until {
            return None;
        }
        self.shut_until = shut_until;
        for gate in gates {
            gate.shut(shut_until.is_some());
        }
        shut_until.map(|until| (until.duration_since(now).unsigned_abs(), why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::schedule::{Bandwidth, Hours, Outside, time_of_day};
    use crate::delivery::sender::gate::Pace;

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_run_opens_no_window_that_is_shut() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let gate = Gate::new(Pace {
            rate: None,
            width: 1,
            patience: Duration::ZERO,
        });
        let stop = StopSignal::new();
        let mut wall = Wall {
            calendar: Calendar {
                zone: jiff::tz::TimeZone::UTC,
                window: Some(Hours::parse("20:00-06:00").unwrap()),
                outside: Outside::Wait,
                until: Some(time_of_day("07:00").unwrap()),
                bandwidth: Bandwidth::default(),
            },
            deadline: Some(at("2024-05-02T07:00:00Z")),
            line: Line::default(),
            shut_until: None,
        };
        let shut = wall.look(at("2024-05-02T06:30:00Z"), &[&gate], &stop);
        assert!(shut.is_some() && !stop.is_raised());
        wall.look(at("2024-05-02T07:00:00Z"), &[&gate], &stop);
        assert!(stop.is_raised());
        let leaves = tokio::time::timeout(Duration::from_secs(60), gate.pass()).await;
        assert!(leaves.is_err());
    }
}
