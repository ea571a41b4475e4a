//! What can go wrong with one request.

use std::time::{Duration, SystemTime};

use crate::recordings::{FileChange, StoreFailure};

/// A server's wish about when to come back (`Retry-After`, RFC 9110 section 10.2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryAfter {
    /// After so many seconds.
    In(Duration),
    /// At this time.
    At(SystemTime),
}

impl RetryAfter {
    /// Reads either form of the header; text that is neither is no wish. Some servers send parts
    /// of a second, and more seconds than can be counted are still a wish to be left alone.
    pub fn parse(text: &str) -> Option<RetryAfter> {
        let text = text.trim();
        let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        if is_digits(whole) && is_digits(part) {
            let seconds = whole.parse::<u64>().unwrap_or(u64::MAX);
            let more = u64::from(part.bytes().any(|digit| digit != b'0'));
            return Some(RetryAfter::In(Duration::from_secs(
                seconds.saturating_add(more),
            )));
        }
        httpdate::parse_http_date(text).ok().map(RetryAfter::At)
    }

    /// How long to wait from `now`; nothing when the time has passed.
    pub fn from_now(self, now: SystemTime) -> Duration {
        match self {
            RetryAfter::In(duration) => duration,
            RetryAfter::At(time) => time.duration_since(now).unwrap_or_default(),
        }
    }
}

/// Why a request did not do what was asked. The difference that matters is whether it may have
/// taken effect all the same.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// No connection came about, so the server has seen nothing.
    #[error("no connection: {0}")]
    NotSent(String),
    /// No connection that can be trusted came about (TLS, or a proxy that wants a login), so the server has
    /// seen nothing; and no waiting changes that.
    #[error("no connection: {0}")]
    Untrusted(String),
    /// No connection came about, because the server wants another version of HTTP than the one that was
    /// offered: it has seen nothing.
    #[error("no connection: {0}")]
    OtherProtocol(String),
    /// What answers does not speak HTTP.
    #[error("the answer is no HTTP: {0}")]
    NoHttp(String),
    /// The connection broke after the request may have left: nobody knows whether it took effect.
    #[error("the connection broke: {0}")]
    Broken(String),
    /// No answer and no progress for too long.
    #[error("no answer within {} s", .0.as_secs())]
    TimedOut(Duration),
    /// An answer that says no.
    #[error("the server answered {status}{}", if text.is_empty() { String::new() } else { format!(": {text}") })]
    Status {
        /// The HTTP status.
        status: u16,
        /// The server's wish about when to come back.
        retry_after: Option<RetryAfter>,
        /// The beginning of the answer's text, without control characters.
        text: String,
    },
    /// An answer of success whose body is not what the contract says.
    #[error("the server answered {status} with something unreadable")]
    Unreadable {
        /// The HTTP status.
        status: u16,
    },
    /// An answer of success that gives a conversation the uid of another.
    #[error("the server answered with the uid of another conversation")]
    ForeignUid,
    /// The id is `.` or `..`, which no URL can carry as a segment.
    #[error("an id that is only dots cannot be addressed by URL")]
    Unaddressable,
    /// The recording could not be read while it was sent.
    #[error("the recording cannot be read: {0}")]
    Recording(#[source] std::io::Error),
    /// The store of the recording did not give it, or not to its end.
    #[error(transparent)]
    RecordingUnavailable(StoreFailure),
    /// What is in the place of the recording is not what was found.
    #[error(transparent)]
    RecordingReplaced(FileChange),
    /// The recording is not as long as it was when the upload began.
    #[error(
        "the recording changed while it was sent: {expected} bytes were announced, {found} found"
    )]
    RecordingChanged {
        /// Bytes announced.
        expected: u64,
        /// Bytes found.
        found: u64,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_read_in_both_forms() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777);
        let wait = |text: &str| RetryAfter::parse(text).map(|wish| wish.from_now(now).as_secs());
        assert_eq!(wait("120"), Some(120));
        assert_eq!(wait(" 0 "), Some(0));
        assert_eq!(wait("Sun, 06 Nov 1994 08:50:37 GMT"), Some(60));
        assert_eq!(wait("Sun, 06 Nov 1994 08:00:00 GMT"), Some(0));
        // Years, and more than anybody can count: whoever is told so does not come back soon.
        assert_eq!(wait("315360000"), Some(315_360_000));
        assert_eq!(wait("Sat, 06 Nov 2004 08:49:37 GMT"), Some(315_619_200));
        assert_eq!(wait("99999999999999999999999"), Some(u64::MAX));
        assert_eq!(wait("1.5"), Some(2));
        assert_eq!(wait("3.0"), Some(3));
        for not in [
            "", "soon", "-5", "1e30", "1.", ".5", "0x10", "NaN", "5 s", "1,5",
        ] {
            assert_eq!(wait(not), None, "{not}");
        }
    }
}
