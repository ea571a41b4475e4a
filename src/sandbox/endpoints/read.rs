//! Reading back what was created, and replacing custom properties.

use hyper::StatusCode;
use hyper::http::request::Parts;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::conversation::read_custom;
use super::read_filters::Filters;
use super::read_picture::picture;
use crate::sandbox::auth::query;
use crate::sandbox::body_check::{BodyFinding, Fields};
use crate::sandbox::faults::tamper::{Tampering, tampering};
use crate::sandbox::response::ServerAnswer;
use crate::sandbox::shared::Shared;
use crate::sandbox::state::{ServerState, StoredConversation};

/// The page size of a client that names none.
const USUAL_LIMIT: i64 = 100;

/// What a page of a list shows, and where it goes on. This is what a continuation token holds.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct ListBody {
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    changed: Option<Timestamp>,
    limit: usize,
    /// Conversations before this place in the order of the list were looked at already.
    next: usize,
    /// Only of `list-full`.
    filters: Option<Filters>,
}

/// `POST /integrations/conversations/list-delta`.
pub(in crate::sandbox) fn list_delta(
    shared: &Shared,
    parts: &Parts,
    object: &Map<String, Value>,
) -> ServerAnswer {
    list(shared, parts, object, false)
}

/// `POST /integrations/conversations/list-full`.
pub(in crate::sandbox) fn list_full(
    shared: &Shared,
    parts: &Parts,
    object: &Map<String, Value>,
) -> ServerAnswer {
    list(shared, parts, object, true)
}

fn list(
    shared: &Shared,
    parts: &Parts,
    object: &Map<String, Value>,
    is_full: bool,
) -> ServerAnswer {
    if let Some(refusal) = without_version(parts) {
        return refusal;
    }
    let mut listing = match read_listing(shared, object, is_full) {
        Ok(listing) => listing,
        Err(refusal) => return refusal,
    };
    let state = shared.state();
    let mut places: Vec<usize> = (0..state.conversations.len()).collect();
    if is_full {
        places.sort_by_key(|place| state.conversations[*place].date_time);
        if !listing.is_ascending() {
            places.reverse();
        }
    }
    // A conversation may be shown twice.
    let copies = places
        .into_iter()
        .flat_map(|place| [(place, 0), (place, 1)]);
    let mut found = Vec::new();
    for (number, (place, copy)) in copies.enumerate().skip(listing.next) {
        let conversation = &state.conversations[place];
        let tampering = tampering_of(&state, conversation);
        let is_shown = copy < tampering.map_or(1, Tampering::copies);
        if !is_shown || !listing.shows(conversation) {
            continue;
        }
        if found.len() == listing.limit.min(shared.options.most_in_page) {
            // There is at least one more, so the token never leads to an empty page.
            listing.next = number;
            return page(&found, listing.token().as_deref());
        }
        let mut picture = picture(conversation);
        if let Some(tampering) = tampering {
            tampering.apply(&mut picture, conversation.uid, copy);
        }
        found.push(picture);
    }
    page(&found, None)
}

fn tampering_of(state: &ServerState, conversation: &StoredConversation) -> Option<Tampering> {
    let plan = &state.plan;
    tampering(&plan.tampers, plan.seed, &conversation.identity)
}

fn page(conversations: &[Value], token: Option<&str>) -> ServerAnswer {
    let page = json!({ "conversations": conversations, "continuationToken": token });
    ServerAnswer::json(StatusCode::OK, &page)
}

/// `GET /integrations/conversations/{uid}`.
pub(in crate::sandbox) fn one(shared: &Shared, parts: &Parts, uid: &str) -> ServerAnswer {
    if let Some(refusal) = without_version(parts) {
        return refusal;
    }
    let state = shared.state();
    let found = state.by_uid_text(uid);
    match found.and_then(|index| state.conversations.get(index)) {
        Some(conversation) => {
            let tampering = tampering_of(&state, conversation);
            if tampering == Some(Tampering::Missing) {
                return ServerAnswer::bare(StatusCode::NO_CONTENT);
            }
            let mut picture = picture(conversation);
            if let Some(tampering) = tampering {
                tampering.apply(&mut picture, conversation.uid, 0);
            }
            ServerAnswer::json(StatusCode::OK, &picture)
        }
        None => ServerAnswer::bare(StatusCode::NO_CONTENT),
    }
}

