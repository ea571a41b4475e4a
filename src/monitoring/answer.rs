//! What is answered at each address.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::BoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{
    CACHE_CONTROL, CONTENT_TYPE, HeaderValue, WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use super::access::{Access, NoAccess};
use super::board::RunBoard;
use super::families;
use super::status_view::StatusJson;

/// An answer.
pub(super) type Answer = Response<BoxBody<Bytes, Infallible>>;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";

/// Answers requests.
#[derive(Debug)]
pub(super) struct Answerer {
    pub(super) access: Access,
    pub(super) board: Arc<RunBoard>,
}

impl Answerer {
    /// The answer to a request, of which the body does not matter.
    pub(super) fn answer(&self, request: &Parts) -> Answer {
        if let Err(no) = self.access.check_origin(&request.headers) {
            return refused(no);
        }
        if !matches!(request.method, Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED, TEXT, "GET only\n");
        }
        let path = request.uri.path();
        // Says nothing but that a run goes on, and orchestrators ask it without a token.
        if path == "/readyz" {
            return self.ready();
        }
        if let Err(no) = self.access.check_token(&request.headers) {
            return refused(no);
        }
        let state = self.board.latest();
        match path {
            "/metrics" => {
                let text = families::openmetrics(state);
                plain(StatusCode::OK, families::OPENMETRICS, text)
            }
            "/status.json" => plain(StatusCode::OK, JSON, StatusJson(&state).text()),
            _ => plain(
                StatusCode::NOT_FOUND,
                TEXT,
                "Ask for /metrics, /status.json or /readyz\n",
            ),
        }
    }

    fn ready(&self) -> Answer {
        let state = self.board.latest();
        match (&state.figures, state.end) {
            (Some(_), None) => plain(StatusCode::OK, TEXT, "ready\n"),
            (None, None) => plain(StatusCode::SERVICE_UNAVAILABLE, TEXT, "starting\n"),
            (_, Some(_)) => plain(StatusCode::SERVICE_UNAVAILABLE, TEXT, "ended\n"),
        }
    }
}

fn refused(no: NoAccess) -> Answer {
    let text = match no {
        NoAccess::Elsewhere => {
            "Requests must name this address, such as localhost with its port, and come from no other page\n"
        }
        NoAccess::NoToken => "The token is missing or wrong\n",
    };
    let mut answer = plain(no.status(), TEXT, text);
    if no == NoAccess::NoToken {
        // A browser asks for a name and a password; the password is the token.
        let ask = HeaderValue::from_static("Basic realm=\"capturi-import\", charset=\"UTF-8\"");
        answer.headers_mut().insert(WWW_AUTHENTICATE, ask);
    }
    answer
}

fn plain(status: StatusCode, kind: &'static str, text: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(text.into()).boxed());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    answer
}
