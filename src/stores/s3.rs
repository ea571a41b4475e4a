//! Amazon S3 and what speaks like it: our own requests, signed by `object_store`.
//!
//! The library's own list ends at the first odd key, says nothing of cold storage, and its requests
//! ignore `Retry-After`.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::BoxFuture;
use object_store::CredentialProvider;
use object_store::aws::{AwsAuthorizer, AwsCredential};
use object_store::client::HttpRequestBody;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::{Method, Response};
use url::Url;

use super::address::BucketAddress;
use super::error::SourceError;
use super::http_answer::{body_stream, object_state, passing, range_headers, sent};
use super::object::{ByteRange, ObjectBody, ObjectPage, ObjectState};
use super::object_source::{ListDepth, ObjectSource};
use super::s3_list;

/// The most of an answer that is read: a part of a list has a thousand keys of at most 1,024 bytes,
/// each of which may be written threefold.
const LARGEST_LIST: usize = 16 * 1024 * 1024;
/// How long somebody may take who knows the credentials.
const PATIENCE: Duration = Duration::from_secs(8);
/// All that S3 wants encoded in a path.
const IN_PATH: &AsciiSet = &IN_QUERY.remove(b'/');
/// All that S3 wants encoded in a query.
const IN_QUERY: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Who gives credentials, and where they are looked for.
#[derive(Debug)]
pub(super) struct S3Credentials {
    pub(super) provider: Arc<dyn CredentialProvider<Credential = AwsCredential>>,
    /// Where, for the message that there are none.
    pub(super) looked_for: String,
}

/// What a request is about: a key below the prefix or the whole bucket, and the query, with its `?`.
#[derive(Debug, Clone, Copy)]
struct RequestTarget<'r> {
    key: Option<&'r str>,
    query: &'r str,
}

impl<'r> RequestTarget<'r> {
    fn key(key: &'r str) -> Self {
        RequestTarget {
            key: Some(key),
            query: "",
        }
    }
}

/// A bucket of S3.
#[derive(Debug)]
pub(super) struct S3Source {
    pub(super) http: reqwest::Client,
    /// `None` for a bucket that is open to everybody.
    pub(super) credentials: Option<S3Credentials>,
    /// Another server than Amazon's.
    pub(super) endpoint: Option<Url>,
    /// In which it is; the first answer may correct it.
    pub(super) region: Mutex<String>,
    pub(super) bucket: BucketAddress,
    pub(super) depth: ListDepth,
}

impl S3Source {
    /// The address of a key of the bucket, or of the bucket itself.
    fn url(&self, target: RequestTarget<'_>) -> Result<Url, SourceError> {
        let RequestTarget { key, query } = target;
        let region = self.region();
        let name = &self.bucket.name;
        let host = match &self.endpoint {
            Some(endpoint) => format!("{}/{name}", endpoint.as_str().trim_end_matches('/')),
            None if name.contains('.') => format!("https://s3.{region}.amazonaws.com/{name}"),
            None => format!("https://{name}.s3.{region}.amazonaws.com"),
        };
        let path = key.map_or_else(String::new, |key| {
            let whole = format!("{}{key}", self.bucket.prefix);
            format!("/{}", utf8_percent_encode(&whole, IN_PATH))
        });
        let text = format!("{host}{path}{query}");
        let refused = || SourceError::Refused("its key cannot be addressed by a URL".to_owned());
        let url = Url::parse(&text).map_err(|_| refused())?;
        // A URL folds `..` away, and would name another object.
        if key.is_some() && url.as_str() != text {
            return Err(refused());
        }
        Ok(url)
    }

    fn region(&self) -> String {
        let region = self.region.lock();
        region.unwrap_or_else(PoisonError::into_inner).clone()
    }

    async fn credential(&self) -> Result<Option<Arc<AwsCredential>>, SourceError> {
        let Some(credentials) = &self.credentials else {
            return Ok(None);
        };
        let missing = |why: &str| {
            SourceError::Credentials(format!(
                "no credentials for S3 ({why}). Looked for: {}",
                credentials.looked_for
            ))
        };
        let asked = tokio::time::timeout(PATIENCE, credentials.provider.get_credential());
        match asked.await {
            Ok(Ok(credential)) => Ok(Some(credential)),
            Ok(Err(_)) => Err(missing("none of these gives any")),
            Err(_) => Err(missing("no answer within 8 s")),
        }
    }

    /// Sends a request, once more where the bucket turns out to be in another region.
    async fn send(
        &self,
        method: Method,
        target: RequestTarget<'_>,
        headers: &[(HeaderName, String)],
    ) -> Result<Response, SourceError> {
        let used = self.region();
        let response = self.send_once(&method, target, headers).await?;
        let home = response.headers().get("x-amz-bucket-region");
        let home = home.and_then(|home| home.to_str().ok()).map(str::to_owned);
        let is_elsewhere = matches!(response.status().as_u16(), 301 | 307 | 400);
        match home {
            Some(home) if is_elsewhere && self.endpoint.is_none() && is_region(&home) => {
                if home == used {
                    return Ok(response);
                }
                *self.region.lock().unwrap_or_else(PoisonError::into_inner) = home;
                self.send_once(&method, target, headers).await
            }
            _ => Ok(response),
        }
    }

