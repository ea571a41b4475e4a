//! Turns an answer into what a fault makes of it.

use std::time::{Duration, SystemTime};

use hyper::header::{HeaderValue, LOCATION, RETRY_AFTER};
use hyper::{Response, StatusCode};

use super::answer::{Answer, Body, Dropped};
use super::faults::{Fault, RetryAfter};

/// What the client gets when `fault` strikes: `right` is the answer that it would have got.
pub(super) fn damage(
    fault: &Fault,
    right: Answer,
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
        Fault::Html => Answer::html(
            StatusCode::OK,
            "<!doctype html><title>Sign in</title><p>Sign in to use this network.",
        ),
        Fault::Empty => Answer::done(),
        Fault::Redirect { to } => {
            let answer = Answer::bare(StatusCode::TEMPORARY_REDIRECT);
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

fn refusal(status: u16, retry_after: Option<&RetryAfter>, now: SystemTime) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = Answer::text(
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
        RetryAfter::Seconds(seconds) => seconds.to_string(),
        RetryAfter::DateIn(seconds) => date(now, *seconds),
        RetryAfter::Text(text) => text.clone(),
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
