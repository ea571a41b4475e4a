//! The tries of one request: pass the gate, write the intent, send, judge the answer; or wait and
//! try again, until it gets through, is refused, or has been tried as often as allowed. What the
//! request is about, and what its answer means for the call or the case, is left to their stories
//! (`call`, `case`). The intent comes after the gate, so that a run that dies leaves no call in
//! doubt that was never tried; at a pace at which the line would wait for the disk, just before it.
//! The intent of a request that did not leave, or of which the answer says that nothing came of it, is
//! taken back: the next run must not take a stranger's 409 for the answer to a request of ours.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::time::Instant;

use super::breaker::{BreakerAnswer, Health, SOON};
use super::concurrency::LoadSignal;
use super::error::{CallError, failed, refused, status};
use super::gate::{Gate, Permit};
use super::intent::{Attempts, Facts, Intent, IntentSlots};
use super::notice::SenderNotice;
use super::refusals::Refusals;
use super::retry;
use super::verdict::{RequestKind, Retryable, ServerSign, Verdict, judge};
use crate::api::{self, Client};
use crate::delivery::options::RetryLimits;
use crate::events::{StopReason, StopSignal};
use crate::failpoint::{self, Point};
use crate::ledger::LedgerWriter;

/// How long calls that are half done may still wait for their turn once a run is stopped: the calls
/// in hand need two seconds of it at the usual pace, and nobody at a terminal waits much longer.
const GRACE: Duration = Duration::from_secs(5);

/// A request that has worked and changes nothing when it is sent again.
#[derive(Debug, Clone)]
pub(in crate::delivery) enum Harmless {
    /// The create of a call that is there since: its answer is 409.
    Call(Bytes),
    /// A change of no field of this case.
    Case(String),
}

/// An answer that a call can go on with.
pub(in crate::delivery) enum Success<T> {
    Done(T),
    AlreadyThere,
}

/// Sends one request at a time for each call under way, through everything that may hold it back.
pub(in crate::delivery) struct Sender {
    pub(in crate::delivery) client: Client,
    pub(in crate::delivery) writer: LedgerWriter,
    pub(in crate::delivery) gate: Gate,
    pub(in crate::delivery) slots: IntentSlots,
    pub(in crate::delivery) stop: Arc<StopSignal>,
    pub(in crate::delivery) effort: RetryLimits,
    pub(in crate::delivery) notices: mpsc::Sender<SenderNotice>,
    pub(in crate::delivery) refusals: Refusals,
    pub(in crate::delivery) harmless: Mutex<Option<Harmless>>,
}

impl Sender {
    /// Sends a request until it gets through, is refused, or has been tried as often as allowed.
    pub(in crate::delivery) async fn attempt<T, F>(
        &self,
        intent: Intent,
        in_doubt: &mut bool,
        send: impl Fn(bool) -> F,
    ) -> Result<Success<T>, CallError>
    where
        F: Future<Output = Result<T, api::Error>>,
    {
        let mut tries = Attempts::new(intent, *in_doubt);
        loop {
            let request = send(tries.in_doubt);
            let result = self.try_once(&mut tries, request).await;
            *in_doubt = tries.in_doubt;
            if let Some(answer) = result? {
                return Ok(answer);
            }
        }
    }

