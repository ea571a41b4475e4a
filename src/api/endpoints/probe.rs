//! A question that changes nothing: whether a destination answers, and whether it takes the token.
//!
//! It is a change of no field of a case that nobody has, so that the answer is 404 for whoever may ask.

use std::time::{Duration, SystemTime};

use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, DATE};
use secrecy::SecretString;
use url::Url;

use crate::api::Error;
use crate::api::connect_error::classify;
use crate::api::transport::{self, ClientError, HttpOptions};

/// The case that nobody has.
const NO_CASE: &str = "capturi-import-doctor";

/// What asks a destination without leaving anything there.
#[derive(Debug)]
pub struct DestinationProbe {
    http: reqwest::Client,
    url: Url,
    timeout: Duration,
}

/// What the destination said.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProbeAnswer {
    /// The HTTP status.
    pub status: u16,
    /// The server's clock, by its `Date`.
    pub date: Option<SystemTime>,
}

impl DestinationProbe {
    /// A probe of the destination at this address.
    pub fn new(base: &Url, route: &HttpOptions) -> Result<DestinationProbe, ClientError> {
        Ok(DestinationProbe {
            http: transport::http(route)?,
            url: transport::path(base, &["v1", "case", NO_CASE])?,
            timeout: route.timeout,
        })
    }

    /// Asks as somebody without a token, so that nothing secret leaves before the server is known.
    pub async fn ask_as_stranger(&self) -> Result<ProbeAnswer, Error> {
        self.ask(self.http.request(Method::PATCH, self.url.clone()))
            .await
    }

    /// Asks with the token.
    pub async fn ask_with(&self, token: &SecretString) -> Result<ProbeAnswer, Error> {
        // A token that no header can carry is told before, by whoever makes a client.
        let authorization =
            transport::authorization(token).map_err(|error| Error::NotSent(error.to_string()))?;
        let request = self.http.request(Method::PATCH, self.url.clone());
        self.ask(request.header(AUTHORIZATION, authorization)).await
    }

    async fn ask(&self, request: reqwest::RequestBuilder) -> Result<ProbeAnswer, Error> {
        let request = request
            .header(CONTENT_TYPE, "application/json")
            .body("{}")
            .build()
            .map_err(|error| classify(&error))?;
        let answer = tokio::time::timeout(self.timeout, self.http.execute(request))
            .await
            .map_err(|_| Error::TimedOut(self.timeout))?
            .map_err(|error| classify(&error))?;
        let date = answer.headers().get(DATE);
        let date = date.and_then(|date| date.to_str().ok());
        Ok(ProbeAnswer {
            status: answer.status().as_u16(),
            date: date.and_then(|date| httpdate::parse_http_date(date).ok()),
        })
    }
}
