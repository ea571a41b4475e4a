//! How requests to a store are repeated: its pauses, its outages and its refusals are its own, and say
//! nothing of the destination.

use std::sync::Mutex;
use std::sync::PoisonError;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use super::error::SourceError;
use super::settings::OutagePolicy;
use crate::domain::delay;
use crate::recordings::StoreOutage;

/// How often a request is tried: with the waits between, some two minutes of an outage.
const TRIES: u32 = 9;
/// How often the first request is tried: somebody waits for its answer.
const FIRST_TRIES: u32 = 4;
/// After so many requests in a row that were given up the store is down: others are not tried.
const MOST_GIVEN_UP: u32 = 3;
/// How often a store that is down is asked again, if it is.
const PROBE_EVERY: Duration = Duration::from_secs(30);
/// The longest pause that a store asked for, and how long a request may take with all its pauses before
/// it is given up.
const LONGEST_PAUSE: Duration = Duration::from_secs(600);

/// What all requests to one store wait for.
#[derive(Debug)]
pub(super) struct SourceGate {
    /// The address of the store, for the log.
    address: String,
    /// How often a request is tried.
    tries: u32,
    outage: OutagePolicy,
    state: Mutex<SourceState>,
}

#[derive(Debug, Default)]
struct SourceState {
    /// Until when nothing is asked: the store said so.
    paused_until: Option<Instant>,
    /// The store has answered as it should.
    has_worked: bool,
    /// The store lets nobody in any more.
    closed: Option<String>,
    /// Requests in a row that were given up.
    given_up: u32,
    /// Requests that were not made because it was down.
    unasked: u64,
    /// When a store that is down may be asked next.
    next_probe: Option<Instant>,
}

impl SourceState {
    fn is_down(&self) -> bool {
        self.given_up >= MOST_GIVEN_UP
    }

    /// The store said something, though it may have been a refusal.
    fn has_answered(&mut self) {
        self.given_up = 0;
        self.next_probe = None;
    }
}

impl SourceGate {
    /// A gate that nobody has been at.
    pub(super) fn new(address: String, outage: OutagePolicy) -> SourceGate {
        SourceGate {
            address,
            tries: TRIES,
            outage,
            state: Mutex::default(),
        }
    }

    /// The same with so many tries of a request, at least one.
    pub(super) fn with_tries(self, tries: u32) -> SourceGate {
        SourceGate {
            tries: tries.max(1),
            ..self
        }
    }

    /// What was not asked because the store was down; nothing where it never was.
    pub(super) fn outage(&self) -> Option<StoreOutage> {
        let unasked = self.state().unasked;
        (unasked > 0).then(|| StoreOutage {
            place: self.address.clone(),
            unasked,
        })
    }

    /// Makes a request until it works, as often as a store may be asked.
    pub(super) async fn run<T>(
        &self,
        request: impl AsyncFn() -> Result<T, SourceError>,
    ) -> Result<T, SourceError> {
        let mut tried = 0;
        let begun = Instant::now();
        loop {
            self.enter().await?;
            let error = match request().await {
                Ok(answer) => {
                    let mut state = self.state();
                    state.has_worked = true;
                    state.has_answered();
                    return Ok(answer);
                }
                Err(error) => error,
            };
            tried += 1;
            if tried > 1 && begun.elapsed() > LONGEST_PAUSE {
                return Err(error);
            }
            self.leave_with(error, tried).await?;
        }
    }

    /// Waits until the store may be asked; an error when it lets nobody in, or is down.
    async fn enter(&self) -> Result<(), SourceError> {
        loop {
            let until = {
                let mut state = self.state();
                if let Some(why) = &state.closed {
                    return Err(SourceError::Credentials(why.clone()));
                }
                if state.is_down() {
                    self.admit_probe(&mut state)?;
                }
                state.paused_until
            };
            match until {
                Some(until) if until > Instant::now() => sleep_until(until).await,
                _ => return Ok(()),
            }
        }
    }

