//! The tries of one request: pass the gate, write the intent, send, judge the answer; or wait and
//! try again, until it gets through, is refused, or has been tried as often as allowed. What the
//! request is about, and what its answer means for the call or the case, is left to their stories
//! (`courier`, `case`). The intent comes after the gate, so that a run that ends leaves no call in
//! doubt that was never tried.

use std::time::{Duration, SystemTime};

use super::backoff;
use super::courier::Courier;
use super::gate::{Health, Permit, Weather};
use super::verdict::{Later, Stage, Verdict, judge};
use crate::api;
use crate::call::Code;
use crate::failpoint::{self, Point};
use crate::ledger::{CaseEntry, Entry};
use crate::pipeline::Stop;

/// How long calls that are half done may still wait for their turn once a run is stopped: the calls
/// in hand need two seconds of it at the usual pace, and nobody at a terminal waits much longer.
const GRACE: Duration = Duration::from_secs(5);

/// Something worth telling while calls are under way. Told if somebody has time to listen: the
/// channel is bounded, and a full one must not hold up a request.
#[derive(Debug)]
pub(super) enum Notice {
    Retried {
        attempt: u32,
        delay: Duration,
        why: String,
    },
    Paused {
        pause: Duration,
        why: String,
    },
}

/// Why a call did not get through.
#[derive(Debug)]
pub(super) enum Halt {
    Refused {
        stage: Stage,
        status: u16,
        message: String,
        code: Code,
        /// An earlier try of the same request may have got through.
        in_doubt: bool,
    },
    Failed {
        stage: Stage,
        status: Option<u16>,
        why: String,
    },
    /// The run stops; the call is left as the ledger has it.
    Stopped,
}

/// What the ledger is told before a request leaves, once the gate is open.
pub(super) struct Intent {
    pub(super) stage: Stage,
    pub(super) facts: Facts,
    /// The request completes what this run has begun.
    pub(super) completes: bool,
}

/// Facts about calls or about cases.
pub(super) enum Facts {
    OfCall(Vec<Entry>),
    OfCase(Vec<CaseEntry>),
}

/// An answer that a call can go on with.
pub(super) enum Answer<T> {
    Done(T),
    AlreadyThere,
}

impl Courier {
    /// Sends a request until it gets through, is refused, or has been tried as often as allowed.
    /// A call that waits for its next try holds no permit.
    pub(super) async fn attempt<T, F>(
        &self,
        intent: Intent,
        in_doubt: &mut bool,
        send: impl Fn(bool) -> F,
    ) -> Result<Answer<T>, Halt>
    where
        F: Future<Output = Result<T, api::Error>>,
    {
        let Intent {
            stage,
            facts,
            mut completes,
        } = intent;
        let mut intended = Some(facts);
        let mut attempt = 0;
        loop {
            let permit = self.leave(std::mem::take(&mut completes)).await?;
            attempt += 1;
            if let Some(facts) = intended.take() {
                self.record(facts).await?;
            }
            failpoint::reached(Point::RequestLeaves);
            let result = tokio::select! {
                () = self.stop.aborted() => return Err(Halt::Stopped),
                result = send(*in_doubt) => result,
            };
            failpoint::reached(Point::AnswerIsRead);
            let error = match result {
                Ok(value) => {
                    self.gate.done(permit, Health::Well, 0.0);
                    return Ok(Answer::Done(value));
                }
                Err(error) => error,
            };
            match judge(stage, &error) {
                Verdict::AlreadyThere => {
                    self.gate.done(permit, Health::Well, 0.0);
                    return Ok(Answer::AlreadyThere);
                }
                Verdict::Refused => {
                    self.gate.done(permit, Health::Well, 0.0);
                    return Err(refused(stage, &error, *in_doubt));
                }
                Verdict::StopRun => {
                    self.gate.done(permit, Health::Well, 0.0);
                    self.stop.raise(Stop::TokenRefused, error.to_string());
                    return Err(Halt::Stopped);
                }
                Verdict::Later(later) => {
                    *in_doubt |= later.in_doubt;
                    self.wait(permit, later, attempt, &error).await?;
                    if attempt > self.effort.retries {
                        return Err(Halt::Failed {
                            stage,
                            status: status(&error),
                            why: error.to_string(),
                        });
                    }
                }
            }
        }
    }

