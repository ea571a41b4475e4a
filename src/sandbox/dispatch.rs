//! One request from its arrival to its answer: counted, struck by faults, checked, carried out.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use serde_json::Map;

use super::auth;
use super::dropped::Dropped;
use super::endpoints::audio::UploadAddress;
use super::endpoints::{audio, case, conversation, portal, read, status_page, transcript};
use super::faults::apply;
use super::faults::draw::{self, FaultDraw, RequestMoment};
use super::faults::rules::{Fault, Strikes};
use super::origin;
use super::peer::Peer;
use super::request::{self, Document, Payload};
use super::response::{Body, ServerAnswer};
use super::route::{self, Endpoint, Route};
use super::shared::Shared;
use super::state::{ServerState, Ticket};

/// What is read away of a request that was not meant for this server.
const FOREIGN_DRAIN: u64 = 64 * 1024;

/// Answers one request, or closes its connection.
pub(super) async fn serve(
    shared: Arc<Shared>,
    peer: Arc<Peer>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let (parts, incoming) = request.into_parts();
    let mut payload = Payload::new(incoming);
    if let Err(refusal) = origin::check(&parts, shared.own) {
        payload.of_stranger().drain(FOREIGN_DRAIN).await?;
        return Ok(refusal.and_close().into_response());
    }
    let path = parts.uri.path();
    let route = if route::is_page(path) && !shared.options.pages {
        Route::Nowhere
    } else {
        route::find(&parts.method, path)
    };
    let endpoint = match route {
        Route::Own(own) => return Ok(status_page::serve(&shared, own, &parts, &peer)),
        Route::Api(endpoint) => endpoint,
        Route::WrongMethod(_) | Route::BadPath | Route::Nowhere => {
            let mut visit = Visit::begin(&shared, "elsewhere");
            payload.of_stranger().drain(shared.drain_limit()).await?;
            let answer = astray(&route);
            visit.status = Some(answer.status.as_u16());
            return Ok(answer.into_response());
        }
    };
    let mut visit = Visit::begin(&shared, endpoint.label());
    let response = match auth::check(&parts, &shared.options.token) {
        Ok(()) => {
            peer.recognise();
            answer(&shared, &visit, &parts, endpoint, payload).await
        }
        // Nothing of it is kept in memory, and no fault is spent on it.
        Err(refusal) => {
            let most = if endpoint.takes_json() {
                request::JSON_DRAIN
            } else {
                shared.drain_limit()
            };
            let drained = payload.of_stranger().drain(most).await;
            drained.map(|drained| drained.closing(refusal).into_response())
        }
    };
    if let Ok(response) = &response {
        visit.status = Some(response.status().as_u16());
    }
    response
}

/// The answer to a path or method that the server does not have.
fn astray(route: &Route) -> ServerAnswer {
    match route {
        Route::WrongMethod(methods) => {
            let text = format!("This address takes {methods} only");
            let answer = ServerAnswer::text(StatusCode::METHOD_NOT_ALLOWED, text);
            match HeaderValue::from_str(methods) {
                Ok(methods) => answer.with(ALLOW, methods),
                Err(_) => answer,
            }
        }
        Route::BadPath => ServerAnswer::text(
            StatusCode::BAD_REQUEST,
            "The path is not percent-encoded UTF-8",
        ),
        Route::Nowhere | Route::Api(_) | Route::Own(_) => {
            ServerAnswer::text(StatusCode::NOT_FOUND, "There is no such address")
        }
    }
}

/// A request under way; leaving is counted also when the client goes away in the middle.
struct Visit<'a> {
    shared: &'a Shared,
    ticket: Ticket,
    status: Option<u16>,
}

