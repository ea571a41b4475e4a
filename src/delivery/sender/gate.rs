//! Where requests wait for their leave: `pause`, `concurrency`, `pacer` and `breaker` in this order, behind
//! one lock, and the only loop that waits for them. A pause stops everybody, because a 429 speaks about the
//! token and an outage about the server, and neither about one call. Never judges an answer (`verdict`) and
//! never talks to the server (`api`).

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use super::breaker::{Breaker, BreakerAnswer, BreakerPass, Health, RequestEnd};
use super::concurrency::{ConcurrencyLimit, LoadSignal, WidthRange};
use super::pacer::Pacer;
use super::pause::Pause;

/// How fast requests may leave.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateLimits {
    /// Requests a second; `None` for as fast as it goes.
    pub rate: Option<f64>,
    /// Requests in flight at once.
    pub width: usize,
    /// How long an outage may last before the run gives up.
    pub patience: Duration,
}

impl RateLimits {
    /// Whether nothing holds requests back but the server.
    pub fn is_unlimited(&self) -> bool {
        self.rate.is_none()
    }
}

/// The gate of one host.
#[derive(Debug)]
pub(crate) struct Gate {
    permits: Arc<Semaphore>,
    /// Exchanged when the rate changes; those who wait for a turn of the old one wait anew.
    pacer: watch::Sender<Arc<Pacer>>,
    state: Mutex<GateState>,
    changed: Notify,
}

#[derive(Debug)]
struct GateState {
    pause: Pause,
    breaker: Breaker,
    concurrency: ConcurrencyLimit,
}

/// Leave to send one request. Given back when dropped.
#[derive(Debug)]
pub(crate) struct Permit {
    slot: OwnedSemaphorePermit,
    is_probe: bool,
    /// The request that has left, however often it is tried.
    request: Option<u64>,
}

impl Permit {
    /// Says which request has left.
    pub(crate) fn of(self, request: u64) -> Permit {
        Permit {
            request: Some(request),
            ..self
        }
    }
}

impl Gate {
    pub(crate) fn new(limits: RateLimits) -> Self {
        Gate {
            permits: Arc::new(Semaphore::new(limits.width.max(1))),
            pacer: watch::Sender::new(Arc::new(Pacer::new(limits.rate))),
            state: Mutex::new(GateState {
                pause: Pause::default(),
                breaker: Breaker::new(limits.patience, limits.width),
                concurrency: ConcurrencyLimit::new(limits.width),
            }),
            changed: Notify::new(),
        }
    }

    /// Waits until one more request may leave. The turn of the pace is taken last: those who had one
    /// and then waited for a permit or for the end of a pause would leave all at once.
    pub(crate) async fn enter(&self) -> Permit {
        loop {
            self.opened().await;
            let Ok(slot) = Arc::clone(&self.permits).acquire_owned().await else {
                // The semaphore is never closed; were it, waiting for ever beats sending unbounded.
                std::future::pending::<()>().await;
                continue;
            };
            self.turn().await;
            let mut state = self.state();
            if state.held_until(Instant::now()).is_some() || state.pause.is_closed() {
                continue;
            }
            let is_probe = match state.breaker.enter() {
                BreakerPass::Free => false,
                BreakerPass::Probe => true,
                BreakerPass::Held => continue,
            };
            return Permit {
                slot,
                is_probe,
                request: None,
            };
        }
    }

    /// Waits for a turn of the pace, whichever holds at that moment.
    async fn turn(&self) {
        let mut pacers = self.pacer.subscribe();
        loop {
            let pacer = Arc::clone(&pacers.borrow_and_update());
            tokio::select! {
                biased;
                () = pacer.ready() => return,
                // The sender lives as long as the gate, so this is another pace.
                _ = pacers.changed() => {}
            }
        }
    }

    /// Requests a second, as set last; nothing for no limit.
    pub(super) fn rate(&self) -> Option<f64> {
        self.pacer.borrow().rate()
    }

    /// From now on so many requests a second; `None` for as fast as it goes.
    pub(crate) fn set_rate(&self, rate: Option<f64>) {
        self.pacer.send_replace(Arc::new(Pacer::new(rate)));
    }

