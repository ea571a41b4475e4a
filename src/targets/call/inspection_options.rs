//! How thoroughly recordings are inspected.

use std::time::Duration;

/// How far recordings are looked into, and what may be done with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct InspectionOptions {
    /// What becomes of recordings that the server may not take.
    pub doubtful: OddFormats,
    /// Whether an `ffmpeg` is there.
    pub has_ffmpeg: bool,
    /// Look for channels in which nobody is heard.
    pub for_silence: bool,
    /// Calls whose recording was written less than this ago are held.
    pub min_age: Duration,
}

/// What becomes of recordings that the server may not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OddFormats {
    /// They are sent as they are, with a warning.
    #[default]
    Send,
    /// They are converted.
    Convert,
}