    /// Sends a request once; `None` when it is to be sent again, which it may be at once: the waiting
    /// is done. A call that waits for its next try holds no permit.
    pub(in crate::delivery) async fn try_once<T>(
        &self,
        tries: &mut Attempts,
        send: impl Future<Output = Result<T, api::Error>>,
    ) -> Result<Option<Success<T>>, CallError> {
        let permit = self.depart(tries).await?;
        failpoint::reached(Point::RequestLeaves);
        let left = Instant::now();
        let number = self.refusals.depart();
        let of = *tries.number.get_or_insert(number);
        // From here on it may arrive, whatever happens to this program.
        let unsent = tries.unsent.take();
        let result = tokio::select! {
            biased;
            result = send => result,
            () = self.stop.aborted() => return Err(CallError::Stopped),
        };
        failpoint::reached(Point::AnswerIsRead);
        let error = result.as_ref().err();
        self.gate
            .observe(evidence(tries.stage, error, left.elapsed()));
        let error = match result {
            Ok(value) => {
                self.gate.leave(permit, Health::Well, 0.0);
                self.refusals.worked(tries.stage, number);
                return Ok(Some(Success::Done(value)));
            }
            Err(error) => error,
        };
        let stage = tries.stage;
        match judge(stage, &error) {
            Verdict::AlreadyThere => {
                self.gate.leave(permit, Health::Well, 0.0);
                self.refusals.worked(stage, number);
                Ok(Some(Success::AlreadyThere))
            }
            Verdict::Refused => {
                self.gate.leave(permit, Health::Well, 0.0);
                Err(refused(stage, &error, tries.in_doubt))
            }
            Verdict::Unauthorized => {
                tries.unsent = unsent;
                let doubt = tries.in_doubt;
                let halt = self.unauthorized(permit, stage, &error, doubt).await;
                Err(self.take_back(tries, halt).await)
            }
            Verdict::Later(later) => {
                tries.in_doubt |= later.in_doubt;
                tries.unsent = unsent.filter(|_| !later.in_doubt);
                let permit = permit.of(of);
                let waited = self
                    .wait(permit, later, (stage, tries.attempt), &error)
                    .await;
                let is_last = tries.attempt > self.effort.retries;
                match waited {
                    Ok(()) if is_last => {
                        let halt = failed(stage, &error);
                        Err(self.take_back(tries, halt).await)
                    }
                    Ok(()) => Ok(None),
                    Err(halt) => Err(self.take_back(tries, halt).await),
                }
            }
        }
    }

    /// What follows from a 401 or 403: nothing yet, unless there are too many of them in a row.
    /// Who was refused leaves the permit to the question whether the token is, so that few others leave
    /// before the answer.
    pub(in crate::delivery) async fn unauthorized(
        &self,
        permit: Permit,
        stage: RequestKind,
        error: &api::Error,
        in_doubt: bool,
    ) -> CallError {
        let (refusal, is_too_many) = self.refusals.refused(stage);
        let message = error.to_string();
        if !is_too_many {
            self.gate.leave(permit, Health::Well, 0.0);
        } else if self.is_token_refused(stage, permit).await.unwrap_or(true) {
            self.stop.raise(StopReason::TokenRefused, message);
            return CallError::Stopped;
        }
        CallError::Unauthorized {
            refusal,
            status: status(error).unwrap_or(0),
            message,
            in_doubt,
        }
    }

    /// Finds out whether the token is refused, by a request that has worked in this run and changes
    /// nothing when it is sent again. `None` when that cannot be found out.
    pub(in crate::delivery) async fn is_token_refused(
        &self,
        stage: RequestKind,
        permit: Permit,
    ) -> Option<bool> {
        let has_worked = self.refusals.has_worked(stage);
        let harmless = self.harmless().clone().filter(|_| has_worked);
        let Some(harmless) = harmless else {
            self.gate.leave(permit, Health::Well, 0.0);
            return (!has_worked).then_some(true);
        };
        let result = match harmless {
            Harmless::Call(body) => self.client.create(body).await.map(drop),
            Harmless::Case(uid) => self.client.patch_case(&uid, "{}".into()).await,
        };
        let status = result.as_ref().err().map_or(Some(200), status);
        let health = match status {
            Some(..500) => Health::Well,
            _ => Health::Unwell,
        };
        self.gate.leave(permit, health, fastrand::f64());
        match status? {
            401 | 403 => Some(true),
            ..500 => {
                self.refusals.acquit_token(stage);
                Some(false)
            }
            _ => None,
        }
    }

