//! Reading back what was created, and replacing custom properties.

use hyper::StatusCode;
use hyper::http::request::Parts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::answer::Answer;
use super::check::{Fields, refusal};
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

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::super::testing::{Given, conversation, form, with};
    use super::*;

    const LIST: &str = "/integrations/conversations/list-delta?api-version=1.0";

    fn path(uid: &str, rest: &str) -> String {
        format!("/integrations/conversations/{uid}{rest}?api-version=1.0")
    }

    /// Five conversations, one a day.
    async fn five() -> Given {
        let given = Given::sandbox().await;
        for day in 1..=5 {
            let time = json!(format!("2024-05-0{day}T12:00:00Z"));
            let body = with(conversation(&format!("call-{day}")), "dateTime", time);
            assert_eq!(given.create("v2", &body).await.status, 200);
        }
        given
    }

    async fn list(given: &Given, body: &Value) -> (Vec<String>, Value) {
        let reply = given.json(Method::POST, LIST, body).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let page = reply.json();
        let conversations = page["conversations"].as_array().expect("a list");
        let names = conversations
            .iter()
            .map(|each| each["externalIdentity"].as_str().expect("text").to_owned());
        (names.collect(), page["continuationToken"].clone())
    }

    #[tokio::test]
    async fn pages_follow_one_another_to_the_end() {
        let given = five().await;
        let mut body = json!({"limit": 2, "continuationToken": null});
        let mut pages = Vec::new();
        loop {
            let (names, token) = list(&given, &body).await;
            pages.push(names);
            if token.is_null() {
                break;
            }
            // Everything else is ignored beside a token.
            body = json!({"continuationToken": token, "limit": 0, "fromInclusive": 1});
        }
        assert_eq!(
            pages,
            [
                vec!["call-1", "call-2"],
                vec!["call-3", "call-4"],
                vec!["call-5"]
            ]
        );
        let (names, token) = list(&given, &json!({"limit": 5})).await;
        assert_eq!((names.len(), token), (5, Value::Null));
    }

    #[tokio::test]
    async fn the_bounds_of_a_list_are_included() {
        let given = five().await;
        let body = json!({
            "fromInclusive": "2024-05-02T12:00:00Z",
            "toInclusive": "2024-05-04T14:00:00+02:00",
        });
        assert_eq!(list(&given, &body).await.0, ["call-2", "call-3", "call-4"]);
        let future = json!({"lastChanged": "2999-01-01T00:00:00Z"});
        assert!(list(&given, &future).await.0.is_empty());
    }

    #[tokio::test]
    async fn a_list_that_is_not_asked_for_as_documented_is_refused() {
        let given = five().await;
        for body in [
            json!({"limit": 0}),
            json!({"limit": 10001}),
            json!({"limit": "10"}),
            json!({"fromInclusive": "2024-05-02"}),
            json!({"toInclusive": 3}),
            json!({"continuationToken": "made-up"}),
            json!({"continuationToken": 3}),
            json!({"pageSize": 3}),
        ] {
            let reply = given.json(Method::POST, LIST, &body).await;
            assert_eq!(reply.status, 400, "{body}");
        }
    }

    #[tokio::test]
    async fn the_version_of_the_api_must_be_named() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        let bare = path(&uid, "").replace("?api-version=1.0", "");
        assert_eq!(given.get(&bare).await.status, 400);
        let blank = format!("{bare}?api-version=");
        assert_eq!(given.get(&blank).await.status, 400);
        let list = LIST.replace("?api-version=1.0", "");
        let reply = given.json(Method::POST, &list, &json!({})).await;
        assert_eq!(reply.status, 400);
        let metadata = format!("{bare}/metadata");
        let reply = given.json(Method::PATCH, &metadata, &json!({})).await;
        assert_eq!(reply.status, 400);
    }

    #[tokio::test]
    async fn a_conversation_is_told_with_what_became_of_it() {
        let given = Given::sandbox().await;
        let body = with(conversation("a"), "hasConsent", json!(false));
        let body = with(body, "labels", json!(["x"]));
        let body = with(body, "customProp2", json!("two"));
        let uid = given.create("v2", &body).await.json()["UID"].clone();
        let uid = uid.as_str().expect("a uid");
        let told = given.get(&path(uid, "")).await.json();
        for (name, value) in [
            ("uid", json!(uid)),
            ("externalIdentity", json!("a")),
            ("state", json!("Created")),
            ("hasAudio", json!(false)),
            ("hasConsent", json!(false)),
            ("dateTime", json!("2024-05-01T07:30:00Z")),
            ("subject", json!("A test call")),
            ("customer", json!("+4570123456")),
            ("labels", json!(["x"])),
            ("metadata", json!({"customProp2": "two"})),
        ] {
            assert_eq!(told[name], value, "{name}");
        }
        given.upload(uid, form(b"abc")).await;
        let told = given.get(&path(uid, "")).await.json();
        assert_eq!(
            (&told["state"], &told["hasAudio"]),
            (&json!("Success"), &json!(true))
        );
    }

    #[tokio::test]
    async fn the_old_shape_is_told_in_the_new_words() {
        let given = Given::sandbox().await;
        let body = json!({
            "externalId": "a", "agentId": "1", "agentName": "Ada Example",
            "agentEmail": "ada@example.com", "phoneNumber": "anonymous",
            "datetime": "2024-05-01T09:30:00Z", "title": "Title",
            "outcome": "sold", "outcomeReason": "price", "caseId": "9",
        });
        let uid = given.create("v1", &body).await.json()["UID"].clone();
        let told = given
            .get(&path(uid.as_str().expect("a uid"), ""))
            .await
            .json();
        assert_eq!(told["customer"], "anonymous");
        assert_eq!(told["subject"], "Title");
        assert_eq!(
            told["metadata"],
            json!({"customProp1": "sold", "customProp2": "price", "customProp3": "9"})
        );
    }

    #[tokio::test]
    async fn custom_properties_are_replaced_where_they_are_named() {
        let given = Given::sandbox().await;
        let body = with(conversation("a"), "customProp1", json!("old"));
        let body = with(body, "customProp2", json!("stays"));
        let uid = given.create("v2", &body).await.json()["UID"].clone();
        let uid = uid.as_str().expect("a uid");
        let patch = json!({"customProp1": "new", "customNumberProp10": 2.5});
        let reply = given
            .json(Method::PATCH, &path(uid, "/metadata"), &patch)
            .await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        assert_eq!(
            given.get(&path(uid, "")).await.json()["metadata"],
            json!({"customProp1": "new", "customProp2": "stays", "customNumberProp10": 2.5})
        );
        let snapshot = given.sandbox.snapshot();
        let kept = snapshot.conversation("a").expect("kept");
        assert_eq!(kept.fields["customProp1"], "old");
        assert_eq!(kept.metadata["customProp1"], "new");
        for patch in [
            json!({"customProp1": 1}),
            json!({"customNumberProp1": "1"}),
            json!({"customProp11": "x"}),
            json!({"subject": "x"}),
        ] {
            let reply = given
                .json(Method::PATCH, &path(uid, "/metadata"), &patch)
                .await;
            assert_eq!(reply.status, 400, "{patch}");
        }
    }

    #[tokio::test]
    async fn an_unknown_uid_is_not_found() {
        let given = Given::sandbox().await;
        for uid in ["00000000-0000-4000-8000-000000000000", "x", "%2F"] {
            assert_eq!(given.get(&path(uid, "")).await.status, 404, "{uid}");
            let reply = given
                .json(Method::PATCH, &path(uid, "/metadata"), &json!({}))
                .await;
            assert_eq!(reply.status, 404, "{uid}");
        }
    }
}
