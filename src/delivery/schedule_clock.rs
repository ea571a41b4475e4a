//! The clock on the wall, and what it rules: the gates, the bandwidth, and the end of the run.

use std::time::Duration;

use jiff::Timestamp;

use super::control::OperatorOrders;
use super::schedule::{Schedule, WindowState};
use super::sender::gate::Gate;
use crate::api::BandwidthLimiter;
use crate::events::{StopReason, StopSignal};

/// Looked at every now and then; what it said last is remembered.
pub(super) struct ScheduleClock {
    schedule: Schedule,
    deadline: Option<Timestamp>,
    bandwidth: BandwidthLimiter,
    /// When the window opens, while it is shut.
    shut_until: Option<Timestamp>,
    /// Whether the gates are shut, by the clock or by the operator.
    is_closed: bool,
    /// Bytes a second as they were set last.
    line: Option<u64>,
}

impl ScheduleClock {
    /// A run that begins now.
    pub(super) fn new(schedule: Schedule, bandwidth: BandwidthLimiter) -> Self {
        ScheduleClock {
            deadline: schedule.deadline(Timestamp::now()),
            schedule,
            bandwidth,
            shut_until: None,
            is_closed: false,
            line: None,
        }
    }

    /// Whether the window is shut.
    pub(super) fn is_shut(&self) -> bool {
        self.shut_until.is_some()
    }

    /// Bytes a second that may leave.
    pub(super) fn bandwidth(&self) -> Option<u64> {
        self.line
    }

    /// Opens and shuts the gates, sets the line and ends the run, as the hour and the operator say. For how long
    /// nothing is sent from now on, and why, if that is new.
    pub(super) fn apply(
        &mut self,
        now: Timestamp,
        gates: &[&Gate],
        stop: &StopSignal,
        orders: OperatorOrders,
    ) -> Option<(Duration, String)> {
        self.line = match orders.bandwidth {
            Some(line) => Some(line).filter(|line| *line > 0),
            None => self.schedule.bandwidth(now),
        };
        self.bandwidth.set(self.line);
        let (shut_until, why) = match self.schedule.state_at(now, self.deadline) {
            WindowState::Open => (None, String::new()),
            WindowState::Shut(until, why) => (Some(until), why),
            WindowState::Over(why) => {
                if !stop.is_raised() {
                    stop.raise(StopReason::Limit, why);
                }
                // A gate that was shut stays so: that the run is over opens no window.
                return None;
            }
        };
        let is_closed = shut_until.is_some() || orders.is_paused;
        if is_closed != self.is_closed {
            self.is_closed = is_closed;
            for gate in gates {
                gate.set_closed(is_closed);
            }
        }
        if shut_until == self.shut_until {
            return None;
        }
        self.shut_until = shut_until;
        shut_until.map(|until| (until.duration_since(now).unsigned_abs(), why))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delivery::schedule::{Bandwidth, Hours, OutsideWindow, time_of_day};
    use crate::delivery::sender::gate::RateLimits;

    #[tokio::test(start_paused = true)]
    async fn the_end_of_a_run_opens_no_window_that_is_shut() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let gate = Gate::new(RateLimits {
            rate: None,
            width: 1,
            patience: Duration::ZERO,
        });
        let stop = StopSignal::new();
        let mut clock = ScheduleClock {
            schedule: Schedule {
                zone: jiff::tz::TimeZone::UTC,
                window: Some(Hours::parse("20:00-06:00").unwrap()),
                outside: OutsideWindow::Wait,
                until: Some(time_of_day("07:00").unwrap()),
                bandwidth: Bandwidth::default(),
            },
            deadline: Some(at("2024-05-02T07:00:00Z")),
            bandwidth: BandwidthLimiter::default(),
            shut_until: None,
            is_closed: false,
            line: None,
        };
        let orders = OperatorOrders::default();
        let shut = clock.apply(at("2024-05-02T06:30:00Z"), &[&gate], &stop, orders);
        assert!(shut.is_some() && !stop.is_raised());
        clock.apply(at("2024-05-02T07:00:00Z"), &[&gate], &stop, orders);
        assert!(stop.is_raised());
        let leaves = tokio::time::timeout(Duration::from_secs(60), gate.enter()).await;
        assert!(leaves.is_err());
    }
}
