//! Settles an upload in doubt by asking the read API whether the recording is there.
//!
//! "It is there" is believed at once. "It is not there" is believed only when it is said some time
//! after the answer was lost, since a server may need a moment to show what it has taken. Whatever
//! else comes back (no answer, a refusal, a conversation that is not found) settles nothing, and
//! the upload stays in doubt. The read API has a gate of its own: that it is slow or down says
//! nothing about the destination, and the other way round. Only the hours hold for both.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use tokio::time::Instant;

use crate::api::{self, ApiVersion, ConversationQuery, Error, FoundConversation, ReadClient};
use crate::delivery::options::RetryLimits;
use crate::delivery::sender::breaker::{BreakerAnswer, Health};
use crate::delivery::sender::error::CallError;
use crate::delivery::sender::gate::{Gate, Permit, RateLimits};
use crate::domain::call::Call;
use crate::domain::delay;
use crate::domain::redact::Redactor;
use crate::events::StopSignal;

/// Where uploads in doubt are looked up.
#[derive(Debug)]
pub struct ReadBackOptions {
    /// The read API.
    pub client: ReadClient,
    /// How long after a lost answer it is believed that a recording is not there.
    pub settle: Duration,
}

/// Look-ups in flight at once: they are rare, and a read API is no place to be fast.
const WIDTH: usize = 4;

/// Everything that look-ups share.
#[derive(Debug)]
pub(in crate::targets) struct ReadBack {
    client: ReadClient,
    settle: Duration,
    gate: Gate,
    limits: RetryLimits,
    /// The token was refused: asking again would only be told the same.
    is_refused: AtomicBool,
}

/// What a look-up found out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::targets) enum ReadBackAnswer {
    /// The recording is there; with the uid of its conversation.
    There(Option<String>),
    /// It is not there, and had time enough to be.
    NotThere,
    /// Nobody knows, and why.
    Unknown(String),
}

/// A request to the read API.
pub(in crate::targets) trait ReadRequest: Send {
    /// What it brings.
    type Answer: Send;

    /// Sends it once; it has failed so often before.
    fn send(
        &mut self,
        client: &ReadClient,
        failures: u32,
    ) -> impl Future<Output = Result<Self::Answer, Error>> + Send;
}

/// Why a request to the read API brought nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::targets) struct ReadBackFailure {
    /// The HTTP status of the last answer, if there was one.
    pub(in crate::targets) status: Option<u16>,
    /// Why, without the people of the call.
    pub(in crate::targets) why: String,
}

impl ReadBackFailure {
    fn of(error: Error, call: &Call<'_>) -> ReadBackFailure {
        let status = match &error {
            Error::Status { status, .. } => Some(*status),
            _ => None,
        };
        let why = format!("the read API: {}", without_people(error, call));
        ReadBackFailure { status, why }
    }

    /// Whether the answer says that nothing was done.
    pub(in crate::targets) fn is_refusal(&self) -> bool {
        let status = self.status;
        status.is_some_and(|status| {
            (400..500).contains(&status) && !matches!(status, 408 | 425 | 429)
        })
    }
}

/// Looks for one conversation.
struct LookRequest<'a>(ConversationQuery<'a>);

impl ReadRequest for LookRequest<'_> {
    type Answer = FoundConversation;

    async fn send(
        &mut self,
        client: &ReadClient,
        _failures: u32,
    ) -> Result<FoundConversation, Error> {
        client.look(self.0).await
    }
}

impl ReadBack {
    pub(in crate::targets) fn new(
        read: ReadBackOptions,
        limits: RetryLimits,
        pace: RateLimits,
    ) -> Self {
        ReadBack {
            client: read.client,
            settle: read.settle,
            gate: Gate::new(RateLimits {
                width: WIDTH,
                ..pace
            }),
            limits,
            is_refused: AtomicBool::new(false),
        }
    }

    /// The `api-version` that the read API has answered.
    pub(in crate::targets) fn version(&self) -> Option<&str> {
        self.client.version()
    }

    /// Where look-ups wait for their leave.
    pub(in crate::targets) fn gate(&self) -> &Gate {
        &self.gate
    }

