//! One request through everything that may hold it back, outside first: `before_attempt` finds out what must be
//! known, `intent` becomes durable, `gate` lets it leave, `api` sends it, `verdict` says what its answer
//! means, `retry` how long to wait before the next attempt. What the request is about, and what follows
//! for its call or case, is not known here. The intent comes after the gate, so that a run that dies leaves
//! no call in doubt that was never tried; at a pace at which the line would wait for the disk, just before
//! it. The intent of a request that did not leave, or of which the answer says that nothing came of it, is
//! taken back: the next run must not take a stranger's 409 for the answer to a request of ours.

pub(crate) mod activity;
pub(crate) mod breaker;
pub(crate) mod concurrency;
pub(crate) mod doubt;
pub(crate) mod error;
pub(crate) mod gate;
pub(crate) mod intent;
pub(crate) mod notice;
mod pacer;
mod pause;
pub(crate) mod read_sender;
pub(crate) mod refusals;
pub(crate) mod request;
pub(crate) mod request_kind;
pub(crate) mod retry;
pub(crate) mod token_check;
pub(crate) mod verdict;

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;

use self::activity::SendingActivity;
use self::breaker::{BreakerAnswer, Health};
use self::concurrency::LoadSignal;
use self::doubt::Doubt;
use self::error::{CallError, failed, refused, status};
use self::gate::{Gate, Permit, RateLimits};
use self::intent::{Attempts, Facts, IntentSlots};
use self::notice::SenderNotice;
use self::request::{Preparation, Request, Success};
use self::request_kind::RequestKind;
use self::retry::{BackOff, FailedAttempt};
use self::token_check::TokenCheck;
use self::verdict::{ServerSign, Verdict, judge};
use super::options::RetryLimits;
use crate::api::{self, Client};
use crate::events::{StopReason, StopSignal};
use crate::failpoint::{self, Point};
use crate::ledger::{LedgerWriter, Proof};

/// How long calls that are half done may still wait for their turn once a run is stopped: the calls
/// in hand need two seconds of it at the usual pace, and nobody at a terminal waits much longer.
const GRACE: Duration = Duration::from_secs(5);

/// What a sender needs of the run.
pub(crate) struct SenderOptions {
    pub(crate) client: Client,
    pub(crate) writer: LedgerWriter,
    pub(crate) pace: RateLimits,
    pub(crate) limits: RetryLimits,
}

/// Sends one request at a time for each call under way.
pub(crate) struct Sender {
    pub(crate) client: Client,
    pub(crate) gate: Gate,
    pub(crate) stop: Arc<StopSignal>,
    pub(crate) limits: RetryLimits,
    pub(crate) token: TokenCheck,
    pub(crate) activity: SendingActivity,
    slots: IntentSlots,
    notices: mpsc::Sender<SenderNotice>,
    writer: LedgerWriter,
}

impl Sender {
    pub(crate) fn new(
        options: SenderOptions,
        stop: Arc<StopSignal>,
        notices: mpsc::Sender<SenderNotice>,
    ) -> Sender {
        Sender {
            client: options.client,
            gate: Gate::new(options.pace),
            stop,
            limits: options.limits,
            token: TokenCheck::default(),
            activity: SendingActivity::default(),
            slots: IntentSlots::new(options.pace),
            notices,
            writer: options.writer,
        }
    }

    /// Sends a request until it gets through, is refused, or has been tried as often as allowed. The only
    /// loop over attempts.
    pub(crate) async fn send<R: Request>(
        &self,
        request: &mut R,
        mut doubt: Doubt,
    ) -> Result<(Success<R::Answer>, Doubt), CallError> {
        let kind = request.kind();
        let proved = request.proves_token().then_some(kind);
        let mut attempts = Attempts::new(request.intent());
        loop {
            match request.before_attempt(&mut doubt).await? {
                Preparation::Answered(answer) => return Ok((Success::Done(answer), doubt)),
                Preparation::Send(fact) => attempts.add(fact),
            }
            let permit = self.acquire(&mut attempts).await?;
            let number = self.token.refusals.depart();
            // From here on it may arrive, whatever happens to this program.
            let unsent = attempts.leave(number);
            let error = match self.exchange(kind, request.send(doubt)).await? {
                Ok(answer) => {
                    self.has_worked(permit, proved, number);
                    return Ok((Success::Done(answer), doubt));
                }
                Err(error) => error,
            };
            let ended = match judge(kind, &error) {
                Verdict::AlreadyThere => {
                    self.has_worked(permit, proved, number);
                    return Ok((Success::AlreadyThere, doubt));
                }
                Verdict::Refused => {
                    self.gate.leave(permit, Health::Well, 0.0);
                    return Err(refused(kind, &error, doubt.is_open()));
                }
                Verdict::Unauthorized => {
                    attempts.unsent = unsent;
                    Err(self.unauthorized(permit, kind, &error, doubt).await)
                }
                Verdict::Later(later) => {
                    attempts.unsent = unsent.filter(|_| !later.in_doubt);
                    let failure = FailedAttempt {
                        kind,
                        attempt: attempts.made,
                        error: &error,
                        later,
                    };
                    let waited = self.back_off(attempts.mark(permit), failure).await;
                    // By now, and not by when the answer was lost: a read API may be late.
                    waited.map(|()| doubt.failed(later.in_doubt, Instant::now()))
                }
            };
            if let Err(why) = ended {
                return Err(self.take_back(&mut attempts, why).await);
            }
        }
    }

