//! The clock on the wall, and what it rules: the gate, the line, and the end of the run.

use std::time::Duration;

use jiff::Timestamp;

use super::gate::Gate;
use super::hours::{Calendar, Gateway};
use super::line::Line;
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

    /// Opens and shuts the gate, sets the line and ends the run, as the hour says. For how long
    /// nothing is sent from now on, and why, if that is new.
    pub(super) fn look(
        &mut self,
        now: Timestamp,
        gate: &Gate,
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
                (None, String::new())
            }
        };
        if shut_until == self.shut_until {
            return None;
        }
        self.shut_until = shut_until;
        gate.shut(shut_until.is_some());
        shut_until.map(|until| (until.duration_since(now).unsigned_abs(), why))
    }
}
