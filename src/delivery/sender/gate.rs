//! Decides when the next request may leave. Holds the permits (as many as `width` says), the pace
//! and the pauses: the one the server asked for, which nothing ends but time, and the one of an
//! outage, which ends with it. A pause stops everybody, because a 429 speaks about the token and an
//! outage about the server, and neither about one call. Never judges an answer (`verdict`) and never
//! talks to the server (`api`).

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;

use super::concurrency::{AdaptiveWidth, LoadSignal};
use super::retry;

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

/// How long an outage may last when nothing has ever worked in this run: a wrong address or a
/// server that is down should be told soon, not after the patience of a migration.
const FIRST_PATIENCE: Duration = Duration::from_secs(30);
/// How long no server of this API may answer at the address when nothing has ever worked in this run. No
/// call can be to blame for that, and waiting mends no wrong address; but a server that is being started
/// may need a moment to know its own paths.
const ASTRAY_PATIENCE: Duration = Duration::from_secs(2);
/// The longest wait for the next try at such an address.
pub(in crate::delivery) const SOON: Duration = Duration::from_secs(1);
/// Longer than any run; a moment so far away can still be told.
const FOR_EVER: Duration = Duration::from_secs(366 * 86_400);
/// So many failures in a row without any success are an outage, whatever the width.
const OUTAGE: u32 = 12;

/// Longer than most disks need to make a commit durable.
const COMMIT_SECONDS: f64 = 0.005;

type Limiter = RateLimiter<NotKeyed, InMemoryState, DefaultClock>;

/// The gate of one run.
#[derive(Debug)]
pub(in crate::delivery) struct Gate {
    permits: Arc<Semaphore>,
    limiter: Option<Limiter>,
    /// Places for those that go next.
    queue: Option<Arc<Semaphore>>,
    patience: Duration,
    threshold: u32,
    state: Mutex<GateState>,
    width: Mutex<ConcurrencyLimit>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct GateState {
    /// The server wants to be left alone.
    asked: Option<Asked>,
    /// The outage is not probed before.
    probed_at: Option<Instant>,
    /// Since when nothing leaves at this hour.
    shut_since: Option<Instant>,
    /// For how long that was so since the first of the failures.
    shut_for: Duration,
    /// The longest pause that the server asked for and that is over, since the first of the failures.
    longest_asked: Duration,
    /// Failures since the last success, and when the first of them was.
    failures: u32,
    failing_since: Option<Instant>,
    /// Who has failed since then.
    failing: Failing,
    /// Since when every answer has been that there is nothing at the address.
    astray_since: Option<Instant>,
    has_succeeded: bool,
    phase: BreakerState,
    probes: u32,
}

/// A pause that the server asked for.
#[derive(Debug, Clone, Copy)]
struct Asked {
    from: Instant,
    until: Instant,
}

impl Asked {
    /// How much of it lies between these moments.
    fn within(self, since: Instant, now: Instant) -> Duration {
        let until = self.until.min(now);
        until.saturating_duration_since(self.from.max(since))
    }
}

/// Who has failed since the last success.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Failing {
    #[default]
    Nobody,
    /// One request, however often it was tried: it may be to blame itself.
    One(u64),
    /// Several, or no connection came about: no single call is to blame.
    Everybody,
}

/// How many permits there are, and how many there should be.
#[derive(Debug)]
struct ConcurrencyLimit {
    width: AdaptiveWidth,
    issued: usize,
}

/// The width of the gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::delivery) struct WidthRange {
    pub(in crate::delivery) now: usize,
    pub(in crate::delivery) lowest: usize,
}

/// How the server has answered of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum BreakerState {
    /// As it should.
    #[default]
    Open,
    /// Not at all, and nobody is asking.
    Outage,
    /// Not at all, and one request is asking again.
    Probing,
}

/// What a finished request says about the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::delivery) enum Health {
    /// It answered as a server should, also when it refused the call or asked to slow down.
    Well,
    /// No answer, a broken one, or an error of its own.
    Unwell,
    /// No connection came about.
    Unreachable,
    /// No server of this API answers at the address.
    Astray,
    /// Who answers cannot be trusted.
    Untrusted,
}

