//! The read API, on a host of its own: whether a recording is there. Asked only about uploads of
//! which nobody knows how they went; it is read leniently, and what is not said is not assumed.

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use url::Url;

use super::Error;
use super::client::segment;
use super::failure::classify;
use super::transport::{self, Route, SetUp};

/// How the read API is reached.
#[derive(Debug, Clone)]
pub struct ReadConnection {
    /// Its base, such as `https://api.capturi.ai/audio`.
    pub base: Url,
    /// The value of the query's `api-version`.
    pub version: String,
    /// The raw token of its `Authorization` header.
    pub token: SecretString,
    /// How its host is reached.
    pub route: Route,
}

/// Which conversation is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sought<'a> {
    /// By the uid that the create call returned.
    Uid(&'a str),
    /// By `externalIdentity` among the conversations of this time, when the uid was never heard.
    Identity(&'a str, Timestamp),
}

/// What the read API says about the recording of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The conversation's uid.
    pub uid: Option<String>,
    /// Whether its recording is there; `None` when the answer does not tell.
    pub has_audio: Option<bool>,
}

/// A client of the read API. It holds a token of its own, which goes nowhere else.
#[derive(Debug)]
pub struct ReadClient {
    http: reqwest::Client,
    conversations: Url,
    list: Url,
    authorization: HeaderValue,
    timeout: std::time::Duration,
}

/// Conversations in one page of the list.
const PAGE: u16 = 200;
/// Pages that are looked through: an export whose calls all bear the same time (midnight) must not
/// make every look-up read through all of them.
const PAGES: usize = 25;
/// The most bytes of one answer.
const LIMIT: usize = 8 * 1024 * 1024;
/// Servers keep times with more or fewer digits than they were given.
const AROUND: SignedDuration = SignedDuration::from_secs(1);

