//! Why a request gets no answer.

/// Why a request gets no answer at all: the connection is closed instead.
#[derive(Debug, thiserror::Error)]
pub(super) enum Dropped {
    /// A fault asked for it.
    #[error("the connection was closed on purpose")]
    OnPurpose,
    /// The client went away, broke the protocol or took too long while it sent its body.
    #[error("the body could not be read to its end")]
    Unreadable(#[source] BodyError),
}

/// Why a body cannot be read to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum BodyError {
    /// The client went away or broke the protocol.
    #[error(transparent)]
    Broken(#[from] hyper::Error),
    /// The client sends too little in too long a time.
    #[error("the body came too slowly")]
    TooSlow,
}
