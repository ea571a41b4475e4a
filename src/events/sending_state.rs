//! How the sending goes at one moment: what was answered, what is in flight, and what holds it back.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

/// How a request ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerClass {
    /// 200 to 299.
    Success,
    /// 300 to 399.
    Redirect,
    /// 400 to 499.
    Refusal,
    /// 500 and above.
    ServerError,
    /// No answer: the connection broke, or none came in time.
    NoAnswer,
}

impl AnswerClass {
    /// Every class.
    pub const ALL: [AnswerClass; 5] = [
        AnswerClass::Success,
        AnswerClass::Redirect,
        AnswerClass::Refusal,
        AnswerClass::ServerError,
        AnswerClass::NoAnswer,
    ];

    /// That of a status.
    pub const fn of(status: u16) -> AnswerClass {
        match status {
            ..=299 => AnswerClass::Success,
            300..=399 => AnswerClass::Redirect,
            400..=499 => AnswerClass::Refusal,
            500.. => AnswerClass::ServerError,
        }
    }

    /// The word in `summary.json` and in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            AnswerClass::Success => "2xx",
            AnswerClass::Redirect => "3xx",
            AnswerClass::Refusal => "4xx",
            AnswerClass::ServerError => "5xx",
            AnswerClass::NoAnswer => "none",
        }
    }
}

/// Requests that ended, by the class of their answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AnswerCounts(pub [u64; 5]);

impl AnswerCounts {
    /// Every class with its number.
    pub fn iter(&self) -> impl Iterator<Item = (AnswerClass, u64)> {
        AnswerClass::ALL.into_iter().zip(self.0)
    }
}

impl Serialize for AnswerCounts {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut map = to.serialize_map(Some(self.0.len()))?;
        for (class, count) in self.iter() {
            map.serialize_entry(class.name(), &count)?;
        }
        map.end()
    }
}

/// What keeps a run from going faster.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum LimitedBy {
    /// The rate that was set.
    Rate,
    /// The bandwidth that was set.
    Bandwidth,
    /// The destination asked for a pause, or does not answer.
    Pause,
    /// It is outside the hours that were set.
    Window,
    /// The operator paused the run.
    Operator,
    /// The destination takes its time; all requests that may be in flight are.
    Answers,
    /// The same, of fewer requests than were set, because the destination could not take more.
    Narrowed,
    /// Recordings are on their way: the line, or the place where they come from.
    Uploads,
    /// This machine: the disk of the ledger, recordings that are converted, or tries that wait.
    Machine,
    /// Nothing waits to be sent: records are read, checked, and their recordings looked for.
    Reading,
}

impl LimitedBy {
    /// Every reason.
    pub const ALL: [LimitedBy; 10] = [
        LimitedBy::Rate,
        LimitedBy::Bandwidth,
        LimitedBy::Pause,
        LimitedBy::Window,
        LimitedBy::Operator,
        LimitedBy::Answers,
        LimitedBy::Narrowed,
        LimitedBy::Uploads,
        LimitedBy::Machine,
        LimitedBy::Reading,
    ];

    /// The word in metrics.
    pub const fn name(self) -> &'static str {
        match self {
            LimitedBy::Rate => "rate",
            LimitedBy::Bandwidth => "bandwidth",
            LimitedBy::Pause => "pause",
            LimitedBy::Window => "window",
            LimitedBy::Operator => "operator",
            LimitedBy::Answers => "answers",
            LimitedBy::Narrowed => "narrowed",
            LimitedBy::Uploads => "uploads",
            LimitedBy::Machine => "machine",
            LimitedBy::Reading => "reading",
        }
    }
}

/// How the sending goes at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct SendingState {
    /// Requests that ended since the run began.
    pub requests: AnswerCounts,
    /// Requests in flight.
    pub in_flight: u64,
    /// Those of them that carry a recording.
    pub uploads_in_flight: u64,
    /// Requests that may be in flight now.
    pub width: usize,
    /// Requests that may be in flight at the most, as it was set.
    pub most: usize,
    /// Requests a second that may leave; `None` for no limit.
    pub rate: Option<f64>,
    /// Bytes a second of recordings that may leave; `None` for no limit.
    pub bandwidth: Option<u64>,
    /// Why it is not faster.
    pub limited_by: LimitedBy,
}
