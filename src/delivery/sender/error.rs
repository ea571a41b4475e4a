//! Why a request did not get through.

use super::refusals::Refusal;
use super::request_kind::RequestKind;
use crate::api;
use crate::domain::Code;

/// Why a call did not get through.
#[derive(Debug)]
pub(crate) enum CallError {
    Refused {
        kind: RequestKind,
        status: u16,
        message: String,
        code: Code,
        /// An earlier try of the same request may have got through.
        in_doubt: bool,
    },
    Failed {
        kind: RequestKind,
        status: Option<u16>,
        why: String,
    },
    /// Refused with 401 or 403, and it is not known yet whether the token or this request is to blame.
    Unauthorized {
        refusal: Refusal,
        status: u16,
        message: String,
        /// An earlier try of the same request may have got through.
        in_doubt: bool,
    },
    /// The destination has it already, and the new ledger may be the wrong one.
    Conflict {
        /// An earlier try of the same request may have got through.
        was_tried: bool,
    },
    /// The run stops; the call is left as the ledger has it.
    Stopped,
}

impl CallError {
    /// As if the request were to blame for a 401 or 403, and by which refusal that is to be known.
    pub(crate) fn into_request_error(self) -> (CallError, Option<Refusal>) {
        match self {
            CallError::Unauthorized {
                refusal,
                status,
                message,
                in_doubt,
            } => {
                let error = CallError::Refused {
                    kind: refusal.kind(),
                    status,
                    message,
                    code: Code::ServerRefused,
                    in_doubt,
                };
                (error, Some(refusal))
            }
            error => (error, None),
        }
    }
}

/// The HTTP status of an answer; `None` where none came.
pub(crate) fn status(error: &api::Error) -> Option<u16> {
    match error {
        api::Error::Status { status, .. } | api::Error::Unreadable { status } => Some(*status),
        _ => None,
    }
}

/// The error of a request that was tried as often as allowed.
pub(crate) fn failed(kind: RequestKind, error: &api::Error) -> CallError {
    CallError::Failed {
        kind,
        status: status(error),
        why: error.to_string(),
    }
}

/// The error of a request that the server, or what it was to carry, has refused.
pub(crate) fn refused(kind: RequestKind, error: &api::Error, in_doubt: bool) -> CallError {
    let code = match error {
        api::Error::RecordingChanged { .. } | api::Error::RecordingReplaced(_) => {
            Code::RecordingChanged
        }
        api::Error::RecordingUnavailable(failure) => failure.code(),
        api::Error::Recording(_) => Code::RecordingUnreadable,
        _ => Code::ServerRefused,
    };
    CallError::Refused {
        kind,
        status: status(error).unwrap_or(0),
        message: error.to_string(),
        code,
        in_doubt,
    }
}
