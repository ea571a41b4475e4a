//! What is answered at each address.

use std::convert::Infallible;
use std::sync::Arc;

use bytes::Bytes;
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderValue, REFERRER_POLICY,
    WWW_AUTHENTICATE, X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Method, Response, StatusCode};

use super::access::{Access, NoAccess};
use super::board::RunBoard;
use super::events_stream::events;
use super::families;
use super::status_view::StatusJson;

/// An answer.
pub(super) type Answer = Response<UnsyncBoxBody<Bytes, Infallible>>;

const TEXT: &str = "text/plain; charset=utf-8";
const JSON: &str = "application/json";
const HTML: &str = "text/html; charset=utf-8";
const CSS: &str = "text/css; charset=utf-8";
const SCRIPT: &str = "text/javascript; charset=utf-8";
const EVENTS: &str = "text/event-stream";

/// The live page, all of it: nothing comes from elsewhere, and a page of somebody else cannot hold it in a frame.
const PAGE: &str = include_str!("page/live.html");
const STYLE: &str = include_str!("page/live.css");
const CODE: &str = include_str!("page/live.js");
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; \
                      img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

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
            "/" => plain(StatusCode::OK, HTML, PAGE),
            "/live.css" => plain(StatusCode::OK, CSS, STYLE),
            "/live.js" => plain(StatusCode::OK, SCRIPT, CODE),
            "/history.json" => plain(StatusCode::OK, JSON, self.board.history()),
            "/events" if request.method == Method::GET => {
                let mut answer = plain(StatusCode::OK, EVENTS, "");
                *answer.body_mut() = events(Arc::clone(&self.board)).boxed_unsync();
                answer
            }
            _ => plain(
                StatusCode::NOT_FOUND,
                TEXT,
                "Ask for /, /metrics, /status.json or /readyz\n",
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
    let mut answer = Response::new(Full::new(text.into()).boxed_unsync());
    *answer.status_mut() = status;
    let headers = answer.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    let nosniff = HeaderValue::from_static("nosniff");
    headers.insert(X_CONTENT_TYPE_OPTIONS, nosniff);
    answer
}
