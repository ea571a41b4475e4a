//! A web server with an index of its files, or `WebDAV`.

use std::fmt;

use futures::future::BoxFuture;
use reqwest::header::{CONTENT_TYPE, HeaderName, LOCATION};
use reqwest::{Method, Response};
use secrecy::ExposeSecret as _;
use url::Url;

use super::error::SourceError;
use super::folder_list::{FolderList, ListedFolder};
use super::http_answer::{body_stream, object_state, passing, range_headers, sent, text};
use super::object::{ByteRange, ListedObject, ObjectBody, ObjectPage, ObjectState};
use super::object_source::ObjectSource;
use super::settings::WebLogin;
use super::web_index::{IndexEntry, entries_of_page, entries_of_webdav};
use crate::recordings::{is_audio_extension, is_bin};

/// The most redirects of one request.
const MOST_REDIRECTS: usize = 5;
/// The most of an index that is read.
const LONGEST_INDEX: usize = 64 * 1024 * 1024;

/// Files of a web server below one address.
pub(super) struct HttpsSource {
    pub(super) http: reqwest::Client,
    /// Ends with `/`; its query, which may be a signature, goes along with every request.
    pub(super) base: Url,
    /// Only for the origin of `base`.
    pub(super) login: Option<WebLogin>,
    pub(super) folders: FolderList,
}

impl HttpsSource {
    fn url(&self, key: &str) -> Result<Url, SourceError> {
        let refused = || SourceError::Refused("its name cannot be addressed by a URL".to_owned());
        let mut url = self.base.clone();
        let count = key.split('/').count();
        let is_plain = |part: &str| !matches!(part, "" | "." | "..");
        let parts = key.split('/').enumerate();
        let mut path = url.path_segments_mut().map_err(|()| refused())?;
        path.pop_if_empty();
        for (at, part) in parts {
            // Only a folder ends with an empty part.
            if !(is_plain(part) || part.is_empty() && at + 1 == count) {
                return Err(refused());
            }
            path.push(part);
        }
        drop(path);
        Ok(url)
    }

    /// Sends a request and follows where it is sent to; credentials stay with their own origin.
    async fn send(
        &self,
        method: Method,
        mut url: Url,
        headers: &[(HeaderName, String)],
    ) -> Result<Response, SourceError> {
        for _ in 0..=MOST_REDIRECTS {
            let mut request = self.http.request(method.clone(), url.clone());
            for (name, value) in headers {
                request = request.header(name, value);
            }
            if url.origin() == self.base.origin()
                && let Some(login) = &self.login
            {
                request = request.basic_auth(&login.user, Some(login.password.expose_secret()));
            }
            let response = sent(request.send()).await?;
            let place = response
                .headers()
                .get(LOCATION)
                .filter(|_| response.status().is_redirection());
            let Some(place) = place else {
                return Ok(response);
            };
            let to = place.to_str().ok().and_then(|place| url.join(place).ok());
            let to = to
                .ok_or_else(|| SourceError::Refused("the server redirects to no URL".to_owned()))?;
            if to.scheme() != "https" && to.origin() != self.base.origin() {
                let what = "the server redirects to plain text, which is not followed";
                return Err(SourceError::Refused(what.to_owned()));
            }
            url = to;
        }
        Err(SourceError::Refused(
            "the server redirects in a circle".to_owned(),
        ))
    }

    /// What is in a folder, as the server says it.
    async fn entries(&self, url: Url) -> Result<Vec<IndexEntry>, SourceError> {
        let depth = [(HeaderName::from_static("depth"), "1".to_owned())];
        let webdav = Method::from_bytes(b"PROPFIND").unwrap_or(Method::GET);
        let response = self.send(webdav, url.clone(), &depth).await?;
        match response.status().as_u16() {
            207 => entries_of_webdav(&text(response, LONGEST_INDEX).await?, &url),
            // Who must log in, or wait, must do so for the index as well.
            401 | 429 | 500 | 502..=599 => Err(refusal(&response)),
            _ => {
                let response = self.send(Method::GET, url.clone(), &[]).await?;
                if !response.status().is_success() {
                    return Err(refusal(&response));
                }
                entries_of_page(&text(response, LONGEST_INDEX).await?, &url)
            }
        }
    }

