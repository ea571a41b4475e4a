//! Reads the calls back, again and again until the destination has worked on all of them or time is up.
//!
//! A 429 and an outage are waited out as the server asks, within the limits of the run. A token that is
//! refused ends it: that says nothing of a call. What else is refused is told of its call.

use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tokio::time::Instant;

use crate::api::{
    ConversationDetails, ConversationQuery, Error, FoundConversation, ReadClient, Transcript,
    conversation_details, transcript,
};
use crate::delivery::RateLimits;
use crate::delivery::sender::breaker::{BreakerAnswer, Health};
use crate::delivery::sender::gate::Gate;
use crate::events::StopSignal;

/// The first and the longest time between two looks at the same call.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A conversation that was created is there by then, or it is not there.
const SETTLE: Duration = Duration::from_secs(60);

/// A call that was sent, as it is looked for.
#[derive(Debug, Clone)]
pub struct SentCall {
    /// Its `externalIdentity`.
    pub identity: String,
    /// Its uid, where that was heard.
    pub uid: Option<String>,
    /// When it was.
    pub at: Timestamp,
    /// What the ledger has as sent.
    pub sent: SentParts,
}

/// What was sent of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SentParts {
    /// Not all that was to be sent.
    Incomplete,
    /// The conversation, which has no recording: nothing is left to work on.
    Conversation,
    /// The conversation and its recording.
    WithRecording,
}

/// What the destination has of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum CallReading {
    /// It was not sent, so nobody looked.
    NotSent,
    /// It is not there.
    Missing,
    /// It is there, and not worked on yet.
    Waiting(Box<ConversationDetails>),
    /// It was worked on; with what was said, if that is told.
    Settled(Box<ConversationDetails>, Option<Transcript>),
    /// The answer cannot be used, and why.
    Unreadable(String),
}

impl CallReading {
    /// What is told of the conversation.
    pub fn details(&self) -> Option<&ConversationDetails> {
        match self {
            CallReading::Waiting(details) | CallReading::Settled(details, _) => Some(details),
            _ => None,
        }
    }

    /// Whether another look may find more, so long after the first.
    fn is_open(&self, since: Duration) -> bool {
        match self {
            CallReading::Missing => since < SETTLE,
            CallReading::Waiting(_) => true,
            _ => false,
        }
    }
}

/// How fast is read, and for how long.
#[derive(Debug, Clone, Copy)]
pub struct ReadBackPace {
    /// Requests a second, and how long an outage may last.
    pub rate: RateLimits,
    /// The longest pause that the server may ask for.
    pub max_wait: Duration,
    /// How long the destination may take to work on the calls.
    pub wait: Duration,
}

/// How reading ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReadBackEnd {
    /// Every call was looked at as long as that made sense.
    Complete,
    /// Somebody stopped it.
    Stopped,
    /// The read API refused the token.
    TokenRefused(String),
    /// The read API cannot be reached, or asks for more time than it is given.
    GaveUp(String),
}

