//! What happens a few times a second whatever is under way: the clock on the wall and the operator are
//! obeyed, and how the sending goes is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;

use super::control::{OperatorOrders, SendingControl};
use super::load::Load;
use super::run_events::RunEvents;
use super::schedule_clock::ScheduleClock;
use super::sender::Sender;
use super::sender::gate::{Gate, RateLimits};
use crate::events::{Event, LimitedBy, SendingState};

/// What beats.
pub(super) struct Pulse {
    clock: ScheduleClock,
    control: Arc<SendingControl>,
    /// As it was set when the run began.
    pace: RateLimits,
    /// Bytes that left since this was told last.
    bytes: Arc<AtomicU64>,
    /// The orders that hold.
    obeyed: OperatorOrders,
}

/// The jobs of this moment.
#[derive(Debug, Clone, Copy)]
pub(super) struct JobsAtHand {
    /// Under way.
    pub(super) count: usize,
    /// Another would be taken at once.
    pub(super) is_hungry: bool,
}

impl Pulse {
    /// The pulse of a run that begins now.
    pub(super) fn new(
        clock: ScheduleClock,
        control: Arc<SendingControl>,
        pace: RateLimits,
        bytes: Arc<AtomicU64>,
    ) -> Pulse {
        Pulse {
            clock,
            control,
            pace,
            bytes,
            obeyed: OperatorOrders::default(),
        }
    }

    /// Does what the clock and the operator say. Nothing is asked outside the window either, so `others` are
    /// the gates of questions.
    pub(super) fn obey(&mut self, sender: &Sender, others: &[&Gate], events: &mut RunEvents<'_>) {
        let orders = self.control.orders();
        if orders.rate != self.obeyed.rate {
            sender.gate.set_rate(rate(self.pace, orders));
        }
        self.obeyed = orders;
        let mut gates = others.to_vec();
        gates.push(&sender.gate);
        let closed = self
            .clock
            .apply(Timestamp::now(), &gates, &sender.stop, orders);
        if let Some((pause, why)) = closed {
            (events.on_event)(Event::Paused { pause, why: &why });
        }
    }

    /// Tells how the sending goes.
    pub(super) fn tell(&self, sender: &Sender, jobs: JobsAtHand, events: &mut RunEvents<'_>) {
        let (width, activity) = (sender.gate.width(), &sender.activity);
        let bandwidth = self.clock.bandwidth();
        let rate = rate(self.pace, self.obeyed);
        let (in_flight, uploads) = (activity.in_flight(), activity.uploads());
        let load = Load {
            held: self.held(sender),
            in_flight,
            uploads,
            width: width.now as u64,
            most: self.pace.width as u64,
            at_hand: jobs.count as u64,
            is_hungry: jobs.is_hungry,
            rate,
            bandwidth,
        };
        (events.on_event)(Event::Sending(&SendingState {
            requests: activity.answers(),
            in_flight,
            uploads_in_flight: uploads,
            width: width.now,
            most: self.pace.width,
            rate,
            bandwidth,
            limited_by: load.limited_by(),
        }));
        events.progress(self.bytes.swap(0, Ordering::Relaxed), width);
    }

    fn held(&self, sender: &Sender) -> Option<LimitedBy> {
        if self.obeyed.is_paused {
            Some(LimitedBy::Operator)
        } else if self.clock.is_shut() {
            Some(LimitedBy::Window)
        } else {
            sender.gate.is_held().then_some(LimitedBy::Pause)
        }
    }
}

/// Requests a second; `None` for no limit.
fn rate(pace: RateLimits, orders: OperatorOrders) -> Option<f64> {
    match orders.rate {
        Some(rate) => Some(rate).filter(|rate| *rate > 0.0),
        None => pace.rate,
    }
}

/// Sleeps until the deadline, or for ever.
pub(super) async fn sleep_until(deadline: Option<tokio::time::Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
