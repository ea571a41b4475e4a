//! Which recording a call gets, for the list of recordings.

use super::call::recording_match::RecordingUse;
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

impl Matched {
    pub(super) fn new(identity: &str, mark: &RecordingUse, channels: Option<u16>) -> Matched {
        let names: Vec<&str> = mark.recordings().map(|one| &*one.name).collect();
        Matched {
            identity: identity.to_owned(),
            recording: names.join(BETWEEN_RECORDINGS),
            grade: mark.grade,
            seconds: mark.seconds,
            channels,
        }
    }
}
