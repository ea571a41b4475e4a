//! One request from its arrival to its answer: counted, struck by faults, checked, carried out.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Instant, SystemTime};

use hyper::body::Incoming;
use hyper::header::{ALLOW, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Request, Response, StatusCode};
use serde_json::Map;

use super::answer::{Answer, Body, Dropped};
use super::dice::{Drawn, Moment};
use super::faults::{Fault, Strikes};
use super::request::{self, Document, Payload};
use super::route::{self, Endpoint, Route};
use super::server::{Options, UnknownFields};
use super::state::State;
use super::{audio, case, conversation, page, portal, reading, strike, token};

/// What is read away of a body that is refused, beyond the largest recording.
const DRAIN_MARGIN: u64 = 16 * 1024 * 1024;

/// What all requests share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) options: Options,
    state: Mutex<State>,
}

impl Shared {
    pub(super) fn new(options: Options) -> Self {
        Self {
            options,
            state: Mutex::new(State::new()),
        }
    }

    /// The state, for a moment without waiting.
    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn unknown_fields(&self) -> UnknownFields {
        self.options.unknown_fields
    }

    /// How much of a refused body is read away.
    pub(super) fn drain_limit(&self) -> u64 {
        self.options.max_audio.saturating_add(DRAIN_MARGIN)
    }
}

/// Answers one request, or closes its connection.
pub(super) async fn serve(
    shared: Arc<Shared>,
    request: Request<Incoming>,
) -> Result<Response<Body>, Dropped> {
    let (parts, incoming) = request.into_parts();
    let mut payload = Payload::new(incoming);
    let route = route::find(&parts.method, parts.uri.path());
    let endpoint = match route {
        Route::Own(own) => return Ok(page::serve(&shared, own, &parts)),
        Route::Api(endpoint) => endpoint,
        Route::WrongMethod(_) | Route::BadPath | Route::Nowhere => {
            let mut visit = Visit::begin(&shared, "elsewhere");
            payload.drain(shared.drain_limit()).await?;
            let answer = astray(&route);
            visit.status = Some(answer.status.as_u16());
            return Ok(answer.into_response());
        }
    };
    let mut visit = Visit::begin(&shared, endpoint.label());
    let response = answer(&shared, &visit, &parts, endpoint, payload).await;
    if let Ok(response) = &response {
        visit.status = Some(response.status().as_u16());
    }
    response
}

/// The answer to a path or method that the server does not have.
fn astray(route: &Route) -> Answer {
    match route {
        Route::WrongMethod(methods) => {
            let text = format!("This address takes {methods} only");
            let answer = Answer::text(StatusCode::METHOD_NOT_ALLOWED, text);
            match HeaderValue::from_str(methods) {
                Ok(methods) => answer.with(ALLOW, methods),
                Err(_) => answer,
            }
        }
        Route::BadPath => Answer::text(
            StatusCode::BAD_REQUEST,
            "The path is not percent-encoded UTF-8",
        ),
        Route::Nowhere | Route::Api(_) | Route::Own(_) => {
            Answer::text(StatusCode::NOT_FOUND, "There is no such address")
        }
    }
}

/// A request under way; leaving is counted also when the client goes away in the middle.
struct Visit<'a> {
    shared: &'a Shared,
    endpoint: &'static str,
    number: u64,
    status: Option<u16>,
}

impl<'a> Visit<'a> {
    fn begin(shared: &'a Shared, endpoint: &'static str) -> Self {
        let number = shared.state().enter(endpoint);
        Self {
            shared,
            endpoint,
            number,
            status: None,
        }
    }
}