    async fn send_once(
        &self,
        method: &Method,
        target: RequestTarget<'_>,
        headers: &[(HeaderName, String)],
    ) -> Result<Response, SourceError> {
        let credential = self.credential().await?;
        let request = self.request(credential.as_deref(), method, target, headers)?;
        sent(self.http.execute(request)).await
    }

    /// A request, signed where there are credentials.
    fn request(
        &self,
        credential: Option<&AwsCredential>,
        method: &Method,
        target: RequestTarget<'_>,
        headers: &[(HeaderName, String)],
    ) -> Result<reqwest::Request, SourceError> {
        let url = self.url(target)?;
        let mut request = http::Request::builder()
            .method(method.clone())
            .uri(url.as_str());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let refused = || SourceError::Refused("its key cannot be addressed by a URL".to_owned());
        let mut request = request
            .body(HttpRequestBody::empty())
            .map_err(|_| refused())?;
        if let Some(credential) = credential {
            let region = self.region();
            let signed = AwsAuthorizer::new(credential, "s3", &region)
                .with_sign_payload(false)
                .try_authorize(&mut request, None);
            signed.map_err(|_| refused())?;
        }
        let (parts, _) = request.into_parts();
        let request = http::Request::from_parts(parts, reqwest::Body::default());
        reqwest::Request::try_from(request).map_err(|_| refused())
    }
}

fn is_region(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=64).contains(&text.len()) && text.bytes().all(is_plain)
}

/// An answer that says no.
async fn refusal(response: Response, is_about_object: bool) -> SourceError {
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let body = super::http_answer::text(response, 64 * 1024)
        .await
        .unwrap_or_default();
    let code = s3_list::error_code(&body);
    judge(status, &headers, code.as_deref(), is_about_object)
}

/// What a refusal means. The codes are those of the S3 API reference, "Error responses".
fn judge(
    status: u16,
    headers: &HeaderMap,
    code: Option<&str>,
    is_about_object: bool,
) -> SourceError {
    let said = match code {
        Some(code) => format!("S3 answered {status} {code}"),
        None => format!("S3 answered {status}"),
    };
    let code = code.unwrap_or_default();
    match (status, code) {
        (_, "InvalidObjectState") => {
            let class = headers.get("x-amz-storage-class");
            let class = class
                .and_then(|class| class.to_str().ok())
                .unwrap_or("archive");
            SourceError::Cold(class.to_owned())
        }
        (412 | 304, _) => SourceError::Changed,
        (416, _) => SourceError::PastEnd,
        (_, "NoSuchBucket") => SourceError::Credentials(format!("{said}: check the bucket's name")),
        (
            _,
            "InvalidAccessKeyId"
            | "SignatureDoesNotMatch"
            | "ExpiredToken"
            | "InvalidToken"
            | "TokenRefreshRequired"
            | "AuthorizationHeaderMalformed"
            | "InvalidClientTokenId",
        )
        | (401, _)
        // The answer to a HEAD gives no reason: mostly it is this one.
        | (400, "") => SourceError::Credentials(format!("{said}: check or renew the credentials")),
        (_, "RequestTimeTooSkewed") => {
            SourceError::Credentials(format!("{said}: the clock of this machine is wrong"))
        }
        (404, _) if is_about_object => SourceError::NotFound,
        (403, _) => {
            SourceError::Refused(format!("{said}: grant these credentials the right to read"))
        }
        (429 | 503, _) | (_, "SlowDown" | "RequestLimitExceeded" | "Throttling") => {
            passing(said, headers, true)
        }
        (408 | 500..=599, _) | (_, "RequestTimeout" | "InternalError") => {
            passing(said, headers, false)
        }
        _ => SourceError::Refused(said),
    }
}

impl ObjectSource for S3Source {
    fn list(&self, after: Option<String>) -> BoxFuture<'_, Result<ObjectPage, SourceError>> {
        Box::pin(async move {
            let encoded = |text: &str| utf8_percent_encode(text, IN_QUERY).to_string();
            // In the order of their names, as they are signed.
            let token = after.map_or_else(String::new, |token| {
                format!("continuation-token={}&", encoded(&token))
            });
            let delimiter = match self.depth {
                ListDepth::All => "",
                ListDepth::Folder => "delimiter=%2F&",
            };
            let prefix = encoded(&self.bucket.prefix);
            let query = format!(
                "?{token}{delimiter}encoding-type=url&list-type=2&max-keys=1000&prefix={prefix}"
            );
            let response = self
                .send(
                    Method::GET,
                    RequestTarget {
                        key: None,
                        query: &query,
                    },
                    &[],
                )
                .await?;
            if !response.status().is_success() {
                return Err(refusal(response, false).await);
            }
            let body = super::http_answer::text(response, LARGEST_LIST).await?;
            s3_list::page(&body, &self.bucket.prefix)
        })
    }

    fn read<'a>(
        &'a self,
        key: &'a str,
        range: ByteRange,
        tag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<ObjectBody, SourceError>> {
        Box::pin(async move {
            let headers = range_headers(range, tag);
            let response = self
                .send(Method::GET, RequestTarget::key(key), &headers)
                .await?;
            if !response.status().is_success() {
                return Err(refusal(response, true).await);
            }
            body_stream(response, range)
        })
    }

    fn state<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ObjectState, SourceError>> {
        Box::pin(async move {
            let response = self
                .send(Method::HEAD, RequestTarget::key(key), &[])
                .await?;
            if !response.status().is_success() {
                return Err(refusal(response, true).await);
            }
            object_state(response.headers())
        })
    }
}