/// What the gate made of a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::delivery) enum BreakerAnswer {
    /// Nothing new.
    Same,
    /// An outage has begun or goes on; everybody waits so long.
    Outage(Duration),
    /// The outage has lasted longer than the operator's patience, or the address is a wrong one.
    GiveUp(Duration),
}

/// Leave to send one request. Given back when dropped.
#[derive(Debug)]
pub(in crate::delivery) struct Permit {
    slot: OwnedSemaphorePermit,
    is_probe: bool,
    /// The request that has left, however often it is tried.
    of: Option<u64>,
}

impl Permit {
    /// Says which request has left.
    pub(in crate::delivery) fn of(self, request: u64) -> Permit {
        Permit {
            of: Some(request),
            ..self
        }
    }
}

impl Gate {
    pub(in crate::delivery) fn new(pace: RateLimits) -> Self {
        Gate {
            permits: Arc::new(Semaphore::new(pace.width.max(1))),
            limiter: pace.rate.and_then(limiter),
            queue: queue(pace),
            patience: pace.patience,
            threshold: OUTAGE.max(u32::try_from(pace.width.saturating_mul(2)).unwrap_or(OUTAGE)),
            state: Mutex::default(),
            width: Mutex::new(ConcurrencyLimit {
                width: AdaptiveWidth::new(pace.width),
                issued: pace.width.max(1),
            }),
            changed: Notify::new(),
        }
    }

    /// Waits for a place among those that go next, where there are such places: whoever has one
    /// writes its intent while others are in flight, so that the line does not wait for the disk.
    /// Nobody gets one while a pause or an outage lasts, and at a slow pace there are none; then
    /// the intent is written behind the gate, and no call is in doubt that was never tried.
    pub(in crate::delivery) async fn queue_up(&self) -> Option<OwnedSemaphorePermit> {
        let place = Arc::clone(self.queue.as_ref()?).acquire_owned().await.ok();
        self.open().await;
        place
    }

    /// Waits until one more request may leave. The turn of the pace is taken last: those who had one
    /// and then waited for a permit or for the end of a pause would leave all at once.
    pub(in crate::delivery) async fn pass(&self) -> Permit {
        loop {
            self.open().await;
            let Ok(slot) = Arc::clone(&self.permits).acquire_owned().await else {
                // The semaphore is never closed; were it, waiting for ever beats sending unbounded.
                std::future::pending::<()>().await;
                continue;
            };
            if let Some(limiter) = &self.limiter {
                limiter.until_ready().await;
            }
            let mut state = self.state();
            if state.paused_until().is_some() || state.shut_since.is_some() {
                continue;
            }
            if state.phase == BreakerState::Open {
                return Permit {
                    slot,
                    is_probe: false,
                    of: None,
                };
            }
            if state.phase == BreakerState::Outage {
                state.phase = BreakerState::Probing;
                return Permit {
                    slot,
                    is_probe: true,
                    of: None,
                };
            }
        }
    }

