//! Turns an answer into what a fault makes of it.

use std::time::{Duration, SystemTime};

use hyper::header::{HeaderValue, LOCATION, RETRY_AFTER};
use hyper::{Response, StatusCode};

use super::rules::{Fault, RetryAfterHeader};
use crate::sandbox::dropped::Dropped;
use crate::sandbox::response::{Body, ServerAnswer};

/// What the client gets when `fault` strikes: `right` is the answer that it would have got.
pub(in crate::sandbox) fn damage(
    fault: &Fault,
    right: ServerAnswer,
    now: SystemTime,
) -> Result<Response<Body>, Dropped> {
    let answer = match fault {
        Fault::Close => return Err(Dropped::OnPurpose),
        Fault::Cut => return Ok(right.into_cut_response()),
        Fault::HalfJson => right.halved(),
        Fault::Answer {
            status,
            retry_after,
        } => refusal(*status, retry_after.as_ref(), now),
        Fault::Html => ServerAnswer::html(
            StatusCode::OK,
            "<!doctype html><title>Sign in</title><p>Sign in to use this network.",
        ),
        Fault::Empty => ServerAnswer::done(),
        Fault::Stale => right.without_recordings(),
        Fault::Redirect { to } => {
            let answer = ServerAnswer::bare(StatusCode::TEMPORARY_REDIRECT);
            match HeaderValue::from_str(to) {
                Ok(address) => answer.with(LOCATION, address),
                Err(_) => answer,
            }
        }
        // Delays are over by now and change no answer.
        Fault::Latency { .. } | Fault::SlowReading { .. } => right,
    };
    Ok(answer.into_response())
}

fn refusal(status: u16, retry_after: Option<&RetryAfterHeader>, now: SystemTime) -> ServerAnswer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = ServerAnswer::text(
        status,
        "This answer is a fault that the sandbox was told to give",
    );
    if status == StatusCode::REQUEST_TIMEOUT {
        answer = answer.and_close();
    }
    let Some(retry_after) = retry_after else {
        return answer;
    };
    let text = match retry_after {
        RetryAfterHeader::Seconds(seconds) => seconds.to_string(),
        RetryAfterHeader::DateIn(seconds) => date(now, *seconds),
        RetryAfterHeader::Text(text) => text.clone(),
    };
    match HeaderValue::from_str(&text) {
        Ok(value) => answer.with(RETRY_AFTER, value),
        Err(_) => answer,
    }
}

