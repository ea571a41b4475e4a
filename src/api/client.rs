//! The client of one destination.

use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use reqwest::{Certificate, Method, Request, Response};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use url::Url;

use super::{AudioSettings, Error, RetryAfter, Upload};
use crate::failpoint::{self, Point};

/// Which shape of the conversation endpoint is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Version {
    /// `POST /v2/conversation`, the documented default.
    #[default]
    V2,
    /// `POST /v3/conversation`, which the vendor now recommends.
    V3,
}

impl Version {
    /// The path segment, `v2` or `v3`.
    pub const fn name(self) -> &'static str {
        match self {
            Version::V2 => "v2",
            Version::V3 => "v3",
        }
    }
}

/// How to reach a destination.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The destination, without a path or with the path of a proxy.
    pub base: Url,
    /// The shape of the conversation endpoint.
    pub version: Version,
    /// The raw token of the `Authorization` header.
    pub token: SecretString,
    /// How long a request may go on without an answer, and an upload without progress.
    pub timeout: Duration,
    /// Whether the proxies of the environment are used.
    pub proxy: Proxy,
    /// PEM certificates that are trusted instead of the system's.
    pub ca_bundle: Option<Vec<u8>>,
}

/// Whether the proxies of the environment are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Proxy {
    /// `HTTPS_PROXY`, `NO_PROXY` and their kin are obeyed.
    FromEnvironment,
    /// Straight to the destination: the sandbox.
    None,
}

/// The answer to a create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    /// The conversation's id at the destination.
    pub uid: String,
}

/// How an upload names its conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key<'a> {
    /// By the id that the create call returned.
    Uid(&'a str),
    /// By `externalIdentity`, when the answer that held the uid was lost.
    External(&'a str),
}

/// A destination that requests can be sent to. Cheap to share; holds the token.
#[derive(Debug)]
pub struct Client {
    http: reqwest::Client,
    create: Url,
    audio: Url,
    pub(super) case: Url,
    authorization: HeaderValue,
    pub(super) timeout: Duration,
}

/// Why a client could not be made.
#[derive(Debug, thiserror::Error)]
pub enum SetUp {
    /// The token has characters that cannot stand in a header.
    #[error("the token has a line break or another character that cannot be sent")]
    Token,
    /// The base URL cannot carry a path.
    #[error("{0} cannot be used as a base URL")]
    Base(Url),
    /// TLS or the certificates could not be set up.
    #[error("the connection could not be set up")]
    Tls(#[from] reqwest::Error),
}

/// The answers differ in the case of this name (`UID`, `uid`), so all are taken.
#[derive(Deserialize)]
struct CreatedBody {
    #[serde(alias = "UID", alias = "Uid")]
    uid: String,
}

/// Everything but the unreserved characters of RFC 3986, so that an id stays one path segment.
const SEGMENT: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'!')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'&')
    .add(b'\'')
    .add(b'(')
    .add(b')')
    .add(b'*')
    .add(b'+')
    .add(b',')
    .add(b'/')
    .add(b':')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The most text of a refusal that is kept.
const REFUSAL_LIMIT: usize = 300;
/// The most bytes of an answer that are read: the contract's answers have some fifty.
const ANSWER_LIMIT: usize = 64 * 1024;

impl Client {
    /// A client of this destination. Redirects are never followed, since the token would go
    /// along, and nothing is retried inside, since the ledger must know of every try.
    pub fn new(connection: &Connection) -> Result<Client, SetUp> {
        // Fails only when a provider is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("capturi-import/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never())
            .connect_timeout(Duration::from_secs(20).min(connection.timeout))
            .tcp_nodelay(true)
            .pool_idle_timeout(Duration::from_secs(30));
        if connection.proxy == Proxy::None {
            builder = builder.no_proxy();
        }
        if let Some(pem) = &connection.ca_bundle {
            builder = builder.tls_certs_only(Certificate::from_pem_bundle(pem)?);
        }
        let mut authorization =
            HeaderValue::from_str(connection.token.expose_secret()).map_err(|_| SetUp::Token)?;
        authorization.set_sensitive(true);
        let path = |tail: &[&str]| {
            let mut url = connection.base.clone();
            url.path_segments_mut()
                .map_err(|()| SetUp::Base(connection.base.clone()))?
                .pop_if_empty()
                .extend(tail);
            Ok::<Url, SetUp>(url)
        };
        Ok(Client {
            http: builder.build()?,
            create: path(&[connection.version.name(), "conversation"])?,
            audio: path(&["v1", "audio"])?,
            case: path(&["v1", "case"])?,
            authorization,
            timeout: connection.timeout,
        })
    }

    /// `POST /v2|v3/conversation` with a body of [`super::body`].
    pub async fn create(&self, body: Bytes) -> Result<Created, Error> {
        let request = self.json_request(Method::POST, self.create.clone(), body)?;
        let exchange = async {
            let response = self.send(request).await?;
            let status = response.status().as_u16();
            let body = read(response).await.map_err(|error| classify(&error))?;
            serde_json::from_slice::<CreatedBody>(&body)
                .ok()
                .filter(|created| !created.uid.trim().is_empty())
                .map(|created| Created { uid: created.uid })
                .ok_or(Error::Unreadable { status })
        };
        tokio::time::timeout(self.timeout, exchange)
            .await
            .unwrap_or(Err(Error::TimedOut(self.timeout)))
    }