    /// Lets one request through to a store that is down, if it is time for one.
    fn admit_probe(&self, state: &mut SourceState) -> Result<(), SourceError> {
        let now = Instant::now();
        let is_over = |at: Option<Instant>| at.is_none_or(|at| at <= now);
        let is_due = is_over(state.next_probe) && is_over(state.paused_until);
        if self.outage == OutagePolicy::Probe && is_due {
            state.next_probe = Some(now + PROBE_EVERY);
            return Ok(());
        }
        state.unasked += 1;
        let then = match self.outage {
            OutagePolicy::Probe => "only asked now and then until it answers",
            OutagePolicy::GiveUp => "not asked again in this check",
        };
        Err(SourceError::Down(format!(
            "{} gave nothing for {MOST_GIVEN_UP} requests in a row, and is {then}",
            self.address
        )))
    }

    /// Waits for the next try, or gives the error back.
    pub(super) async fn leave_with(
        &self,
        error: SourceError,
        tried: u32,
    ) -> Result<(), SourceError> {
        match &error {
            SourceError::Credentials(why) => {
                let mut state = self.state();
                // Who has let somebody in may refuse one object, or have a bad moment.
                if !state.has_worked {
                    state.closed = Some(why.clone());
                }
                Err(error)
            }
            SourceError::Passing {
                wait, is_throttle, ..
            } if tried < self.most_tries(*is_throttle) => {
                let own = delay(tried, fastrand::f64());
                tracing::warn!(store = self.address, "{error}; try {} follows", tried + 1);
                let asked = wait.map(|wait| wait.min(LONGEST_PAUSE));
                if let Some(pause) = asked.or(is_throttle.then_some(own)) {
                    let until = Instant::now() + pause;
                    let mut state = self.state();
                    state.paused_until = state.paused_until.max(Some(until));
                } else {
                    sleep(own).await;
                }
                Ok(())
            }
            SourceError::Passing { .. } => {
                // The next ones find out sooner that it is still down.
                let mut state = self.state();
                state.has_worked = false;
                state.given_up += 1;
                if state.given_up == MOST_GIVEN_UP {
                    state.next_probe = Some(Instant::now() + PROBE_EVERY);
                    let store = &self.address;
                    tracing::warn!(store, "gave nothing for {MOST_GIVEN_UP} requests in a row");
                }
                Err(error)
            }
            SourceError::Down(_) => Err(error),
            _ => {
                self.state().has_answered();
                Err(error)
            }
        }
    }

