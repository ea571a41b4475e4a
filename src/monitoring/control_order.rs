//! What an operator may ask of a run that goes on, and what comes of it.

use std::sync::Arc;

use super::board::RunBoard;
use super::status_view::StatusJson;
use crate::delivery::SendingControl;
use crate::events::{StopReason, StopSignal};

/// One order, as it goes over the socket.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum ControlOrder {
    /// No new request leaves.
    Pause,
    /// Requests leave again.
    Resume,
    /// What is under way is finished, and the run ends.
    Drain,
    /// From now on so many requests a second; 0 for no limit.
    Rate(f64),
    /// From now on so many bytes a second; 0 for no limit.
    Bandwidth(u64),
    /// How far it is.
    Status,
}

/// A run that listens to its operator.
#[derive(Debug)]
pub struct ControlledRun {
    /// What the run obeys.
    pub control: Arc<SendingControl>,
    /// What ends it.
    pub stop: Arc<StopSignal>,
    /// What is known of it.
    pub board: Arc<RunBoard>,
}

impl ControlOrder {
    /// Reads the line that [`ControlOrder::line`] writes.
    pub(super) fn parse(line: &str) -> Option<ControlOrder> {
        let line = line.trim_end();
        let (word, value) = line.split_once(' ').unwrap_or((line, ""));
        match (word, value) {
            ("pause", "") => Some(ControlOrder::Pause),
            ("resume", "") => Some(ControlOrder::Resume),
            ("drain", "") => Some(ControlOrder::Drain),
            ("status", "") => Some(ControlOrder::Status),
            ("rate", rate) => {
                let rate = rate.parse().ok();
                let rate = rate.filter(|rate: &f64| rate.is_finite() && *rate >= 0.0);
                rate.map(ControlOrder::Rate)
            }
            ("bandwidth", line) => line.parse().ok().map(ControlOrder::Bandwidth),
            _ => None,
        }
    }

    /// As one line.
    pub(super) fn line(self) -> String {
        match self {
            ControlOrder::Pause => "pause\n".to_owned(),
            ControlOrder::Resume => "resume\n".to_owned(),
            ControlOrder::Drain => "drain\n".to_owned(),
            ControlOrder::Rate(rate) => format!("rate {rate}\n"),
            ControlOrder::Bandwidth(line) => format!("bandwidth {line}\n"),
            ControlOrder::Status => "status\n".to_owned(),
        }
    }
}

impl ControlledRun {
    /// Does what is asked, writes it into the log, and says what came of it.
    pub(super) fn obey(&self, order: ControlOrder) -> String {
        let (control, said) = (&self.control, |text: String| {
            tracing::warn!("control: {text}");
            text
        });
        match order {
            ControlOrder::Status => StatusJson(&self.board.latest()).text(),
            _ if self.stop.is_raised() => said("the run is ending already".to_owned()),
            ControlOrder::Pause => {
                control.give(|orders| orders.is_paused = true);
                said("paused; requests in flight are finished".to_owned())
            }
            ControlOrder::Resume => {
                control.give(|orders| orders.is_paused = false);
                said("resumed".to_owned())
            }
            ControlOrder::Drain => {
                control.give(|orders| orders.is_paused = false);
                let why = "drained by `control drain`";
                self.stop.raise(StopReason::Interrupted, why);
                said("draining; what is under way is finished, then the run ends".to_owned())
            }
            ControlOrder::Rate(rate) => {
                control.give(|orders| orders.rate = Some(rate));
                said(if rate > 0.0 {
                    format!("rate {rate} requests a second")
                } else {
                    "no limit on the rate".to_owned()
                })
            }
            ControlOrder::Bandwidth(line) => {
                control.give(|orders| orders.bandwidth = Some(line));
                said(match line {
                    0 => "no limit on the bandwidth".to_owned(),
                    line => format!("bandwidth {line} bytes a second"),
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_are_read_as_they_are_written_and_nothing_else_is() {
        for order in [
            ControlOrder::Pause,
            ControlOrder::Resume,
            ControlOrder::Drain,
            ControlOrder::Rate(0.5),
            ControlOrder::Rate(0.0),
            ControlOrder::Bandwidth(2_000_000),
            ControlOrder::Status,
        ] {
            assert_eq!(ControlOrder::parse(&order.line()), Some(order));
        }
        for line in ["", "stop", "rate", "rate -1", "rate inf", "pause now"] {
            assert_eq!(ControlOrder::parse(line), None, "{line}");
        }
    }

    #[test]
    fn a_run_obeys_until_it_ends() {
        let run = ControlledRun {
            control: Arc::default(),
            stop: Arc::new(StopSignal::new()),
            board: Arc::default(),
        };
        run.obey(ControlOrder::Pause);
        run.obey(ControlOrder::Rate(5.0));
        let orders = run.control.orders();
        assert!(orders.is_paused && orders.rate == Some(5.0));
        run.obey(ControlOrder::Drain);
        let (reason, _) = run.stop.reason().unwrap();
        assert_eq!(reason, StopReason::Interrupted);
        assert!(!run.control.orders().is_paused);
        assert!(run.obey(ControlOrder::Pause).contains("ending"));
        assert!(
            run.obey(ControlOrder::Status)
                .contains("\"is_running\":true")
        );
    }
}
