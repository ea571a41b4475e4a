//! Whether the destination answers, takes the token, and has the same time.

use std::time::{Duration, Instant, SystemTime};

use secrecy::SecretString;
use url::Url;

use crate::api::{DestinationProbe, Error, HttpOptions, ProbeAnswer};
use crate::report::DoctorLine;

/// Clocks that differ by less are the same: a `Date` has whole seconds.
const SAME: Duration = Duration::from_secs(5);
/// Stores refuse signatures of clocks that differ by more.
const MOST: Duration = Duration::from_secs(15 * 60);

/// Asks the destination, first without the token and then with it.
pub async fn check_destination(
    base: &Url,
    route: &HttpOptions,
    token: Option<&SecretString>,
) -> Vec<DoctorLine> {
    let probe = match DestinationProbe::new(base, route) {
        Ok(probe) => probe,
        Err(error) => return vec![DoctorLine::fault("destination", error.to_string(), None)],
    };
    let (asked, begun) = (SystemTime::now(), Instant::now());
    let stranger = probe.ask_as_stranger().await;
    let took = begun.elapsed();
    let mut lines = vec![reached(base, &stranger, took)];
    let Ok(stranger) = stranger else {
        return lines;
    };
    if let (Some(token), false) = (token, is_elsewhere(stranger.status)) {
        lines.push(judge_token(stranger, &probe.ask_with(token).await));
    }
    lines.push(judge_clock(asked + took / 2, stranger.date));
    lines
}

fn reached(base: &Url, answer: &Result<ProbeAnswer, Error>, took: Duration) -> DoctorLine {
    const SUBJECT: &str = "destination";
    let base = base.as_str().trim_end_matches('/');
    match answer {
        Err(error) => DoctorLine::fault(
            SUBJECT,
            format!("{base}: {error}"),
            Some("Check --base-url, the network, the proxy and the firewall.".to_owned()),
        ),
        Ok(answer) if is_elsewhere(answer.status) => DoctorLine::fault(
            SUBJECT,
            format!(
                "{base} answers {}, as no server of this API does",
                answer.status
            ),
            Some("Check --base-url, and whether a proxy or portal answers instead.".to_owned()),
        ),
        Ok(answer) if answer.status >= 500 => DoctorLine::warning(
            SUBJECT,
            format!(
                "{base} answers {}: it has trouble of its own",
                answer.status
            ),
            "Try again later. A run waits and tries again by itself.",
        ),
        Ok(_) => DoctorLine::ok(
            SUBJECT,
            format!("{base} answers in {} ms", took.as_millis()),
        ),
    }
}

/// Whether somebody else answers: a success, a redirect or a method that is not there.
fn is_elsewhere(status: u16) -> bool {
    status < 400 || matches!(status, 405 | 407)
}

fn judge_token(stranger: ProbeAnswer, answer: &Result<ProbeAnswer, Error>) -> DoctorLine {
    const SUBJECT: &str = "access";
    match answer {
        Err(error) => DoctorLine::fault(SUBJECT, error.to_string(), None),
        Ok(ProbeAnswer {
            status: status @ (401 | 403),
            ..
        }) => DoctorLine::fault(
            SUBJECT,
            format!("the destination refuses the token ({status})"),
            Some(
                "Put a valid token in its place. It belongs there alone, without `Bearer`."
                    .to_owned(),
            ),
        ),
        Ok(answer) if answer.status < 500 && matches!(stranger.status, 401 | 403) => {
            DoctorLine::ok(SUBJECT, "the destination accepts the token")
        }
        Ok(answer) => DoctorLine::warning(
            SUBJECT,
            format!(
                "the destination answers {} without the token and {} with it, which proves nothing",
                stranger.status, answer.status
            ),
            "Check --base-url. The first call of a run will show whether the token is valid.",
        ),
    }
}

fn judge_clock(here: SystemTime, there: Option<SystemTime>) -> DoctorLine {
    const SUBJECT: &str = "clock";
    const CURE: &str = "Set the clock, for example with `timedatectl set-ntp true`.";
    let Some(there) = there else {
        return DoctorLine::ok(SUBJECT, "not compared: the server sends no Date");
    };
    let (difference, direction) = match here.duration_since(there) {
        Ok(ahead) => (ahead, "ahead of"),
        Err(behind) => (behind.duration(), "behind"),
    };
    let seconds = difference.as_secs();
    let found = format!("{seconds} s {direction} the clock of the destination");
    if difference <= SAME {
        DoctorLine::ok(SUBJECT, "agrees with the clock of the destination")
    } else if difference <= MOST {
        DoctorLine::warning(SUBJECT, found, CURE)
    } else {
        DoctorLine::fault(SUBJECT, found, Some(CURE.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::DoctorLevel;

    fn answer(status: u16) -> ProbeAnswer {
        ProbeAnswer { status, date: None }
    }

    #[test]
    fn only_an_answer_that_differs_with_the_token_proves_it() {
        for (stranger, with_token, level) in [
            (401, 404, DoctorLevel::Ok),
            (403, 429, DoctorLevel::Ok),
            (401, 401, DoctorLevel::Fault),
            (404, 403, DoctorLevel::Fault),
            (404, 404, DoctorLevel::Warning),
            (401, 500, DoctorLevel::Warning),
        ] {
            let line = judge_token(answer(stranger), &Ok(answer(with_token)));
            assert_eq!(line.level, level, "{stranger} {with_token}");
        }
    }

    #[test]
    fn a_redirect_or_a_page_is_no_destination() {
        let base = "https://example.com".parse().unwrap();
        for (status, level) in [
            (200, DoctorLevel::Fault),
            (302, DoctorLevel::Fault),
            (405, DoctorLevel::Fault),
            (401, DoctorLevel::Ok),
            (404, DoctorLevel::Ok),
            (503, DoctorLevel::Warning),
        ] {
            let line = reached(&base, &Ok(answer(status)), Duration::ZERO);
            assert_eq!(line.level, level, "{status}");
        }
    }

    #[test]
    fn a_clock_is_judged_by_how_far_it_is_off() {
        let here = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        for (seconds, level) in [
            (3, DoctorLevel::Ok),
            (60, DoctorLevel::Warning),
            (3600, DoctorLevel::Fault),
        ] {
            let off = Duration::from_secs(seconds);
            assert_eq!(judge_clock(here, Some(here + off)).level, level);
            assert_eq!(judge_clock(here, Some(here - off)).level, level);
        }
        assert_eq!(judge_clock(here, None).level, DoctorLevel::Ok);
    }
}