/// `PATCH /integrations/conversations/{uid}/metadata`.
pub(in crate::sandbox) fn patch_metadata(
    shared: &Shared,
    parts: &Parts,
    uid: &str,
    object: Map<String, Value>,
) -> ServerAnswer {
    if let Some(refusal) = without_version(parts) {
        return refusal;
    }
    // A property may be null, whatever that means for it.
    let present = without_nulls(&object);
    let mut fields = Fields::new(&present);
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
    ServerAnswer::json(StatusCode::OK, &picture(conversation))
}

/// The refusal that tells all findings, or nothing if there are none.
fn refusal(findings: &[BodyFinding]) -> Option<ServerAnswer> {
    let texts: Vec<_> = findings.iter().map(BodyFinding::text).collect();
    (!texts.is_empty()).then(|| ServerAnswer::problem(StatusCode::BAD_REQUEST, &texts.join("\n")))
}

pub(super) fn unknown_conversation() -> ServerAnswer {
    ServerAnswer::problem(StatusCode::NOT_FOUND, "There is no such conversation")
}

pub(super) fn without_version(parts: &Parts) -> Option<ServerAnswer> {
    let version = query(parts, "api-version").unwrap_or_default();
    version.trim().is_empty().then(|| {
        let text = "The query parameter api-version is required";
        ServerAnswer::problem(StatusCode::BAD_REQUEST, text)
    })
}

fn without_nulls(object: &Map<String, Value>) -> Map<String, Value> {
    let present = object.iter().filter(|(_, value)| !value.is_null());
    present
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect()
}

/// What the body asks for. A token stands for all other fields, which are then not looked at.
fn read_listing(
    shared: &Shared,
    object: &Map<String, Value>,
    is_full: bool,
) -> Result<ListBody, ServerAnswer> {
    // A page's answer says null where there is no token, so a client may send it back like that.
    let present = without_nulls(object);
    let mut fields = Fields::new(&present);
    if let Some(token) = fields.text("continuationToken") {
        return ListBody::from_token(token).ok_or_else(|| {
            let text = "continuationToken is not one that this server gave";
            ServerAnswer::problem(StatusCode::BAD_REQUEST, text)
        });
    }
    let listing = ListBody {
        from: fields.time("fromInclusive"),
        to: fields.time("toInclusive"),
        changed: if is_full {
            None
        } else {
            fields.time("lastChanged")
        },
        limit: usize::try_from(fields.whole("limit", 1, 10_000).unwrap_or(USUAL_LIMIT))
            .unwrap_or_default(),
        next: 0,
        filters: is_full.then(|| Filters::read(&mut fields)),
    };
    match refusal(&fields.finish(shared.unknown_fields())) {
        Some(refusal) => Err(refusal),
        None => Ok(listing),
    }
}

impl ListBody {
    fn is_ascending(&self) -> bool {
        self.filters.as_ref().is_some_and(|it| it.is_ascending)
    }

    fn shows(&self, conversation: &StoredConversation) -> bool {
        self.is_in_time(conversation)
            && self
                .changed
                .is_none_or(|changed| conversation.last_changed >= changed)
            && self
                .filters
                .as_ref()
                .is_none_or(|filters| filters.take(conversation))
    }