impl<'a> Visit<'a> {
    fn begin(shared: &'a Shared, endpoint: &'static str) -> Self {
        let ticket = shared.state().enter(endpoint);
        Self {
            shared,
            ticket,
            status: None,
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        tracing::debug!(
            endpoint = self.ticket.endpoint,
            status = self.status,
            "served"
        );
        self.shared.state().leave(self.ticket, self.status);
    }
}

async fn answer(
    shared: &Shared,
    visit: &Visit<'_>,
    parts: &Parts,
    endpoint: Endpoint,
    mut payload: Payload,
) -> Result<Response<Body>, Dropped> {
    let document = if endpoint.takes_json() {
        request::document(parts, &mut payload, endpoint.content_type()).await?
    } else {
        payload.of_recording();
        Document::None
    };
    let drawn = draw(shared, visit, &endpoint, &document);
    wait(drawn.before.saturating_add(document.time_at(drawn.pace))).await;
    payload.slow_down(drawn.pace);
    if let Some((fault, Strikes::BeforeEffect)) = &drawn.strike {
        without_effect(shared, &mut payload, fault).await?;
        wait(drawn.after).await;
        return apply::damage(fault, ServerAnswer::done(), SystemTime::now());
    }
    let right = carry_out(shared, parts, endpoint, document, payload).await?;
    wait(drawn.after).await;
    match &drawn.strike {
        Some((fault, _)) => apply::damage(fault, right, SystemTime::now()),
        None => Ok(right.into_response()),
    }
}

/// The clock of the runtime counts milliseconds, so even a wait for nothing would take one.
async fn wait(duration: Duration) {
    if !duration.is_zero() {
        tokio::time::sleep(duration).await;
    }
}

/// What befalls this request, which is counted as one more try of its call.
fn draw(shared: &Shared, visit: &Visit<'_>, endpoint: &Endpoint, document: &Document) -> FaultDraw {
    let mut state = shared.state();
    let key = key(&state, endpoint, document);
    let operation = endpoint.operation();
    let moment = RequestMoment {
        operation,
        key: &key,
        attempt: state.attempt(operation, &key),
        request: visit.ticket.number,
        elapsed: state.started.elapsed(),
    };
    let drawn = draw::draw(&state.plan, &moment);
    for name in &drawn.names {
        *state.faults.entry(name.clone()).or_default() += 1;
    }
    drawn
}

/// What a request is about: the conversation's own identity wherever it is known, because uids are
/// different in every run.
fn key(state: &ServerState, endpoint: &Endpoint, document: &Document) -> String {
    match endpoint {
        Endpoint::Create(version) => document.text(conversation::identity_field(*version)),
        Endpoint::AddMessage | Endpoint::PutCase | Endpoint::AppendMessage => {
            document.text("caseUid")
        }
        Endpoint::UploadByIdentity(key) | Endpoint::PatchCase(key) => key.clone(),
        Endpoint::UploadByUid(uid)
        | Endpoint::ReadConversation(uid)
        | Endpoint::Transcript(uid)
        | Endpoint::PatchMetadata(uid) => state
            .by_uid_text(uid)
            .and_then(|index| state.conversations.get(index))
            .map_or_else(|| uid.clone(), |found| found.identity.to_string()),
        Endpoint::ListFull => document.text("externalIdentity"),
        Endpoint::ListDelta | Endpoint::MagicLink => String::new(),
    }
}

/// Reads what a call without effect leaves unread, so that its answer can arrive. A connection
/// that is to be closed anyway is closed in the middle of the body.
async fn without_effect(
    shared: &Shared,
    payload: &mut Payload,
    fault: &Fault,
) -> Result<(), Dropped> {
    if *fault == Fault::Close {
        if let Some(bytes) = payload.next().await {
            bytes.map_err(Dropped::Unreadable)?;
        }
        return Ok(());
    }
    payload.drain(shared.drain_limit()).await.map(|_| ())
}

/// The right answer, after the effect that belongs to it.
async fn carry_out(
    shared: &Shared,
    parts: &Parts,
    endpoint: Endpoint,
    document: Document,
    payload: Payload,
) -> Result<ServerAnswer, Dropped> {
    let (object, text) = match document {
        Document::Refused(refusal) => return Ok(refusal),
        Document::Object(object, text) => (object, text),
        Document::None => (Map::new(), String::new()),
    };
    Ok(match endpoint {
        Endpoint::UploadByUid(uid) => {
            audio::upload(shared, parts, UploadAddress::Uid(&uid), payload).await?
        }
        Endpoint::UploadByIdentity(identity) => {
            audio::upload(shared, parts, UploadAddress::Identity(&identity), payload).await?
        }
        Endpoint::Create(version) => conversation::create(shared, version, &object, text),
        Endpoint::AddMessage => case::add_message(shared, &object),
        Endpoint::PutCase => case::put(shared, &object),
        Endpoint::AppendMessage => case::append_message(shared, &object),
        Endpoint::PatchCase(uid) => case::patch(shared, &uid, &object),
        Endpoint::ListDelta => read::list_delta(shared, parts, &object),
        Endpoint::ListFull => read::list_full(shared, parts, &object),
        Endpoint::ReadConversation(uid) => read::one(shared, parts, &uid),
        Endpoint::Transcript(uid) => transcript::transcript(shared, parts, &uid),
        Endpoint::PatchMetadata(uid) => read::patch_metadata(shared, parts, &uid, object),
        Endpoint::MagicLink => portal::magic_link(shared, &object, Instant::now()),
    })
}

#[cfg(test)]
mod tests {
    use reqwest::Method;
    use serde_json::json;

