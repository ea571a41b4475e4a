//! What a comparison needs.

use std::time::Duration;

use crate::api::ReadClient;
use crate::delivery::{RateLimits, RetryLimits};

/// What a comparison needs.
#[derive(Debug)]
pub struct VerifyOptions {
    /// The read API.
    pub client: ReadClient,
    /// How fast it is asked.
    pub pace: RateLimits,
    /// How hard.
    pub limits: RetryLimits,
    /// How long a recording may need to show after it was sent.
    pub settle: Duration,
    /// Look at each call that is missing once more, however many there are.
    pub confirms_missing: bool,
    /// How long to wait until all is worked on.
    pub wait: Duration,
}