    /// The last request that worked and could be sent again.
    pub(in crate::delivery) fn harmless(&self) -> MutexGuard<'_, Option<Harmless>> {
        self.harmless.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the leave to send one request and writes its intent; after that it is on its way.
    async fn depart(&self, tries: &mut Attempts) -> Result<Permit, CallError> {
        let completes = std::mem::take(&mut tries.completes);
        let place = self.write_ahead(tries, completes).await?;
        let permit = match self.leave(completes).await {
            Ok(permit) => permit,
            Err(halt) => return Err(self.take_back(tries, halt).await),
        };
        drop(place);
        if let Some(facts) = tries.facts.take() {
            self.record(facts).await?;
        }
        if self.stop.is_aborted() {
            return Err(self.take_back(tries, CallError::Stopped).await);
        }
        tries.attempt += 1;
        Ok(permit)
    }

    /// Writes the intent of a request while it waits for its turn, where the pace is such that it
    /// would else wait for the disk. The place is given up when the request leaves.
    async fn write_ahead(
        &self,
        tries: &mut Attempts,
        completes: bool,
    ) -> Result<Option<OwnedSemaphorePermit>, CallError> {
        // What a further try has to add cannot be taken back, and further tries are few.
        if tries.facts.is_none() || tries.attempt > 0 {
            return Ok(None);
        }
        let place = tokio::select! {
            biased;
            () = self.turned_back(completes) => return Err(CallError::Stopped),
            place = self.slots.reserve(&self.gate) => place,
        };
        if let Some(facts) = tries.facts.take_if(|_| place.is_some()) {
            self.record(facts).await?;
        }
        Ok(place)
    }

    /// Takes an intent back of whose request nothing can have come. Why there will be no other try is
    /// passed on.
    async fn take_back(&self, tries: &mut Attempts, halt: CallError) -> CallError {
        let is_written = tries.facts.is_none();
        match tries.unsent.take().filter(|_| is_written) {
            Some(unsent) => self.record(unsent).await.err().unwrap_or(halt),
            None => halt,
        }
    }

    /// Waits for the leave to send one request, or for the run's end.
    pub(in crate::delivery) async fn leave(&self, completes: bool) -> Result<Permit, CallError> {
        tokio::select! {
            biased;
            () = self.turned_back(completes) => Err(CallError::Stopped),
            permit = self.gate.enter() => Ok(permit),
        }
    }

    /// Resolves when it is too late to leave. A conversation that was made gets its recording, if
    /// that can leave soon: else it would lie there without one until somebody runs the program
    /// again.
    async fn turned_back(&self, completes: bool) {
        self.stop.raised().await;
        if completes {
            tokio::select! {
                () = self.stop.forbidden() => {}
                () = tokio::time::sleep(GRACE) => {}
            }
        }
    }

    /// What is told of a request that may succeed later.
    fn told(&self, error: &api::Error, stage: RequestKind, sign: ServerSign) -> String {
        match sign {
            ServerSign::Astray if !self.gate.has_succeeded() => {
                let address = self.address(stage);
                format!(
                    "{address} does not answer as this API does ({error}): is --base-url right?"
                )
            }
            _ => error.to_string(),
        }
    }

    /// Where the requests of a stage go, for people.
    fn address(&self, stage: RequestKind) -> String {
        match stage {
            RequestKind::Create | RequestKind::Upload => self.client.conversations(),
            RequestKind::Case | RequestKind::Change => self.client.cases(),
        }
    }

