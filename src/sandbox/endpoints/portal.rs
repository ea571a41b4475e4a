//! The developer portal: magic links, with the one rate limit that is documented.

use std::time::{Duration, Instant};

use hyper::StatusCode;
use hyper::header::{HeaderValue, RETRY_AFTER};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::sandbox::body_check::{Fields, refusal};
use crate::sandbox::response::ServerAnswer;
use crate::sandbox::shared::Shared;

/// So many links in [`WINDOW`], for each token; the sandbox has one.
const LINKS: usize = 5;
const WINDOW: Duration = Duration::from_secs(60 * 60);

/// `POST /v1/dev/magic-link`. The link leads nowhere.
pub(in crate::sandbox) fn magic_link(
    shared: &Shared,
    object: &Map<String, Value>,
    now: Instant,
) -> ServerAnswer {
    let mut fields = Fields::new(object);
    for name in ["name", "email", "reasonForAccess"] {
        fields.required_text(name);
    }
    fields.truth("singleUse");
    if let Some(refusal) = refusal(&fields.finish(shared.unknown_fields())) {
        return refusal;
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
        return ServerAnswer::text(StatusCode::TOO_MANY_REQUESTS, text)
            .with(RETRY_AFTER, HeaderValue::from(wait.as_secs() + 1));
    }
    links.push_back(now);
    let expires = jiff::Timestamp::now() + Duration::from_secs(24 * 60 * 60);
    ServerAnswer::json(
        StatusCode::OK,
        &json!({
            "url": format!("https://portal.example.com/magic/{}", Uuid::new_v4()),
            "expiresAt": expires.to_string(),
        }),
    )
}

#[cfg(test)]
mod tests {
    use reqwest::Method;

    use super::*;
    use crate::sandbox::options::SandboxOptions;
    use crate::sandbox::test_support::{Given, TOKEN, with, without};

    fn wish() -> Value {
        json!({
            "name": "Ada Example",
            "email": "ada@example.com",
            "reasonForAccess": "A test",
            "singleUse": true,
        })
    }

    #[tokio::test]
    async fn a_link_is_given_with_its_end() {
        let given = Given::sandbox().await;
        let path = "/v1/dev/magic-link";
        let reply = given.json(Method::POST, path, &wish()).await;
        assert_eq!(reply.status, 200, "{}", reply.text);
        let link = reply.json();
        assert!(link["url"].as_str().expect("text").starts_with("https://"));
        assert!(crate::sandbox::time::read(link["expiresAt"].as_str().expect("text")).is_some());
        for body in [
            without(wish(), "name"),
            without(wish(), "email"),
            without(wish(), "reasonForAccess"),
            with(wish(), "singleUse", json!("yes")),
            with(wish(), "extra", json!(1)),
        ] {
            let reply = given.json(Method::POST, path, &body).await;
            assert_eq!(reply.status, 400, "{body}");
        }
    }

    #[test]
    fn the_sixth_link_of_an_hour_is_too_many() {
        let shared = Shared::new(SandboxOptions::new(TOKEN), 80);
        let wish = wish();
        let wish = wish.as_object().expect("an object");
        let start = Instant::now();
        let at = |minutes: u64| {
            let now = start + Duration::from_secs(60 * minutes);
            magic_link(&shared, wish, now)
        };
        for minute in 0..5 {
            assert_eq!(at(minute).status, StatusCode::OK);
        }
        let refused = at(50);
        assert_eq!(refused.status, StatusCode::TOO_MANY_REQUESTS);
        let response = refused.into_response();
        assert_eq!(response.headers()[RETRY_AFTER], "601");
        assert_eq!(at(60).status, StatusCode::OK);
        assert_eq!(at(60).status, StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(at(61).status, StatusCode::OK);
    }
}
