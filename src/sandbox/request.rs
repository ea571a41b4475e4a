//! Reading what the client sends, at the pace that the faults allow.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::StatusCode;
use hyper::body::{Frame, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::http::request::Parts;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::body_check;
use super::dropped::{BodyError, Dropped};
use super::response::ServerAnswer;

/// JSON bodies beyond this are refused; the largest documented one, a case with all its messages,
/// stays far below.
const JSON_LIMIT: usize = 16 * 1024 * 1024;

/// What is read away of a refused body that should be JSON.
pub(super) const JSON_DRAIN: u64 = 2 * JSON_LIMIT as u64;

/// How long a body may make its reader wait altogether, and at one place.
const BODY_TIME: Duration = Duration::from_secs(30);

/// The same for a recording of somebody who has the token: our client sends pieces of half a megabyte, and
/// with a small `--bandwidth` some minutes may lie between them.
const UPLOAD_TIME: Duration = Duration::from_secs(600);

/// Each further second of waiting takes so many bytes of somebody who has the token: a slow line may go
/// on, a client that sends a byte now and then may not.
const SLOWEST: u64 = 100;

/// A request body that is read piece by piece.
#[derive(Debug)]
pub(super) struct Payload {
    incoming: Incoming,
    /// Bytes a second; without it as fast as they come.
    pace: Option<u64>,
    /// How long it made its reader wait so far.
    waited: Duration,
    /// How long it may, and how long at one place.
    patience: Duration,
    longest: Duration,
    /// Whether what arrives makes the patience longer.
    earns_time: bool,
}

/// Whether all of a body was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Drained {
    Whole,
    TooMuch,
}

impl Drained {
    /// The answer, after which the connection ends if there is still something in it.
    pub(super) fn closing(self, answer: ServerAnswer) -> ServerAnswer {
        match self {
            Self::Whole => answer,
            Self::TooMuch => answer.and_close(),
        }
    }
}

/// What came as the body of a JSON call.
#[derive(Debug)]
pub(super) enum Document {
    /// The object, and the text that it was read from.
    Object(Map<String, Value>, String),
    /// The call takes no JSON.
    None,
    /// It cannot be taken.
    Refused(ServerAnswer),
}

impl Document {
    /// The text in one field; empty without one.
    pub(super) fn text(&self, name: &str) -> String {
        let value = match self {
            Self::Object(object, _) => object.get(name),
            Self::None | Self::Refused(_) => None,
        };
        let text = value.and_then(Value::as_str);
        text.unwrap_or_default().to_owned()
    }

    /// How long its bytes would have taken at `pace` bytes a second.
    pub(super) fn time_at(&self, pace: Option<u64>) -> Duration {
        match (self, pace) {
            (Self::Object(_, text), Some(pace)) => time_for(text.len() as u64, pace),
            _ => Duration::ZERO,
        }
    }
}

/// Reads the body of a JSON call, which may be named by `kind` as well.
pub(super) async fn document(
    parts: &Parts,
    payload: &mut Payload,
    kind: &str,
) -> Result<Document, Dropped> {
    let Some(body) = payload.whole(JSON_LIMIT).await? else {
        let drained = payload.drain(JSON_DRAIN).await?;
        let text = format!("A JSON body has at most {JSON_LIMIT} bytes");
        let refusal = ServerAnswer::text(StatusCode::PAYLOAD_TOO_LARGE, text);
        return Ok(Document::Refused(drained.closing(refusal)));
    };
    if !is_json(parts, kind) {
        return Ok(Document::Refused(ServerAnswer::text(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "The content type must be application/json",
        )));
    }
    let read = body_check::object(&body).and_then(|object| {
        let text = String::from_utf8(body.to_vec())
            .map_err(|_| "The body is not valid UTF-8".to_owned())?;
        Ok(Document::Object(object, text))
    });
    Ok(read
        .unwrap_or_else(|why| Document::Refused(ServerAnswer::text(StatusCode::BAD_REQUEST, why))))
}

/// Whether the one content type is JSON or `kind`, in UTF-8 if it says more.
fn is_json(parts: &Parts, kind: &str) -> bool {
    let mut types = parts.headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return false;
    };
    let text = only.to_str().unwrap_or_default().to_ascii_lowercase();
    let mut words = text.split(';').map(str::trim);
    let first = words.next();
    (first == Some("application/json") || first == Some(kind))
        && words.all(|word| matches!(word, "" | "charset=utf-8" | "charset=\"utf-8\""))
}

impl Payload {
    pub(super) fn new(incoming: Incoming) -> Self {
        Self {
            incoming,
            pace: None,
            waited: Duration::ZERO,
            patience: BODY_TIME,
            longest: BODY_TIME,
            earns_time: true,
        }
    }