/// A conversation as the read API tells it; everything may be missing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Told {
    #[serde(alias = "UID", alias = "Uid")]
    uid: Option<String>,
    external_identity: Option<String>,
    state: Option<String>,
    has_audio: Option<bool>,
    deleted: Option<bool>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Page {
    conversations: Vec<Told>,
    continuation_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", untagged)]
enum Wanted<'a> {
    #[serde(rename_all = "camelCase")]
    First {
        from_inclusive: String,
        to_inclusive: String,
        limit: u16,
    },
    #[serde(rename_all = "camelCase")]
    Next { continuation_token: &'a str },
}

impl Told {
    /// A recording that was sent without consent is deleted once it is analysed, so "no audio" says
    /// that none came only of a conversation that nobody has begun to work on.
    fn has_audio(&self) -> Option<bool> {
        match (self.has_audio?, self.state.as_deref()) {
            (true, _) => Some(true),
            (false, _) if self.deleted == Some(true) => None,
            (false, Some("Processing" | "Success" | "NoRecognizedWords" | "NeedsSpeakerModel")) => {
                Some(true)
            }
            (false, Some("Created")) => Some(false),
            (false, _) => None,
        }
    }

    fn seen(self) -> Seen {
        Seen {
            has_audio: self.has_audio(),
            uid: self.uid.filter(|uid| !uid.trim().is_empty()),
        }
    }
}

impl ReadClient {
    /// A client of this read API.
    pub fn new(connection: &ReadConnection) -> Result<ReadClient, SetUp> {
        let path = |tail: &[&str]| {
            let mut url = transport::path(&connection.base, tail)?;
            url.query_pairs_mut()
                .append_pair("api-version", &connection.version);
            Ok::<Url, SetUp>(url)
        };
        Ok(ReadClient {
            http: transport::http(&connection.route)?,
            conversations: path(&["integrations", "conversations"])?,
            list: path(&["integrations", "conversations", "list-delta"])?,
            authorization: transport::authorization(&connection.token)?,
            timeout: connection.route.timeout,
        })
    }

    /// Looks for one conversation; `None` when the read API does not have it.
    pub async fn look(&self, sought: Sought<'_>) -> Result<Option<Seen>, Error> {
        match sought {
            Sought::Uid(uid) => self.conversation(uid).await,
            Sought::Identity(identity, at) => self.search(identity, at).await,
        }
    }

    /// `GET /integrations/conversations/{uid}`.
    async fn conversation(&self, uid: &str) -> Result<Option<Seen>, Error> {
        let mut url = self.conversations.clone();
        url.set_path(&format!("{}/{}", url.path(), segment(uid)?));
        let answer = self.exchange::<Told>(Method::GET, url, None).await;
        match answer {
            Ok(told) => Ok(Some(told.seen())),
            Err(Error::Status { status: 404, .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// `POST /integrations/conversations/list-delta`, page by page.
    async fn search(&self, identity: &str, at: Timestamp) -> Result<Option<Seen>, Error> {
        let edge = |around| at.checked_add(around).unwrap_or(at).to_string();
        let first = Wanted::First {
            from_inclusive: edge(-AROUND),
            to_inclusive: edge(AROUND),
            limit: PAGE,
        };
        let mut page: Page = self.page(&first).await?;
        for _ in 1..PAGES {
            let found = page
                .conversations
                .into_iter()
                .find(|told| told.external_identity.as_deref() == Some(identity));
            if let Some(told) = found {
                return Ok(Some(told.seen()));
            }
            let Some(token) = page.continuation_token.filter(|token| !token.is_empty()) else {
                break;
            };
            page = self
                .page(&Wanted::Next {
                    continuation_token: &token,
                })
                .await?;
        }
        Ok(None)
    }

    async fn page(&self, wanted: &Wanted<'_>) -> Result<Page, Error> {
        let body = serde_json::to_vec(wanted).unwrap_or_default();
        let url = self.list.clone();
        self.exchange(Method::POST, url, Some(body)).await
    }

    async fn exchange<T: serde::de::DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
    ) -> Result<T, Error> {
        let mut request = self
            .http
            .request(method, url)
            .header(AUTHORIZATION, self.authorization.clone());
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let request = request.build().map_err(|error| classify(&error))?;
        let exchange = async {
            let response = transport::send(&self.http, request).await?;
            let status = response.status().as_u16();
            let body = transport::read(response, LIMIT).await?;
            serde_json::from_slice(&body).map_err(|_| Error::Unreadable { status })
        };
        tokio::time::timeout(self.timeout, exchange)
            .await
            .unwrap_or(Err(Error::TimedOut(self.timeout)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_audio(text: &str) -> Option<bool> {
        serde_json::from_str::<Told>(text).unwrap().has_audio()
    }

    #[test]
    fn only_a_plain_no_says_that_no_recording_came() {
        let told = |audio: &str, state: &str| {
            has_audio(&format!(r#"{{"hasAudio":{audio},"state":"{state}"}}"#))
        };
        assert_eq!(told("true", "Error"), Some(true));
        assert_eq!(told("false", "Created"), Some(false));
        // Without consent the recording is deleted after the analysis.
        for worked_on in [
            "Processing",
            "Success",
            "NoRecognizedWords",
            "NeedsSpeakerModel",
        ] {
            assert_eq!(told("false", worked_on), Some(true), "{worked_on}");
        }
        for unclear in ["Error", "", "Something new"] {
            assert_eq!(told("false", unclear), None, "{unclear}");
        }
        assert_eq!(told("null", "Created"), None);
        assert_eq!(has_audio("{}"), None);
        assert_eq!(has_audio(r#"{"hasAudio":false}"#), None);
        assert_eq!(
            has_audio(r#"{"hasAudio":false,"state":"Created","deleted":true}"#),
            None
        );
    }

    #[test]
    fn a_page_is_asked_for_by_time_and_then_by_token() {
        let text = |wanted: &Wanted<'_>| serde_json::to_string(wanted).unwrap();
        assert_eq!(
            text(&Wanted::First {
                from_inclusive: "a".to_owned(),
                to_inclusive: "b".to_owned(),
                limit: 2
            }),
            r#"{"fromInclusive":"a","toInclusive":"b","limit":2}"#
        );
        assert_eq!(
            text(&Wanted::Next {
                continuation_token: "t"
            }),
            r#"{"continuationToken":"t"}"#
        );
    }
}
