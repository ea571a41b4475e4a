//! The read API, on a host of its own: whether a recording is there. Asked only about uploads of
//! which nobody knows how they went; it is read leniently, what is not said is not assumed, and an
//! answer about another conversation is no answer.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::{SignedDuration, Timestamp};
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};
use url::Url;

use crate::api::Error;
use crate::api::client::{is_id, segment};
use crate::api::connect_error::classify;
use crate::api::redacted::says_token;
use crate::api::transport::{self, ClientError, HttpOptions};

/// How the read API is reached.
#[derive(Debug, Clone)]
pub struct ReadConnection {
    /// Its base, such as `https://api.capturi.ai/audio`.
    pub base: Url,
    /// The value of the query's `api-version`; `None` to find out which one answers.
    pub version: Option<String>,
    /// The raw token of its `Authorization` header.
    pub token: SecretString,
    /// How its host is reached.
    pub route: HttpOptions,
}

/// Which conversation is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConversationQuery<'a> {
    /// Its `externalIdentity`.
    pub identity: &'a str,
    /// The uid that the create call returned, unless it was never heard.
    pub uid: Option<&'a str>,
    /// When the call was, by which it is looked for where the read API cannot look by identity.
    pub at: Timestamp,
}

/// What the read API says about the recording of one conversation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FoundConversation {
    /// It does not have the conversation.
    Nothing,
    /// It answered about another conversation than the one that was asked for.
    Another,
    /// It has the conversation.
    Conversation {
        /// Its uid, if it was told.
        uid: Option<String>,
        /// Whether its recording is there; `None` when the answer does not tell.
        has_audio: Option<bool>,
    },
}

/// A client of the read API. It holds a token of its own, which goes nowhere else.
#[derive(Debug)]
pub struct ReadClient {
    http: reqwest::Client,
    conversations: Url,
    full: Url,
    delta: Url,
    versions: Versions,
    /// The server has no list that can be asked for one identity.
    lacks_full: AtomicBool,
    authorization: HeaderValue,
    timeout: std::time::Duration,
}

/// The values of `api-version` that may be the right one, the likelier first.
const VERSIONS: [&str; 2] = ["2.0", "1.0"];
/// Conversations in one page of a list.
const PAGE: u16 = 1_000;
/// Pages of a list that are looked through: an export whose calls all bear the same time (midnight) must
/// not make every look-up read through all of them.
const PAGES: usize = 100;
/// The most bytes of one answer.
const LIMIT: usize = 8 * 1024 * 1024;
/// Servers keep times with more or fewer digits than they were given.
const AROUND: SignedDuration = SignedDuration::from_secs(1);

/// Which `api-version` is asked for.
#[derive(Debug)]
struct Versions {
    names: Vec<String>,
    /// The one that is asked for, by its place.
    at: AtomicUsize,
    /// It has answered.
    is_settled: AtomicBool,
}

impl Versions {
    fn new(version: Option<&String>) -> Versions {
        Versions {
            names: match version {
                Some(version) => vec![version.clone()],
                None => VERSIONS.map(str::to_owned).into(),
            },
            at: AtomicUsize::new(0),
            is_settled: AtomicBool::new(false),
        }
    }

    /// The one to ask for first, and the others, if it is not yet known to be the right one.
    fn candidates(&self) -> impl Iterator<Item = (usize, &str)> {
        let first = self.at.load(Ordering::Relaxed);
        let number = if self.is_settled.load(Ordering::Relaxed) {
            1
        } else {
            self.names.len()
        };
        let places = (0..number).map(move |more| (first + more) % self.names.len());
        places.filter_map(|place| Some((place, self.names.get(place)?.as_str())))
    }

    fn settle(&self, place: usize) {
        self.at.store(place, Ordering::Relaxed);
        self.is_settled.store(true, Ordering::Relaxed);
    }
}

