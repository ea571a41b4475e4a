//! What goes back: an answer as a plain value, and the body types that carry it.

use std::convert::Infallible;

use bytes::Bytes;
use futures::{StreamExt, stream};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt, Full, StreamBody};
use hyper::body::Frame;
use hyper::header::{CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HeaderName, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;
use serde_json::Value;

/// A body of any kind that the sandbox sends.
pub(super) type Body = UnsyncBoxBody<Bytes, CutShort>;

/// Ends a body before its announced length, which makes the server close the connection.
#[derive(Debug, thiserror::Error)]
#[error("the answer was cut short on purpose")]
pub(super) struct CutShort;

/// A whole answer.
#[derive(Debug, Clone)]
pub(super) struct ServerAnswer {
    pub(super) status: StatusCode,
    content_type: Option<&'static str>,
    body: Bytes,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl ServerAnswer {
    /// 200 without a body.
    pub(super) fn done() -> Self {
        Self::bare(StatusCode::OK)
    }

    /// A status without a body.
    pub(super) fn bare(status: StatusCode) -> Self {
        Self {
            status,
            content_type: None,
            body: Bytes::new(),
            headers: Vec::new(),
        }
    }

    /// A status with a sentence for whoever reads the log.
    pub(super) fn text(status: StatusCode, text: impl Into<String>) -> Self {
        Self {
            content_type: Some("text/plain; charset=utf-8"),
            body: Bytes::from(text.into()),
            ..Self::bare(status)
        }
    }

    /// A status with a web page.
    pub(super) fn html(status: StatusCode, html: impl Into<String>) -> Self {
        Self {
            content_type: Some("text/html; charset=utf-8"),
            body: Bytes::from(html.into()),
            ..Self::bare(status)
        }
    }

    /// A status with a JSON body.
    pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Self {
        match serde_json::to_vec(value) {
            Ok(bytes) => Self {
                content_type: Some("application/json; charset=utf-8"),
                body: Bytes::from(bytes),
                ..Self::bare(status)
            },
            Err(error) => Self::text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
        }
    }

    /// A refusal of the reading API: problem details (RFC 9457).
    pub(super) fn problem(status: StatusCode, detail: &str) -> Self {
        let problem = serde_json::json!({
            "type": "about:blank",
            "title": status.canonical_reason(),
            "status": status.as_u16(),
            "detail": detail,
        });
        Self {
            content_type: Some("application/problem+json; charset=utf-8"),
            ..Self::json(status, &problem)
        }
    }

    /// The same answer with one more header.
    pub(super) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The same answer, after which the connection ends.
    pub(super) fn and_close(self) -> Self {
        self.with(CONNECTION, HeaderValue::from_static("close"))
    }

    /// The same answer without the second half of its body, as a whole answer of its own.
    pub(super) fn halved(mut self) -> Self {
        self.body = first_half(&self.body_or_stand_in());
        self.content_type = Some("application/json; charset=utf-8");
        self
    }

    /// The same answer of the reading API without a word of recordings that have come.
    pub(super) fn without_recordings(mut self) -> Self {
        if let Ok(mut told) = serde_json::from_slice::<Value>(&self.body) {
            let list = told.get_mut("conversations").and_then(Value::as_array_mut);
            match list {
                Some(list) => list.iter_mut().for_each(forget_recording),
                None => forget_recording(&mut told),
            }
            self.body = Bytes::from(told.to_string());
        }
        self
    }

    /// As bytes that arrive whole.
    pub(super) fn into_response(self) -> Response<Body> {
        let body = Full::new(self.body.clone())
            .map_err(|never: Infallible| match never {})
            .boxed_unsync();
        self.response(body)
    }

    /// As bytes that end before the announced length.
    pub(super) fn into_cut_response(self) -> Response<Body> {
        let whole = self.body_or_stand_in();
        let length = HeaderValue::from(whole.len());
        let sent = first_half(&whole);
        let end = stream::once(async {
            // The server writes what it has while the body makes it wait; an error at once would
            // throw the first half away together with the headers.
            tokio::task::yield_now().await;
            Err(CutShort)
        });
        let frames = stream::iter([Ok(Frame::data(sent))]).chain(end);
        self.with(CONTENT_LENGTH, length)
            .response(StreamBody::new(frames).boxed_unsync())
    }

    /// Half of nothing would be nothing: an empty answer is halved as if it were this one.
    fn body_or_stand_in(&self) -> Bytes {
        if self.body.is_empty() {
            Bytes::from_static(br#"{"uid":"00000000-0000-4000-8000-000000000000"}"#)
        } else {
            self.body.clone()
        }
    }

    fn response(self, body: Body) -> Response<Body> {
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(content_type) = self.content_type {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        headers.extend(self.headers);
        response
    }
}

fn forget_recording(conversation: &mut Value) {
    if let Some(told) = conversation
        .as_object_mut()
        .filter(|told| told.contains_key("hasAudio"))
    {
        told.insert("hasAudio".to_owned(), Value::Bool(false));
        told.insert("state".to_owned(), Value::from("Created"));
        told.remove("metrics");
    }
}

fn first_half(whole: &Bytes) -> Bytes {
    whole.slice(..whole.len() / 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_halved_answer_is_whole_for_http_and_broken_for_json() {
        let whole = ServerAnswer::json(StatusCode::OK, &serde_json::json!({"UID": "abc"}));
        let bytes = whole
            .halved()
            .into_response()
            .into_body()
            .collect()
            .await
            .expect("all of it arrives")
            .to_bytes();
        assert!(!bytes.is_empty());
        assert!(serde_json::from_slice::<Value>(&bytes).is_err());
    }

    #[tokio::test]
    async fn a_cut_answer_announces_more_than_it_sends() {
        let response = ServerAnswer::done().into_cut_response();
        let announced: usize = response.headers()[CONTENT_LENGTH]
            .to_str()
            .expect("digits")
            .parse()
            .expect("a number");
        let mut body = response.into_body();
        let first = body
            .frame()
            .await
            .expect("a first half")
            .expect("that arrives")
            .into_data()
            .expect("bytes");
        assert!(first.len() < announced);
        assert!(body.frame().await.expect("an end").is_err());
    }
}
