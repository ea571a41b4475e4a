//! Asks the read API until it answers, as a run sends: one pace, `Retry-After` holds everybody, an outage is
//! waited out, a refused token stops. What is only read is never in doubt, so that there is no intent and no
//! fact, and every question may be asked again.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use super::breaker::{BreakerAnswer, Health};
use super::gate::{Gate, Permit, RateLimits};
use super::request_kind::RequestKind;
use super::retry::BackOff;
use super::verdict::{Retryable, ServerSign, Verdict, judge};
use crate::api;
use crate::delivery::options::RetryLimits;
use crate::domain::redact::mask;
use crate::events::{StopReason, StopSignal};

/// How long nothing may work at all before it is given up: a wrong address should be told soon.
const FIRST_PATIENCE: Duration = Duration::from_secs(30);

/// Asks the read API, one question at a time.
pub(crate) struct ReadSender {
    gate: Gate,
    pace: RateLimits,
    limits: RetryLimits,
    stop: Arc<StopSignal>,
}

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum ReadFailure {
    /// The comparison stops; the signal says why.
    Stopped,
    /// The question was refused, and asking again changes nothing.
    Refused {
        /// The HTTP status; `None` where none came.
        status: Option<u16>,
        /// What was said, without people.
        why: String,
    },
}

/// A question that failed, as often as it was asked.
struct FailedQuestion<'e> {
    error: &'e api::Error,
    attempt: u32,
    later: Retryable,
    since: Instant,
}

impl ReadSender {
    pub(crate) fn new(pace: RateLimits, limits: RetryLimits, stop: Arc<StopSignal>) -> ReadSender {
        ReadSender {
            gate: Gate::new(RateLimits { width: 1, ..pace }),
            pace,
            limits,
            stop,
        }
    }

    /// Asks until there is an answer.
    pub(crate) async fn ask<T, F>(&self, mut question: impl FnMut() -> F) -> Result<T, ReadFailure>
    where
        F: Future<Output = Result<T, api::Error>>,
    {
        let mut since = None;
        for attempt in 1.. {
            let permit = tokio::select! {
                biased;
                () = self.stop.raised() => return Err(ReadFailure::Stopped),
                permit = self.gate.enter() => permit,
            };
            let result = tokio::select! {
                biased;
                result = question() => result,
                () = self.stop.aborted() => return Err(ReadFailure::Stopped),
            };
            let error = match result {
                Ok(answer) => {
                    self.gate.leave(permit, Health::Well, 0.0);
                    return Ok(answer);
                }
                Err(error) => error,
            };
            // Judged like a change of what is there: what is not found is refused, and the rest may come later.
            match judge(RequestKind::Change, &error) {
                Verdict::Later(later) => {
                    let since = *since.get_or_insert_with(Instant::now);
                    let failed = FailedQuestion {
                        error: &error,
                        attempt,
                        later,
                        since,
                    };
                    self.back_off(permit, &failed).await?;
                }
                Verdict::Unauthorized => {
                    self.gate.leave(permit, Health::Well, 0.0);
                    let why = format!("the read API: {}", mask(&error.to_string(), ""));
                    self.stop.raise(StopReason::TokenRefused, why);
                    return Err(ReadFailure::Stopped);
                }
                Verdict::Refused | Verdict::AlreadyThere => {
                    self.gate.leave(permit, Health::Well, 0.0);
                    return Err(ReadFailure::Refused {
                        status: super::error::status(&error),
                        why: mask(&error.to_string(), ""),
                    });
                }
            }
        }
        Err(ReadFailure::Stopped)
    }

    /// Waits for so long as this question has to; an error when it makes no sense to ask again.
    async fn back_off(
        &self,
        permit: Permit,
        failed: &FailedQuestion<'_>,
    ) -> Result<(), ReadFailure> {
        let said = mask(&failed.error.to_string(), "");
        let has_worked = self.gate.has_succeeded();
        let back_off = BackOff::new(
            failed.attempt,
            failed.later,
            has_worked,
            SystemTime::now(),
            fastrand::f64(),
        );
        if let Some(pause) = back_off.pause() {
            self.gate.pause(pause);
        }
        let sign = failed.later.sign;
        let answer = self.gate.leave(permit, sign.into(), fastrand::f64());
        let most = self.limits.max_wait;
        if back_off.asked.is_some_and(|asked| asked > most) {
            let seconds = most.as_secs();
            let why =
                format!("the read API asked to wait longer than --max-wait, {seconds} s: {said}");
            return Err(self.give_up(why));
        }
        let patience = if has_worked {
            self.pace.patience
        } else {
            self.pace.patience.min(FIRST_PATIENCE)
        };
        let is_over = match sign {
            ServerSign::Throttle => false,
            // Nothing that waiting mends.
            ServerSign::Untrusted => true,
            ServerSign::Astray => failed.attempt > self.limits.retries.min(3),
            ServerSign::Unwell | ServerSign::Unreachable => failed.since.elapsed() >= patience,
        };
        if is_over || matches!(answer, BreakerAnswer::GiveUp(_)) {
            return Err(self.give_up(format!("the read API: {said}")));
        }
        tracing::warn!("the read API: {said}; asked again");
        let rest = back_off.rest(Some(patience)).unwrap_or_default();
        tokio::select! {
            () = self.stop.raised() => Err(ReadFailure::Stopped),
            () = tokio::time::sleep(rest) => Ok(()),
        }
    }

    fn give_up(&self, why: String) -> ReadFailure {
        self.stop.raise(StopReason::GaveUp, why);
        ReadFailure::Stopped
    }
}
