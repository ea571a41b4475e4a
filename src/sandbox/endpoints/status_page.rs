//! The sandbox's own pages: what arrived, for people and for programs, and forgetting it.
//!
//! They show real customers if somebody rehearses with real data. So they need the token, as the
//! calls of the API do: other users of the machine reach the port as well. A browser gets it by the
//! address that is printed at the start, and the page passes it on to its own link alone.

use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use hyper::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, HeaderName, HeaderValue, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use hyper::http::request::Parts;
use hyper::{Response, StatusCode};

use crate::sandbox::auth;
use crate::sandbox::peer::Peer;
use crate::sandbox::response::{Body, CutShort, ServerAnswer};
use crate::sandbox::route::OwnPage;
use crate::sandbox::shared::Shared;
use crate::sandbox::snapshot::{ReceivedCase, ReceivedConversation, Snapshot};
use crate::sandbox::state::ServerState;

/// How many of the newest conversations and cases the page shows; all are in the JSON.
const SHOWN: usize = 200;

/// How many conversations are made into JSON before others may have the state again.
const CHUNK: usize = 500;

/// What a browser may do with a page: show it, keep nothing of it, and tell nobody its address.
const RULES: [(HeaderName, &str); 4] = [
    (
        CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'",
    ),
    (CACHE_CONTROL, "no-store"),
    (REFERRER_POLICY, "no-referrer"),
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
];

/// Answers a request for one of the pages.
pub(in crate::sandbox) fn serve(
    shared: &Arc<Shared>,
    own: OwnPage,
    parts: &Parts,
    peer: &Peer,
) -> Response<Body> {
    if let Err(refusal) = auth::check(parts, &shared.options.token) {
        return refusal.into_response();
    }
    peer.recognise();
    let mut response = match own {
        OwnPage::Page => {
            let (snapshot, (conversations, cases)) = newest(shared);
            let page = html(&snapshot, conversations, cases, &state_link(parts));
            ServerAnswer::html(StatusCode::OK, page).into_response()
        }
        OwnPage::State => state(Arc::clone(shared)),
        OwnPage::Reset => {
            shared.state().reset();
            ServerAnswer::done().into_response()
        }
    };
    let rules = RULES.map(|(name, rule)| (name, HeaderValue::from_static(rule)));
    response.headers_mut().extend(rules);
    response
}

/// Where the page finds everything as JSON: with the token, if it came by the address.
fn state_link(parts: &Parts) -> String {
    let Some(token) = auth::query(parts, auth::PARAMETER) else {
        return "/__state".to_owned();
    };
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    format!(
        "/__state?{}",
        query.append_pair(auth::PARAMETER, &token).finish()
    )
}

/// A snapshot with the newest conversations and cases, and how many there are of either.
fn newest(shared: &Shared) -> (Snapshot, (usize, usize)) {
    let state = shared.state();
    let conversations = state.conversations.len();
    let cases = state.cases.len();
    let mut snapshot = state.snapshot(conversations.saturating_sub(SHOWN)..conversations);
    snapshot.cases.drain(..cases.saturating_sub(SHOWN));
    (snapshot, (conversations, cases))
}

/// The snapshot as JSON, in pieces, so that a large one stops nobody for long. Conversations that
/// are created meanwhile are in it, and the counters are those of the end.
fn state(shared: Arc<Shared>) -> Response<Body> {
    let frames = stream::unfold(Some(0), move |next| {
        let shared = Arc::clone(&shared);
        async move {
            let (text, next) = piece(&shared, next?);
            let frame = text.map(|text| Frame::data(Bytes::from(text)));
            Some((frame.map_err(|_| CutShort), next))
        }
    });
    let mut response = Response::new(StreamBody::new(frames).boxed_unsync());
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}

/// The conversations from `start` on, and where the next piece begins.
fn piece(shared: &Shared, start: usize) -> (serde_json::Result<String>, Option<usize>) {
    let state = shared.state();
    let end = state.conversations.len().min(start.saturating_add(CHUNK));
    let is_last = end == state.conversations.len();
    let text = write_piece(&state, start..end, is_last);
    (text, (!is_last).then_some(end))
}

fn write_piece(
    state: &ServerState,
    range: Range<usize>,
    is_last: bool,
) -> serde_json::Result<String> {
    let mut text = String::new();
    if range.start == 0 {
        text.push_str("{\"conversations\":[");
    }
    let snapshot = state.snapshot_of_conversations(range.clone());
    for (place, conversation) in range.zip(&snapshot) {
        if place > 0 {
            text.push(',');
        }
        text.push_str(&serde_json::to_string(conversation)?);
    }
    if is_last {
        let mut rest = serde_json::to_value(state.snapshot(0..0))?;
        if let Some(rest) = rest.as_object_mut() {
            rest.shift_remove("conversations");
        }
        let rest = rest.to_string();
        text.push_str("],");
        text.push_str(rest.trim_start_matches('{'));
    }
    Ok(text)
}