/// A conversation as the read API tells it; everything may be missing, or not what it should be.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ConversationReply {
    #[serde(alias = "UID", alias = "Uid", deserialize_with = "if_it_is")]
    uid: Option<String>,
    #[serde(deserialize_with = "if_it_is")]
    external_identity: Option<String>,
    #[serde(deserialize_with = "if_it_is")]
    state: Option<String>,
    #[serde(deserialize_with = "if_it_is")]
    has_audio: Option<bool>,
    #[serde(deserialize_with = "if_it_is")]
    deleted: Option<bool>,
    #[serde(deserialize_with = "if_it_is")]
    metrics: Option<Metrics>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Metrics {
    /// Since when the recording is there. It stays when a recording without consent is deleted.
    #[serde(deserialize_with = "if_it_is")]
    audio_added: Option<Timestamp>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct ListPage {
    conversations: Vec<ConversationReply>,
    continuation_token: Option<String>,
}

/// A value of another type than the contract says tells nothing, and spoils nothing beside it.
fn if_it_is<'de, D: Deserializer<'de>, T: DeserializeOwned>(
    deserializer: D,
) -> Result<Option<T>, D::Error> {
    let value = serde_json::Value::deserialize(deserializer)?;
    Ok(serde_json::from_value(value).ok())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase", untagged)]
enum ListQuery<'a> {
    #[serde(rename_all = "camelCase")]
    Identity {
        external_identity: &'a str,
        limit: u16,
    },
    #[serde(rename_all = "camelCase")]
    Time {
        from_inclusive: String,
        to_inclusive: String,
        limit: u16,
    },
    #[serde(rename_all = "camelCase")]
    Next { continuation_token: &'a str },
}

impl ConversationReply {
    /// A recording that was sent without consent is deleted once it is analysed, so "no audio" says
    /// that none came only of a conversation that nobody has begun to work on.
    fn has_audio(&self) -> Option<bool> {
        let metrics = self.metrics.as_ref();
        if metrics.is_some_and(|metrics| metrics.audio_added.is_some()) {
            return Some(true);
        }
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

    fn is_of(&self, sought: ConversationQuery<'_>) -> bool {
        let is_uid = |uid: &str| {
            let told = self.uid.as_deref();
            told.is_some_and(|told| told.eq_ignore_ascii_case(uid))
        };
        self.external_identity.as_deref() == Some(sought.identity) && sought.uid.is_none_or(is_uid)
    }

    fn seen(self) -> FoundConversation {
        FoundConversation::Conversation {
            has_audio: self.has_audio(),
            uid: self.uid.filter(|uid| is_id(uid)),
        }
    }
}

impl ReadClient {
    /// A client of this read API.
    pub fn new(connection: &ReadConnection) -> Result<ReadClient, ClientError> {
        let path = |tail: &[&str]| transport::path(&connection.base, tail);
        Ok(ReadClient {
            http: transport::http(&connection.route)?,
            conversations: path(&["integrations", "conversations"])?,
            full: path(&["integrations", "conversations", "list-full"])?,
            delta: path(&["integrations", "conversations", "list-delta"])?,
            versions: Versions::new(connection.version.as_ref()),
            lacks_full: AtomicBool::new(false),
            authorization: transport::authorization(&connection.token)?,
            timeout: connection.route.timeout,
        })
    }

    /// Looks for one conversation.
    pub async fn look(&self, sought: ConversationQuery<'_>) -> Result<FoundConversation, Error> {
        let mut seen = match sought.uid {
            Some(uid) => self.conversation(uid, sought).await,
            None => self.search(sought).await,
        };
        if let Ok(FoundConversation::Conversation { uid, .. }) = &mut seen
            && uid
                .as_deref()
                .is_some_and(|uid| says_token(&self.authorization, uid))
        {
            *uid = None;
        }
        seen
    }

    /// `GET /integrations/conversations/{uid}`.
    async fn conversation(
        &self,
        uid: &str,
        sought: ConversationQuery<'_>,
    ) -> Result<FoundConversation, Error> {
        let mut url = self.conversations.clone();
        url.set_path(&format!("{}/{}", url.path(), segment(uid)?));
        match self
            .exchange::<ConversationReply>(Method::GET, &url, None)
            .await
        {
            Ok(Some(told)) if told.is_of(sought) => Ok(told.seen()),
            Ok(Some(_)) => Ok(FoundConversation::Another),
            Ok(None) | Err(Error::Status { status: 404, .. }) => Ok(FoundConversation::Nothing),
            Err(error) => Err(error),
        }
    }

    /// By `list-full`, which finds one identity with one request; by time where a server does not have
    /// that, or does not look at the identity.
    async fn search(&self, sought: ConversationQuery<'_>) -> Result<FoundConversation, Error> {
        if !self.lacks_full.load(Ordering::Relaxed) {
            let wanted = ListQuery::Identity {
                external_identity: sought.identity,
                limit: PAGE,
            };
            match self.page(&self.full, &wanted).await {
                Ok(page) => {
                    let is_filtered = page.conversations.iter().all(|told| told.is_of(sought));
                    if let Some(seen) = found_in(page.conversations, sought) {
                        return Ok(seen);
                    }
                    if is_filtered {
                        return Ok(FoundConversation::Nothing);
                    }
                }
                Err(Error::Status {
                    status: 400 | 404 | 405 | 501,
                    ..
                }) => self.lacks_full.store(true, Ordering::Relaxed),
                Err(error) => return Err(error),
            }
        }
        self.search_by_time(sought).await
    }

    /// By `list-delta`, page by page.
    async fn search_by_time(
        &self,
        sought: ConversationQuery<'_>,
    ) -> Result<FoundConversation, Error> {
        let edge = |around| {
            sought
                .at
                .checked_add(around)
                .unwrap_or(sought.at)
                .to_string()
        };
        let first = ListQuery::Time {
            from_inclusive: edge(-AROUND),
            to_inclusive: edge(AROUND),
            limit: PAGE,
        };
        let mut page = self.page(&self.delta, &first).await?;
        for _ in 1..PAGES {
            if let Some(seen) = found_in(page.conversations, sought) {
                return Ok(seen);
            }
            let Some(token) = page.continuation_token.filter(|token| !token.is_empty()) else {
                break;
            };
            let next = ListQuery::Next {
                continuation_token: &token,
            };
            page = self.page(&self.delta, &next).await?;
        }
        Ok(FoundConversation::Nothing)
    }

    async fn page(&self, list: &Url, wanted: &ListQuery<'_>) -> Result<ListPage, Error> {
        let body = serde_json::to_vec(wanted).unwrap_or_default();
        let page = self.exchange(Method::POST, list, Some(body)).await?;
        Ok(page.unwrap_or_default())
    }

    /// Sends a request in the version that answers; which one that is, is found out once.
    async fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        url: &Url,
        body: Option<Vec<u8>>,
    ) -> Result<Option<T>, Error> {
        let mut refused = None;
        for (place, version) in self.versions.candidates() {
            let mut url = url.clone();
            url.query_pairs_mut().append_pair("api-version", version);
            match self.send(method.clone(), url, body.clone()).await {
                Err(error @ Error::Status { status: 400, .. }) => {
                    // What the likelier version says is told if no other does better.
                    refused.get_or_insert(error);
                }
                result => {
                    if result.is_ok() {
                        self.versions.settle(place);
                    }
                    return result;
                }
            }
        }
        Err(refused.unwrap_or(Error::Unreadable { status: 400 }))
    }

    /// Sends one request; `None` is the answer that there is nothing (204).
    async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        url: Url,
        body: Option<Vec<u8>>,
    ) -> Result<Option<T>, Error> {
        let mut request = self
            .http
            .request(method, url)
            .header(AUTHORIZATION, self.authorization.clone());
        if let Some(body) = body {
            request = request.header(CONTENT_TYPE, "application/json").body(body);
        }
        let request = request.build().map_err(|error| classify(&error))?;
        let exchange = async {
            let response = transport::send(&self.http, request, None).await?;
            let status = response.status().as_u16();
            let body = transport::read(response, LIMIT).await?;
            if status == 204 {
                return Ok(None);
            }
            let read = serde_json::from_slice(&body);
            read.map(Some).map_err(|_| Error::Unreadable { status })
        };
        tokio::time::timeout(self.timeout, exchange)
            .await
            .unwrap_or(Err(Error::TimedOut(self.timeout)))
    }
}

fn found_in(
    conversations: Vec<ConversationReply>,
    sought: ConversationQuery<'_>,
) -> Option<FoundConversation> {
    let mut conversations = conversations.into_iter();
    conversations
        .find(|told| told.is_of(sought))
        .map(ConversationReply::seen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn has_audio(text: &str) -> Option<bool> {
        serde_json::from_str::<ConversationReply>(text)
            .unwrap()
            .has_audio()
    }

    #[test]
    fn what_is_no_id_is_not_taken_for_one() {
        for (told, uid) in [
            (r#""conv_000042""#, Some("conv_000042")),
            (r#"" ""#, None),
            (r#""=1+1;\u001b[31m""#, None),
            (r#""+45 12 34 56 78""#, None),
            ("17", None),
        ] {
            let text = format!(r#"{{"uid":{told},"hasAudio":true}}"#);
            let seen = serde_json::from_str::<ConversationReply>(&text)
                .unwrap()
                .seen();
            let expected = FoundConversation::Conversation {
                uid: uid.map(str::to_owned),
                has_audio: Some(true),
            };
            assert_eq!(seen, expected, "{told}");
        }
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
    fn a_recording_that_was_added_counts_also_when_it_is_deleted_since() {
        let added = r#"{"hasAudio":false,"state":"Created","metrics":{"audioAdded":"2024-05-01T09:30:00Z"}}"#;
        assert_eq!(has_audio(added), Some(true));
        let not_yet = r#"{"hasAudio":false,"state":"Created","metrics":{"audioAdded":null}}"#;
        assert_eq!(has_audio(not_yet), Some(false));
    }

    #[test]
    fn a_value_of_another_type_tells_nothing() {
        for text in [
            r#"{"hasAudio":"false","state":"Created"}"#,
            r#"{"hasAudio":0,"state":"Created"}"#,
            r#"{"hasAudio":false,"state":1}"#,
            r#"{"hasAudio":null,"state":"Created","metrics":[]}"#,
        ] {
            assert_eq!(has_audio(text), None, "{text}");
        }
    }

    #[test]
    fn an_answer_counts_for_the_conversation_that_was_asked_for() {
        let is_of = |uid: Option<&str>, text: &str| {
            let told: ConversationReply = serde_json::from_str(text).unwrap();
            told.is_of(ConversationQuery {
                identity: "a",
                uid,
                at: Timestamp::UNIX_EPOCH,
            })
        };
        assert!(is_of(
            Some("U-1"),
            r#"{"uid":"u-1","externalIdentity":"a"}"#
        ));
        assert!(is_of(None, r#"{"uid":"u-1","externalIdentity":"a"}"#));
        for other in [
            r#"{"uid":"u-2","externalIdentity":"a"}"#,
            r#"{"uid":"u-1","externalIdentity":"A"}"#,
            r#"{"externalIdentity":"a"}"#,
            r#"{"uid":"u-1"}"#,
            r#"{"uid":1,"externalIdentity":"a"}"#,
            "{}",
        ] {
            assert!(!is_of(Some("u-1"), other), "{other}");
        }
    }

    #[test]
    fn the_likelier_version_is_asked_for_first_and_the_other_until_one_answers() {
        let names = |versions: &Versions| {
            let names = versions.candidates().map(|(_, name)| name.to_owned());
            names.collect::<Vec<_>>()
        };
        let versions = Versions::new(None);
        assert_eq!(names(&versions), ["2.0", "1.0"]);
        versions.settle(1);
        assert_eq!(names(&versions), ["1.0"]);
        let typed = Versions::new(Some(&"3.1".to_owned()));
        assert_eq!(names(&typed), ["3.1"]);
    }

    #[test]
    fn a_page_is_asked_for_by_time_and_then_by_token() {
        let text = |wanted: &ListQuery<'_>| serde_json::to_string(wanted).unwrap();
        assert_eq!(
            text(&ListQuery::Identity {
                external_identity: "é",
                limit: 1
            }),
            r#"{"externalIdentity":"é","limit":1}"#
        );
        assert_eq!(
            text(&ListQuery::Time {
                from_inclusive: "a".to_owned(),
                to_inclusive: "b".to_owned(),
                limit: 2
            }),
            r#"{"fromInclusive":"a","toInclusive":"b","limit":2}"#
        );
        assert_eq!(
            text(&ListQuery::Next {
                continuation_token: "t"
            }),
            r#"{"continuationToken":"t"}"#
        );
    }
}
