//! Requests a second, of all requests together.

use std::num::NonZeroU32;
use std::time::Duration;

use governor::clock::DefaultClock;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};

/// Spaces requests out. Its turn is taken last before a request leaves, so that nobody saves up turns while
/// it waits for something else.
#[derive(Debug)]
pub(super) struct Pacer {
    /// Nothing for as fast as it goes.
    limiter: Option<RateLimiter<NotKeyed, InMemoryState, DefaultClock>>,
    rate: Option<f64>,
}

impl Pacer {
    /// So many requests a second; nothing, or a rate that is no number above 0, is no limit.
    pub(super) fn new(rate: Option<f64>) -> Pacer {
        Pacer {
            limiter: rate.and_then(quota).map(RateLimiter::direct),
            rate: rate.filter(|rate| *rate > 0.0),
        }
    }

    /// Requests a second; nothing for no limit.
    pub(super) fn rate(&self) -> Option<f64> {
        self.rate
    }

    /// Waits for the next turn.
    pub(super) async fn ready(&self) {
        if let Some(limiter) = &self.limiter {
            limiter.until_ready().await;
        }
    }

    /// As the quota says.
    #[cfg(test)]
    pub(super) fn of(quota: Quota) -> Pacer {
        Pacer {
            limiter: Some(RateLimiter::direct(quota)),
            rate: Some(1.0 / quota.replenish_interval().as_secs_f64()),
        }
    }

    /// Whether a turn is left for now; takes it.
    #[cfg(test)]
    pub(super) fn has_turn(&self) -> bool {
        let limiter = self.limiter.as_ref();
        limiter.is_none_or(|limiter| limiter.check().is_ok())
    }
}

/// Its burst is what the pace gives in 20 ms: with less, a fast pace would be held back by the timer's tick,
/// and with a whole second's worth (the library's default) a slow pace would begin with a burst that nobody
/// allowed.
fn quota(rate: f64) -> Option<Quota> {
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
    Some(Quota::with_period(period)?.allow_burst(burst))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_of_nothing_is_no_limit() {
        assert!(quota(0.0).is_none() && quota(f64::NAN).is_none() && quota(-1.0).is_none());
        assert!(quota(0.001).is_some() && quota(1e9).is_some());
    }

    #[test]
    fn a_slow_pace_begins_without_a_burst_and_a_fast_one_allows_20_ms_of_it() {
        let turns = |rate| {
            let pacer = Pacer::new(Some(rate));
            (0..100).take_while(|_| pacer.has_turn()).count()
        };
        assert_eq!(turns(0.001), 1);
        // Turns that come back meanwhile are few.
        assert!((20..30).contains(&turns(1000.0)));
    }
}