impl Drop for Visit<'_> {
    fn drop(&mut self) {
        tracing::debug!(endpoint = self.endpoint, status = self.status, "served");
        self.shared.state().leave(self.endpoint, self.status);
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
        request::document(parts, &mut payload, shared.drain_limit()).await?
    } else {
        Document::None
    };
    let drawn = draw(shared, visit, &endpoint, &document);
    let late = drawn.delay.saturating_add(document.time_at(drawn.pace));
    // The clock of the runtime has milliseconds, so even a wait for nothing would be one.
    if !late.is_zero() {
        tokio::time::sleep(late).await;
    }
    payload.slow_down(drawn.pace);
    let now = SystemTime::now();
    match drawn.strike {
        Some((fault, Strikes::BeforeEffect)) => {
            without_effect(shared, &mut payload, &fault).await?;
            strike::damage(&fault, Answer::done(), now)
        }
        Some((fault, Strikes::AfterEffect)) => {
            let right = carry_out(shared, parts, endpoint, document, payload).await?;
            strike::damage(&fault, right, now)
        }
        None => {
            let right = carry_out(shared, parts, endpoint, document, payload).await?;
            Ok(right.into_response())
        }
    }
}

/// What befalls this request, which is counted as one more try of its call.
fn draw(shared: &Shared, visit: &Visit<'_>, endpoint: &Endpoint, document: &Document) -> Drawn {
    let mut state = shared.state();
    let key = key(&state, endpoint, document);
    let operation = endpoint.operation();
    let moment = Moment {
        operation,
        key: &key,
        attempt: state.attempt(operation, &key),
        request: visit.number,
        elapsed: state.started.elapsed(),
    };
    let drawn = shared.options.faults.draw(&moment);
    for name in &drawn.names {
        *state.faults.entry(name.clone()).or_default() += 1;
    }
    drawn
}

/// What a request is about: the conversation's own identity wherever it is known, because uids are
/// different in every run.
fn key(state: &State, endpoint: &Endpoint, document: &Document) -> String {
    match endpoint {
        Endpoint::Create(version) => document.text(conversation::identity_field(*version)),
        Endpoint::AddMessage | Endpoint::PutCase | Endpoint::AppendMessage => {
            document.text("caseUid")
        }
        Endpoint::UploadByIdentity(key) | Endpoint::PatchCase(key) => key.clone(),
        Endpoint::UploadByUid(uid)
        | Endpoint::ReadConversation(uid)
        | Endpoint::PatchMetadata(uid) => state
            .by_uid_text(uid)
            .and_then(|index| state.conversations.get(index))
            .map_or_else(|| uid.clone(), |found| found.identity.to_string()),
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
    mut payload: Payload,
) -> Result<Answer, Dropped> {
    if let Err(refusal) = token::check(parts, &shared.options.token) {
        let drained = payload.drain(shared.drain_limit()).await?;
        return Ok(drained.closing(refusal));
    }
    let target = match &endpoint {
        Endpoint::UploadByUid(uid) => Some(audio::Target::Uid(uid)),
        Endpoint::UploadByIdentity(identity) => Some(audio::Target::Identity(identity)),
        _ => None,
    };
    if let Some(target) = target {
        return audio::upload(shared, parts, target, payload).await;
    }
    let (object, text) = match document {
        Document::Refused(refusal) => return Ok(refusal),
        Document::Object(object, text) => (object, text),
        Document::None => (Map::new(), String::new()),
    };
    Ok(match endpoint {
        Endpoint::Create(version) => conversation::create(shared, version, &object, text),
        Endpoint::AddMessage => case::add_message(shared, &object),
        Endpoint::PutCase => case::put(shared, &object),
        Endpoint::AppendMessage => case::append_message(shared, &object),
        Endpoint::PatchCase(uid) => case::patch(shared, &uid, &object),
        Endpoint::ListDelta => reading::list_delta(shared, parts, &object),
        Endpoint::ReadConversation(uid) => reading::one(shared, parts, &uid),
        Endpoint::PatchMetadata(uid) => reading::patch_metadata(shared, parts, &uid, object),
        Endpoint::MagicLink => portal::magic_link(shared, &object, Instant::now()),
        Endpoint::UploadByUid(_) | Endpoint::UploadByIdentity(_) => Answer::done(),
    })
}