    /// Whether a pause that the server asked for, or an outage, holds everybody.
    pub(crate) fn is_held(&self) -> bool {
        let state = self.state();
        state.held_until(Instant::now()).is_some() || state.breaker.is_probing()
    }

    /// Waits while a pause lasts, or while somebody else probes a server that is unwell.
    pub(crate) async fn opened(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let (until, must_wait) = {
                let state = self.state();
                let must_wait = state.pause.is_closed() || state.breaker.is_probing();
                (state.held_until(Instant::now()), must_wait)
            };
            match until {
                Some(until) => {
                    tokio::select! {
                        () = tokio::time::sleep_until(until) => {}
                        () = changed => {}
                    }
                }
                None if must_wait => changed.await,
                None => return,
            }
        }
    }

    /// Closes the window, so that nothing leaves until it is opened again, or opens it.
    pub(crate) fn set_closed(&self, is_closed: bool) {
        self.state().pause.set_closed(is_closed, Instant::now());
        self.changed.notify_waiters();
    }

    /// Holds everybody for so long, from now, as the server asked; a shorter pause never ends a
    /// longer one, and an answer to somebody who left before ends none.
    pub(crate) fn pause(&self, pause: Duration) {
        self.state().pause.ask(pause, Instant::now());
        self.changed.notify_waiters();
    }

    /// Tells what a request that has ended, and whose permit is still held, says about the load of
    /// the server.
    pub(crate) fn observe(&self, signal: LoadSignal) {
        self.state().concurrency.observe(signal, &self.permits);
    }

    /// The width of now and the least that it has been.
    pub(crate) fn width(&self) -> WidthRange {
        self.state().concurrency.range()
    }

    /// Tells the gate how a request went, and gives its permit back.
    pub(crate) fn leave(&self, permit: Permit, health: Health, jitter: f64) -> BreakerAnswer {
        let now = Instant::now();
        let end = RequestEnd {
            health,
            request: permit.request,
            is_probe: permit.is_probe,
        };
        let mut state = self.state();
        if health == Health::Well {
            state.pause.forget();
        } else {
            state.pause.measure(now);
        }
        let quiet = state.pause.quiet(now);
        let answer = state.breaker.observe(end, quiet, now, jitter);
        state.concurrency.take_back(permit.slot);
        drop(state);
        self.changed.notify_waiters();
        answer
    }

    /// Whether any request has worked in this run.
    pub(crate) fn has_succeeded(&self) -> bool {
        self.state().breaker.has_succeeded()
    }

    /// How long requests may go on to fail; nothing while a single call may be to blame.
    pub(crate) fn patience_left(&self) -> Option<Duration> {
        let (state, now) = (self.state(), Instant::now());
        state.breaker.patience_left(state.pause.quiet(now), now)
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GateState {
    /// Until when nothing leaves; nothing when that has passed.
    fn held_until(&self, now: Instant) -> Option<Instant> {
        let until = self.pause.until().max(self.breaker.until());
        until.filter(|until| *until > now)
    }
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

    use governor::Quota;

    use super::*;

    /// So many failures in a row are an outage.
    const OUTAGE: u32 = 12;
    /// The patience at an address at which nothing of this API has ever answered.
    const ASTRAY_PATIENCE: Duration = Duration::from_secs(2);

    #[tokio::test(start_paused = true)]
    async fn a_gate_that_is_shut_lets_nothing_leave_until_it_opens() {
        let gate = gate(2);
        let permit = gate.enter().await;
        gate.set_closed(true);
        gate.leave(permit, Health::Well, 0.0);
        let waits = tokio::time::timeout(Duration::from_secs(86_400), gate.enter()).await;
        assert!(waits.is_err());
        let (_permit, ()) = tokio::join!(gate.enter(), async { gate.set_closed(false) });
    }

    #[tokio::test(start_paused = true)]
    async fn a_smaller_width_takes_no_permit_from_a_request_in_flight() {
        let gate = gate(16);
        let mut permits = Vec::new();
        for _ in 0..16 {
            permits.push(gate.enter().await);
            gate.observe(LoadSignal::Refused);
        }
        assert_eq!(gate.width(), WidthRange { now: 8, lowest: 8 });
        for permit in permits.drain(..9) {
            gate.leave(permit, Health::Well, 0.0);
        }
        // Seven are in flight and eight may be.
        let _eighth = gate.enter().await;
        let ninth = tokio::time::timeout(Duration::from_secs(1), gate.enter()).await;
        assert!(ninth.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_width_that_grows_lets_more_leave() {
        let gate = gate(4);
        for _ in 0..64 {
            gate.observe(LoadSignal::Refused);
        }
        assert_eq!(gate.width().now, 1);
        for _ in 0..2000 {
            gate.observe(LoadSignal::Ended);
        }
        let _four = [
            gate.enter().await,
            gate.enter().await,
            gate.enter().await,
            gate.enter().await,
        ];
        let fifth = tokio::time::timeout(Duration::from_secs(1), gate.enter()).await;
        assert!(fifth.is_err());
    }

    fn gate(width: usize) -> Gate {
        Gate::new(RateLimits {
            rate: None,
            width,
            patience: Duration::from_secs(600),
        })
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_holds_everybody_and_a_shorter_one_does_not_end_it() {
        let gate = gate(4);
        gate.pause(Duration::from_secs(30));
        gate.pause(Duration::from_secs(5));
        let start = Instant::now();
        let _both = tokio::join!(gate.enter(), gate.enter());
        assert_eq!(start.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_the_server_asked_for_outlives_an_outage() {
        let gate = gate(4);
        let straggler = gate.enter().await;
        fail(&gate, OUTAGE).await;
        let start = Instant::now();
        gate.pause(Duration::from_secs(60));
        gate.leave(straggler, Health::Well, 0.0);
        gate.enter().await;
        assert_eq!(start.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_who_waits_for_a_permit_has_taken_a_turn_of_the_pace() {
        let day = Quota::with_period(Duration::from_secs(86_400)).unwrap();
        let two_a_day = day.allow_burst(NonZeroU32::new(2).unwrap());
        let gate = Gate {
            pacer: watch::Sender::new(Arc::new(Pacer::of(two_a_day))),
            ..gate(1)
        };
        let _first = gate.enter().await;
        let second = tokio::time::timeout(Duration::from_secs(1), gate.enter()).await;
        assert!(second.is_err());
        assert!(gate.pacer.borrow().has_turn());
    }

    #[tokio::test(start_paused = true)]
    async fn another_rate_holds_at_once_also_for_those_who_wait() {
        let slow = Quota::with_period(Duration::from_secs(86_400)).unwrap();
        let gate = Gate {
            pacer: watch::Sender::new(Arc::new(Pacer::of(slow))),
            ..gate(4)
        };
        let _first = gate.enter().await;
        let waits = gate.enter();
        tokio::pin!(waits);
        let early = tokio::time::timeout(Duration::from_secs(1), waits.as_mut()).await;
        assert!(early.is_err());
        gate.set_rate(None);
        tokio::time::timeout(Duration::from_secs(1), waits)
            .await
            .unwrap();
        gate.set_rate(Some(0.001));
        let _turn = gate.enter().await;
        let late = tokio::time::timeout(Duration::from_secs(1), gate.enter()).await;
        assert!(late.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_width_requests_are_in_flight() {
        let gate = gate(2);
        let _one = gate.enter().await;
        let two = gate.enter().await;
        let waits = tokio::time::timeout(Duration::from_secs(1), gate.enter()).await;
        assert!(waits.is_err());
        gate.leave(two, Health::Well, 0.0);
        gate.enter().await;
    }

    async fn fail(gate: &Gate, times: u32) -> BreakerAnswer {
        let mut answer = BreakerAnswer::Same;
        for _ in 0..times {
            let permit = gate.enter().await;
            answer = gate.leave(permit, Health::Unwell, 1.0);
        }
        answer
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_lets_one_probe_through_and_a_success_lets_all() {
        let gate = gate(4);
        let permit = gate.enter().await;
        gate.leave(permit, Health::Well, 0.0);
        assert_eq!(fail(&gate, OUTAGE - 1).await, BreakerAnswer::Same);
        assert!(matches!(fail(&gate, 1).await, BreakerAnswer::Outage(_)));
        let probe = gate.enter().await;
        assert!(probe.is_probe);
        assert!(
            tokio::time::timeout(Duration::from_secs(1), gate.enter())
                .await
                .is_err()
        );
        gate.leave(probe, Health::Well, 0.0);
        let (one, two) = tokio::join!(gate.enter(), gate.enter());
        assert!(!one.is_probe && !two.is_probe);
    }

    /// A gate that has worked, and two requests that have failed since.
    async fn failing() -> Gate {
        let gate = gate(4);
        let permit = gate.enter().await;
        gate.leave(permit, Health::Well, 0.0);
        for request in 0..2 {
            assert_eq!(fails(&gate, request, None).await, BreakerAnswer::Same);
        }
        gate
    }

    /// The request fails, and the server asks for a pause.
    async fn fails(gate: &Gate, request: u64, asks: Option<Duration>) -> BreakerAnswer {
        let permit = gate.enter().await.of(request);
        if let Some(pause) = asks {
            gate.pause(pause);
        }
        gate.leave(permit, Health::Unwell, 0.0)
    }

    #[tokio::test(start_paused = true)]
    async fn hours_in_which_the_gate_is_shut_are_no_outage() {
        let gate = failing().await;
        let hours = |hours: u64| Duration::from_secs(3600 * hours);
        for night in 0..3 {
            gate.set_closed(true);
            // The hours are looked at again and again.
            tokio::time::sleep(hours(4)).await;
            gate.set_closed(true);
            tokio::time::sleep(hours(10)).await;
            let left = gate.patience_left().unwrap();
            assert_eq!(left, Duration::from_secs(600 - night * 60));
            gate.set_closed(false);
            assert_eq!(fails(&gate, night, None).await, BreakerAnswer::Same);
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        // What it lasts while requests may leave is measured all the same.
        tokio::time::sleep(Duration::from_secs(420)).await;
        let answer = fails(&gate, 9, None).await;
        assert_eq!(answer, BreakerAnswer::GiveUp(Duration::from_secs(600)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_address_is_not_told_by_hours_in_which_nothing_leaves() {
        let gate = gate(4);
        for _ in 0..2 {
            let permit = gate.enter().await;
            assert_eq!(gate.leave(permit, Health::Astray, 0.0), BreakerAnswer::Same);
            gate.set_closed(true);
            tokio::time::sleep(Duration::from_secs(3600)).await;
            gate.set_closed(false);
        }
        tokio::time::sleep(ASTRAY_PATIENCE).await;
        let permit = gate.enter().await;
        let answer = gate.leave(permit, Health::Astray, 0.0);
        assert_eq!(answer, BreakerAnswer::GiveUp(ASTRAY_PATIENCE));
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_the_server_asked_for_is_no_outage() {
        let gate = failing().await;
        let hour = Duration::from_secs(3600);
        assert_eq!(fails(&gate, 1, Some(hour)).await, BreakerAnswer::Same);
        assert_eq!(fails(&gate, 2, None).await, BreakerAnswer::Same);
        tokio::time::sleep(Duration::from_secs(599)).await;
        assert_eq!(fails(&gate, 3, None).await, BreakerAnswer::Same);
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert!(matches!(
            fails(&gate, 4, None).await,
            BreakerAnswer::GiveUp(_)
        ));
    }

    #[tokio::test(start_paused = true)]
    async fn a_server_that_asks_for_a_pause_each_time_is_given_up() {
        let gate = failing().await;
        let start = Instant::now();
        let pause = Duration::from_secs(120);
        let mut request = 0;
        while fails(&gate, request, Some(pause)).await == BreakerAnswer::Same {
            request += 1;
        }
        assert_eq!(start.elapsed().as_secs(), 720);
    }

    #[tokio::test(start_paused = true)]
    async fn failures_between_successes_are_no_outage() {
        let gate = gate(4);
        for _ in 0..100 {
            assert_eq!(fail(&gate, OUTAGE - 1).await, BreakerAnswer::Same);
            let permit = gate.enter().await;
            gate.leave(permit, Health::Well, 0.0);
        }
    }
}
