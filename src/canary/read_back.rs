//! Reads the calls back, again and again until the destination has worked on all of them or time is up.
//!
//! It asks as `verify` does: a 429 and an outage are waited out as the server asks, within the limits of the
//! run, and a token that is refused ends it. What else is refused is told of its call.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use tokio::time::Instant;

use crate::api::{
    ConversationDetails, ConversationQuery, Error, FoundConversation, ReadClient, Transcript,
    conversation_details, transcript,
};
use crate::delivery::sender::read_sender::{ReadFailure, ReadSender};
use crate::delivery::{RateLimits, RetryLimits};
use crate::events::{StopReason, StopSignal};

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
    /// How hard is tried.
    pub limits: RetryLimits,
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

impl ReadBackEnd {
    /// Why the signal was raised.
    fn of(stop: &StopSignal) -> ReadBackEnd {
        match stop.reason() {
            Some((StopReason::TokenRefused, why)) => ReadBackEnd::TokenRefused(why),
            Some((StopReason::GaveUp, why)) => ReadBackEnd::GaveUp(why),
            _ => ReadBackEnd::Stopped,
        }
    }
}

/// Reads the calls back, in their order. `tell` hears how many are still open before each pause.
pub async fn read_back(
    client: &ReadClient,
    calls: &[SentCall],
    pace: ReadBackPace,
    stop: &Arc<StopSignal>,
    tell: &mut dyn FnMut(usize),
) -> (Vec<CallReading>, ReadBackEnd) {
    let first = |call: &SentCall| match call.sent {
        SentParts::Incomplete => CallReading::NotSent,
        _ => CallReading::Missing,
    };
    let mut round = ReadBackRound {
        client,
        sender: ReadSender::new(pace.rate, pace.limits, Arc::clone(stop)),
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
                    Err(ReadFailure::Refused { why, .. }) => {
                        readings[at] = CallReading::Unreadable(why);
                    }
                    Err(ReadFailure::Stopped) => return (readings, ReadBackEnd::of(stop)),
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
            () = stop.raised() => return (readings, ReadBackEnd::of(stop)),
            () = tokio::time::sleep(pause.min(left)) => {}
        }
        pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
    }
}

/// What all looks share.
struct ReadBackRound<'r> {
    client: &'r ReadClient,
    sender: ReadSender,
    /// By the places of the calls, as far as they are known.
    uids: Vec<Option<String>>,
}

impl ReadBackRound<'_> {
    /// Looks at one call, with what was said in it once it was worked on.
    async fn look(&mut self, at: usize, call: &SentCall) -> Result<CallReading, ReadFailure> {
        let (client, sender) = (self.client, &self.sender);
        if self.uids[at].is_none() {
            let sought = ConversationQuery {
                identity: &call.identity,
                uid: None,
                at: call.at,
            };
            match sender.ask(|| client.look(sought)).await? {
                FoundConversation::Conversation { uid, .. } => self.uids[at] = uid,
                FoundConversation::Nothing => return Ok(CallReading::Missing),
                FoundConversation::Another => return Ok(another()),
            }
        }
        let Some(uid) = self.uids[at].clone() else {
            return Ok(CallReading::Unreadable("its uid is not told".to_owned()));
        };
        let details = match sender.ask(|| conversation_details(client, &uid)).await? {
            Some(details) if details.is_of(&uid, &call.identity) => Box::new(details),
            Some(_) => return Ok(another()),
            None => return Ok(CallReading::Missing),
        };
        if call.sent == SentParts::Conversation {
            return Ok(CallReading::Settled(details, None));
        }
        if !details.is_settled() {
            return Ok(CallReading::Waiting(details));
        }
        match sender.ask(|| transcript_if_told(client, &uid)).await {
            Err(ReadFailure::Stopped) => Err(ReadFailure::Stopped),
            said => Ok(CallReading::Settled(details, said.ok().flatten())),
        }
    }
}

/// What was said. A transcript is for people: that a token may not read it, or that it cannot be read, is seen
/// on the page and ends nothing.
async fn transcript_if_told(client: &ReadClient, uid: &str) -> Result<Option<Transcript>, Error> {
    match transcript(client, uid).await {
        Err(
            Error::Status {
                status: 401 | 403, ..
            }
            | Error::Unreadable { .. },
        ) => Ok(None),
        said => said,
    }
}

fn another() -> CallReading {
    CallReading::Unreadable("it answered about another conversation".to_owned())
}