const STYLE: &str = "body{font:14px/1.5 system-ui,sans-serif;margin:2rem;max-width:90rem}\
    table{border-collapse:collapse;margin:0 0 1.5rem}\
    th,td{border:1px solid #ccc;padding:.2rem .6rem;text-align:left;vertical-align:top}\
    th{background:#f4f4f4}code{font-size:12px;overflow-wrap:anywhere}";

/// The page. Whatever came from a client passes through [`escape`].
fn html(snapshot: &Snapshot, conversations: usize, cases: usize, state: &str) -> String {
    let state = escape(state);
    let mut page = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><title>Sandbox</title>\
         <style>{STYLE}</style><h1>Sandbox</h1><p>{} requests, at most {} at once. \
         <a href=\"{state}\">Everything as JSON</a></p>",
        snapshot.requests, snapshot.max_concurrent
    );
    let endpoints = snapshot.endpoints.iter().map(|(label, count)| {
        let answers: Vec<_> = count
            .answers
            .iter()
            .map(|(status, times)| format!("{status}: {times}"))
            .collect();
        let (requests, dropped) = (count.requests.to_string(), count.dropped.to_string());
        row(&[label, &requests, &answers.join(", "), &dropped])
    });
    let head = ["Endpoint", "Requests", "Answers", "Dropped"];
    table(&mut page, "Endpoints", &head, endpoints);
    let faults = snapshot.faults.iter();
    let faults = faults.map(|(name, times)| row(&[name, &times.to_string()]));
    table(&mut page, "Faults injected", &["Fault", "Times"], faults);
    let lost = snapshot.lost.iter();
    let lost = lost.map(|(name, times)| row(&[name, &times.to_string()]));
    table(&mut page, "Fields lost", &["Field", "Conversations"], lost);
    let title = format!("Conversations ({conversations}, the newest {SHOWN} shown)");
    let head = [
        "Identity",
        "Uid",
        "Version",
        "Creates",
        "Fields",
        "Lost",
        "Recordings",
    ];
    let rows = snapshot.conversations.iter().rev().map(conversation_row);
    table(&mut page, &title, &head, rows);
    let title = format!("Cases ({cases}, the newest {SHOWN} shown)");
    let rows = snapshot.cases.iter().rev().map(case_row);
    table(&mut page, &title, &["Uid", "Fields", "Messages"], rows);
    page
}

fn conversation_row(conversation: &ReceivedConversation) -> String {
    let fields = serde_json::to_string(&conversation.fields).unwrap_or_default();
    let uploads: Vec<_> = conversation
        .uploads
        .iter()
        .map(|upload| {
            let (name, bytes, hash) = (&upload.filename, upload.bytes, &upload.sha256);
            format!("{name}, {bytes} bytes, {hash}")
        })
        .collect();
    row(&[
        &conversation.external_identity,
        &conversation.uid,
        &conversation.version,
        &conversation.creates.to_string(),
        &fields,
        &conversation.lost.join(", "),
        &uploads.join("; "),
    ])
}

fn case_row(case: &ReceivedCase) -> String {
    let fields = serde_json::to_string(&case.fields).unwrap_or_default();
    let messages = serde_json::to_string(&case.messages).unwrap_or_default();
    row(&[&case.uid, &fields, &messages])
}

fn table(page: &mut String, title: &str, head: &[&str], rows: impl Iterator<Item = String>) {
    page.extend(["<h2>", title, "</h2><table><tr>"]);
    page.extend(head.iter().flat_map(|name| ["<th>", *name]));
    page.extend(rows);
    page.push_str("</table>");
}

fn row(cells: &[&str]) -> String {
    let mut row = "<tr>".to_owned();
    for cell in cells {
        row.extend(["<td><code>", &escape(cell), "</code>"]);
    }
    row
}