    /// Looks until it is known, or cannot be known, whether the recording is there. One that was on
    /// its way until `lost` may still need a moment; without, it was not ours to send.
    pub(in crate::targets) async fn ask(
        &self,
        stop: &StopSignal,
        call: &Call<'_>,
        uid: Option<&str>,
        lost: Option<Instant>,
    ) -> Result<ReadBackAnswer, CallError> {
        let mut look = LookRequest(query(call, uid));
        loop {
            let seen = match self.send(stop, call, &mut look).await? {
                Err(failure) => return Ok(ReadBackAnswer::Unknown(failure.why)),
                Ok(seen) => seen,
            };
            let since = lost.map_or(Duration::MAX, |lost| lost.elapsed());
            let left = self.settle.saturating_sub(since);
            match (seen, left.is_zero()) {
                (
                    FoundConversation::Conversation {
                        uid,
                        has_audio: Some(true),
                    },
                    _,
                ) => return Ok(ReadBackAnswer::There(uid)),
                (
                    FoundConversation::Conversation {
                        has_audio: Some(false),
                        ..
                    },
                    true,
                ) => return Ok(ReadBackAnswer::NotThere),
                (seen, true) => return Ok(ReadBackAnswer::Unknown(unclear(&seen))),
                (_, false) => pause(stop, left).await?,
            }
        }
    }

    /// Sends a request to the read API about a call, as often as allowed.
    pub(in crate::targets) async fn send<R: ReadRequest>(
        &self,
        stop: &StopSignal,
        call: &Call<'_>,
        request: &mut R,
    ) -> Result<Result<R::Answer, ReadBackFailure>, CallError> {
        let mut failures = 0;
        loop {
            if self.is_refused.load(Ordering::Relaxed) {
                return Ok(Err(ReadBackFailure {
                    status: Some(401),
                    why: "the read API refused the token".to_owned(),
                }));
            }
            let permit = tokio::select! {
                biased;
                () = stop.raised() => return Err(CallError::Stopped),
                permit = self.gate.enter() => permit,
            };
            let result = tokio::select! {
                () = stop.aborted() => return Err(CallError::Stopped),
                result = request.send(&self.client, failures) => result,
            };
            match result {
                Ok(answer) => {
                    self.gate.leave(permit, Health::Well, 0.0);
                    return Ok(Ok(answer));
                }
                Err(error) => {
                    failures += 1;
                    let Some(wait) = self.failed(permit, &error, failures) else {
                        return Ok(Err(ReadBackFailure::of(error, call)));
                    };
                    pause(stop, wait).await?;
                }
            }
        }
    }

    /// How long to wait before asking again; `None` when that makes no sense.
    fn failed(&self, permit: Permit, error: &Error, failures: u32) -> Option<Duration> {
        let (status, asked) = match error {
            Error::Status {
                status,
                retry_after,
                ..
            } => (
                Some(*status),
                retry_after.map(|wish| wish.from_now(SystemTime::now())),
            ),
            _ => (None, None),
        };
        if matches!(status, Some(401 | 403)) {
            self.is_refused.store(true, Ordering::Relaxed);
        }
        let health = match status {
            Some(..500) => Health::Well,
            _ => Health::Unwell,
        };
        if let Some(asked) = asked.filter(|asked| *asked <= self.limits.max_wait) {
            self.gate.pause(asked);
        }
        let answer = self.gate.leave(permit, health, fastrand::f64());
        let is_final = matches!(error, Error::Unaddressable | Error::Untrusted(_))
            || status.is_some_and(|status| !matches!(status, 408 | 425 | 429 | 500..=599))
            || matches!(answer, BreakerAnswer::GiveUp(_))
            || asked.is_some_and(|asked| asked > self.limits.max_wait)
            || failures > self.limits.retries;
        (!is_final).then(|| delay(failures, fastrand::f64()))
    }
}

/// Waits, unless the run is stopped meanwhile.
async fn pause(stop: &StopSignal, wait: Duration) -> Result<(), CallError> {
    tokio::select! {
        () = stop.raised() => Err(CallError::Stopped),
        () = tokio::time::sleep(wait) => Ok(()),
    }
}

fn query<'a>(call: &'a Call<'_>, uid: Option<&'a str>) -> ConversationQuery<'a> {
    ConversationQuery {
        identity: call.identity(),
        uid,
        at: call.at(),
    }
}

/// What a refusal tells, without the people of the call: a request by uid says nothing of them, so that the
/// client could not know what to leave out.
fn without_people(error: Error, call: &Call<'_>) -> Error {
    match error {
        Error::Status {
            status,
            retry_after,
            text,
        } => {
            let people = Redactor::default().body(&api::body(call, ApiVersion::V2));
            Error::Status {
                status,
                retry_after,
                text: people.clean(&text),
            }
        }
        error => error,
    }
}

fn unclear(seen: &FoundConversation) -> String {
    let why = match seen {
        FoundConversation::Nothing => "it does not have the conversation",
        FoundConversation::Another => "it answered about another conversation",
        FoundConversation::Conversation { .. } => "it does not say whether the recording is there",
    };
    format!("the read API: {why}")
}
