//! How long to wait before another attempt: arithmetic, without a clock.

use std::time::{Duration, SystemTime};

use super::request_kind::RequestKind;
use super::verdict::{Retryable, ServerSign};
use crate::api::Error;
use crate::domain::delay;

/// The longest wait where something is to be known soon: whether an address is a wrong one, or whether an
/// outage has lasted for too long.
pub(super) const SOON: Duration = Duration::from_secs(1);

/// An attempt that failed and may succeed later.
pub(super) struct FailedAttempt<'e> {
    pub(super) kind: RequestKind,
    /// Its number, from 1.
    pub(super) attempt: u32,
    pub(super) error: &'e Error,
    pub(super) later: Retryable,
}

/// The waits that follow from a failed attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct BackOff {
    /// How long this request waits by itself.
    pub(super) delay: Duration,
    /// How long the server asked everybody to wait.
    pub(super) asked: Option<Duration>,
    is_throttle: bool,
}

impl BackOff {
    /// After attempt number `attempt`; `has_worked` when the address is known to be the right one.
    pub(super) fn new(
        attempt: u32,
        later: Retryable,
        has_worked: bool,
        now: SystemTime,
        jitter: f64,
    ) -> BackOff {
        let delay = delay(attempt, jitter);
        let is_in_question = later.sign == ServerSign::Astray && !has_worked;
        BackOff {
            delay: if is_in_question {
                delay.min(SOON)
            } else {
                delay
            },
            asked: later.retry_after.map(|wish| wish.from_now(now)),
            is_throttle: later.sign == ServerSign::Throttle,
        }
    }

    /// How long everybody waits.
    pub(super) fn pause(&self) -> Option<Duration> {
        self.asked.or(self.is_throttle.then_some(self.delay))
    }

    /// How long this request waits besides; nothing where the pause of all is its wait. A server that says
    /// "at once", or names a time that has passed, must not use up a call's attempts in a moment.
    pub(super) fn rest(&self, patience_left: Option<Duration>) -> Option<Duration> {
        if self.is_throttle && self.asked.is_none() {
            return None;
        }
        let longest = patience_left.map_or(Duration::MAX, |left| left.max(SOON));
        let delay = self.delay.min(longest);
        Some(delay.saturating_sub(self.asked.unwrap_or_default()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::RetryAfter;

    /// After the fourth attempt, without jitter: two seconds.
    fn back_off(sign: ServerSign, asked: Option<u64>, has_worked: bool) -> BackOff {
        let later = Retryable {
            retry_after: asked.map(|seconds| RetryAfter::In(Duration::from_secs(seconds))),
            in_doubt: false,
            sign,
        };
        BackOff::new(4, later, has_worked, SystemTime::UNIX_EPOCH, 0.0)
    }

    const NOW: Option<Duration> = Some(Duration::ZERO);
    const TWO: Option<Duration> = Some(Duration::from_secs(2));
    const HALF_A_MINUTE: Option<Duration> = Some(Duration::from_secs(30));

    #[test]
    fn a_throttle_holds_everybody_and_a_failure_only_its_call() {
        let throttle = back_off(ServerSign::Throttle, None, true);
        assert_eq!((throttle.pause(), throttle.rest(None)), (TWO, None));
        let unwell = back_off(ServerSign::Unwell, None, true);
        assert_eq!((unwell.pause(), unwell.rest(None)), (None, TWO));
    }

    #[test]
    fn what_the_server_asks_for_counts_towards_the_wait_of_the_call() {
        for sign in [ServerSign::Throttle, ServerSign::Unwell] {
            let now = back_off(sign, Some(0), true);
            assert_eq!((now.pause(), now.rest(None)), (NOW, TWO));
            let later = back_off(sign, Some(30), true);
            assert_eq!((later.pause(), later.rest(None)), (HALF_A_MINUTE, NOW));
        }
    }

    #[test]
    fn what_is_to_be_known_soon_is_asked_soon() {
        assert_eq!(
            back_off(ServerSign::Astray, None, false).rest(None),
            Some(SOON)
        );
        let known = back_off(ServerSign::Astray, None, true);
        assert_eq!(known.rest(None), TWO);
        assert_eq!(known.rest(NOW), Some(SOON));
        assert_eq!(known.rest(HALF_A_MINUTE), TWO);
    }
}