    /// Tells the gate about a failure and waits as long as this call has to.
    pub(in crate::delivery) async fn wait(
        &self,
        permit: Permit,
        later: Retryable,
        (stage, attempt): (RequestKind, u32),
        error: &api::Error,
    ) -> Result<(), CallError> {
        let said = self.told(error, stage, later.sign);
        let mut delay = retry::delay(attempt, fastrand::f64());
        if later.sign == ServerSign::Astray && !self.gate.has_succeeded() {
            // Whether the address is a wrong one is to be known soon.
            delay = delay.min(SOON);
        }
        let asked = later
            .retry_after
            .map(|wish| wish.from_now(SystemTime::now()));
        let is_throttle = later.sign == ServerSign::Throttle;
        let wish = asked.or(is_throttle.then_some(delay));
        if let Some(wish) = wish {
            // Before the permit is given back, so that nobody slips through.
            self.gate.pause(wish);
        }
        let answer = self.gate.leave(permit, health(later.sign), fastrand::f64());
        if let BreakerAnswer::GiveUp(lasted) = answer {
            let why = match lasted.as_secs() {
                0 => said,
                seconds => format!("unavailable for {seconds} s: {said}"),
            };
            self.stop.raise(StopReason::GaveUp, why);
            return Err(CallError::Stopped);
        }
        if let Some(pause) = asked.filter(|pause| *pause > self.effort.max_wait) {
            let (seconds, most) = (pause.as_secs(), self.effort.max_wait.as_secs());
            let why =
                format!("the server asked to wait {seconds} s, and --max-wait is {most} s: {said}");
            self.stop.raise(StopReason::GaveUp, why);
            return Err(CallError::Stopped);
        }
        let pause = match (wish, answer) {
            (Some(pause), _) | (None, BreakerAnswer::Outage(pause)) => Some(pause),
            _ => None,
        };
        if let Some(pause) = pause {
            // Nobody listening, or too busy to: the pause holds all the same.
            let _ = self.notices.try_send(SenderNotice::Paused {
                pause,
                why: said.clone(),
            });
        }
        if attempt > self.effort.retries {
            return Ok(());
        }
        let _ = self.notices.try_send(SenderNotice::Retried {
            attempt,
            delay,
            why: said,
        });
        // The pause of the gate is the wait, but a server that says "at once", or names a time that
        // has passed, must not use up a call's tries in a moment.
        if let Some(left) = self.gate.patience_left() {
            // Whether the outage has lasted for too long is to be known in time.
            delay = delay.min(left.max(SOON));
        }
        let rest = match asked {
            None if is_throttle => return Ok(()),
            asked => delay.saturating_sub(asked.unwrap_or_default()),
        };
        tokio::select! {
            () = self.stop.raised() => Err(CallError::Stopped),
            () = tokio::time::sleep(rest) => Ok(()),
        }
    }

    /// The words about something that was tried as often as allowed.
    pub(in crate::delivery) fn gave_up(&self, why: &str) -> String {
        format!("not sent after {} tries: {why}", self.effort.retries + 1)
    }

    /// Brings facts to the disk. Without a ledger nothing more is sent.
    pub(in crate::delivery) async fn record(&self, facts: Facts) -> Result<(), CallError> {
        let written = self.writer.write(facts).await;
        written.map_err(|error| {
            self.stop.raise(StopReason::LedgerLost, error.to_string());
            CallError::Stopped
        })
    }
}

/// What a request says about the load of the server.
fn evidence(stage: RequestKind, error: Option<&api::Error>, took: Duration) -> LoadSignal {
    match error {
        Some(
            api::Error::TimedOut(_)
            | api::Error::Status {
                status: 429 | 503, ..
            },
        ) => LoadSignal::Refused,
        None if stage != RequestKind::Upload => LoadSignal::Answered(took),
        _ => LoadSignal::Ended,
    }
}

/// What a request that may succeed later says about the server.
fn health(sign: ServerSign) -> Health {
    match sign {
        ServerSign::Throttle => Health::Well,
        ServerSign::Unwell => Health::Unwell,
        ServerSign::Unreachable => Health::Unreachable,
        ServerSign::Astray => Health::Astray,
        ServerSign::Untrusted => Health::Untrusted,
    }
}
