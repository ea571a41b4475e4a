//! Which recording a call gets, for the list of recordings.

use crate::recordings::Grade;

/// Between the names of recordings that go out as one.
pub const BETWEEN_RECORDINGS: &str = " + ";

/// Which recording a call gets, and how that was found out.
#[derive(Debug, Clone, PartialEq)]
pub struct Matched {
    /// The call's `externalIdentity`.
    pub identity: String,
    /// Names below the audio folder; of several that are sent as one, all.
    pub recording: String,
    /// How certain it is that the recording is the call's.
    pub grade: Grade,
    /// Its length, where somebody looked.
    pub seconds: Option<f64>,
    /// How many channels it has, where somebody looked.
    pub channels: Option<u16>,
}
