//! Reading back what was created, and replacing custom properties.

use hyper::StatusCode;
use hyper::http::request::Parts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::check::{Fields, Finding};
use super::conversation::read_custom;
use super::route::Version;
use super::service::Shared;
use super::state::Conversation;
use super::token::query;

/// The page size of a client that names none.
const USUAL_LIMIT: i64 = 100;

/// What a page of the list shows, and where it goes on. This is what a continuation token holds.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Listing {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    changed: Option<Timestamp>,
    limit: usize,
    /// Conversations before this place in the order of creation were looked at already.
    next: usize,
}

/// `POST /integrations/conversations/list-delta`.
pub(super) fn list_delta(shared: &Shared, parts: &Parts, object: &Map<String, Value>) -> Answer {
    if let Some(refusal) = without_version(parts) {
        return refusal;
    }
    let mut listing = match read_listing(shared, object) {
        Ok(listing) => listing,
        Err(refusal) => return refusal,
    };
    let state = shared.state();
    let mut found = Vec::new();
    let rest = state.conversations.iter().enumerate().skip(listing.next);
    for (place, conversation) in rest.filter(|(_, each)| listing.shows(each)) {
        if found.len() == listing.limit {
            // There is at least one more, so the token never leads to an empty page.
            listing.next = place;
            return page(&found, listing.token().as_deref());
        }
        found.push(picture(conversation));
    }
    page(&found, None)
}

fn page(conversations: &[Value], token: Option<&str>) -> Answer {
    let page = json!({ "conversations": conversations, "continuationToken": token });
    Answer::json(StatusCode::OK, &page)
}

/// `GET /integrations/conversations/{uid}`.
pub(super) fn one(shared: &Shared, parts: &Parts, uid: &str) -> Answer {
    if let Some(refusal) = without_version(parts) {
        return refusal;
    }
    let state = shared.state();
    let found = state.by_uid_text(uid);
    match found.and_then(|index| state.conversations.get(index)) {
        Some(conversation) => Answer::json(StatusCode::OK, &picture(conversation)),
        None => unknown_conversation(),
    }
}

/// `PATCH /integrations/conversations/{uid}/metadata`.
pub(super) fn patch_metadata(
    shared: &Shared,
    parts: &Parts,
    uid: &str,
    object: Map<String, Value>,
) -> Answer {
    if let Some(refusal) = without_version(parts) {
        return refusal;
    }
    let mut fields = Fields::new(&object);
    read_custom(&mut fields);
    if let Some(refusal) = refusal(&fields.finish(shared.unknown_fields())) {
        return refusal;
    }
    let mut state = shared.state();
    let found = state.by_uid_text(uid);
    let Some(conversation) = found.and_then(|index| state.conversations.get_mut(index)) else {
        return unknown_conversation();
    };
    conversation.metadata.extend(object);
    conversation.last_changed = Timestamp::now();
    Answer::done()
}

fn unknown_conversation() -> Answer {
    Answer::text(StatusCode::NOT_FOUND, "There is no such conversation")
}

fn without_version(parts: &Parts) -> Option<Answer> {
    let version = query(parts, "api-version").unwrap_or_default();
    version.trim().is_empty().then(|| {
        let text = "The query parameter api-version is required";
        Answer::text(StatusCode::BAD_REQUEST, text)
    })
}

fn refusal(findings: &[Finding]) -> Option<Answer> {
    let texts: Vec<_> = findings.iter().map(Finding::text).collect();
    (!texts.is_empty()).then(|| Answer::text(StatusCode::BAD_REQUEST, texts.join("\n")))
}

/// What the body asks for. A token stands for all other fields, which are then not looked at.
fn read_listing(shared: &Shared, object: &Map<String, Value>) -> Result<Listing, Answer> {
    // A page's answer says null where there is no token, so a client may send it back like that.
    let present: Map<String, Value> = object
        .iter()
        .filter(|(_, value)| !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let mut fields = Fields::new(&present);
    if let Some(token) = fields.text("continuationToken") {
        return Listing::from_token(token).ok_or_else(|| {
            let text = "continuationToken is not one that this server gave";
            Answer::text(StatusCode::BAD_REQUEST, text)
        });
    }
    let listing = Listing {
        from: fields.time("fromInclusive"),
        to: fields.time("toInclusive"),
        changed: fields.time("lastChanged"),
        limit: usize::try_from(fields.whole("limit", 1, 10_000).unwrap_or(USUAL_LIMIT))
            .unwrap_or_default(),
        next: 0,
    };
    match refusal(&fields.finish(shared.unknown_fields())) {
        Some(refusal) => Err(refusal),
        None => Ok(listing),
    }
}

impl Listing {
    fn shows(&self, conversation: &Conversation) -> bool {
        self.from.is_none_or(|from| conversation.date_time >= from)
            && self.to.is_none_or(|to| conversation.date_time <= to)
            && self
                .changed
                .is_none_or(|changed| conversation.last_changed >= changed)
    }

    fn token(&self) -> Option<String> {
        let text = serde_json::to_string(self).ok()?;
        let encoded =
            percent_encoding::percent_encode(text.as_bytes(), percent_encoding::NON_ALPHANUMERIC);
        Some(encoded.to_string())
    }

    fn from_token(token: &str) -> Option<Self> {
        let text = percent_encoding::percent_decode_str(token)
            .decode_utf8()
            .ok()?;
        let listing: Self = serde_json::from_str(&text).ok()?;
        (1..=10_000).contains(&listing.limit).then_some(listing)
    }
}

/// A conversation as the reading API tells it. Recordings are neither decoded nor recognised here:
/// the duration stays 0, and one that has arrived counts as processed.
fn picture(conversation: &Conversation) -> Value {
    let fields = conversation.fields();
    let field = |name: &str| fields.get(name).cloned().unwrap_or(Value::Null);
    let (subject, customer) = match conversation.version {
        Version::V1 => ("title", "phoneNumber"),
        Version::V2 | Version::V3 => ("subject", "customer"),
    };
    let has_audio = !conversation.uploads.is_empty();
    json!({
        "uid": conversation.uid.to_string(),
        "externalIdentity": conversation.identity,
        "state": if has_audio { "Success" } else { "Created" },
        "dateTime": conversation.date_time.to_string(),
        "lastChanged": conversation.last_changed.to_string(),
        "duration": 0,
        "hasAudio": has_audio,
        "hasConsent": fields.get("hasConsent").and_then(Value::as_bool).unwrap_or(true),
        "deleted": false,
        "subject": field(subject),
        "customer": field(customer),
        "labels": fields.get("labels").cloned().unwrap_or_else(|| json!([])),
        "status": field("status"),
        "metadata": metadata(conversation, &fields),
    })
}

/// The custom properties as they were created, under the later ones.
fn metadata(conversation: &Conversation, fields: &Map<String, Value>) -> Map<String, Value> {
    let mut metadata = Map::new();
    for (name, value) in fields {
        let name = match (conversation.version, name.as_str()) {
            (Version::V1, "outcome") => "customProp1",
            (Version::V1, "outcomeReason") => "customProp2",
            (Version::V1, "caseId") => "customProp3",
            (_, name) if name.starts_with("customProp") || name.starts_with("customNumberProp") => {
                name
            }
            _ => continue,
        };
        metadata.insert(name.to_owned(), value.clone());
    }
    metadata.extend(conversation.metadata.clone());
    metadata
}