    fn most_tries(&self, is_throttle: bool) -> u32 {
        let state = self.state();
        // A store that wants fewer requests is there; a check waits no minutes for one that is not.
        let is_trusted = is_throttle || self.outage == OutagePolicy::Probe;
        if state.is_down() {
            1
        } else if state.has_worked && is_trusted {
            self.tries
        } else {
            self.tries.min(FIRST_TRIES)
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, SourceState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use super::*;

    fn gate() -> SourceGate {
        SourceGate::new("s3://calls/".to_owned(), OutagePolicy::Probe)
    }

    /// Makes a request that finds nobody; tells how often it was tried.
    async fn ask_nobody(gate: &SourceGate) -> (u32, SourceError) {
        let count = AtomicU32::new(0);
        let result: Result<(), _> = gate
            .run(async || {
                count.fetch_add(1, Ordering::Relaxed);
                Err(SourceError::broken("reset"))
            })
            .await;
        (count.into_inner(), result.unwrap_err())
    }

    #[tokio::test(start_paused = true)]
    async fn a_store_that_is_down_is_only_asked_now_and_then_in_a_run() {
        let gate = gate();
        assert_eq!(gate.run(async || Ok(())).await, Ok(()));
        assert_eq!(ask_nobody(&gate).await.0, TRIES);
        assert_eq!(ask_nobody(&gate).await.0, FIRST_TRIES);
        assert_eq!(ask_nobody(&gate).await.0, FIRST_TRIES);
        let begun = Instant::now();
        for _ in 0..1000 {
            let (tried, error) = ask_nobody(&gate).await;
            assert_eq!(tried, 0);
            assert_eq!(
                error.to_string(),
                "s3://calls/ gave nothing for 3 requests in a row, and is only asked now and then \
                 until it answers"
            );
        }
        assert_eq!(begun.elapsed(), Duration::ZERO);
        sleep(PROBE_EVERY).await;
        assert_eq!(ask_nobody(&gate).await.0, 1);
        assert_eq!(ask_nobody(&gate).await.0, 0);
        sleep(PROBE_EVERY).await;
        assert_eq!(gate.run(async || Ok(())).await, Ok(()));
        assert_eq!(gate.run(async || Ok(())).await, Ok(()));
    }

    #[tokio::test(start_paused = true)]
    async fn a_check_gives_up_a_store_that_is_down() {
        let gate = SourceGate::new("s3://calls/".to_owned(), OutagePolicy::GiveUp);
        assert_eq!(gate.run(async || Ok(())).await, Ok(()));
        for _ in 0..MOST_GIVEN_UP {
            assert_eq!(ask_nobody(&gate).await.0, FIRST_TRIES);
        }
        sleep(PROBE_EVERY * 100).await;
        let (tried, error) = ask_nobody(&gate).await;
        assert_eq!(tried, 0);
        assert!(error.to_string().ends_with("not asked again in this check"));
    }

    #[tokio::test(start_paused = true)]
    async fn a_refusal_shows_that_a_store_is_there() {
        let gate = gate();
        for _ in 0..10 {
            ask_nobody(&gate).await;
            ask_nobody(&gate).await;
            let refused: Result<(), _> = gate.run(async || Err(SourceError::NotFound)).await;
            assert_eq!(refused, Err(SourceError::NotFound));
        }
    }

    fn throttle(seconds: u64) -> SourceError {
        SourceError::Passing {
            what: "busy".to_owned(),
            wait: Some(Duration::from_secs(seconds)),
            is_throttle: true,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_pause_that_a_store_asks_for_holds_all_requests_to_it() {
        let gate = gate();
        let begun = Instant::now();
        let count = AtomicU32::new(0);
        let first = gate.run(async || match count.fetch_add(1, Ordering::Relaxed) {
            0 => Err(throttle(30)),
            _ => Ok(()),
        });
        let second = async {
            tokio::task::yield_now().await;
            gate.run(async || Ok(())).await
        };
        let (first, second) = tokio::join!(first, second);
        assert!(first.is_ok() && second.is_ok());
        assert_eq!(begun.elapsed().as_secs(), 30);
        assert_eq!(count.load(Ordering::Relaxed), 2);
    }

    #[tokio::test(start_paused = true)]
    async fn what_may_pass_is_tried_some_times_and_a_refusal_once() {
        let gate = gate();
        let count = AtomicU32::new(0);
        let fails = |error: SourceError| {
            let (gate, count) = (&gate, &count);
            async move {
                count.store(0, Ordering::Relaxed);
                let result: Result<(), _> = gate
                    .run(async || {
                        count.fetch_add(1, Ordering::Relaxed);
                        Err(error.clone())
                    })
                    .await;
                assert_eq!(result, Err(error));
                count.load(Ordering::Relaxed)
            }
        };
        assert_eq!(fails(SourceError::broken("reset")).await, FIRST_TRIES);
        assert_eq!(gate.run(async || Ok(())).await, Ok(()));
        assert_eq!(fails(SourceError::broken("reset")).await, TRIES);
        assert_eq!(fails(SourceError::NotFound).await, 1);
        assert_eq!(fails(SourceError::Refused("no".to_owned())).await, 1);
    }

    #[tokio::test(start_paused = true)]
    async fn wrong_credentials_close_the_store() {
        let gate = gate();
        let expired = SourceError::Credentials("expired".to_owned());
        let result: Result<(), _> = gate.run(async || Err(expired.clone())).await;
        assert_eq!(result, Err(expired.clone()));
        let open = SourceGate::new(String::new(), OutagePolicy::Probe);
        assert_eq!(open.run(async || Ok(())).await, Ok(()));
        let result: Result<(), _> = open.run(async || Err(expired.clone())).await;
        assert_eq!(result, Err(expired.clone()));
        assert_eq!(open.run(async || Ok(())).await, Ok(()));
        let never = gate.run(async || -> Result<(), _> { panic!("the store is asked") });
        assert_eq!(never.await, Err(expired));
    }
}
