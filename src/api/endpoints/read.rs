//! The read API, on a host of its own: whether a recording is there. Asked only about uploads of
//! which nobody knows how they went; it is read leniently, what is not said is not assumed, and an
//! answer about another conversation is no answer.

use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use reqwest::Method;
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use url::Url;

use super::list_query::{ConversationList, ListQuery};
use super::read_versions::Versions;
use super::reply::{ConversationQuery, ConversationReply, FoundConversation, ListPage, found_in};
use crate::api::Error;
use crate::api::client::segment;
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

/// Conversations in one page of a list.
const PAGE: u16 = 1_000;
/// Pages of a list that are looked through: an export whose calls all bear the same time (midnight) must
/// not make every look-up read through all of them.
const PAGES: usize = 100;
/// The most bytes of the answer to a look-up.
const LIMIT: usize = 8 * 1024 * 1024;
/// The most bytes of the largest page: three times what it takes with long texts.
const PAGE_LIMIT: usize = 48 * 1024 * 1024;
/// Servers keep times with more or fewer digits than they were given.
const AROUND: SignedDuration = SignedDuration::from_secs(1);

/// One question to the read API.
struct ReadQuestion<'a> {
    method: Method,
    url: &'a Url,
    body: Option<Vec<u8>>,
    /// The most bytes of its answer.
    limit: usize,
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

    /// The `api-version` that has answered.
    pub fn version(&self) -> Option<&str> {
        self.versions.settled()
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

    /// The address of one conversation.
    pub(super) fn conversation_url(&self, uid: &str) -> Result<Url, Error> {
        let mut url = self.conversations.clone();
        url.set_path(&format!("{}/{}", url.path(), segment(uid)?));
        Ok(url)
    }

    /// `GET /integrations/conversations/{uid}`.
    async fn conversation(
        &self,
        uid: &str,
        sought: ConversationQuery<'_>,
    ) -> Result<FoundConversation, Error> {
        let url = self.conversation_url(uid)?;
        match self
            .exchange::<ConversationReply>(Method::GET, &url, None)
            .await
        {
            Ok(Some(reply)) if reply.is_of(sought) => Ok(reply.found()),
            Ok(Some(_)) => Ok(FoundConversation::Another),
            Ok(None) | Err(Error::Status { status: 404, .. }) => Ok(FoundConversation::Nothing),
            Err(error) => Err(error),
        }
    }

    /// By `list-full`, which finds one identity with one request; by time where a server does not have
    /// that, or does not look at the identity.
    async fn search(&self, sought: ConversationQuery<'_>) -> Result<FoundConversation, Error> {
        if !self.lacks_full() {
            let wanted = ListQuery::Identity {
                external_identity: sought.identity,
                limit: PAGE,
            };
            match self.page(&self.full, &wanted, LIMIT).await {
                Ok(page) => {
                    let is_filtered = page.conversations().all(|told| told.is_of(sought));
                    if let Some(seen) = found_in(&page, sought) {
                        return Ok(seen);
                    }
                    if is_filtered {
                        return Ok(FoundConversation::Nothing);
                    }
                }
                Err(error) if self.tells_of_lacking_full(&error, true) => {}
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
        let mut page = self.page(&self.delta, &first, LIMIT).await?;
        for _ in 1..PAGES {
            if let Some(seen) = found_in(&page, sought) {
                return Ok(seen);
            }
            let Some(token) = page.continuation_token.filter(|token| !token.is_empty()) else {
                break;
            };
            let next = ListQuery::Next {
                continuation_token: &token,
            };
            page = self.page(&self.delta, &next, LIMIT).await?;
        }
        Ok(FoundConversation::Nothing)
    }

    /// Whether the server is known to have no `list-full`.
    pub fn lacks_full(&self) -> bool {
        self.lacks_full.load(Ordering::Relaxed)
    }

    /// Whether an answer of `list-full` says that the server does not have it, which is remembered. That a
    /// request is wrong says so only of a first page: a token may mean nothing any more.
    fn tells_of_lacking_full(&self, error: &Error, is_first: bool) -> bool {
        let is_lacking = match error {
            Error::Status { status: 400, .. } => is_first,
            Error::Status { status, .. } => matches!(status, 404 | 405 | 501),
            _ => false,
        };
        if is_lacking {
            self.lacks_full.store(true, Ordering::Relaxed);
        }
        is_lacking
    }

    /// One page of conversations, the largest that the contract has. Days are listed by `list-delta` once the
    /// server has answered that it has no `list-full`.
    pub async fn list(&self, wanted: ConversationList<'_>) -> Result<ListPage, Error> {
        let (is_of_days, is_first) = match wanted {
            ConversationList::Identity(_) | ConversationList::Days(..) => (true, true),
            ConversationList::NextDays(_) => (true, false),
            ConversationList::ChangedSince(_) | ConversationList::NextChanged(_) => (false, false),
        };
        let is_full = is_of_days && !self.lacks_full();
        let list = if is_full { &self.full } else { &self.delta };
        let page = self.page(list, &wanted.into(), PAGE_LIMIT).await;
        if let Err(error) = &page
            && is_full
        {
            self.tells_of_lacking_full(error, is_first);
        }
        page
    }

    /// What the server has of one call, by whatever way it offers; `None` where it offers none: without
    /// `list-full` a conversation is found by its uid alone.
    pub async fn list_one(
        &self,
        identity: &str,
        uid: Option<&str>,
    ) -> Result<Option<ListPage>, Error> {
        if !self.lacks_full() {
            let page = self.list(ConversationList::Identity(identity)).await;
            if page.is_ok() || !self.lacks_full() {
                return page.map(Some);
            }
        }
        let Some(uid) = uid else {
            return Ok(None);
        };
        let url = self.conversation_url(uid)?;
        match self.exchange(Method::GET, &url, None).await {
            Ok(found) => Ok(Some(ListPage::of(found))),
            Err(Error::Status { status: 404, .. }) => Ok(Some(ListPage::of(None))),
            Err(error) => Err(error),
        }
    }

    async fn page(
        &self,
        list: &Url,
        wanted: &ListQuery<'_>,
        limit: usize,
    ) -> Result<ListPage, Error> {
        let body = serde_json::to_vec(wanted).unwrap_or_default();
        let question = ReadQuestion {
            method: Method::POST,
            url: list,
            body: Some(body),
            limit,
        };
        let page = self.ask(question).await?;
        Ok(page.unwrap_or_default())
    }

    /// Sends a request about one conversation in the version that answers.
    pub(super) async fn exchange<T: DeserializeOwned>(
        &self,
        method: Method,
        url: &Url,
        body: Option<Vec<u8>>,
    ) -> Result<Option<T>, Error> {
        let limit = LIMIT;
        self.ask(ReadQuestion {
            method,
            url,
            body,
            limit,
        })
        .await
    }

    /// Sends a request in the version that answers. Which one that is, the first request finds out, and
    /// the others wait for it: 400 says that it is another one.
    async fn ask<T: DeserializeOwned>(
        &self,
        question: ReadQuestion<'_>,
    ) -> Result<Option<T>, Error> {
        if let Some(version) = self.versions.settled() {
            return self.send(&question, version).await;
        }
        let asking = self.versions.asking.lock().await;
        if let Some(version) = self.versions.settled() {
            drop(asking);
            return self.send(&question, version).await;
        }
        let mut refused = None;
        for (place, version) in self.versions.names.iter().enumerate() {
            match self.send(&question, version).await {
                Err(error @ Error::Status { status: 400, .. }) => {
                    // What the likelier version says is told if no other does better.
                    refused.get_or_insert(error);
                }
                result => {
                    if matches!(&result, Ok(_) | Err(Error::Status { status: 404, .. })) {
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
        question: &ReadQuestion<'_>,
        version: &str,
    ) -> Result<Option<T>, Error> {
        let mut request = self
            .http
            .request(question.method.clone(), versioned(question.url, version))
            .header(AUTHORIZATION, self.authorization.clone());
        if let Some(body) = &question.body {
            // The vendor's client names a patch so, whose body is a plain object all the same.
            let content_type = if question.method == Method::PATCH {
                "application/json-patch+json"
            } else {
                "application/json"
            };
            request = request
                .header(CONTENT_TYPE, content_type)
                .body(body.clone());
        }
        let request = request.build().map_err(|error| classify(&error))?;
        let exchange = async {
            let response = transport::send(&self.http, request, None).await?;
            let status = response.status().as_u16();
            let body = transport::read(response, question.limit).await?;
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

fn versioned(url: &Url, version: &str) -> Url {
    let mut url = url.clone();
    url.query_pairs_mut().append_pair("api-version", version);
    url
}