    /// A recording of somebody who has the token.
    pub(super) fn of_recording(&mut self) {
        (self.patience, self.longest) = (UPLOAD_TIME, UPLOAD_TIME);
    }

    /// The body of somebody without the token, which must come in one stretch of [`BODY_TIME`].
    pub(super) fn of_stranger(&mut self) -> &mut Self {
        self.earns_time = false;
        self
    }

    /// From now on reads no faster than so many bytes a second.
    pub(super) fn slow_down(&mut self, pace: Option<u64>) {
        self.pace = pace;
    }

    /// The next bytes, or nothing at the end.
    pub(super) async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        loop {
            let frame = match self.frame().await? {
                Ok(frame) => frame,
                Err(error) => return Some(Err(error)),
            };
            // Trailers carry nothing of interest.
            if let Ok(bytes) = frame.into_data() {
                self.wait_for(bytes.len()).await;
                return Some(Ok(bytes));
            }
        }
    }

    /// The next frame, as long as the patience lasts. Waits that a fault asks for do not count.
    async fn frame(&mut self) -> Option<Result<Frame<Bytes>, BodyError>> {
        let left = self.patience.saturating_sub(self.waited).min(self.longest);
        let begun = Instant::now();
        let Ok(frame) = tokio::time::timeout(left, self.incoming.frame()).await else {
            return Some(Err(BodyError::TooSlow));
        };
        self.waited = self.waited.saturating_add(begun.elapsed());
        let frame = frame?;
        if let (Ok(frame), true) = (&frame, self.earns_time) {
            let bytes = frame.data_ref().map_or(0, Bytes::len);
            self.patience = self
                .patience
                .saturating_add(time_for(bytes as u64, SLOWEST));
        }
        Some(frame.map_err(BodyError::from))
    }

    /// All bytes, or nothing if there are more than `limit`.
    pub(super) async fn whole(&mut self, limit: usize) -> Result<Option<Bytes>, Dropped> {
        let mut whole = BytesMut::new();
        while let Some(bytes) = self.next().await {
            let bytes = bytes.map_err(Dropped::Unreadable)?;
            if whole.len() + bytes.len() > limit {
                return Ok(None);
            }
            whole.extend_from_slice(&bytes);
        }
        Ok(Some(whole.freeze()))
    }

    /// Reads the rest away, up to `limit` bytes: a client that is still sending when the answer
    /// comes may see a broken connection instead of it.
    pub(super) async fn drain(&mut self, limit: u64) -> Result<Drained, Dropped> {
        let mut read = 0_u64;
        while let Some(bytes) = self.next().await {
            let bytes = bytes.map_err(Dropped::Unreadable)?;
            read = read.saturating_add(bytes.len() as u64);
            if read > limit {
                return Ok(Drained::TooMuch);
            }
        }
        Ok(Drained::Whole)
    }

    async fn wait_for(&self, bytes: usize) {
        if let Some(pace) = self.pace {
            tokio::time::sleep(time_for(bytes as u64, pace)).await;
        }
    }
}

/// How long `bytes` take at `pace` bytes a second.
pub(super) fn time_for(bytes: u64, pace: u64) -> Duration {
    let nanoseconds = bytes.saturating_mul(1_000_000_000) / pace.max(1);
    Duration::from_nanos(nanoseconds)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::test_support::{Given, TOKEN};

    #[tokio::test]
    async fn a_json_body_has_a_bound_and_is_not_read_for_ever() {
        let given = Given::sandbox().await;
        for (token, status) in [(TOKEN, "413"), ("wrong", "401")] {
            let head = |length: usize| {
                format!(
                    "POST /v2/conversation HTTP/1.1\r\nhost: {}\r\nauthorization: {token}\r\n\
                     content-type: application/json\r\ncontent-length: {length}\r\n\
                     connection: close\r\n\r\n",
                    given.host()
                )
            };
            let large = " ".repeat(JSON_LIMIT + 1);
            let (answer, orderly) = given.raw(head(large.len()) + &large).await;
            assert!(
                answer.starts_with(&format!("HTTP/1.1 {status} ")),
                "{answer}"
            );
            assert!(orderly);
            // The end never comes, and the server does not wait for it.
            let part = " ".repeat(8 * JSON_LIMIT);
            let (_, orderly) = given.raw(head(10_000_000_000) + &part).await;
            assert!(!orderly);
        }
        assert_eq!(given.sandbox.snapshot().requests, 4);
    }

    #[test]
    fn time_follows_the_pace() {
        assert_eq!(time_for(500, 1_000), Duration::from_millis(500));
        assert_eq!(time_for(1, 0), Duration::from_secs(1));
        assert!(time_for(u64::MAX, 1) > Duration::ZERO);
    }
}