    /// Waits for the leave to send one request, or for the run's end. A conversation that was made
    /// gets its recording, if that can leave soon: else it would lie there without one until
    /// somebody runs the program again.
    async fn leave(&self, completes: bool) -> Result<Permit, Halt> {
        let turned_back = async {
            self.stop.raised().await;
            if completes {
                tokio::select! {
                    () = self.stop.forbidden() => {}
                    () = tokio::time::sleep(GRACE) => {}
                }
            }
        };
        tokio::select! {
            biased;
            () = turned_back => Err(Halt::Stopped),
            permit = self.gate.pass() => Ok(permit),
        }
    }

    /// Tells the gate about a failure and waits as long as this call has to.
    async fn wait(
        &self,
        permit: Permit,
        later: Later,
        attempt: u32,
        error: &api::Error,
    ) -> Result<(), Halt> {
        let delay = backoff::delay(attempt, fastrand::f64());
        let health = if later.is_throttle {
            Health::Well
        } else {
            Health::Unwell
        };
        let weather = self.gate.done(permit, health, fastrand::f64());
        if let Weather::GiveUp(lasted) = weather {
            let seconds = lasted.as_secs();
            self.stop.raise(
                Stop::GaveUp,
                format!("unavailable for {seconds} s: {error}"),
            );
            return Err(Halt::Stopped);
        }
        let asked = later
            .retry_after
            .map(|wish| wish.from_now(SystemTime::now()));
        if let Some(pause) = asked.filter(|pause| *pause > self.effort.max_wait) {
            let seconds = pause.as_secs();
            self.stop.raise(
                Stop::GaveUp,
                format!("the server asked to wait {seconds} s: {error}"),
            );
            return Err(Halt::Stopped);
        }
        let pause = match (asked, weather) {
            (None, _) if later.is_throttle => Some(delay),
            (Some(pause), _) | (None, Weather::Outage(pause)) => Some(pause),
            _ => None,
        };
        if let Some(pause) = pause {
            self.gate.pause(pause);
            // Nobody listening, or too busy to: the pause holds all the same.
            let _ = self.notices.try_send(Notice::Paused {
                pause,
                why: error.to_string(),
            });
        }
        if attempt > self.effort.retries {
            return Ok(());
        }
        let _ = self.notices.try_send(Notice::Retried {
            attempt,
            delay,
            why: error.to_string(),
        });
        if later.is_throttle || asked.is_some() {
            // The gate's pause is the wait.
            return Ok(());
        }
        tokio::select! {
            () = self.stop.raised() => Err(Halt::Stopped),
            () = tokio::time::sleep(delay) => Ok(()),
        }
    }

    /// Brings facts to the disk. Without a ledger nothing more is sent.
    pub(super) async fn record(&self, facts: Facts) -> Result<(), Halt> {
        let written = match facts {
            Facts::OfCall(entries) => self.writer.write(entries).await,
            Facts::OfCase(entries) => self.writer.write_cases(entries).await,
        };
        written.map_err(|error| {
            self.stop.raise(Stop::LedgerLost, error.to_string());
            Halt::Stopped
        })
    }
}

fn status(error: &api::Error) -> Option<u16> {
    match error {
        api::Error::Status { status, .. } | api::Error::Unreadable { status } => Some(*status),
        _ => None,
    }
}

fn refused(stage: Stage, error: &api::Error, in_doubt: bool) -> Halt {
    let code = match error {
        api::Error::RecordingChanged { .. } => Code::RecordingChanged,
        api::Error::Recording(_) => Code::RecordingUnreadable,
        _ => Code::ServerRefused,
    };
    Halt::Refused {
        stage,
        status: status(error).unwrap_or(0),
        message: error.to_string(),
        code,
        in_doubt,
    }
}
