//! Recordings that an export names by their URLs. The URLs are untrusted: they decide neither who gets a
//! secret nor whether this machine and the networks around it are asked.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::future::BoxFuture;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use reqwest::header::{AUTHORIZATION, HeaderName, HeaderValue, LOCATION};
use reqwest::{Method, Response};
use secrecy::ExposeSecret as _;
use tokio::sync::Semaphore;
use url::Url;

use super::error::SourceError;
use super::fetch_answer::{nothing_at, several_at};
use super::fetch_settings::{FetchSecret, FetchSettings};
use super::http_answer::{body_stream, range_headers, sent, text};
use super::https::{is_web_page, refusal};
use super::object::{ByteRange, ObjectBody, ObjectPage, ObjectState};
use super::object_source::ObjectSource;
use super::public_only::expect_public;

/// The most redirects of one request.
const MOST_REDIRECTS: usize = 5;
/// The most of an answer in JSON that is read.
const LONGEST_ANSWER: usize = 1 << 20;
/// How long the address of a recording is used that another answer gave: they are valid for minutes.
const LINK_LIFE: Duration = Duration::from_secs(120);
/// Links that are kept; more are asked for again.
const MOST_LINKS: usize = 10_000;

/// The source behind URLs of an export.
pub(super) struct FetchSource {
    http: reqwest::Client,
    settings: FetchSettings,
    pace: Option<DefaultDirectRateLimiter>,
    /// Places for requests, by the host that they lead to.
    places: Mutex<HashMap<String, Arc<Semaphore>>>,
    /// Where the sound is, by the URL of the export.
    links: Mutex<HashMap<String, KnownLink>>,
}

#[derive(Clone)]
struct KnownLink {
    url: Url,
    since: Instant,
}

impl FetchSource {
    pub(super) fn new(http: reqwest::Client, settings: FetchSettings) -> FetchSource {
        let each = settings
            .rate
            .map(|rate| Duration::from_secs_f64(1.0 / rate));
        let pace = each.and_then(Quota::with_period).map(RateLimiter::direct);
        FetchSource {
            http,
            pace,
            places: Mutex::default(),
            settings,
            links: Mutex::default(),
        }
    }

    /// The places for requests to the host of a URL: a host that is slow takes none of another.
    fn places(&self, key: &str) -> Arc<Semaphore> {
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let of_host = places.entry(host_of(key).unwrap_or_default());
        let of_host = of_host.or_insert_with(|| Arc::new(Semaphore::new(self.settings.parallel)));
        Arc::clone(of_host)
    }

    /// Sends a request to a URL that is untrusted, and follows where it leads.
    async fn get(
        &self,
        mut url: Url,
        headers: &[(HeaderName, String)],
    ) -> Result<Response, SourceError> {
        if let Some(pace) = &self.pace {
            pace.until_ready().await;
        }
        for _ in 0..=MOST_REDIRECTS {
            self.expect_allowed(&url)?;
            let mut request = self.http.request(Method::GET, url.clone());
            for (name, value) in headers {
                request = request.header(name, value);
            }
            if let Some((name, value)) = self.secret_for(&url)? {
                request = request.header(name, value);
            }
            let response = sent(request.send()).await?;
            let place = response.headers().get(LOCATION);
            let Some(place) = place.filter(|_| response.status().is_redirection()) else {
                return Ok(response);
            };
            let to = place.to_str().ok().and_then(|place| url.join(place).ok());
            let to = to.ok_or_else(|| SourceError::Refused("its URL leads nowhere".to_owned()))?;
            if url.scheme() == "https" && to.scheme() != "https" {
                let what = "its URL leads to plain text, which is not followed";
                return Err(SourceError::Refused(what.to_owned()));
            }
            url = to;
        }
        Err(SourceError::Refused("its URL leads in a circle".to_owned()))
    }

    fn expect_allowed(&self, url: &Url) -> Result<(), SourceError> {
        let refused = |why: String| Err(SourceError::Refused(why));
        match url.scheme() {
            "https" => {}
            "http" if self.settings.may_be_private => {}
            "http" => {
                return refused("its URL is http:, which anybody on the way can read".to_owned());
            }
            _ => return refused("its URL is neither https: nor http:".to_owned()),
        }
        if !self.settings.may_be_private
            && let Err(private) = expect_public(url)
        {
            return refused(private.to_string());
        }
        Ok(())
    }