    use crate::sandbox::faults::rules::{FaultRule, Faults, Operation};
    use crate::sandbox::options::SandboxOptions;
    use crate::sandbox::snapshot::Snapshot;
    use crate::sandbox::test_support::{Given, TOKEN, conversation, form, send};

    fn answers(snapshot: &Snapshot, label: &str) -> Vec<(u16, u64)> {
        let count = snapshot.endpoints.get(label).expect("an endpoint");
        count
            .answers
            .iter()
            .map(|(key, value)| (*key, *value))
            .collect()
    }

    #[tokio::test]
    async fn every_request_is_counted_with_its_answer() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        given.create("v2", &conversation("a")).await;
        given.create("v2", &json!({})).await;
        given.upload(&uid, form(b"abc")).await;
        given.upload("external/b", form(b"abc")).await;
        given.get("/nowhere").await;
        given.get("/").await;
        given.get("/__state").await;
        let snapshot = given.sandbox.snapshot();
        assert_eq!((snapshot.requests, snapshot.max_concurrent), (6, 1));
        let create = answers(&snapshot, "POST /v2/conversation");
        assert_eq!(create, [(200, 1), (400, 1), (409, 1)]);
        assert_eq!(answers(&snapshot, "POST /v1/audio/{uid}"), [(200, 1)]);
        let external = "POST /v1/audio/external/{externalIdentity}";
        assert_eq!(answers(&snapshot, external), [(404, 1)]);
        assert_eq!(answers(&snapshot, "elsewhere"), [(404, 1)]);
        assert_eq!(snapshot.endpoints.len(), 4);
    }