    /// `POST /v1/audio/{uid}` or `/v1/audio/external/{externalIdentity}`. Ends with
    /// [`Error::TimedOut`] when neither a byte leaves nor an answer comes for the timeout; there
    /// is no limit on the whole, so that 1 GB over a slow line is fine.
    pub async fn upload(
        &self,
        key: Key<'_>,
        upload: &Upload,
        settings: &AudioSettings,
    ) -> Result<(), Error> {
        let (form, watch) = upload.form(settings)?;
        let request = self
            .http
            .post(self.audio_url(key)?)
            .header(AUTHORIZATION, self.authorization.clone())
            .multipart(form)
            .build()
            .map_err(|error| classify(&error))?;
        let exchange = async {
            let response = self.send(request).await?;
            // The body says nothing of use, but the connection is only used again once it is read,
            // and an answer that breaks off is no success.
            read(response).await.map_err(|error| classify(&error))?;
            Ok(())
        };
        let result = watch.until_stalled(exchange, self.timeout).await;
        match (result, upload.fault()) {
            (Err(_), Some(fault)) => Err(fault),
            (Ok(()), _) if upload.sent().1 < upload.bytes => Err(Error::Broken(
                "answered before the whole recording was sent".to_owned(),
            )),
            (result, _) => result,
        }
    }

    fn audio_url(&self, key: Key<'_>) -> Result<Url, Error> {
        let mut url = self.audio.clone();
        let path = match key {
            Key::Uid(uid) => format!("{}/{}", url.path(), segment(uid)?),
            Key::External(identity) => format!("{}/external/{}", url.path(), segment(identity)?),
        };
        url.set_path(&path);
        Ok(url)
    }

    /// A request with a JSON body.
    pub(super) fn json_request(
        &self,
        method: Method,
        url: Url,
        body: Bytes,
    ) -> Result<Request, Error> {
        self.http
            .request(method, url)
            .header(AUTHORIZATION, self.authorization.clone())
            .header(CONTENT_TYPE, "application/json")
            .body(body)
            .build()
            .map_err(|error| classify(&error))
    }

    pub(super) async fn send(&self, request: Request) -> Result<Response, Error> {
        let response = self
            .http
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
        let text = read(response)
            .await
            .map(|bytes| plain(&bytes))
            .unwrap_or_default();
        Err(Error::Status {
            status: status.as_u16(),
            retry_after,
            text,
        })
    }
}

/// One percent-encoded path segment. `.` and `..` are steps of a path in every spelling, `%2E`
/// included (WHATWG URL), so these two ids cannot be addressed.
pub(super) fn segment(id: &str) -> Result<String, Error> {
    match id {
        "." | ".." => Err(Error::Unaddressable),
        _ => Ok(utf8_percent_encode(id, SEGMENT).to_string()),
    }
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

pub(super) async fn read(mut response: Response) -> Result<Vec<u8>, reqwest::Error> {
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await? {
        if body.len() < ANSWER_LIMIT {
            body.extend_from_slice(&chunk);
        } else {
            break;
        }
    }
    Ok(body)
}

/// The beginning of an answer's text, on one line and without control characters.
fn plain(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    let mut out: String = text
        .chars()
        .map(|char| if char.is_control() { ' ' } else { char })
        .take(REFUSAL_LIMIT)
        .collect();
    out.truncate(out.trim_end().len());
    out
}

/// Whether the server may have seen the request. The text is the innermost cause, without the URL:
/// an upload's URL holds the call's id.
pub(super) fn classify(error: &reqwest::Error) -> Error {
    let mut cause: &dyn std::error::Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    let cause = cause.to_string();
    if error.is_connect() || error.is_builder() {
        Error::NotSent(cause)
    } else {
        Error::Broken(cause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn client(base: &str) -> Client {
        Client::new(&Connection {
            base: base.parse().unwrap(),
            version: Version::V3,
            token: SecretString::from("secret-token"),
            timeout: Duration::from_secs(1),
            proxy: Proxy::None,
            ca_bundle: None,
        })
        .unwrap()
    }

    #[test]
    fn an_id_stays_one_segment_of_the_path() {
        let client = client("http://127.0.0.1:1/base/");
        let url = |id: &str| client.audio_url(Key::External(id)).unwrap().to_string();
        let base = "http://127.0.0.1:1/base/v1/audio/external/";
        assert_eq!(url("a/b c"), format!("{base}a%2Fb%20c"));
        assert_eq!(url("æ?#%"), format!("{base}%C3%A6%3F%23%25"));
        for step in [".", ".."] {
            assert!(matches!(
                client.audio_url(Key::External(step)),
                Err(Error::Unaddressable)
            ));
        }
        assert_eq!(
            client.create.as_str(),
            "http://127.0.0.1:1/base/v3/conversation"
        );
    }

    #[test]
    fn the_token_cannot_be_printed() {
        assert!(!format!("{:?}", client("http://127.0.0.1:1")).contains("secret-token"));
    }

    #[test]
    fn a_line_break_in_a_token_is_told_before_anything_is_sent() {
        let made = Client::new(&Connection {
            base: "http://127.0.0.1:1".parse().unwrap(),
            version: Version::V2,
            token: SecretString::from("a\nb"),
            timeout: Duration::from_secs(1),
            proxy: Proxy::None,
            ca_bundle: None,
        });
        assert!(matches!(made, Err(SetUp::Token)));
    }

    #[test]
    fn the_text_of_a_refusal_is_one_short_line() {
        assert_eq!(plain(b"a\r\n\x1b[31mb"), "a   [31mb");
        assert_eq!(plain(&[b'x'; 1000]).len(), REFUSAL_LIMIT);
    }

    proptest! {
        #[test]
        fn every_id_comes_back_from_its_segment(id in any::<String>()) {
            prop_assume!(id != "." && id != "..");
            let segment = segment(&id).unwrap();
            prop_assert!(segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte)));
            let decoded = percent_encoding::percent_decode_str(&segment).decode_utf8_lossy();
            prop_assert_eq!(decoded, id);
        }
    }
}
