//! What a sender tells besides how requests end.

use std::time::Duration;

/// Something worth telling while calls are under way. Told if somebody has time to listen: the
/// channel is bounded, and a full one must not hold up a request.
#[derive(Debug)]
pub(crate) enum SenderNotice {
    Retried {
        attempt: u32,
        delay: Duration,
        why: String,
    },
    Paused {
        pause: Duration,
        why: String,
    },
}
