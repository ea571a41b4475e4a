//! Our HTTP client under the requests of `object_store`: an answer that says no comes out as what it
//! means, with its pause, and not only as text; and the machine's own address is asked for a moment only.

use std::time::Duration;

use async_trait::async_trait;
use object_store::ClientOptions;
use object_store::client::{
    HttpClient, HttpConnector, HttpError, HttpErrorKind, HttpRequest, HttpResponse, HttpService,
};
use reqwest::header::HeaderMap;

use super::error::SourceError;
use super::http_answer::{passing, standing_still};

/// How long the machine's own metadata service may take: an address that nobody has answers never.
const METADATA_PATIENCE: Duration = Duration::from_secs(3);

/// Sends the requests of `object_store`.
#[derive(Debug, Clone)]
pub(super) struct CloudHttp {
    pub(super) http: reqwest::Client,
    /// How people call the service.
    pub(super) service: &'static str,
    /// Where credentials were looked for.
    pub(super) looked_for: String,
}

impl HttpConnector for CloudHttp {
    fn connect(&self, _: &ClientOptions) -> object_store::Result<HttpClient> {
        Ok(HttpClient::new(self.clone()))
    }
}

#[async_trait]
impl HttpService for CloudHttp {
    async fn call(&self, request: HttpRequest) -> Result<HttpResponse, HttpError> {
        let failed = |error: SourceError| HttpError::new(HttpErrorKind::Unknown, error);
        let is_metadata = request.uri().host().is_some_and(is_metadata_host);
        let sent = self.http.call(request);
        let response = if is_metadata {
            let missing = || {
                let looked_for = &self.looked_for;
                let service = self.service;
                let what = format!("no credentials for {service}. Looked for: {looked_for}");
                failed(SourceError::Credentials(what))
            };
            let answer = tokio::time::timeout(METADATA_PATIENCE, sent).await;
            answer.map_err(|_| missing())?.map_err(|_| missing())?
        } else {
            let late = |error| failed(error);
            standing_still(sent).await.map_err(late)??
        };
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let code = response.headers().get("x-ms-error-code");
        let code = code.and_then(|code| code.to_str().ok());
        Err(failed(judge(
            self.service,
            status.as_u16(),
            response.headers(),
            code,
        )))
    }
}

/// The addresses at which machines of the clouds learn who they are.
fn is_metadata_host(host: &str) -> bool {
    host == "metadata.google.internal" || host.starts_with("169.254.")
}

fn judge(service: &str, status: u16, headers: &HeaderMap, code: Option<&str>) -> SourceError {
    let said = match code {
        Some(code) => format!("{service} answered {status} {code}"),
        None => format!("{service} answered {status}"),
    };
    match (status, code.unwrap_or_default()) {
        (_, "BlobArchived" | "BlobBeingRehydrated") => SourceError::Cold("Archive".to_owned()),
        (_, "ContainerNotFound") => SourceError::Credentials(format!("{said}: check its name")),
        (404, _) => SourceError::NotFound,
        (412 | 304, _) => SourceError::Changed,
        (416, _) => SourceError::PastEnd,
        (401, _) | (403, "AuthenticationFailed") => {
            SourceError::Credentials(format!("{said}: check or renew the credentials"))
        }
        (403, _) => {
            SourceError::Refused(format!("{said}: grant these credentials the right to read"))
        }
        (429 | 503, _) => passing(said, headers, true),
        (408 | 500..=599, _) => passing(said, headers, false),
        _ => SourceError::Refused(said),
    }
}
