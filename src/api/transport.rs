//! How bytes get to a host and back: TLS, proxies, the token's header, answers of bounded size, and
//! what a broken exchange says about whether the server has seen the request.
//!
//! Redirects are never followed, since the token would go along, and nothing is retried inside,
//! since the ledger must know of every try.

use std::time::Duration;

use reqwest::header::{CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Request, Response};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

use super::connect_error::classify;
use super::problem_details;
use super::redacted::Secrets;
use super::{Error, RetryAfter};
use crate::failpoint::{self, Point};

/// Whether the proxies of the environment are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProxyUse {
    /// `HTTPS_PROXY`, `NO_PROXY` and their kin are obeyed.
    FromEnvironment,
    /// Straight to the destination: the sandbox.
    None,
}

/// How a host is reached.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// How long a request may stand still.
    pub timeout: Duration,
    /// Whether the proxies of the environment are used.
    pub proxy: ProxyUse,
    /// PEM certificates that are trusted instead of the system's.
    pub ca_bundle: Option<Vec<u8>>,
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The token has characters that cannot be part of a header.
    #[error("the token has a line break or another character that cannot be sent")]
    Token,
    /// The base URL cannot carry a path.
    #[error("{0} cannot be used as a base URL")]
    Base(Url),
    /// The file of certificates holds none.
    #[error("--ca-bundle holds no certificate that can be read (PEM is expected)")]
    CaBundle,
    /// TLS or the certificates could not be set up.
    #[error("the connection could not be set up")]
    Tls(#[from] reqwest::Error),
}

/// The most text of a refusal that is kept.
const REFUSAL_LIMIT: usize = 300;
/// The most bytes of an answer that are read: the contract's answers have some fifty.
pub(super) const ANSWER_LIMIT: usize = 64 * 1024;
/// How long a connection may lie unused. Shorter than the usual 60 s and more of servers and of
/// balancers before them, so that they are not the ones that close it under a request.
const IDLE: Duration = Duration::from_secs(30);

/// What sends requests to any host on this route.
pub(crate) fn http(route: &HttpOptions) -> Result<reqwest::Client, ClientError> {
    Ok(http_builder(route)?.build()?)
}

/// The same, for who wants more of it.
pub(crate) fn http_builder(route: &HttpOptions) -> Result<reqwest::ClientBuilder, ClientError> {
    // Fails only when a provider is installed already, which is as good.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("capturi-import/", env!("CARGO_PKG_VERSION")))
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .connect_timeout(Duration::from_secs(20).min(route.timeout))
        .tcp_nodelay(true)
        .pool_idle_timeout(IDLE);
    if route.proxy == ProxyUse::None {
        builder = builder.no_proxy();
    }
    if let Some(pem) = &route.ca_bundle {
        let certificates = Certificate::from_pem_bundle(pem).map_err(|_| ClientError::CaBundle)?;
        if certificates.is_empty() {
            return Err(ClientError::CaBundle);
        }
        builder = builder.tls_certs_only(certificates);
    }
    Ok(builder)
}

/// The header that carries the token, which cannot be printed.
pub(super) fn authorization(token: &SecretString) -> Result<HeaderValue, ClientError> {
    let mut value = HeaderValue::from_str(token.expose_secret()).map_err(|_| ClientError::Token)?;
    value.set_sensitive(true);
    Ok(value)
}

/// The base with these segments after its path.
pub(super) fn path(base: &Url, tail: &[&str]) -> Result<Url, ClientError> {
    let mut url = base.clone();
    url.path_segments_mut()
        .map_err(|()| ClientError::Base(base.clone()))?
        .pop_if_empty()
        .extend(tail);
    Ok(url)
}

/// Sends one request; an answer that says no is an error. `file_name` is the name of the recording that
/// goes with it.
pub(super) async fn send(
    http: &reqwest::Client,
    request: Request,
    file_name: Option<&str>,
) -> Result<Response, Error> {
    let secrets = Secrets::of(&request, file_name);
    let response = http
        .execute(request)
        .await
        .map_err(|error| classify(&error))?;
    failpoint::reached(Point::AnswerArrives);
    let status = response.status();
    // 200 and 201 are both success by the contract's "server stance"; an empty 204 has no uid
    // to give, which the reader of the body finds out.
    if status.is_success() {
        // A web page comes from somebody on the way (a portal that wants a login, a proxy),
        // and an upload that believed it would never arrive.
        if is_web_page(&response) {
            return Err(Error::Unreadable {
                status: status.as_u16(),
            });
        }
        return Ok(response);
    }
    let retry_after = response
        .headers()
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok())
        .and_then(RetryAfter::parse);
    let text = read(response, ANSWER_LIMIT)
        .await
        .map(|bytes| {
            let told = problem_details::sentence(&bytes).map_or(bytes, String::into_bytes);
            plain(&secrets.leave_out_of(&told))
        })
        .unwrap_or_default();
    Err(Error::Status {
        status: status.as_u16(),
        retry_after,
        text,
    })
}

fn is_web_page(response: &Response) -> bool {
    let content_type = response.headers().get(CONTENT_TYPE);
    content_type
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| {
            value
                .trim_start()
                .to_ascii_lowercase()
                .starts_with("text/html")
        })
}

/// The body of an answer, or its first `limit` bytes: nobody's answer fills the memory, also not
/// one that was packed to look small.
pub(super) async fn read(mut response: Response, limit: usize) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| classify(&error))? {
        let room = limit.saturating_sub(body.len());
        body.extend_from_slice(&chunk[..chunk.len().min(room)]);
        if chunk.len() > room {
            break;
        }
    }
    Ok(body)
}

/// The beginning of an answer's text, on one line and without control characters.
fn plain(text: &str) -> String {
    let mut out: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(REFUSAL_LIMIT)
        .collect();
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_of_a_refusal_is_one_short_line() {
        assert_eq!(plain("a\r\n\x1b[31mb"), "a   [31mb");
        assert_eq!(plain(&"x".repeat(1000)).len(), REFUSAL_LIMIT);
    }
}
