//! The circuit breaker: when failures are an outage, who may probe it, and when it is given up. Told how
//! each request ended; arithmetic, without a clock of its own.

use std::time::Duration;

use tokio::time::Instant;

use super::pause::after;
use super::retry::SOON;
use super::verdict::ServerSign;
use crate::domain::delay;

/// How long an outage may last when nothing has ever worked in this run: a wrong address or a
/// server that is down should be told soon, not after the patience of a migration.
const FIRST_PATIENCE: Duration = Duration::from_secs(30);
/// How long no server of this API may answer at the address when nothing has ever worked in this run. No
/// call can be to blame for that, and waiting mends no wrong address; but a server that is being started
/// may need a moment to know its own paths.
const ASTRAY_PATIENCE: Duration = Duration::from_secs(2);
/// So many failures in a row without any success are an outage, whatever the width.
const OUTAGE: u32 = 12;

/// How the server has answered of late.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum BreakerState {
    /// As it should.
    #[default]
    Closed,
    /// Not at all, and nobody is asking.
    Open,
    /// Not at all, and one request is asking again.
    Probing,
}

/// What a finished request says about the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Health {
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

impl From<ServerSign> for Health {
    fn from(sign: ServerSign) -> Health {
        match sign {
            ServerSign::Throttle => Health::Well,
            ServerSign::Unwell => Health::Unwell,
            ServerSign::Unreachable => Health::Unreachable,
            ServerSign::Astray => Health::Astray,
            ServerSign::Untrusted => Health::Untrusted,
        }
    }
}

/// What the breaker made of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum BreakerAnswer {
    /// Nothing new.
    Same,
    /// An outage has begun or goes on; everybody waits so long.
    Outage(Duration),
    /// The outage has lasted longer than the operator's patience, or the address is a wrong one.
    GiveUp(Duration),
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

/// A request that has ended, as the breaker sees it.
#[derive(Debug, Clone, Copy)]
pub(super) struct RequestEnd {
    pub(super) health: Health,
    /// The request, however often it is tried.
    pub(super) request: Option<u64>,
    pub(super) is_probe: bool,
}

/// Whether a request may leave as far as the server's health goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum BreakerPass {
    Free,
    /// As the one that finds out whether the outage is over.
    Probe,
    /// Not while somebody else probes.
    Held,
}

/// The failures in a row, and what they amount to.
#[derive(Debug)]
pub(super) struct Breaker {
    patience: Duration,
    threshold: u32,
    has_succeeded: bool,
    streak: FailureStreak,
}

/// What has happened since the last success.
#[derive(Debug, Default)]
struct FailureStreak {
    state: BreakerState,
    /// The outage is not probed before.
    probed_at: Option<Instant>,
    failures: u32,
    /// When the first of them was.
    since: Option<Instant>,
    failing: Failing,
    /// Since when every answer has been that there is nothing at the address.
    astray_since: Option<Instant>,
    probes: u32,
}

impl Breaker {
    /// Gives up an outage after `patience`, for so many requests in flight.
    pub(super) fn new(patience: Duration, width: usize) -> Breaker {
        Breaker {
            patience,
            threshold: OUTAGE.max(u32::try_from(width.saturating_mul(2)).unwrap_or(OUTAGE)),
            has_succeeded: false,
            streak: FailureStreak::default(),
        }
    }

    /// Whether any request has worked in this run.
    pub(super) fn has_succeeded(&self) -> bool {
        self.has_succeeded
    }

    /// Until when nobody may leave; a moment that has passed, too.
    pub(super) fn until(&self) -> Option<Instant> {
        self.streak.probed_at
    }

    /// Whether somebody asks a server that is unwell, and all others wait for the answer.
    pub(super) fn is_probing(&self) -> bool {
        self.streak.state == BreakerState::Probing
    }

    /// Lets a request leave, if it may.
    pub(super) fn enter(&mut self) -> BreakerPass {
        match self.streak.state {
            BreakerState::Closed => BreakerPass::Free,
            BreakerState::Open => {
                self.streak.state = BreakerState::Probing;
                BreakerPass::Probe
            }
            BreakerState::Probing => BreakerPass::Held,
        }
    }

    /// Takes notice of a request that has ended. `quiet` is how much of the time since the first failure
    /// says nothing about the server.
    pub(super) fn observe(
        &mut self,
        end: RequestEnd,
        quiet: Duration,
        now: Instant,
        jitter: f64,
    ) -> BreakerAnswer {
        if end.is_probe {
            self.streak.state = BreakerState::Open;
        }
        match end.health {
            Health::Well => {
                self.streak = FailureStreak::default();
                self.has_succeeded = true;
                return BreakerAnswer::Same;
            }
            Health::Untrusted if !self.has_succeeded => {
                return BreakerAnswer::GiveUp(Duration::ZERO);
            }
            Health::Unwell | Health::Unreachable | Health::Astray | Health::Untrusted => {}
        }
        self.streak.count(end, now);
        let lasted = self.lasted(quiet, now).unwrap_or_default();
        if let Some(lasted) = self.given_up(lasted, now) {
            return BreakerAnswer::GiveUp(lasted);
        }
        if !self.is_open() && self.streak.failures >= self.threshold {
            self.streak.state = BreakerState::Open;
        } else if !end.is_probe {
            return BreakerAnswer::Same;
        }
        self.wait_for_probe(lasted, now, jitter)
    }

