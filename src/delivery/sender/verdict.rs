//! What an answer means for the call, and whether another try makes sense. Pure and total: no
//! clock, no waiting, and no wildcard over the kinds of error.

use super::request_kind::RequestKind;
use crate::api::{Error, RetryAfter};

/// What to do after a request that did not succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The conversation (or its recording) is there already.
    AlreadyThere,
    /// This call is refused, and trying again changes nothing.
    Refused,
    /// Another try may succeed.
    Later(Retryable),
    /// The token is refused, or somebody on the way dislikes this one request: the answer does not tell.
    Unauthorized,
}

/// How another try is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Retryable {
    /// When the server wants to be asked again.
    pub(crate) retry_after: Option<RetryAfter>,
    /// The request may have taken effect although nobody said so.
    pub(crate) in_doubt: bool,
    /// What the answer, or that none came, says of the server.
    pub(crate) sign: ServerSign,
}

/// What is to be concluded of the server from a request that may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerSign {
    /// It is unwell, or the way to it is.
    Unwell,
    /// No connection to it came about, for which no call can be to blame.
    Unreachable,
    /// It asks everybody to slow down; it is not unwell.
    Throttle,
    /// No server of this API answers at the address: most likely it is the wrong one.
    Astray,
    /// Who answers cannot be trusted, and no waiting changes that.
    Untrusted,
}

/// Judges the error of one request.
pub(crate) fn judge(kind: RequestKind, error: &Error) -> Verdict {
    let later = |in_doubt, sign| {
        Verdict::Later(Retryable {
            retry_after: None,
            in_doubt,
            sign,
        })
    };
    match error {
        Error::NotSent(_) => later(false, ServerSign::Unreachable),
        Error::Untrusted(_) | Error::OtherProtocol(_) => later(false, ServerSign::Untrusted),
        Error::Broken(_) | Error::TimedOut(_) => later(true, ServerSign::Unwell),
        Error::NoHttp(_) | Error::Unreadable { .. } | Error::ForeignUid => {
            later(true, ServerSign::Astray)
        }
        Error::Status {
            status,
            retry_after,
            ..
        } => by_status(kind, *status, *retry_after),
        Error::Unaddressable
        | Error::Recording(_)
        | Error::RecordingUnavailable(_)
        | Error::RecordingChanged { .. }
        | Error::RecordingReplaced(_) => Verdict::Refused,
    }
}

fn by_status(kind: RequestKind, status: u16, retry_after: Option<RetryAfter>) -> Verdict {
    let later = |in_doubt, sign| {
        Verdict::Later(Retryable {
            retry_after,
            in_doubt,
            sign,
        })
    };
    match (kind, status) {
        (_, 401 | 403) => Verdict::Unauthorized,
        (_, 409) => Verdict::AlreadyThere,
        (_, 429) => later(false, ServerSign::Throttle),
        // A time-out or an error of the server may come before or after the effect.
        // A server that does not know the method is no server of this API.
        (_, 501) => later(true, ServerSign::Astray),
        (_, 408 | 425 | 500..=599) => later(true, ServerSign::Unwell),
        // The contract knows no redirect, and no create of an address that does not exist: both
        // speak of the way to the server and not of this call. The token follows no redirect.
        (_, 300..=399) | (RequestKind::Create | RequestKind::Case, 404 | 405) => {
            later(false, ServerSign::Astray)
        }
        _ => Verdict::Refused,
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn status(kind: RequestKind, status: u16) -> Verdict {
        judge(
            kind,
            &Error::Status {
                status,
                retry_after: None,
                text: String::new(),
            },
        )
    }

    fn later(in_doubt: bool, sign: ServerSign) -> Verdict {
        Verdict::Later(Retryable {
            retry_after: None,
            in_doubt,
            sign,
        })
    }

    #[test]
    fn every_status_of_the_contract_has_its_verdict() {
        use RequestKind::{Case, Change, Create, Upload};
        for kind in [Create, Upload, Case, Change] {
            for stop in [401, 403] {
                assert_eq!(status(kind, stop), Verdict::Unauthorized);
            }
            assert_eq!(status(kind, 409), Verdict::AlreadyThere);
            assert_eq!(status(kind, 429), later(false, ServerSign::Throttle));
            for server in [408, 500, 502, 503, 504, 599] {
                let unwell = later(true, ServerSign::Unwell);
                assert_eq!(status(kind, server), unwell, "{server}");
            }
            for refused in [400, 406, 410, 413, 415, 422, 451] {
                assert_eq!(status(kind, refused), Verdict::Refused, "{refused}");
            }
            for redirect in [301, 302, 307, 308] {
                let astray = later(false, ServerSign::Astray);
                assert_eq!(status(kind, redirect), astray, "{redirect}");
            }
            assert_eq!(status(kind, 501), later(true, ServerSign::Astray));
        }
        for nothing_there in [404, 405] {
            for kind in [Create, Case] {
                assert_eq!(
                    status(kind, nothing_there),
                    later(false, ServerSign::Astray)
                );
            }
            // Here it is the conversation or the case that is not there.
            for kind in [Upload, Change] {
                assert_eq!(status(kind, nothing_there), Verdict::Refused);
            }
        }
    }

    #[test]
    fn every_status_has_a_verdict_and_none_loses_a_doubt() {
        use RequestKind::{Case, Change, Create, Upload};
        for number in 100..=999 {
            for kind in [Create, Upload, Case, Change] {
                match status(kind, number) {
                    Verdict::Later(later) => {
                        // What the server may have done before it failed is in doubt.
                        let may_have_acted = matches!(number, 408 | 425 | 500..=599);
                        assert_eq!(later.in_doubt, may_have_acted, "{number}");
                        assert_eq!(later.sign == ServerSign::Throttle, number == 429);
                    }
                    Verdict::Unauthorized => assert!(matches!(number, 401 | 403)),
                    Verdict::AlreadyThere => assert_eq!(number, 409),
                    Verdict::Refused => assert!(!(300..400).contains(&number) && number != 429),
                }
            }
        }
    }

    #[test]
    fn a_lost_answer_is_in_doubt_and_a_lost_connection_before_it_is_not() {
        let judge = |error: Error| judge(RequestKind::Create, &error);
        let not_there = later(false, ServerSign::Unreachable);
        let doubtful = later(true, ServerSign::Unwell);
        assert_eq!(judge(Error::NotSent(String::new())), not_there);
        assert_eq!(judge(Error::Broken(String::new())), doubtful);
        assert_eq!(judge(Error::TimedOut(Duration::ZERO)), doubtful);
        let astray = later(true, ServerSign::Astray);
        assert_eq!(judge(Error::Unreadable { status: 200 }), astray);
        assert_eq!(judge(Error::ForeignUid), astray);
        assert_eq!(judge(Error::NoHttp(String::new())), astray);
        let untrusted = later(false, ServerSign::Untrusted);
        assert_eq!(judge(Error::Untrusted(String::new())), untrusted);
        assert_eq!(judge(Error::Unaddressable), Verdict::Refused);
        assert_eq!(
            judge(Error::RecordingChanged {
                expected: 1,
                found: 2
            }),
            Verdict::Refused
        );
    }
}
