//! The developer portal: magic links, with the one rate limit that is documented.

use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::answer::Answer;
use super::check::{Fields, Finding};
use super::service::Shared;

/// So many links in [`WINDOW`], for each token; the sandbox has one.
const LINKS: usize = 5;
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// `POST /v1/dev/magic-link`. The link leads nowhere.
pub(super) fn magic_link(shared: &Shared, object: &Map<String, Value>, now: Instant) -> Answer {
    let mut fields = Fields::new(object);
    for name in ["name", "email", "reasonForAccess"] {
        fields.required_text(name);
    }
    fields.truth("singleUse");
    let findings = fields.finish(shared.unknown_fields());
    if !findings.is_empty() {
        let texts: Vec<_> = findings.iter().map(Finding::text).collect();
        return Answer::text(StatusCode::BAD_REQUEST, texts.join("\n"));
    }
    let mut state = shared.state();
    let links = &mut state.magic_links;
    while let Some(oldest) = links.front() {
        let age = now.saturating_duration_since(*oldest);
        if age < WINDOW {
            break;
        }
        links.pop_front();
    }
    if let (LINKS.., Some(oldest)) = (links.len(), links.front()) {
        let wait = WINDOW.saturating_sub(now.saturating_duration_since(*oldest));
        let text = format!("At most {LINKS} links an hour");
        return Answer::text(StatusCode::TOO_MANY_REQUESTS, text)
            .with(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    }
    links.push_back(now);
    let expires = jiff::Timestamp::now() + Duration::from_secs(24 * 60 * 60);
    Answer::json(
        StatusCode::OK,
        &json!({
            "url": format!("https://portal.example.com/magic/{}", Uuid::new_v4()),
            "expiresAt": expires.to_string(),
        }),
    )
}