    /// How long requests may go on to fail; nothing while a single call may be to blame.
    pub(super) fn patience_left(&self, quiet: Duration, now: Instant) -> Option<Duration> {
        let lasted = self.lasted(quiet, now)?;
        let is_everybodys = self.streak.failing == Failing::Everybody;
        is_everybodys.then(|| self.patience_now().saturating_sub(lasted))
    }

    fn is_open(&self) -> bool {
        self.streak.state != BreakerState::Closed
    }

    /// For how long requests have failed.
    fn lasted(&self, quiet: Duration, now: Instant) -> Option<Duration> {
        Some((now - self.streak.since?).saturating_sub(quiet))
    }

    fn patience_now(&self) -> Duration {
        if self.has_succeeded {
            self.patience
        } else {
            self.patience.min(FIRST_PATIENCE)
        }
    }

    /// Since when the address seems to be a wrong one; one that has worked is not.
    fn astray_since(&self) -> Option<Instant> {
        self.streak.astray_since.filter(|_| !self.has_succeeded)
    }

    /// How long failures have lasted that are given up whoever asks next.
    fn given_up(&self, lasted: Duration, now: Instant) -> Option<Duration> {
        let astray = self.astray_since().map(|since| lasted.min(now - since));
        let is_wrong = |astray: &Duration| *astray >= self.patience.min(ASTRAY_PATIENCE);
        astray.filter(is_wrong).or_else(|| {
            let is_everybodys = self.streak.failing == Failing::Everybody;
            (is_everybodys && lasted >= self.patience_now()).then_some(lasted)
        })
    }

    /// The outage goes on: nobody leaves for a while, and then one request.
    fn wait_for_probe(&mut self, lasted: Duration, now: Instant, jitter: f64) -> BreakerAnswer {
        self.streak.probes += 1;
        let patience = self.patience_now();
        if lasted > patience {
            return BreakerAnswer::GiveUp(lasted);
        }
        let mut pause = delay(self.streak.probes, jitter);
        pause = pause.min(patience.saturating_sub(lasted).max(SOON));
        if self.astray_since().is_some() {
            pause = pause.min(SOON);
        }
        self.streak.probed_at = self.streak.probed_at.max(Some(after(now, pause)));
        BreakerAnswer::Outage(pause)
    }
}