    /// Waits for the leave to send one request and writes its intent; after that it is on its way.
    async fn acquire(&self, attempts: &mut Attempts) -> Result<Permit, CallError> {
        let completes = std::mem::take(&mut attempts.completes);
        let slot = self.write_ahead(attempts, completes).await?;
        let permit = match self.enter(completes).await {
            Ok(permit) => permit,
            Err(why) => return Err(self.take_back(attempts, why).await),
        };
        drop(slot);
        if let Some(facts) = attempts.facts.take() {
            self.record(facts).await?;
        }
        if self.stop.is_aborted() {
            return Err(self.take_back(attempts, CallError::Stopped).await);
        }
        attempts.made += 1;
        Ok(permit)
    }

    /// Writes the intent of a request while it waits for its turn, where the pace is such that it
    /// would else wait for the disk. The slot is given up when the request leaves.
    async fn write_ahead(
        &self,
        attempts: &mut Attempts,
        completes: bool,
    ) -> Result<Option<OwnedSemaphorePermit>, CallError> {
        // What a further attempt has to add cannot be taken back, and further attempts are few.
        if attempts.facts.is_none() || attempts.made > 0 {
            return Ok(None);
        }
        let slot = tokio::select! {
            biased;
            () = self.cancelled(completes) => return Err(CallError::Stopped),
            slot = self.slots.reserve(&self.gate) => slot,
        };
        if let Some(facts) = attempts.facts.take_if(|_| slot.is_some()) {
            self.record(facts).await?;
        }
        Ok(slot)
    }

    /// Takes an intent back of whose request nothing can have come. Why there will be no other attempt is
    /// passed on.
    async fn take_back(&self, attempts: &mut Attempts, why: CallError) -> CallError {
        let is_written = attempts.facts.is_none();
        match attempts.unsent.take().filter(|_| is_written) {
            Some(unsent) => self.record(unsent).await.err().unwrap_or(why),
            None => why,
        }
    }

    /// Waits for the leave to send one request, or for the run's end.
    pub(crate) async fn enter(&self, completes: bool) -> Result<Permit, CallError> {
        tokio::select! {
            biased;
            () = self.cancelled(completes) => Err(CallError::Stopped),
            permit = self.gate.enter() => Ok(permit),
        }
    }

    /// Resolves when it is too late to leave. A conversation that was made gets its recording, if
    /// that can leave soon: else it would lie there without one until somebody runs the program
    /// again.
    async fn cancelled(&self, completes: bool) {
        self.stop.raised().await;
        if completes {
            tokio::select! {
                () = self.stop.forbidden() => {}
                () = tokio::time::sleep(GRACE) => {}
            }
        }
    }

    /// One exchange with the server, unless everything is to end at once.
    async fn exchange<T>(
        &self,
        kind: RequestKind,
        sending: impl Future<Output = Result<T, api::Error>>,
    ) -> Result<Result<T, api::Error>, CallError> {
        failpoint::reached(Point::RequestLeaves);
        let left = Instant::now();
        let in_flight = self.activity.leave(kind);
        let result = tokio::select! {
            biased;
            result = sending => result,
            () = self.stop.aborted() => return Err(CallError::Stopped),
        };
        failpoint::reached(Point::AnswerIsRead);
        drop(in_flight);
        let error = result.as_ref().err();
        self.activity.ended(error);
        let took = left.elapsed();
        self.gate.observe(LoadSignal::of(kind, error, took));
        Ok(result)
    }

    /// A request has worked, and with it what the token may do, if anything.
    fn has_worked(&self, permit: Permit, proved: Option<RequestKind>, number: u64) {
        self.gate.leave(permit, Health::Well, 0.0);
        if let Some(kind) = proved {
            self.token.refusals.worked(kind, number);
        }
    }