    /// The header with the secret, for a host that may have it.
    fn secret_for(&self, url: &Url) -> Result<Option<(HeaderName, HeaderValue)>, SourceError> {
        let Some(secret) = &self.settings.secret else {
            return Ok(None);
        };
        let host = url.host_str().unwrap_or_default();
        let with_port = url.port().map(|port| format!("{host}:{port}"));
        let fits = |known: &String| match known.strip_prefix("*.") {
            Some(parent) => host
                .strip_suffix(parent)
                .is_some_and(|rest| rest.ends_with('.')),
            None => known == host || Some(known) == with_port.as_ref(),
        };
        // Plain text is for this machine and its own network, never for a host of the Internet.
        let is_private =
            url.scheme() == "https" || host == "localhost" || expect_public(url).is_err();
        if !is_private || !self.settings.hosts.iter().any(fits) {
            return Ok(None);
        }
        let wrong = || SourceError::Credentials("the secret cannot be sent".to_owned());
        let (name, value) = match secret {
            FetchSecret::Basic(pair) => {
                let (user, password) = pair.expose_secret().split_once(':').ok_or_else(|| {
                    SourceError::Credentials(
                        "the secret for `auth = \"basic\"` is name and password with a colon between"
                            .to_owned(),
                    )
                })?;
                let request = self
                    .http
                    .get("https://localhost/")
                    .basic_auth(user, Some(password));
                let request = request.build().map_err(|_| wrong())?;
                let value = request.headers().get(AUTHORIZATION).cloned();
                (AUTHORIZATION, value.ok_or_else(wrong)?)
            }
            FetchSecret::Bearer(token) => {
                let text = format!("Bearer {}", token.expose_secret());
                (
                    AUTHORIZATION,
                    HeaderValue::from_str(&text).map_err(|_| wrong())?,
                )
            }
            FetchSecret::Header { name, value } => {
                let name = HeaderName::from_bytes(name.as_bytes()).map_err(|_| wrong())?;
                let value = HeaderValue::from_str(value.expose_secret()).map_err(|_| wrong())?;
                (name, value)
            }
        };
        let mut value = value;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }

    /// Where the sound of a URL is.
    async fn link(&self, key: &str) -> Result<Url, SourceError> {
        let refused = || SourceError::Refused("it is no URL".to_owned());
        let mut url = Url::parse(key.trim()).map_err(|_| refused())?;
        if !url.username().is_empty() || url.password().is_some() {
            // It would take the place of the secret, and end up wherever URLs do.
            let what = "its URL holds a name or a password, which is not sent";
            return Err(SourceError::Refused(what.to_owned()));
        }
        if self.settings.then.is_empty() {
            return Ok(url);
        }
        let known = self.links().get(key).cloned();
        if let Some(known) = known.filter(|known| known.since.elapsed() < LINK_LIFE) {
            return Ok(known.url);
        }
        for step in &self.settings.then {
            let response = self.get(url.clone(), &[]).await?;
            if !response.status().is_success() {
                return Err(judge(&response, false));
            }
            let answer = text(response, LONGEST_ANSWER).await?;
            let answer: serde_json::Value = serde_json::from_str(&answer).map_err(|_| {
                SourceError::Refused("the answer at its URL is no JSON: a login page?".to_owned())
            })?;
            if let Some(count) = several_at(&answer, step) {
                let what =
                    format!("the answer at its URL names {count} recordings; one was expected");
                return Err(SourceError::Refused(what));
            }
            let next = answer.pointer(step).and_then(serde_json::Value::as_str);
            let Some(next) = next.filter(|next| !next.is_empty()) else {
                return Err(SourceError::NothingNamed(nothing_at(&answer, step)));
            };
            url = url.join(next).map_err(|_| refused())?;
        }
        let mut links = self.links();
        if links.len() >= MOST_LINKS {
            links.clear();
        }
        let (since, to) = (Instant::now(), url.clone());
        links.insert(key.to_owned(), KnownLink { url: to, since });
        Ok(url)
    }

    fn links(&self) -> std::sync::MutexGuard<'_, HashMap<String, KnownLink>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The sound behind a URL; a link that has expired is asked for once more.
    async fn sound(
        &self,
        key: &str,
        headers: &[(HeaderName, String)],
    ) -> Result<Response, SourceError> {
        let mut is_new = self.links().get(key).is_none();
        loop {
            let response = self.get(self.link(key).await?, headers).await?;
            let status = response.status();
            let may_have_expired = matches!(status.as_u16(), 400 | 401 | 403 | 404 | 410);
            if may_have_expired && !is_new && !self.settings.then.is_empty() {
                self.links().remove(key);
                is_new = true;
                continue;
            }
            if !status.is_success() {
                return Err(judge(&response, self.settings.then.is_empty()));
            }
            if is_web_page(&response) {
                return Err(SourceError::Refused(
                    "its URL gives a web page instead of a recording: it wants a login".to_owned(),
                ));
            }
            return Ok(response);
        }
    }
}

