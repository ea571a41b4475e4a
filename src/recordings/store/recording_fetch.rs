//! The seam to recordings that an export names by their URLs.

use std::fmt::Debug;

use super::error::RecordingError;
use super::recording::Recording;
use super::recording_store::StoreOutage;

/// What a URL leads to.
#[derive(Debug)]
pub enum FetchAnswer {
    /// A recording.
    Recording(Recording),
    /// Nothing, and where it was looked for in vain.
    Nothing(String),
}

/// Gives recordings by their URLs. What it gives opens as any other recording.
pub trait RecordingFetch: Debug + Send + Sync {
    /// What is at a URL. The same URL gives the same recording.
    fn look_up(&self, url: &str) -> Result<FetchAnswer, RecordingError>;

    /// Hosts that were down, and what was not asked of them then.
    fn outages(&self) -> Vec<StoreOutage>;
}