impl FailureStreak {
    /// Takes notice of a failure, and of who has failed.
    fn count(&mut self, end: RequestEnd, now: Instant) {
        self.failures = self.failures.saturating_add(1);
        self.since.get_or_insert(now);
        self.failing = match (self.failing, end.request) {
            _ if end.health == Health::Unreachable => Failing::Everybody,
            (Failing::One(one), Some(other)) if one != other => Failing::Everybody,
            (Failing::Nobody, Some(one)) => Failing::One(one),
            (known, _) => known,
        };
        let is_astray = end.health == Health::Astray;
        self.astray_since = is_astray.then(|| self.astray_since.unwrap_or(now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATIENCE: Duration = Duration::from_secs(600);

    /// A breaker and a clock that stands still until it is moved on.
    struct Trial {
        breaker: Breaker,
        now: Instant,
    }

    impl Trial {
        fn new() -> Trial {
            Trial {
                breaker: Breaker::new(PATIENCE, 4),
                now: Instant::now(),
            }
        }

        fn after_a_success() -> Trial {
            let mut trial = Trial::new();
            assert_eq!(trial.ends(Health::Well, None), BreakerAnswer::Same);
            trial
        }

        /// A request ends, which was a probe if the breaker says so.
        fn ends(&mut self, health: Health, request: Option<u64>) -> BreakerAnswer {
            self.ends_after(Duration::ZERO, health, request)
        }

        fn ends_after(
            &mut self,
            quiet: Duration,
            health: Health,
            request: Option<u64>,
        ) -> BreakerAnswer {
            let end = RequestEnd {
                health,
                request,
                is_probe: self.breaker.enter() == BreakerPass::Probe,
            };
            self.breaker.observe(end, quiet, self.now, 1.0)
        }

        fn passes(&mut self, seconds: u64) {
            self.now += Duration::from_secs(seconds);
        }

        /// Seconds until it gives up when every probe ends so.
        fn patience_with(&mut self, health: Health) -> u64 {
            let start = self.now;
            loop {
                if let BreakerAnswer::GiveUp(_) = self.ends(health, None) {
                    return (self.now - start).as_secs();
                }
                self.now = self.breaker.until().max(Some(self.now)).unwrap();
                self.now += Duration::from_millis(100);
            }
        }
    }

    #[test]
    fn an_outage_begins_with_a_number_of_failures_and_lets_one_probe_through() {
        let mut trial = Trial::after_a_success();
        for _ in 1..OUTAGE {
            assert_eq!(trial.ends(Health::Unwell, None), BreakerAnswer::Same);
        }
        assert!(!trial.breaker.is_probing());
        let answer = trial.ends(Health::Unwell, None);
        assert!(matches!(answer, BreakerAnswer::Outage(pause) if !pause.is_zero()));
        assert!(trial.breaker.until() > Some(trial.now));
        assert_eq!(trial.breaker.enter(), BreakerPass::Probe);
        assert_eq!(trial.breaker.enter(), BreakerPass::Held);
        assert!(trial.breaker.is_probing());
        trial.ends(Health::Well, None);
        assert_eq!(trial.breaker.enter(), BreakerPass::Free);
    }

    #[test]
    fn many_in_flight_may_all_fail_at_once_without_being_an_outage() {
        let mut breaker = Breaker::new(PATIENCE, 100);
        let end = RequestEnd {
            health: Health::Unwell,
            request: None,
            is_probe: false,
        };
        let now = Instant::now();
        let answers = (0..199).map(|_| breaker.observe(end, Duration::ZERO, now, 0.0));
        assert!(answers.into_iter().all(|it| it == BreakerAnswer::Same));
        let answer = breaker.observe(end, Duration::ZERO, now, 0.0);
        assert!(matches!(answer, BreakerAnswer::Outage(_)));
    }

    #[test]
    fn an_outage_from_the_start_is_given_up_sooner_than_a_later_one() {
        let seconds = Trial::new().patience_with(Health::Unwell);
        assert!((30..120).contains(&seconds), "{seconds}");
        let seconds = Trial::after_a_success().patience_with(Health::Unwell);
        assert!((600..700).contains(&seconds), "{seconds}");
    }

    #[test]
    fn a_wrong_address_is_given_up_soon_and_one_that_was_right_is_not() {
        let seconds = Trial::new().patience_with(Health::Astray);
        assert!((2..5).contains(&seconds), "{seconds}");
        assert!(Trial::after_a_success().patience_with(Health::Astray) >= 600);
        // An answer of any other kind says that the address is right, or that the server is starting.
        let mut starting = Trial::new();
        starting.ends(Health::Astray, None);
        starting.passes(3);
        for health in [Health::Unwell, Health::Astray] {
            assert_eq!(starting.ends(health, None), BreakerAnswer::Same);
        }
    }

    #[test]
    fn who_cannot_be_trusted_at_first_contact_is_given_up_at_once() {
        let answer = Trial::new().ends(Health::Untrusted, None);
        assert_eq!(answer, BreakerAnswer::GiveUp(Duration::ZERO));
        // A certificate that ends while the run goes on may be renewed while it waits.
        assert!(Trial::after_a_success().patience_with(Health::Untrusted) >= 600);
    }

    #[test]
    fn one_call_that_fails_again_and_again_is_no_outage_and_several_are() {
        for (requests, health, seconds) in [
            (&[1][..], Health::Unwell, None),
            (&[1, 2], Health::Unwell, Some(30)),
            (&[1], Health::Unreachable, Some(30)),
        ] {
            let (mut trial, start) = (Trial::new(), Instant::now());
            let mut given_up = None;
            for request in requests.iter().cycle().take(11) {
                match trial.ends(health, Some(*request)) {
                    BreakerAnswer::GiveUp(lasted) => {
                        given_up = Some(lasted.as_secs());
                        break;
                    }
                    answer => assert_eq!(answer, BreakerAnswer::Same),
                }
                trial.passes(10);
            }
            assert_eq!(given_up, seconds, "{requests:?}");
            assert!(trial.now > start);
        }
    }

    #[test]
    fn quiet_is_not_counted_as_outage() {
        let mut trial = Trial::after_a_success();
        trial.ends(Health::Unreachable, None);
        trial.passes(1000);
        let quiet = Duration::from_secs(900);
        let left = trial.breaker.patience_left(quiet, trial.now);
        assert_eq!(left, Some(Duration::from_secs(500)));
        let answer = trial.ends_after(quiet, Health::Unreachable, None);
        assert_eq!(answer, BreakerAnswer::Same);
        let answer = trial.ends(Health::Unreachable, None);
        assert_eq!(answer, BreakerAnswer::GiveUp(Duration::from_secs(1000)));
    }

    #[test]
    fn a_success_begins_the_time_of_an_outage_anew() {
        let mut trial = Trial::new();
        for request in 0..100 {
            for health in [Health::Unwell, Health::Unreachable, Health::Well] {
                assert_eq!(trial.ends(health, Some(request)), BreakerAnswer::Same);
                trial.passes(25);
            }
            let left = trial.breaker.patience_left(Duration::ZERO, trial.now);
            assert_eq!(left, None);
        }
    }
}
