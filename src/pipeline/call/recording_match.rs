//! The recording of a call: what was found for it, and what the sequencer is told of it.

use crate::domain::Problem;
use crate::events::{BETWEEN_RECORDINGS, Matched};
use crate::ledger::{CallState, SentFile, UploadState};
use crate::plan;
use crate::recordings::{Grade, Recording, Skew};

/// What the audio folder has for a call.
pub(in crate::pipeline) struct RecordingMatch {
    pub(in crate::pipeline) state: plan::RecordingPresence,
    pub(in crate::pipeline) recording: Option<Recording>,
    /// What follows it, where several recordings are one call; all that fit, where none was taken.
    pub(in crate::pipeline) others: Vec<Recording>,
    /// How long the export says that it is.
    pub(in crate::pipeline) stated: Option<StatedLength>,
    /// What is wrong with it; of no concern for a call that needs it no more.
    pub(in crate::pipeline) problems: Vec<Problem>,
    /// How certain it is that it is the call's; nothing where nothing was found.
    pub(in crate::pipeline) grade: Option<Grade>,
    /// The hash of the call's id.
    pub(in crate::pipeline) call: u64,
}

impl RecordingMatch {
    /// Whether something was found, and otherwise than by its whole name.
    pub(in crate::pipeline) fn is_inexact(&self) -> bool {
        self.grade.is_some_and(|grade| grade != Grade::Exact)
    }

    /// The bytes of the call's recordings, where there are any.
    pub(in crate::pipeline) fn bytes(&self) -> Option<u64> {
        let first = self.recording.as_ref()?;
        let others = self.others.iter().map(|one| one.bytes);
        Some(first.bytes + others.sum::<u64>())
    }

    /// The name of the call's recording, or of the first of several.
    pub(in crate::pipeline) fn name(&self) -> &str {
        self.recording.as_ref().map_or("", |one| &one.name)
    }

    /// What is to be told when the recording has another size than when it was sent.
    pub(in crate::pipeline) fn change_of(&self, standing: &CallState) -> Option<String> {
        let (sent, now) = (standing.source?, self.bytes()?);
        let is_sent = matches!(standing.upload, UploadState::Done { .. });
        (is_sent && sent != now).then(|| {
            format!("it had {sent} bytes when it was sent and has {now} now; it is not sent again")
        })
    }

    /// The same for a call that is rejected or cannot be decided yet, also where it could not be told
    /// which one is its own.
    pub(in crate::pipeline) fn into_candidates(self) -> Option<Box<RecordingUse>> {
        let grade = self.grade.unwrap_or(Grade::Inexact);
        let recordings = self.recording.into_iter().chain(self.others);
        named(recordings.collect(), self.call, grade)
    }
}

/// How long a recording ought to be.
pub(in crate::pipeline) struct StatedLength {
    pub(in crate::pipeline) column: String,
    /// The longest row of the call, and all its rows one after the other.
    pub(in crate::pipeline) seconds: (f64, f64),
}

/// The recording of a call.
#[derive(Debug)]
pub(in crate::pipeline) struct RecordingUse {
    pub(in crate::pipeline) recording: Recording,
    /// What is sent with it as one.
    pub(in crate::pipeline) others: Vec<Recording>,
    /// The hash of the id of its call.
    pub(in crate::pipeline) call: u64,
    /// How certain it is that it is the call's.
    pub(in crate::pipeline) grade: Grade,
    pub(in crate::pipeline) seconds: Option<f64>,
    /// How far the time in its name is off.
    pub(in crate::pipeline) skew: Option<Skew>,
    /// It was to be listened to, and could not be decoded.
    pub(in crate::pipeline) is_unheard: bool,
}

impl RecordingUse {
    /// The same, as the ledger knows them.
    pub(in crate::pipeline) fn sent_files(&self) -> impl Iterator<Item = SentFile> {
        self.recordings().map(sent_file)
    }

    /// The same for the list of recordings; `channels` where somebody looked.
    pub(in crate::pipeline) fn matched(&self, identity: &str, channels: Option<u16>) -> Matched {
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
    pub(in crate::pipeline) fn recordings(&self) -> impl Iterator<Item = &Recording> {
        std::iter::once(&self.recording).chain(&self.others)
    }
}

pub(in crate::pipeline) fn sent_file(recording: &Recording) -> SentFile {
    SentFile {
        name: recording.name.clone(),
        bytes: recording.bytes,
    }
}

/// A mark of recordings into which nobody has looked.
pub(in crate::pipeline) fn named(
    mut recordings: Vec<Recording>,
    call: u64,
    grade: Grade,
) -> Option<Box<RecordingUse>> {
    let recording = recordings.pop()?;
    Some(Box::new(RecordingUse {
        recording,
        others: recordings,
        call,
        grade,
        seconds: None,
        skew: None,
        is_unheard: false,
    }))
}