    /// Waits while a pause lasts, or while somebody else probes a server that is unwell.
    async fn open(&self) {
        loop {
            let changed = self.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            let (until, must_wait) = {
                let state = self.state();
                let must_wait = state.shut_since.is_some() || state.phase == BreakerState::Probing;
                (state.paused_until(), must_wait)
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

    /// Lets nothing leave until it is opened again, however long that takes.
    pub(in crate::delivery) fn shut(&self, is_shut: bool) {
        self.state().shut(is_shut, Instant::now());
        self.changed.notify_waiters();
    }

    /// Holds everybody for so long, from now, as the server asked; a shorter pause never ends a
    /// longer one, and an answer to somebody who left before ends none.
    pub(in crate::delivery) fn pause(&self, pause: Duration) {
        self.state().ask(pause, Instant::now());
        self.changed.notify_waiters();
    }

    /// Tells what a request that has ended, and whose permit is still held, says about the load of
    /// the server. Requests in flight are never cut off: permits beyond a smaller width are taken
    /// away as they come back.
    pub(in crate::delivery) fn observe(&self, evidence: LoadSignal) {
        let mut permits = self.permits();
        permits.width.take(evidence);
        let wanted = permits.width.now();
        if wanted > permits.issued {
            self.permits.add_permits(wanted - permits.issued);
            permits.issued = wanted;
        }
        while permits.issued > wanted {
            let Ok(idle) = self.permits.try_acquire() else {
                break;
            };
            idle.forget();
            permits.issued -= 1;
        }
    }

    /// The width of now and the least that it has been.
    pub(in crate::delivery) fn span(&self) -> WidthRange {
        let permits = self.permits();
        WidthRange {
            now: permits.width.now(),
            lowest: permits.width.lowest(),
        }
    }

    fn give_back(&self, slot: OwnedSemaphorePermit) {
        let mut permits = self.permits();
        if permits.issued > permits.width.now() {
            slot.forget();
            permits.issued -= 1;
        }
    }

    fn permits(&self) -> MutexGuard<'_, ConcurrencyLimit> {
        self.width
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// Tells the gate how a request went, and gives its permit back.
    pub(in crate::delivery) fn done(
        &self,
        permit: Permit,
        health: Health,
        jitter: f64,
    ) -> BreakerAnswer {
        let mut state = self.state();
        if permit.is_probe {
            state.phase = BreakerState::Outage;
        }
        let weather = match health {
            Health::Well => {
                *state = GateState {
                    asked: state.asked,
                    has_succeeded: true,
                    shut_since: state.shut_since,
                    ..GateState::default()
                };
                BreakerAnswer::Same
            }
            Health::Untrusted if !state.has_succeeded => BreakerAnswer::GiveUp(Duration::ZERO),
            Health::Unwell | Health::Unreachable | Health::Astray | Health::Untrusted => {
                state.blame(permit.of, health);
                let since = match health {
                    Health::Astray => state.astray_since.unwrap_or_else(Instant::now).into(),
                    _ => None,
                };
                state.astray_since = since;
                self.unwell(&mut state, permit.is_probe, jitter)
            }
        };
        drop(state);
        self.give_back(permit.slot);
        self.changed.notify_waiters();
        weather
    }

    /// Whether any request has worked in this run.
    pub(in crate::delivery) fn has_succeeded(&self) -> bool {
        self.state().has_succeeded
    }

    fn unwell(&self, state: &mut GateState, is_probe: bool, jitter: f64) -> BreakerAnswer {
        let now = Instant::now();
        state.failures = state.failures.saturating_add(1);
        state.failing_since.get_or_insert(now);
        let lasted = state.lasted(now).unwrap_or_default();
        let astray = state.astray_since.filter(|_| !state.has_succeeded);
        if let Some(lasted) = astray.map(|since| lasted.min(now - since))
            && lasted >= self.patience.min(ASTRAY_PATIENCE)
        {
            return BreakerAnswer::GiveUp(lasted);
        }
        let patience = self.patience_in(state);
        if state.failing == Failing::Everybody && lasted >= patience {
            return BreakerAnswer::GiveUp(lasted);
        }
        if state.phase == BreakerState::Open && state.failures >= self.threshold {
            state.phase = BreakerState::Outage;
        } else if !is_probe {
            return BreakerAnswer::Same;
        }
        state.probes += 1;
        if lasted > patience {
            return BreakerAnswer::GiveUp(lasted);
        }
        let mut pause = retry::delay(state.probes, jitter);
        pause = pause.min(patience.saturating_sub(lasted).max(SOON));
        if astray.is_some() {
            pause = pause.min(SOON);
        }
        extend(&mut state.probed_at, pause);
        BreakerAnswer::Outage(pause)
    }

    fn patience_in(&self, state: &GateState) -> Duration {
        if state.has_succeeded {
            self.patience
        } else {
            self.patience.min(FIRST_PATIENCE)
        }
    }

    /// How long requests may go on to fail; nothing while a single call may be to blame.
    pub(in crate::delivery) fn patience_left(&self) -> Option<Duration> {
        let state = self.state();
        let is_everybodys = state.failing == Failing::Everybody;
        let lasted = state.lasted(Instant::now()).filter(|_| is_everybodys)?;
        let patience = self.patience_in(&state);
        Some(patience.saturating_sub(lasted))
    }

    fn state(&self) -> MutexGuard<'_, GateState> {
        self.state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl GateState {
    /// Takes notice of who has failed.
    fn blame(&mut self, of: Option<u64>, health: Health) {
        self.failing = match (self.failing, of) {
            _ if health == Health::Unreachable => Failing::Everybody,
            (Failing::One(one), Some(other)) if one != other => Failing::Everybody,
            (Failing::Nobody, Some(one)) => Failing::One(one),
            (known, _) => known,
        };
    }

    /// For how long requests have failed. Hours in which nothing may leave say nothing about the server, and
    /// neither does a pause that it asked for; but of several pauses the longest is left out alone, or a server
    /// that answers all requests with one would never be given up.
    fn lasted(&self, now: Instant) -> Option<Duration> {
        let since = self.failing_since?;
        let is_shut = self.shut_since;
        let shut = is_shut.map_or(Duration::ZERO, |from| now - from.max(since));
        let asked = self
            .asked
            .map_or(Duration::ZERO, |asked| asked.within(since, now));
        let left_out = self.shut_for + shut + self.longest_asked.max(asked);
        Some((now - since).saturating_sub(left_out))
    }

    /// Shuts the gate, or opens it.
    fn shut(&mut self, is_shut: bool, now: Instant) {
        match (self.shut_since, is_shut) {
            (None, true) => self.shut_since = Some(now),
            (Some(from), false) => {
                self.shut_since = None;
                if let Some(since) = self.failing_since {
                    self.shut_for += now - from.max(since);
                }
            }
            _ => {}
        }
    }

    /// Takes notice of a pause that the server asks for.
    fn ask(&mut self, pause: Duration, now: Instant) {
        let until = now + pause.min(FOR_EVER);
        self.asked = match self.asked {
            Some(asked) if asked.until > now => Some(Asked {
                from: asked.from,
                until: asked.until.max(until),
            }),
            over => {
                if let (Some(over), Some(since)) = (over, self.failing_since) {
                    self.longest_asked = self.longest_asked.max(over.within(since, now));
                }
                Some(Asked { from: now, until })
            }
        };
    }

    /// Until when nothing leaves; nothing when that has passed.
    fn paused_until(&self) -> Option<Instant> {
        let until = self.asked.map(|asked| asked.until).max(self.probed_at);
        until.filter(|until| *until > Instant::now())
    }
}

fn extend(known: &mut Option<Instant>, pause: Duration) {
    let until = Instant::now() + pause.min(FOR_EVER);
    *known = (*known).max(Some(until));
}

/// For each request in flight so many wait for their turn with their intent written, where the pace allows:
/// one waits for the disk, one has been waited for, and one is next. With one place for each, the line
/// stood still for a quarter of its time on a disk that takes 0.1 ms for a commit.
const AHEAD: usize = 3;

/// As many places as requests leave in the time of a commit, and never more than [`AHEAD`] says.
fn queue(pace: RateLimits) -> Option<Arc<Semaphore>> {
    let leaving = pace
        .rate
        .map_or(f64::INFINITY, |rate| rate * COMMIT_SECONDS);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and the width is the bound"
    )]
    let places = (leaving as usize).min(pace.width.saturating_mul(AHEAD));
    (places > 0).then(|| Arc::new(Semaphore::new(places)))
}

/// A limiter of so many requests a second. Its burst is what the pace gives in 20 ms: with less,
/// a fast pace would be held back by the timer's tick, and with a whole second's worth (the
/// library's default) a slow pace would begin with a burst that nobody allowed.
fn limiter(rate: f64) -> Option<Limiter> {
    if !(rate.is_finite() && rate > 0.0) {
        return None;
    }
    let period = Duration::from_secs_f64((1.0 / rate).clamp(1e-9, 86_400.0));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the cast saturates, and the rate is positive"
    )]
    let burst = NonZeroU32::new((rate / 50.0) as u32).unwrap_or(NonZeroU32::MIN);
    Some(RateLimiter::direct(
        Quota::with_period(period)?.allow_burst(burst),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_gate_that_is_shut_lets_nothing_leave_until_it_opens() {
        let gate = gate(2);
        let permit = gate.pass().await;
        gate.shut(true);
        gate.done(permit, Health::Well, 0.0);
        let waits = tokio::time::timeout(Duration::from_secs(86_400), gate.pass()).await;
        assert!(waits.is_err());
        let (_permit, ()) = tokio::join!(gate.pass(), async { gate.shut(false) });
    }

    #[tokio::test(start_paused = true)]
    async fn a_smaller_width_takes_no_permit_from_a_request_in_flight() {
        let gate = gate(16);
        let mut permits = Vec::new();
        for _ in 0..16 {
            permits.push(gate.pass().await);
            gate.observe(LoadSignal::Refused);
        }
        assert_eq!(gate.span(), WidthRange { now: 8, lowest: 8 });
        for permit in permits.drain(..9) {
            gate.done(permit, Health::Well, 0.0);
        }
        // Seven are in flight and eight may be.
        let _eighth = gate.pass().await;
        let ninth = tokio::time::timeout(Duration::from_secs(1), gate.pass()).await;
        assert!(ninth.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_width_that_grows_lets_more_leave() {
        let gate = gate(4);
        for _ in 0..64 {
            gate.observe(LoadSignal::Refused);
        }
        assert_eq!(gate.span().now, 1);
        for _ in 0..2000 {
            gate.observe(LoadSignal::Ended);
        }
        let _four = [
            gate.pass().await,
            gate.pass().await,
            gate.pass().await,
            gate.pass().await,
        ];
        let fifth = tokio::time::timeout(Duration::from_secs(1), gate.pass()).await;
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
        let _both = tokio::join!(gate.pass(), gate.pass());
        assert_eq!(start.elapsed().as_secs(), 30);
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_the_server_asked_for_outlives_an_outage() {
        let gate = gate(4);
        let straggler = gate.pass().await;
        fail(&gate, OUTAGE).await;
        let start = Instant::now();
        gate.pause(Duration::from_secs(60));
        gate.done(straggler, Health::Well, 0.0);
        gate.pass().await;
        assert_eq!(start.elapsed().as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_who_waits_for_a_permit_has_taken_a_turn_of_the_pace() {
        let day = Quota::with_period(Duration::from_secs(86_400)).unwrap();
        let two_a_day = RateLimiter::direct(day.allow_burst(NonZeroU32::new(2).unwrap()));
        let gate = Gate {
            limiter: Some(two_a_day),
            ..gate(1)
        };
        let _first = gate.pass().await;
        let second = tokio::time::timeout(Duration::from_secs(1), gate.pass()).await;
        assert!(second.is_err());
        assert!(gate.limiter.unwrap().check().is_ok());
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_goes_next_while_a_pause_lasts() {
        let gate = gate(2);
        let first = gate.queue_up().await;
        assert!(first.is_some(), "at an unlimited pace there are places");
        let mut others = Vec::new();
        for _ in 1..2 * AHEAD {
            others.push(gate.queue_up().await);
        }
        let next = async {
            let place = gate.queue_up().await;
            (place, Instant::now())
        };
        let start = Instant::now();
        let pause = async {
            tokio::task::yield_now().await;
            gate.pause(Duration::from_secs(60));
            drop(first);
        };
        let ((_place, at), ()) = tokio::join!(next, pause);
        assert_eq!((at - start).as_secs(), 60);
    }

    #[tokio::test(start_paused = true)]
    async fn at_most_width_requests_are_in_flight() {
        let gate = gate(2);
        let _one = gate.pass().await;
        let two = gate.pass().await;
        let waits = tokio::time::timeout(Duration::from_secs(1), gate.pass()).await;
        assert!(waits.is_err());
        gate.done(two, Health::Well, 0.0);
        gate.pass().await;
    }

    async fn fail(gate: &Gate, times: u32) -> BreakerAnswer {
        let mut weather = BreakerAnswer::Same;
        for _ in 0..times {
            let permit = gate.pass().await;
            weather = gate.done(permit, Health::Unwell, 1.0);
        }
        weather
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_lets_one_probe_through_and_a_success_lets_all() {
        let gate = gate(4);
        let permit = gate.pass().await;
        gate.done(permit, Health::Well, 0.0);
        assert_eq!(fail(&gate, OUTAGE - 1).await, BreakerAnswer::Same);
        assert!(matches!(fail(&gate, 1).await, BreakerAnswer::Outage(_)));
        let probe = gate.pass().await;
        assert!(probe.is_probe);
        assert!(
            tokio::time::timeout(Duration::from_secs(1), gate.pass())
                .await
                .is_err()
        );
        gate.done(probe, Health::Well, 0.0);
        let (one, two) = tokio::join!(gate.pass(), gate.pass());
        assert!(!one.is_probe && !two.is_probe);
    }

    #[tokio::test(start_paused = true)]
    async fn an_outage_from_the_start_is_given_up_sooner_than_a_later_one() {
        let start = Instant::now();
        let never_worked = gate(4);
        while !matches!(fail(&never_worked, 1).await, BreakerAnswer::GiveUp(_)) {}
        assert!(start.elapsed() < Duration::from_secs(120));
        let start = Instant::now();
        let worked = gate(4);
        let permit = worked.pass().await;
        worked.done(permit, Health::Well, 0.0);
        while !matches!(fail(&worked, 1).await, BreakerAnswer::GiveUp(_)) {}
        assert!(start.elapsed() > Duration::from_secs(600));
    }

    /// Seconds until the gate gives up, when every answer is this one.
    async fn patience_with(gate: &Gate, health: Health) -> u64 {
        let start = Instant::now();
        loop {
            let permit = gate.pass().await;
            if let BreakerAnswer::GiveUp(_) = gate.done(permit, health, 1.0) {
                return start.elapsed().as_secs();
            }
            // As the call that was sent waits before its next try.
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_address_is_given_up_soon_and_one_that_was_right_is_not() {
        // Whatever the jitter: the end is within five seconds.
        assert!((2..5).contains(&patience_with(&gate(4), Health::Astray).await));
        // An answer of any other kind says that the address is right, or that the server is starting.
        let known = gate(4);
        let permit = known.pass().await;
        known.done(permit, Health::Well, 0.0);
        assert!(patience_with(&known, Health::Astray).await > 600);
        let starting = gate(4);
        let permit = starting.pass().await;
        starting.done(permit, Health::Astray, 0.0);
        tokio::time::sleep(Duration::from_secs(3)).await;
        for health in [Health::Unwell, Health::Astray] {
            let permit = starting.pass().await;
            assert_eq!(starting.done(permit, health, 0.0), BreakerAnswer::Same);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn who_cannot_be_trusted_at_first_contact_is_given_up_at_once() {
        let first = gate(4);
        let permit = first.pass().await;
        let weather = first.done(permit, Health::Untrusted, 0.0);
        assert_eq!(weather, BreakerAnswer::GiveUp(Duration::ZERO));
        // A certificate that ends while the run goes on may be renewed while it waits.
        let known = gate(4);
        let permit = known.pass().await;
        known.done(permit, Health::Well, 0.0);
        assert!(patience_with(&known, Health::Untrusted).await > 600);
    }

    /// Eleven failures of these requests in turn, ten seconds apart: fewer than an outage takes.
    async fn failures_of(requests: &[u64], health: Health) -> Vec<BreakerAnswer> {
        let gate = gate(4);
        let mut told = Vec::new();
        for request in requests.iter().cycle().take(11) {
            let permit = gate.pass().await.of(*request);
            told.push(gate.done(permit, health, 0.0));
            tokio::time::sleep(Duration::from_secs(10)).await;
        }
        told
    }

    #[tokio::test(start_paused = true)]
    async fn few_calls_that_all_fail_are_an_outage_once_it_has_lasted_long_enough() {
        let gives_up =
            |told: &[BreakerAnswer]| told.iter().position(|it| *it != BreakerAnswer::Same);
        assert_eq!(gives_up(&failures_of(&[1], Health::Unwell).await), None);
        for (requests, health) in [(&[1, 2][..], Health::Unwell), (&[1], Health::Unreachable)] {
            let told = failures_of(requests, health).await;
            assert_eq!(gives_up(&told), Some(3), "{told:?}");
            assert_eq!(told[3], BreakerAnswer::GiveUp(FIRST_PATIENCE));
        }
    }

    /// A gate that has worked, and two requests that have failed since.
    async fn failing() -> Gate {
        let gate = gate(4);
        let permit = gate.pass().await;
        gate.done(permit, Health::Well, 0.0);
        for request in 0..2 {
            assert_eq!(fails(&gate, request, None).await, BreakerAnswer::Same);
        }
        gate
    }

    /// The request fails, and the server asks for a pause.
    async fn fails(gate: &Gate, request: u64, asks: Option<Duration>) -> BreakerAnswer {
        let permit = gate.pass().await.of(request);
        if let Some(pause) = asks {
            gate.pause(pause);
        }
        gate.done(permit, Health::Unwell, 0.0)
    }

    #[tokio::test(start_paused = true)]
    async fn hours_in_which_the_gate_is_shut_are_no_outage() {
        let gate = failing().await;
        let hours = |hours: u64| Duration::from_secs(3600 * hours);
        for night in 0..3 {
            gate.shut(true);
            // The hours are looked at again and again.
            tokio::time::sleep(hours(4)).await;
            gate.shut(true);
            tokio::time::sleep(hours(10)).await;
            let left = gate.patience_left().unwrap();
            assert_eq!(left, Duration::from_secs(600 - night * 60));
            gate.shut(false);
            assert_eq!(fails(&gate, night, None).await, BreakerAnswer::Same);
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        // What it lasts while requests may leave is measured all the same.
        tokio::time::sleep(Duration::from_secs(420)).await;
        let weather = fails(&gate, 9, None).await;
        assert_eq!(weather, BreakerAnswer::GiveUp(Duration::from_secs(600)));
    }

    #[tokio::test(start_paused = true)]
    async fn a_wrong_address_is_not_told_by_hours_in_which_nothing_leaves() {
        let gate = gate(4);
        for _ in 0..2 {
            let permit = gate.pass().await;
            assert_eq!(gate.done(permit, Health::Astray, 0.0), BreakerAnswer::Same);
            gate.shut(true);
            tokio::time::sleep(Duration::from_secs(3600)).await;
            gate.shut(false);
        }
        tokio::time::sleep(ASTRAY_PATIENCE).await;
        let permit = gate.pass().await;
        let weather = gate.done(permit, Health::Astray, 0.0);
        assert_eq!(weather, BreakerAnswer::GiveUp(ASTRAY_PATIENCE));
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
    async fn a_success_begins_the_time_of_an_outage_anew() {
        let gate = gate(4);
        for request in 0..100 {
            for health in [Health::Unwell, Health::Unreachable, Health::Well] {
                let permit = gate.pass().await.of(request);
                assert_eq!(gate.done(permit, health, 0.0), BreakerAnswer::Same);
                tokio::time::sleep(Duration::from_secs(25)).await;
            }
            assert_eq!(gate.patience_left(), None);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn failures_between_successes_are_no_outage() {
        let gate = gate(4);
        for _ in 0..100 {
            assert_eq!(fail(&gate, OUTAGE - 1).await, BreakerAnswer::Same);
            let permit = gate.pass().await;
            gate.done(permit, Health::Well, 0.0);
        }
    }

    #[test]
    fn a_pace_of_nothing_is_no_limit() {
        assert!(limiter(0.0).is_none() && limiter(f64::NAN).is_none() && limiter(-1.0).is_none());
        assert!(limiter(0.001).is_some() && limiter(1e9).is_some());
    }
}