/// The text as HTML shows it, inside an element or a quoted attribute.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            _ => escaped.push(character),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use serde_json::{Value, json};

    use super::*;
    use crate::sandbox::options::SandboxOptions;
    use crate::sandbox::test_support::{Given, TOKEN, conversation, form, send, with};

    #[tokio::test]
    async fn the_page_shows_what_arrived_and_hides_its_meaning_from_the_browser() {
        let given = Given::sandbox().await;
        let name = "<script>alert('x')</script>&\"";
        let body = with(conversation("<b>a</b>"), "subject", json!(name));
        let uid = given.create("v2", &body).await.json()["UID"].clone();
        let uid = uid.as_str().expect("a uid");
        given.upload(uid, form(b"abc")).await;
        let reply = given.get("/").await;
        assert_eq!(reply.status, 200);
        assert!(reply.text.contains("ba7816bf8f01cfea414140de5dae2223"));
        assert!(reply.text.contains("&lt;b&gt;a&lt;/b&gt;"));
        assert!(!reply.text.contains("<script>") && !reply.text.contains("<b>"));
        let policy = reply.header("content-security-policy");
        assert!(policy.is_some_and(|policy| policy.contains("default-src 'none'")));
        assert!(!reply.text.contains(TOKEN));
    }

    #[tokio::test]
    async fn the_state_is_the_snapshot_as_json() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        given.upload(&uid, form(b"abc")).await;
        let reply = given.get("/__state").await;
        let expected = serde_json::to_value(given.sandbox.snapshot()).expect("JSON");
        assert_eq!(reply.json(), expected);
        assert_eq!(expected["conversations"][0]["uploads"][0]["bytes"], 3);
        assert!(!reply.text.contains(TOKEN));
    }

    #[tokio::test]
    async fn a_large_state_arrives_whole_and_in_order() {
        let given = Given::sandbox().await;
        for count in [0, CHUNK, 2 * CHUNK, 2 * CHUNK + 1] {
            let shared = given.sandbox.shared();
            let have = shared.state().conversations.len();
            for number in have..count {
                let body = conversation(&format!("call-{number}"));
                let object = body.as_object().expect("an object");
                let version = crate::sandbox::route::WireVersion::V2;
                crate::sandbox::endpoints::conversation::create(
                    shared,
                    version,
                    object,
                    body.to_string(),
                );
            }
            let state = given.get("/__state").await.json();
            let conversations = state["conversations"].as_array().expect("a list");
            assert_eq!(conversations.len(), count);
            let last = conversations
                .last()
                .map(|last| last["external_identity"].clone());
            let expected = count
                .checked_sub(1)
                .map(|last| Value::from(format!("call-{last}")));
            assert_eq!(last, expected);
            assert!(state["endpoints"].is_object());
        }
        let page = given.get("/").await.text;
        assert!(page.contains("call-1000<") && !page.contains("call-800<"));
    }

    #[tokio::test]
    async fn a_reset_forgets_everything() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        assert_eq!(
            send(given.request(Method::POST, "/__reset")).await.status,
            200
        );
        assert_eq!(given.upload(&uid, form(b"abc")).await.status, 404);
        let snapshot = given.sandbox.snapshot();
        assert_eq!((snapshot.conversations.len(), snapshot.requests), (0, 1));
        given.created("a").await;
    }

    #[tokio::test]
    async fn the_pages_need_the_token() {
        let given = Given::sandbox().await;
        given.created("a").await;
        let pages = [
            (Method::GET, "/"),
            (Method::GET, "/__state"),
            (Method::POST, "/__reset"),
        ];
        for (method, path) in &pages {
            let bare = given.bare(method.clone(), path);
            let reply = send(bare).await;
            assert_eq!(reply.status, 401, "{path}");
            assert!(!reply.text.contains("Ada Example"));
            let wrong = given.bare(method.clone(), path);
            let wrong = wrong.header("authorization", "sandbox");
            assert_eq!(send(wrong).await.status, 401, "{path}");
        }
        assert_eq!(given.sandbox.snapshot().conversations.len(), 1);
        for (method, path) in pages {
            let reply = send(given.request(method, path)).await;
            assert_eq!(reply.status, 200, "{path}");
            assert_eq!(reply.header("referrer-policy"), Some("no-referrer"));
            assert_eq!(reply.header("cache-control"), Some("no-store"));
        }
    }

    #[tokio::test]
    async fn a_browser_gets_the_token_by_the_address_and_passes_it_on_to_one_link() {
        let given = Given::options(SandboxOptions::new("a&b \"æ")).await;
        let page = given.bare(Method::GET, "/?api-token=a%26b+%22%C3%A6");
        let reply = send(page).await;
        assert_eq!(reply.status, 200);
        let link = "/__state?api-token=a%26b+%22%C3%A6";
        let found = reply.text.contains(&format!("<a href=\"{link}\">"));
        assert!(found, "{}", reply.text);
        assert_eq!(send(given.bare(Method::GET, link)).await.status, 200);
    }

    #[tokio::test]
    async fn a_rehearsal_has_no_pages() {
        let given = Given::options(SandboxOptions {
            pages: false,
            ..SandboxOptions::new(TOKEN)
        })
        .await;
        given.created("a").await;
        for (method, path) in [
            (Method::GET, "/"),
            (Method::GET, "/__state"),
            (Method::POST, "/__reset"),
            (Method::GET, "/__reset"),
        ] {
            for request in [
                given.bare(method.clone(), path),
                given.request(method, path),
            ] {
                assert_eq!(send(request).await.status, 404, "{path}");
            }
        }
        assert_eq!(given.sandbox.snapshot().conversations.len(), 1);
    }
}