    /// Tells the gate about a failure, and waits as long as this request has to. Meanwhile it holds no
    /// permit. An error when there is to be no other attempt.
    async fn back_off(&self, permit: Permit, failure: FailedAttempt<'_>) -> Result<(), CallError> {
        let FailedAttempt {
            kind,
            attempt,
            error,
            later,
        } = failure;
        let said = self.describe(kind, error, later.sign);
        let (now, jitter) = (SystemTime::now(), fastrand::f64());
        let back_off = BackOff::new(attempt, later, self.gate.has_succeeded(), now, jitter);
        if let Some(pause) = back_off.pause() {
            // Before the permit is given back, so that nobody slips through.
            self.gate.pause(pause);
        }
        let answer = self.gate.leave(permit, later.sign.into(), fastrand::f64());
        self.give_up(answer, back_off.asked, &said)?;
        let pause = match (back_off.pause(), answer) {
            (Some(pause), _) | (None, BreakerAnswer::Outage(pause)) => Some(pause),
            _ => None,
        };
        if let Some(pause) = pause {
            self.notify(SenderNotice::Paused {
                pause,
                why: said.clone(),
            });
        }
        if attempt > self.limits.retries {
            return Err(failed(kind, error));
        }
        self.notify(SenderNotice::Retried {
            attempt,
            delay: back_off.delay,
            why: said,
        });
        let Some(rest) = back_off.rest(self.gate.patience_left()) else {
            return Ok(());
        };
        tokio::select! {
            () = self.stop.raised() => Err(CallError::Stopped),
            () = tokio::time::sleep(rest) => Ok(()),
        }
    }

    /// Ends the run when the server has been unwell for too long, or asks for more than the operator grants.
    fn give_up(
        &self,
        answer: BreakerAnswer,
        asked: Option<Duration>,
        said: &str,
    ) -> Result<(), CallError> {
        let most = self.limits.max_wait;
        let why = match (answer, asked) {
            (BreakerAnswer::GiveUp(lasted), _) => match lasted.as_secs() {
                0 => said.to_owned(),
                seconds => format!("unavailable for {seconds} s: {said}"),
            },
            (_, Some(asked)) if asked > most => format!(
                "the server asked to wait {} s, and --max-wait is {} s: {said}",
                asked.as_secs(),
                most.as_secs()
            ),
            _ => return Ok(()),
        };
        self.stop.raise(StopReason::GaveUp, why);
        Err(CallError::Stopped)
    }

    /// The words about a request that may succeed later.
    fn describe(&self, kind: RequestKind, error: &api::Error, sign: ServerSign) -> String {
        if sign != ServerSign::Astray || self.gate.has_succeeded() {
            return error.to_string();
        }
        let address = match kind {
            RequestKind::Create | RequestKind::Upload => self.client.conversations(),
            RequestKind::Case | RequestKind::Change => self.client.cases(),
        };
        format!("{address} does not answer as this API does ({error}): is --base-url right?")
    }

    /// The words about something that was tried as often as allowed.
    pub(crate) fn gave_up(&self, why: &str) -> String {
        format!("not sent after {} tries: {why}", self.limits.retries + 1)
    }

    fn notify(&self, notice: SenderNotice) {
        // Nobody listening, or too busy to: the pause holds all the same.
        let _ = self.notices.try_send(notice);
    }

    /// What follows from a 401 or 403: nothing yet, unless there are too many of them in a row.
    /// Who was refused leaves the permit to the question whether the token is, so that few others leave
    /// before the answer.
    async fn unauthorized(
        &self,
        permit: Permit,
        kind: RequestKind,
        error: &api::Error,
        doubt: Doubt,
    ) -> CallError {
        let (refusal, is_too_many) = self.token.refusals.refused(kind);
        let message = error.to_string();
        if !is_too_many {
            self.gate.leave(permit, Health::Well, 0.0);
        } else if self.is_token_refused(kind, permit).await.unwrap_or(true) {
            self.stop.raise(StopReason::TokenRefused, message);
            return CallError::Stopped;
        }
        CallError::Unauthorized {
            refusal,
            status: status(error).unwrap_or(0),
            message,
            in_doubt: doubt.is_open(),
        }
    }

    /// Finds out whether the token is refused; `None` when that cannot be found out.
    pub(crate) async fn is_token_refused(&self, kind: RequestKind, permit: Permit) -> Option<bool> {
        let (client, gate) = (&self.client, &self.gate);
        self.token.is_refused(client, gate, kind, permit).await
    }

    /// Brings facts to the disk. Without a ledger nothing more is sent.
    pub(crate) async fn record(&self, facts: Facts) -> Result<(), CallError> {
        let written = self.writer.write(facts).await;
        written.map_err(|error| self.lost_ledger(&error))
    }

    /// Tells the ledger what this run has shown of it.
    pub(crate) async fn prove(&self, calls: Proof, cases: Proof) -> Result<(), CallError> {
        let written = self.writer.prove(calls, cases).await;
        written.map_err(|error| self.lost_ledger(&error))
    }

    fn lost_ledger(&self, error: &crate::ledger::Error) -> CallError {
        self.stop.raise(StopReason::LedgerLost, error.to_string());
        CallError::Stopped
    }
}