    /// Of the times that `list-full` is given only the date counts.
    fn is_in_time(&self, conversation: &StoredConversation) -> bool {
        let at = conversation.date_time;
        let day = |at: Timestamp| at.to_zoned(jiff::tz::TimeZone::UTC).date();
        if self.filters.is_some() {
            return self.from.is_none_or(|from| day(at) >= day(from))
                && self.to.is_none_or(|to| day(at) <= day(to));
        }
        self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at <= to)
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

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;
    use crate::sandbox::options::SandboxOptions;
    use crate::sandbox::test_support::{Given, TOKEN, conversation, form, send, with};
    use crate::sandbox::v2_page::V2Page;

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
            let kind = reply.header("content-type");
            assert_eq!(kind, Some("application/problem+json; charset=utf-8"));
            let told = reply.json();
            assert_eq!(
                (&told["status"], &told["title"]),
                (&json!(400), &json!("Bad Request"))
            );
            assert!(told["detail"].is_string(), "{told}");
        }
    }

    #[tokio::test]
    async fn a_team_shows_who_received_its_name() {
        for (v2_page, is_there) in [
            (V2Page::Old, true),
            (V2Page::New, false),
            (V2Page::Both, true),
        ] {
            let given = Given::options(SandboxOptions {
                v2_page,
                ..SandboxOptions::new(TOKEN)
            })
            .await;
            let uid = given.created("a").await;
            let none = given.get(&path(&uid, "")).await.json();
            assert_eq!(none["teamUid"], Value::Null);
            let body = with(conversation("b"), "teamName", json!("Sales"));
            let uid = given.create("v2", &body).await.json()["UID"].clone();
            let told = given
                .get(&path(uid.as_str().expect("a uid"), ""))
                .await
                .json();
            assert_eq!(told["teamUid"].is_string(), is_there, "{v2_page:?}");
            let list = LIST.replace("list-delta", "list-full");
            let teams = json!({"teamUids": [told["teamUid"].as_str().unwrap_or("none")]});
            let page = given.json(Method::POST, &list, &teams).await.json();
            let found = page["conversations"].as_array().map(Vec::len);
            assert_eq!(found, Some(usize::from(is_there)), "{v2_page:?}");
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
            (&json!("Success"), &json!(false)),
            "of somebody who refused it is deleted"
        );
        let added = told["metrics"]["audioAdded"].clone();
        assert!(added.is_string(), "{told}");
        let patch = json!({"customProp2": "later"});
        let metadata = path(uid, "/metadata");
        let patched = given.json(Method::PATCH, &metadata, &patch).await;
        assert_eq!(patched.json()["metrics"]["audioAdded"], added);
        let uid = given.created("b").await;
        given.upload(&uid, form(b"abc")).await;
        let told = given.get(&path(&uid, "")).await.json();
        assert_eq!(told["hasAudio"], true);
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
    async fn custom_properties_may_come_under_the_name_that_the_vendor_s_client_gives_them() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        for (method, path, status) in [
            (Method::PATCH, path(&uid, "/metadata"), 200),
            (Method::POST, LIST.to_owned(), 415),
        ] {
            let request = given.request(method, &path);
            let request = request.header("content-type", "application/json-patch+json");
            assert_eq!(send(request.body("{}")).await.status, status, "{path}");
        }
    }

    #[tokio::test]
    async fn one_identity_is_found_with_one_request_and_the_rest_by_filters() {
        let given = five().await;
        let body = with(conversation("else"), "labels", json!(["x", "y"]));
        let body = with(body, "customProp3", json!("three"));
        let body = with(body, "dateTime", json!("2024-05-03T01:00:00Z"));
        assert_eq!(given.create("v2", &body).await.status, 200);
        let names = async |body: Value| {
            let path = LIST.replace("list-delta", "list-full");
            let reply = given.json(Method::POST, &path, &body).await;
            assert_eq!(reply.status, 200, "{body}: {}", reply.text);
            let page = reply.json();
            let list = page["conversations"].as_array().expect("a list").clone();
            let names = list.iter().map(|each| each["externalIdentity"].clone());
            (names.collect::<Vec<_>>(), page["continuationToken"].clone())
        };
        let identity = json!({"externalIdentity": "call-3"});
        assert_eq!(names(identity).await, (vec![json!("call-3")], Value::Null));
        for (filter, found) in [
            (json!({"externalIdentity": "nobody"}), 0),
            (json!({"labels": ["y", "z"]}), 1),
            (json!({"customProp3": ["three"]}), 1),
            (json!({"subjects": ["A test call"]}), 6),
            (json!({"customers": ["anonymous"]}), 0),
            (json!({"teamUids": ["t"]}), 0),
            // The date counts, not the hour.
            (
                json!({"fromInclusive": "2024-05-03T23:00:00Z", "toInclusive": "2024-05-03T00:00:00Z"}),
                2,
            ),
        ] {
            assert_eq!(names(filter.clone()).await.0.len(), found, "{filter}");
        }
        let (newest, token) = names(json!({"limit": 2})).await;
        assert_eq!(newest, ["call-5", "call-4"]);
        let (next, _) = names(json!({"continuationToken": token})).await;
        assert_eq!(next, ["call-3", "else"]);
        let oldest = names(json!({"sortDirection": "Ascending", "limit": 1}))
            .await
            .0;
        assert_eq!(oldest, ["call-1"]);
    }

    #[tokio::test]
    async fn of_an_unknown_uid_there_is_nothing() {
        let given = Given::sandbox().await;
        for uid in ["00000000-0000-4000-8000-000000000000", "x", "%2F"] {
            assert_eq!(given.get(&path(uid, "")).await.status, 204, "{uid}");
            let reply = given
                .json(Method::PATCH, &path(uid, "/metadata"), &json!({}))
                .await;
            assert_eq!(reply.status, 404, "{uid}");
        }
    }
}
