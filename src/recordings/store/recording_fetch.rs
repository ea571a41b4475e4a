//! The seam to recordings that an export names by their URLs.

use std::fmt::Debug;

use super::error::RecordingError;
use super::recording::Recording;

/// Gives recordings by their URLs. What it gives opens as any other recording.
pub trait RecordingFetch: Debug + Send + Sync {
    /// The recording at a URL; nothing where the URL leads to nothing. The same URL gives the same recording.
    fn look_up(&self, url: &str) -> Result<Option<Recording>, RecordingError>;
}