/// The host that a URL of the export leads to, with its port.
fn host_of(key: &str) -> Option<String> {
    let url = Url::parse(key.trim()).ok()?;
    let host = url.host_str()?;
    Some(match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    })
}

/// What a refusal of one URL means: another URL may work.
fn judge(response: &Response, is_direct: bool) -> SourceError {
    let status = response.status().as_u16();
    match refusal(response) {
        SourceError::Credentials(_) => SourceError::Refused(format!(
            "the source answered {status}: check the secret, `auth` and `hosts` of [audio.fetch]"
        )),
        SourceError::Refused(_) if is_direct && matches!(status, 400 | 403) => {
            SourceError::Refused(format!(
                "the source answered {status}: the link may have expired; export it anew"
            ))
        }
        SourceError::Refused(_) => SourceError::Refused(format!("the source answered {status}")),
        other => other,
    }
}

impl ObjectSource for FetchSource {
    fn host(&self, key: &str) -> Option<String> {
        host_of(key)
    }

    /// Nothing is listed: the export names each.
    fn list(&self, _: Option<String>) -> BoxFuture<'_, Result<ObjectPage, SourceError>> {
        Box::pin(async { Ok(ObjectPage::default()) })
    }

    fn read<'a>(
        &'a self,
        key: &'a str,
        range: ByteRange,
        tag: Option<&'a str>,
    ) -> BoxFuture<'a, Result<ObjectBody, SourceError>> {
        Box::pin(async move {
            let headers = range_headers(range, tag);
            let place = self.places(key).acquire_owned().await;
            let body = body_stream(self.sound(key, &headers).await?, range)?;
            // The place is free when the sound has come, or nobody wants more of it.
            let stream = body.stream.inspect(move |_| {
                let _ = &place;
            });
            Ok(ObjectBody {
                stream: Box::pin(stream),
                ..body
            })
        })
    }

    /// Asked by its first byte: a signed link is often for reading alone.
    fn state<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ObjectState, SourceError>> {
        Box::pin(async move {
            let first = ByteRange {
                from: 0,
                until: Some(1),
            };
            Ok(self.read(key, first, None).await?.state)
        })
    }
}

impl fmt::Debug for FetchSource {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FetchSource")
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(hosts: &[&str], may_be_private: bool) -> FetchSource {
        let settings = FetchSettings {
            then: Vec::new(),
            secret: Some(FetchSecret::Bearer("hush".into())),
            hosts: hosts.iter().map(|&host| host.to_owned()).collect(),
            rate: None,
            parallel: 1,
            retries: None,
            may_be_private,
        };
        let _ = rustls::crypto::ring::default_provider().install_default();
        FetchSource::new(reqwest::Client::new(), settings)
    }

    #[test]
    fn only_the_hosts_of_the_mapping_get_the_secret() {
        let source = source(&["api.example.com", "*.example.org", "localhost:81"], true);
        for (url, is_given) in [
            ("https://api.example.com/a", true),
            ("https://API.EXAMPLE.COM/a", true),
            ("https://api.example.com.evil.example/a", false),
            ("https://evil-example.org/a", false),
            ("https://example.org/a", false),
            ("https://x.example.org/a", true),
            ("https://api.example.com@evil.example/a", false),
            ("http://localhost:81/a", true),
            ("http://localhost:82/a", false),
            ("http://api.example.com/a", false),
        ] {
            let given = source.secret_for(&Url::parse(url).unwrap()).unwrap();
            assert_eq!(given.is_some(), is_given, "{url}");
        }
    }

    #[test]
    fn a_url_of_an_export_leads_only_where_it_may() {
        let allowed = |url: &str, may| source(&[], may).expect_allowed(&Url::parse(url).unwrap());
        for url in [
            "http://example.com/",
            "https://127.0.0.1/",
            "file:///etc/passwd",
            "ftp://example.com/",
        ] {
            assert!(allowed(url, false).is_err(), "{url}");
        }
        assert!(allowed("https://example.com/", false).is_ok());
        assert!(allowed("http://127.0.0.1/", true).is_ok());
        assert!(allowed("file:///etc/passwd", true).is_err());
    }
}