    #[tokio::test]
    async fn another_method_is_refused_with_the_right_one() {
        let given = Given::sandbox().await;
        let reply = given.get("/v3/conversation").await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
        let reply = given.json(Method::PUT, "/v1/audio/x", &json!({})).await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some("POST")));
        let reply = given.get("/v1/case/%ff").await;
        assert_eq!(reply.status, 400);
    }

    #[tokio::test]
    async fn without_the_right_token_nothing_happens() {
        let given = Given::sandbox().await;
        let uid = given.created("a").await;
        let upload = format!("/v1/audio/{uid}");
        for header in [
            None,
            Some(""),
            Some("wrong"),
            Some("Bearer a-token-of-the-tests"),
            Some("A-TOKEN-OF-THE-TESTS"),
        ] {
            let create = given.bare(Method::POST, "/v2/conversation");
            let create = create.json(&conversation("b"));
            let upload = given.bare(Method::POST, &upload).multipart(form(b"abc"));
            for request in [create, upload] {
                let request = match header {
                    Some(token) => request.header("authorization", token),
                    None => request,
                };
                let reply = send(request).await;
                assert_eq!(reply.status, 401, "{header:?}");
                assert!(!reply.text.contains(TOKEN));
            }
        }
        let snapshot = given.sandbox.snapshot();
        assert!(snapshot.conversation("b").is_none());
        assert!(snapshot.conversations[0].uploads.is_empty());
    }

    #[tokio::test]
    async fn no_fault_is_spent_on_who_has_no_token() {
        let given = Given::rule(FaultRule::new(super::Fault::status(503)).first(1)).await;
        for _ in 0..2 {
            let stranger = given.bare(Method::POST, "/v2/conversation");
            let reply = send(stranger.json(&conversation("a"))).await;
            assert_eq!(reply.status, 401);
        }
        assert_eq!(given.create("v2", &conversation("a")).await.status, 503);
        assert_eq!(given.create("v2", &conversation("a")).await.status, 200);
        assert_eq!(given.sandbox.snapshot().conversations[0].creates, 2);
    }

    #[tokio::test]
    async fn the_token_may_stand_in_the_query_but_a_header_counts_first() {
        let given = Given::options(SandboxOptions::new("a&b æ")).await;
        let path = "/v2/conversation?api-token=a%26b+%C3%A6";
        let request = given.bare(Method::POST, path).json(&conversation("a"));
        assert_eq!(send(request).await.status, 200);
        let request = given.bare(Method::POST, path).json(&conversation("b"));
        let request = request.header("authorization", "wrong");
        assert_eq!(send(request).await.status, 401);
        for wrong in ["a", "", "a%26b+%C3%A6+and+more"] {
            let path = format!("/v2/conversation?api-token={wrong}");
            let request = given.bare(Method::POST, &path).json(&conversation("b"));
            assert_eq!(send(request).await.status, 401, "{wrong}");
        }
    }

    #[tokio::test]
    async fn two_authorization_headers_are_one_too_many() {
        let given = Given::sandbox().await;
        let request = given.request(Method::POST, "/v2/conversation");
        let request = request.header("authorization", TOKEN);
        let reply = send(request.json(&conversation("a"))).await;
        assert_eq!(reply.status, 401);
    }

    #[tokio::test]
    async fn a_client_may_wait_for_leave_to_send_its_body() {
        let given = Given::sandbox().await;
        let body = conversation("a").to_string();
        let headers = "content-type: application/json\r\nexpect: 100-continue\r\n";
        let request = given.wire("POST /v2/conversation", headers, &body);
        let (answer, orderly) = given.raw(request).await;
        assert!(orderly);
        assert!(answer.starts_with("HTTP/1.1 100"), "{answer}");
        assert!(answer.contains("HTTP/1.1 200"), "{answer}");
    }

    #[tokio::test]
    async fn what_is_no_http_does_not_disturb_the_others() {
        let given = Given::sandbox().await;
        for bytes in [
            b"\x16\x03\x01\x02\x00".to_vec(),
            b"GET\r\n\r\n".to_vec(),
            vec![b'x'; 1_000_000],
            b"POST /v2/conversation HTTP/1.1\r\ncontent-length: x\r\n\r\n".to_vec(),
        ] {
            given.raw(bytes).await;
        }
        given.created("a").await;
    }

    #[tokio::test]
    async fn the_tries_of_a_call_are_counted_by_identity_and_operation() {
        let rule = FaultRule::new(super::Fault::status(503)).first(1);
        let given = Given::rule(rule).await;
        let statuses = async |identity: &str| {
            let body = conversation(identity);
            let first = given.create("v2", &body).await.status;
            (first, given.create("v3", &body).await.status)
        };
        assert_eq!(statuses("a").await, (503, 200));
        assert_eq!(statuses("b").await, (503, 200));
        let uid = given.sandbox.snapshot().conversations[0].uid.clone();
        // Both addresses mean the same call.
        assert_eq!(given.upload(&uid, form(b"abc")).await.status, 503);
        assert_eq!(given.upload("external/a", form(b"abc")).await.status, 200);
        assert_eq!(given.sandbox.snapshot().conversations[0].creates, 2);
    }

    #[tokio::test]
    async fn a_fault_befalls_the_calls_that_it_is_meant_for() {
        for (operation, statuses) in [
            (Operation::Create, (503, 404, 400, 400)),
            (Operation::Upload, (200, 503, 400, 400)),
            (Operation::Case, (200, 200, 503, 400)),
            (Operation::Read, (200, 200, 400, 503)),
        ] {
            let given = Given::rule(FaultRule::new(super::Fault::status(503)).on(operation)).await;
            let create = given.create("v2", &conversation("a")).await.status;
            let upload = given.upload("external/a", form(b"abc")).await.status;
            let case = given.json(Method::PUT, "/v1/case", &json!({})).await.status;
            let path = "/integrations/conversations/x";
            let read = given.get(path).await.status;
            assert_eq!((create, upload, case, read), statuses, "{operation:?}");
        }
    }

    #[tokio::test]
    async fn an_outage_and_a_revoked_token_have_their_requests() {
        let faults = Faults::seeded(1)
            .with(FaultRule::new(super::Fault::status(503)).requests(2, Some(3)))
            .with(FaultRule::new(super::Fault::status(401)).requests(5, None));
        let given = Given::options(SandboxOptions::new(TOKEN).with_faults(faults)).await;
        let mut statuses = Vec::new();
        for number in 1..=6 {
            let body = conversation(&number.to_string());
            statuses.push(given.create("v2", &body).await.status);
        }
        assert_eq!(statuses, [200, 503, 503, 200, 401, 401]);
        let snapshot = given.sandbox.snapshot();
        assert_eq!(snapshot.faults_of("status_503_before_effect"), 2);
        assert_eq!(snapshot.faults_of("status_401_before_effect"), 2);
        given.sandbox.reset();
        assert_eq!(given.create("v2", &conversation("1")).await.status, 200);
    }
}
