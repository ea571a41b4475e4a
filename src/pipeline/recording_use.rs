//! Which recordings a call takes, as the sequencer is told.

use crate::events::{BETWEEN_RECORDINGS, Matched};
use crate::recordings::{Grade, Recording, Skew};

/// Which recordings a call takes.
#[derive(Debug)]
pub struct RecordingUse {
    /// The first of them.
    pub recording: Recording,
    /// What is sent with it as one.
    pub others: Vec<Recording>,
    /// The hash of the id of its call.
    pub call: u64,
    /// How certain it is that it is the call's.
    pub grade: Grade,
    /// Its length, where somebody looked.
    pub seconds: Option<f64>,
    /// How far the time in its name is off.
    pub skew: Option<Skew>,
    /// It was to be listened to, and could not be decoded.
    pub is_unheard: bool,
    /// It goes out with the call; else it is only named, so that no other call gets it.
    pub is_sent: bool,
}

impl RecordingUse {
    /// What is named by a record of which no call is sent; nothing where there is none.
    pub fn named(mut recordings: Vec<Recording>, call: u64, grade: Grade) -> Option<Box<Self>> {
        let recording = recordings.pop()?;
        Some(Box::new(RecordingUse {
            recording,
            others: recordings,
            call,
            grade,
            seconds: None,
            skew: None,
            is_unheard: false,
            is_sent: false,
        }))
    }

    /// The same for the list of recordings; `channels` where somebody looked.
    pub fn matched(&self, identity: &str, channels: Option<u16>) -> Matched {
        let names: Vec<&str> = self.recordings().map(|one| &*one.name).collect();
        Matched {
            identity: identity.to_owned(),
            recording: names.join(BETWEEN_RECORDINGS),
            grade: self.grade,
            seconds: self.seconds,
            channels,
        }
    }

    /// Every recording that the call takes.
    pub fn recordings(&self) -> impl Iterator<Item = &Recording> {
        std::iter::once(&self.recording).chain(&self.others)
    }
}