    /// Lists one folder, whose name ends with `/` or is empty.
    async fn folder(&self, folder: String) -> Result<ListedFolder, SourceError> {
        let url = if folder.is_empty() {
            self.base.clone()
        } else {
            self.url(&format!("{folder}/"))?
        };
        let entries = self.entries(url).await?;
        let mut listed = ListedFolder {
            // Whether it is WebDAV, and if it is not, its index.
            requests: 2,
            ..ListedFolder::default()
        };
        for entry in entries {
            let below = if folder.is_empty() {
                entry.name.clone()
            } else {
                format!("{folder}/{}", entry.name)
            };
            match entry {
                IndexEntry {
                    is_folder: true,
                    name,
                    ..
                } => {
                    if !is_bin(name.as_ref()) {
                        listed.folders.push(below);
                    }
                }
                IndexEntry {
                    state: Some(state), ..
                } => {
                    listed.objects.push(ListedObject { key: below, state });
                }
                IndexEntry { name, .. } if is_recording(&name) => {
                    listed.unmeasured.push(below);
                }
                IndexEntry { .. } => listed.objects.push(ListedObject {
                    key: below,
                    state: ObjectState::unknown(),
                }),
            }
        }
        Ok(listed)
    }
}

fn is_recording(name: &str) -> bool {
    let extension = name.rsplit_once('.').map(|(_, extension)| extension);
    extension.is_some_and(|extension| is_audio_extension(&extension.to_lowercase()))
}

/// What an answer means that is no success.
pub(super) fn refusal(response: &Response) -> SourceError {
    let status = response.status().as_u16();
    let said = format!("the server answered {status}");
    match status {
        401 | 407 => SourceError::Credentials(format!(
            "{said}: put name and password into ~/.netrc, or into CAPTURI_STORE_USER and \
             CAPTURI_STORE_PASSWORD"
        )),
        403 => SourceError::Refused(format!("{said}: this login may not read it")),
        404 | 410 => SourceError::NotFound,
        412 => SourceError::Changed,
        416 => SourceError::PastEnd,
        429 | 503 => passing(said, response.headers(), true),
        408 | 425 | 500..=599 => passing(said, response.headers(), false),
        _ => SourceError::Refused(said),
    }
}

/// Whether an answer is a web page: a server that wants a login sends one with status 200, mostly.
pub(super) fn is_web_page(response: &Response) -> bool {
    let kind = response.headers().get(CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.trim_start()
        .to_ascii_lowercase()
        .starts_with("text/html")
}

fn web_page() -> SourceError {
    SourceError::Refused(
        "the server sent a web page instead of a recording: it wants a login".to_owned(),
    )
}

impl ObjectSource for HttpsSource {
    fn list(&self, after: Option<String>) -> BoxFuture<'_, Result<ObjectPage, SourceError>> {
        Box::pin(async move {
            let list = |folder| Box::pin(self.folder(folder)) as BoxFuture<'_, _>;
            self.folders.page(after.as_deref(), list).await
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
            let response = self.send(Method::GET, self.url(key)?, &headers).await?;
            if !response.status().is_success() {
                return Err(refusal(&response));
            }
            if is_web_page(&response) {
                return Err(web_page());
            }
            body_stream(response, range)
        })
    }

    fn state<'a>(&'a self, key: &'a str) -> BoxFuture<'a, Result<ObjectState, SourceError>> {
        Box::pin(async move {
            let response = self.send(Method::HEAD, self.url(key)?, &[]).await?;
            if !response.status().is_success() {
                return Err(refusal(&response));
            }
            if is_web_page(&response) {
                return Err(web_page());
            }
            object_state(response.headers())
        })
    }
}

impl fmt::Debug for HttpsSource {
    /// Without the query of the address.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("HttpsSource");
        shown
            .field("host", &self.base.host_str())
            .finish_non_exhaustive()
    }
}