/// Reads the calls back, in their order. `tell` hears how many are still open before each pause.
pub async fn read_back(
    client: &ReadClient,
    calls: &[SentCall],
    pace: ReadBackPace,
    stop: &StopSignal,
    tell: &mut dyn FnMut(usize),
) -> (Vec<CallReading>, ReadBackEnd) {
    let first = |call: &SentCall| match call.sent {
        SentParts::Incomplete => CallReading::NotSent,
        _ => CallReading::Missing,
    };
    let mut round = ReadBackRound {
        client,
        gate: Gate::new(pace.rate),
        pace,
        stop,
        uids: calls.iter().map(|call| call.uid.clone()).collect(),
    };
    let mut readings: Vec<CallReading> = calls.iter().map(first).collect();
    let started = Instant::now();
    let mut pause = FIRST_PAUSE;
    loop {
        for (at, call) in calls.iter().enumerate() {
            if readings[at].is_open(started.elapsed()) {
                match round.look(at, call).await {
                    Ok(reading) => readings[at] = reading,
                    Err(end) => return (readings, end),
                }
            }
        }
        let since = started.elapsed();
        let open = readings.iter().filter(|reading| reading.is_open(since));
        let (open, left) = (open.count(), pace.wait.saturating_sub(since));
        if open == 0 || left.is_zero() {
            return (readings, ReadBackEnd::Complete);
        }
        tell(open);
        tokio::select! {
            biased;
            () = stop.raised() => return (readings, ReadBackEnd::Stopped),
            () = tokio::time::sleep(pause.min(left)) => {}
        }
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// What all looks share.
struct ReadBackRound<'r> {
    client: &'r ReadClient,
    gate: Gate,
    pace: ReadBackPace,
    stop: &'r StopSignal,
    /// By the places of the calls, as far as they are known.
    uids: Vec<Option<String>>,
}

impl ReadBackRound<'_> {
    /// Looks at one call, with what was said in it once it was worked on.
    async fn look(&mut self, at: usize, call: &SentCall) -> Result<CallReading, ReadBackEnd> {
        let client = self.client;
        if self.uids[at].is_none() {
            let sought = ConversationQuery {
                identity: &call.identity,
                uid: None,
                at: call.at,
            };
            match self.ask(async || client.look(sought).await).await? {
                Ok(FoundConversation::Conversation { uid, .. }) => self.uids[at] = uid,
                Ok(FoundConversation::Nothing) => return Ok(CallReading::Missing),
                Ok(FoundConversation::Another) => return Ok(another()),
                Err(error) => return unreadable(&error),
            }
        }
        let Some(uid) = self.uids[at].clone() else {
            return Ok(CallReading::Unreadable("its uid is not told".to_owned()));
        };
        let asked = self
            .ask(async || conversation_details(client, &uid).await)
            .await?;
        let details = match asked {
            Ok(Some(details)) if details.is_of(&uid, &call.identity) => Box::new(details),
            Ok(Some(_)) => return Ok(another()),
            Ok(None) => return Ok(CallReading::Missing),
            Err(error) => return unreadable(&error),
        };
        if call.sent == SentParts::Conversation {
            return Ok(CallReading::Settled(details, None));
        }
        if !details.is_settled() {
            return Ok(CallReading::Waiting(details));
        }
        // A transcript is for people: that a token may not read it is seen on the page.
        let said = self.ask(async || transcript(client, &uid).await).await?;
        Ok(CallReading::Settled(details, said.ok().flatten()))
    }

    /// Asks until there is an answer that asking again would not change.
    async fn ask<T>(
        &self,
        request: impl AsyncFn() -> Result<T, Error>,
    ) -> Result<Result<T, Error>, ReadBackEnd> {
        loop {
            let permit = tokio::select! {
                biased;
                () = self.stop.raised() => return Err(ReadBackEnd::Stopped),
                permit = self.gate.enter() => permit,
            };
            let result = tokio::select! {
                biased;
                () = self.stop.aborted() => return Err(ReadBackEnd::Stopped),
                result = request() => result,
            };
            let again = result.as_ref().err().and_then(PassingFailure::of);
            let Some(PassingFailure { health, asked }) = again else {
                self.gate.leave(permit, Health::Well, 0.0);
                return Ok(result);
            };
            let is_too_long = asked.is_some_and(|asked| asked > self.pace.max_wait);
            self.gate.pause(asked.unwrap_or(FIRST_PAUSE));
            let answer = self.gate.leave(permit, health, fastrand::f64());
            if is_too_long || matches!(answer, BreakerAnswer::GiveUp(_)) {
                let why = result.err().map(|error| error.to_string());
                return Err(ReadBackEnd::GaveUp(why.unwrap_or_default()));
            }
        }
    }
}

/// A failure after which the same question may be answered.
struct PassingFailure {
    health: Health,
    /// How long the server asked to wait.
    asked: Option<Duration>,
}

impl PassingFailure {
    /// Nothing of a failure that would only come again.
    fn of(error: &Error) -> Option<PassingFailure> {
        match error {
            Error::Status {
                status,
                retry_after,
                ..
            } => matches!(status, 408 | 425 | 429 | 500..=599).then(|| PassingFailure {
                health: if *status < 500 {
                    Health::Well
                } else {
                    Health::Unwell
                },
                asked: retry_after.map(|wish| wish.from_now(SystemTime::now())),
            }),
            Error::Unaddressable | Error::Unreadable { .. } | Error::ForeignUid => None,
            _ => Some(PassingFailure {
                health: Health::Unreachable,
                asked: None,
            }),
        }
    }
}

fn another() -> CallReading {
    CallReading::Unreadable("it answered about another conversation".to_owned())
}

fn unreadable(error: &Error) -> Result<CallReading, ReadBackEnd> {
    match error {
        Error::Status {
            status: 401 | 403, ..
        } => Err(ReadBackEnd::TokenRefused(error.to_string())),
        _ => Ok(CallReading::Unreadable(error.to_string())),
    }
}
