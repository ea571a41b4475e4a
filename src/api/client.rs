//! The client of one destination.

use std::time::Duration;

use bytes::Bytes;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use reqwest::{Method, Request, Response};
use secrecy::SecretString;
use url::Url;

use super::Error;
use super::connect_error::classify;
use super::transport::{self, ClientError, HttpOptions};
use super::upload_line::UploadLine;

/// Which shape of the conversation endpoint is spoken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ApiVersion {
    /// `POST /v2/conversation`, the documented default.
    #[default]
    V2,
    /// `POST /v3/conversation`, which the vendor now recommends.
    V3,
}

impl ApiVersion {
    /// The path segment, `v2` or `v3`.
    pub const fn name(self) -> &'static str {
        match self {
            ApiVersion::V2 => "v2",
            ApiVersion::V3 => "v3",
        }
    }
}

/// How to reach a destination.
#[derive(Debug, Clone)]
pub struct Connection {
    /// The destination, without a path or with the path of a proxy.
    pub base: Url,
    /// The shape of the conversation endpoint.
    pub version: ApiVersion,
    /// The raw token of the `Authorization` header.
    pub token: SecretString,
    /// How it is reached.
    pub route: HttpOptions,
}

/// A destination that requests can be sent to. Cheap to share; holds the token.
#[derive(Debug)]
pub struct Client {
    pub(super) http: reqwest::Client,
    pub(super) uploads: UploadLine,
    pub(super) create: Url,
    pub(super) audio: Url,
    pub(super) case: Url,
    pub(super) authorization: HeaderValue,
    pub(super) timeout: Duration,
}

/// Whether this can be the id of a conversation. The contract says UUID, and that the schema may
/// change without notice, so anything is taken that looks like an id. A word (`sign-in`) comes from
/// somebody on the way: the call is then created once more, and its 409 tells whether the first try
/// had worked.
pub(super) fn is_id(uid: &str) -> bool {
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    (1..=128).contains(&uid.len())
        && uid.bytes().all(is_plain)
        && uid.bytes().any(|byte| byte.is_ascii_digit())
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

impl Client {
    /// A client of this destination.
    pub fn new(connection: &Connection) -> Result<Client, ClientError> {
        let path = |tail: &[&str]| transport::path(&connection.base, tail);
        let http = transport::http(&connection.route)?;
        Ok(Client {
            uploads: UploadLine::new(&connection.route, http.clone())?,
            http,
            create: path(&[connection.version.name(), "conversation"])?,
            audio: path(&["v1", "audio"])?,
            case: path(&["v1", "case"])?,
            authorization: transport::authorization(&connection.token)?,
            timeout: connection.route.timeout,
        })
    }

    /// Where conversations are made, for people: the URL without what it may hide.
    pub fn conversations(&self) -> String {
        public_address(&self.create)
    }

    /// Where cases are made, for people.
    pub fn cases(&self) -> String {
        public_address(&self.case)
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
        transport::send(&self.http, request, None).await
    }
}

/// Host and path: a URL may carry a password or a token as well.
fn public_address(url: &Url) -> String {
    format!("{}{}", url.origin().ascii_serialization(), url.path())
}

/// One percent-encoded path segment. `.` and `..` are steps of a path in every spelling, `%2E`
/// included (WHATWG URL), so these two ids cannot be addressed.
pub(super) fn segment(id: &str) -> Result<String, Error> {
    match id {
        "." | ".." => Err(Error::Unaddressable),
        _ => Ok(utf8_percent_encode(id, SEGMENT).to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::ProxyUse;
    use proptest::prelude::*;

    fn route() -> HttpOptions {
        HttpOptions {
            timeout: Duration::from_secs(1),
            proxy: ProxyUse::None,
            ca_bundle: None,
        }
    }

    fn client(base: &str) -> Client {
        Client::new(&Connection {
            base: base.parse().unwrap(),
            version: ApiVersion::V3,
            token: SecretString::from("secret-token"),
            route: route(),
        })
        .unwrap()
    }

    #[test]
    fn an_id_is_told_from_a_word() {
        for id in [
            "00000000-0000-4000-8000-000000000001",
            "c17",
            "conv_000042",
            "a:1.b",
        ] {
            assert!(is_id(id), "{id}");
        }
        let long = "1".repeat(129);
        for other in ["", "sign-in", "17 calls", "1/2", "é1", "1\n", &long] {
            assert!(!is_id(other), "{other:?}");
        }
    }

    #[test]
    fn the_path_of_the_base_is_kept() {
        assert_eq!(
            client("http://127.0.0.1:1/base/").create.as_str(),
            "http://127.0.0.1:1/base/v3/conversation"
        );
    }

    #[test]
    fn an_address_is_told_without_password_and_token() {
        let client = client("https://ida:hush@eksempel.example.com:8443/wrong/?api-token=hush");
        let base = "https://eksempel.example.com:8443/wrong";
        assert_eq!(client.conversations(), format!("{base}/v3/conversation"));
        assert_eq!(client.cases(), format!("{base}/v1/case"));
    }

    #[test]
    fn the_token_cannot_be_printed() {
        assert!(!format!("{:?}", client("http://127.0.0.1:1")).contains("secret-token"));
    }

    #[test]
    fn a_line_break_in_a_token_is_told_before_anything_is_sent() {
        let made = Client::new(&Connection {
            base: "http://127.0.0.1:1".parse().unwrap(),
            version: ApiVersion::V2,
            token: SecretString::from("a\nb"),
            route: route(),
        });
        assert!(matches!(made, Err(ClientError::Token)));
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