/// The HTTP date `seconds` from now; a time beyond the calendar becomes now.
fn date(now: SystemTime, seconds: u64) -> String {
    // Dates of HTTP have four digits for the year: about 250,000,000,000 seconds from 1970.
    let seconds = Duration::from_secs(seconds.min(200_000_000_000));
    httpdate::fmt_http_date(now.checked_add(seconds).unwrap_or(now))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use reqwest::Method;

    use super::*;
    use crate::sandbox::faults::rules::{FaultRule, Strikes};
    use crate::sandbox::test_support::{Given, TOKEN, conversation, form};

    const HEADERS: &str = "content-type: application/json\r\n";

    /// What a raw create call of `identity` gets.
    async fn raw_create(given: &Given, identity: &str) -> (String, bool) {
        let body = conversation(identity).to_string();
        given
            .raw(given.wire("POST /v2/conversation", HEADERS, &body))
            .await
    }

    fn exists(given: &Given, identity: &str) -> bool {
        given.sandbox.snapshot().conversation(identity).is_some()
    }

    #[tokio::test]
    async fn a_status_comes_instead_of_the_effect() {
        for status in [400, 401, 403, 408, 429, 500, 502, 503, 504, 599] {
            let given = Given::fault(Fault::status(status)).await;
            let reply = given.create("v2", &conversation("a")).await;
            assert_eq!(reply.status, status);
            assert_eq!(reply.header("retry-after"), None);
            assert!(!exists(&given, "a"));
            let name = format!("status_{status}_before_effect");
            assert_eq!(given.sandbox.snapshot().faults_of(&name), 1);
        }
    }

    #[tokio::test]
    async fn a_status_can_also_come_after_the_effect() {
        let rule = FaultRule::new(Fault::status(504)).strikes(Strikes::AfterEffect);
        let given = Given::rule(rule.first(1)).await;
        assert_eq!(given.create("v2", &conversation("a")).await.status, 504);
        assert_eq!(given.create("v2", &conversation("a")).await.status, 409);
        let name = "status_504_after_effect";
        assert_eq!(given.sandbox.snapshot().faults_of(name), 1);
    }

    #[tokio::test]
    async fn a_timeout_status_ends_the_connection() {
        let given = Given::fault(Fault::status(408)).await;
        let reply = given.create("v2", &conversation("a")).await;
        assert_eq!(reply.header("connection"), Some("close"));
    }

    #[tokio::test]
    async fn retry_after_comes_in_seconds_or_word_for_word() {
        for (retry_after, text) in [
            (RetryAfterHeader::Seconds(7), "7"),
            (RetryAfterHeader::Text("soon".to_owned()), "soon"),
        ] {
            let given = Given::fault(Fault::Answer {
                status: 429,
                retry_after: Some(retry_after),
            })
            .await;
            let reply = given.create("v2", &conversation("a")).await;
            assert_eq!(reply.header("retry-after"), Some(text));
        }
    }

    #[test]
    fn retry_after_as_a_date_counts_from_now() {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_714_554_000);
        let fault = Fault::Answer {
            status: 429,
            retry_after: Some(RetryAfterHeader::DateIn(60)),
        };
        let response = damage(&fault, ServerAnswer::done(), now).expect("an answer");
        assert_eq!(
            response.headers()[RETRY_AFTER],
            "Wed, 01 May 2024 09:01:00 GMT"
        );
        let fault = Fault::Answer {
            status: 429,
            retry_after: Some(RetryAfterHeader::DateIn(u64::MAX)),
        };
        assert!(damage(&fault, ServerAnswer::done(), now).is_ok());
    }

    #[tokio::test]
    async fn a_connection_can_be_closed_before_the_effect() {
        let given = Given::fault(Fault::Close).await;
        let (answer, _) = raw_create(&given, "a").await;
        assert_eq!(answer, "");
        assert!(!exists(&given, "a"));
        let snapshot = given.sandbox.snapshot();
        assert_eq!(snapshot.faults_of("close_before_effect"), 1);
        assert_eq!(snapshot.endpoints["POST /v2/conversation"].dropped, 1);
    }

    #[tokio::test]
    async fn a_connection_can_be_closed_after_the_effect() {
        let rule = FaultRule::new(Fault::Close).strikes(Strikes::AfterEffect);
        let given = Given::rule(rule).await;
        let (answer, _) = raw_create(&given, "a").await;
        assert_eq!(answer, "");
        assert!(exists(&given, "a"));
        let upload = given
            .request(Method::POST, "/v1/audio/external/a")
            .multipart(form(b"abc"));
        assert!(upload.send().await.is_err());
        let snapshot = given.sandbox.snapshot();
        assert_eq!(snapshot.conversations[0].uploads.len(), 1);
        assert_eq!(snapshot.faults_of("close_after_effect"), 2);
    }

    #[tokio::test]
    async fn an_upload_is_closed_in_the_middle_and_leaves_nothing() {
        let rule = FaultRule::new(Fault::Close).on(crate::sandbox::Operation::Upload);
        let given = Given::rule(rule).await;
        given.created("a").await;
        // The rest never comes: who waited for it would wait for ever.
        let (answer, _) = given
            .raw(given.upload_head(TOKEN, 100_000) + "--x\r\n")
            .await;
        assert_eq!(answer, "");
        assert!(given.sandbox.snapshot().conversations[0].uploads.is_empty());
    }

    #[tokio::test]
    async fn a_status_reaches_a_client_that_sends_to_the_end_before_it_listens() {
        let given = Given::fault(Fault::status(503)).await;
        let body = "-".repeat(20_000_000);
        let (answer, orderly) = given
            .raw(given.upload_head(TOKEN, body.len()) + &body)
            .await;
        assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
        assert!(orderly);
    }

    #[tokio::test]
    async fn a_cut_answer_has_fewer_bytes_than_it_announced() {
        let given = Given::fault(Fault::Cut).await;
        let (answer, _) = raw_create(&given, "a").await;
        assert!(exists(&given, "a"));
        let (head, body) = answer.split_once("\r\n\r\n").expect("a head");
        let announced = head
            .lines()
            .find_map(|line| line.strip_prefix("content-length: "))
            .and_then(|length| length.parse::<usize>().ok())
            .expect("a length");
        assert!(head.starts_with("HTTP/1.1 200"), "{head}");
        assert!(!body.is_empty() && body.len() < announced, "{body}");
        let request = given.request(Method::POST, "/v2/conversation");
        let request = request.json(&conversation("b")).send().await;
        assert!(request.expect("a head").text().await.is_err());
    }

    #[tokio::test]
    async fn half_the_json_comes_with_a_good_status() {
        let given = Given::fault(Fault::HalfJson).await;
        let reply = given.create("v2", &conversation("a")).await;
        assert_eq!(reply.status, 200);
        assert!(reply.text.starts_with("{\"UID"), "{}", reply.text);
        assert!(serde_json::from_str::<serde_json::Value>(&reply.text).is_err());
        assert!(exists(&given, "a"));
    }

    #[tokio::test]
    async fn a_web_page_comes_from_somebody_else() {
        let given = Given::fault(Fault::Html).await;
        let reply = given.create("v2", &conversation("a")).await;
        assert_eq!(reply.status, 200);
        let content_type = reply.header("content-type").expect("a type");
        assert!(content_type.starts_with("text/html"));
        assert!(reply.text.contains("<title>"));
        assert!(!exists(&given, "a"));
    }

    #[tokio::test]
    async fn an_empty_answer_hides_what_was_done() {
        let given = Given::fault(Fault::Empty).await;
        let reply = given.create("v2", &conversation("a")).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""));
        assert!(exists(&given, "a"));
    }

    #[tokio::test]
    async fn a_stale_answer_knows_of_no_recording() {
        let given = Given::rule(FaultRule::new(Fault::Stale).first(1)).await;
        let uid = given.created("a").await;
        assert_eq!(given.upload(&uid, form(b"abc")).await.status, 200);
        let one = format!("/integrations/conversations/{uid}?api-version=1.0");
        let list = "/integrations/conversations/list-delta?api-version=1.0";
        for has_audio in [false, true] {
            assert_eq!(given.get(&one).await.json()["hasAudio"], has_audio);
            let page = given.json(Method::POST, list, &serde_json::json!({})).await;
            assert_eq!(page.json()["conversations"][0]["hasAudio"], has_audio);
        }
    }

    #[tokio::test]
    async fn a_redirect_keeps_the_method() {
        let to = "https://elsewhere.example.com/v2/conversation";
        let given = Given::fault(Fault::Redirect { to: to.to_owned() }).await;
        let reply = given.create("v2", &conversation("a")).await;
        assert_eq!((reply.status, reply.header("location")), (307, Some(to)));
        assert!(!exists(&given, "a"));
    }

    #[tokio::test]
    async fn a_late_answer_is_late_and_right() {
        let given = Given::fault(Fault::Latency {
            milliseconds: 30,
            jitter_milliseconds: 5,
        })
        .await;
        let start = Instant::now();
        assert_eq!(given.create("v2", &conversation("a")).await.status, 200);
        assert!(start.elapsed() >= Duration::from_millis(30));
        assert_eq!(
            given.sandbox.snapshot().faults_of("latency_after_effect"),
            1
        );
    }

    #[tokio::test]
    async fn a_client_that_gives_up_waiting_was_served_all_the_same() {
        let late = Fault::Latency {
            milliseconds: 600_000,
            jitter_milliseconds: 0,
        };
        let given = Given::rule(FaultRule::new(late)).await;
        let body = conversation("a");
        let served = async {
            while !exists(&given, "a") {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            _ = given.create("v2", &body) => panic!("it cannot be answered yet"),
            () = served => {}
        }
    }

    #[tokio::test]
    async fn a_slow_reader_takes_its_time_with_a_recording() {
        let rule = FaultRule::new(Fault::SlowReading {
            bytes_per_second: 10_000_000,
        });
        let given = Given::rule(rule.on(crate::sandbox::Operation::Upload)).await;
        let uid = given.created("a").await;
        let start = Instant::now();
        let reply = given.upload(&uid, form(&vec![7; 400_000])).await;
        assert_eq!(reply.status, 200);
        assert!(start.elapsed() >= Duration::from_millis(40));
        assert_eq!(given.sandbox.snapshot().faults_of("slow_reading"), 1);
    }

    #[tokio::test]
    async fn the_pages_of_the_sandbox_are_spared() {
        let given = Given::fault(Fault::Close).await;
        assert_eq!(given.get("/").await.status, 200);
        assert_eq!(given.get("/__state").await.status, 200);
    }
}
