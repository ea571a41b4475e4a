//! What happens a few times a second whatever is under way: the clock on the wall and the operator are
//! obeyed, and how the sending goes is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use super::control::{OperatorOrders, SendingControl};
use super::load::Load;
use super::run_events::RunEvents;
use super::schedule_clock::ScheduleClock;
use super::sender::Sender;
use super::sender::error::CallError;
use super::sender::gate::{Gate, Permit, RateLimits};
use crate::events::{Event, LimitedBy, SendingState, StopReason};

/// How often the clock is looked at, and progress told.
pub(super) const TICK: Duration = Duration::from_millis(200);

/// What beats.
pub(super) struct Pulse {
    clock: ScheduleClock,
    control: Arc<SendingControl>,
    /// As it was set when the run began.
    pace: RateLimits,
    /// Bytes that left since this was told last.
    bytes: Arc<AtomicU64>,
    /// When the run takes no more calls.
    deadline: Option<Instant>,
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

impl JobsAtHand {
    /// No job is under way, and none is wanted.
    const NONE: JobsAtHand = JobsAtHand {
        count: 0,
        is_hungry: false,
    };
}

impl Pulse {
    /// The pulse of a run that begins now.
    pub(super) fn new(
        clock: ScheduleClock,
        control: Arc<SendingControl>,
        pace: RateLimits,
        longest: Option<Duration>,
        bytes: Arc<AtomicU64>,
    ) -> Pulse {
        Pulse {
            clock,
            control,
            pace,
            bytes,
            deadline: longest.map(|limit| Instant::now() + limit),
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

    /// Resolves when the time that was set for the run is over; never if none was.
    pub(super) async fn time_is_over(&self) {
        match self.deadline {
            Some(deadline) => tokio::time::sleep_until(deadline).await,
            None => std::future::pending().await,
        }
    }

    /// Lets the run take no more calls, because its time is over.
    pub(super) fn end(sender: &Sender) {
        sender
            .stop
            .raise(StopReason::Limit, "the time that was set is over");
    }

    /// Waits for the leave to send one request, while no job is under way. The clock and the operator are obeyed
    /// meanwhile.
    pub(super) async fn entered(
        &mut self,
        sender: &Sender,
        others: &[&Gate],
        events: &mut RunEvents<'_>,
    ) -> Result<Permit, CallError> {
        let entering = sender.enter(false);
        tokio::pin!(entering);
        let mut tick = tokio::time::interval(TICK);
        loop {
            tokio::select! {
                entered = &mut entering => return entered,
                () = self.time_is_over(), if !sender.stop.is_raised() => Pulse::end(sender),
                _ = tick.tick() => {
                    self.obey(sender, others, events);
                    self.tell(sender, JobsAtHand::NONE, events);
                }
            }
        }
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
