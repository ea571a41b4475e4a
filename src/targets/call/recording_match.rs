//! The recording of a call: what was found for it, and what the sequencer is told of it.

use super::plan;
use super::stated_length::StatedLength;
use crate::domain::Problem;
use crate::ledger::{CallState, SentFile, UploadState};
use crate::pipeline::RecordingUse;
use crate::recordings::{Grade, Recording};

/// What the audio folder has for a call.
pub(in crate::targets) struct RecordingMatch {
    pub(in crate::targets) state: plan::RecordingPresence,
    pub(in crate::targets) recording: Option<Recording>,
    /// What follows it, where several recordings are one call; all that fit, where none was taken.
    pub(in crate::targets) others: Vec<Recording>,
    /// How long the export says that it is.
    pub(in crate::targets) stated: Option<StatedLength>,
    /// What is wrong with it; of no concern for a call that needs it no more.
    pub(in crate::targets) problems: Vec<Problem>,
    /// How certain it is that it is the call's; nothing where nothing was found.
    pub(in crate::targets) grade: Option<Grade>,
    /// The hash of the call's id.
    pub(in crate::targets) call: u64,
}

impl RecordingMatch {
    /// Whether something was found, and otherwise than by its whole name.
    pub(in crate::targets) fn is_inexact(&self) -> bool {
        self.grade.is_some_and(|grade| grade != Grade::Exact)
    }

    /// The bytes of the call's recordings, where there are any.
    pub(in crate::targets) fn bytes(&self) -> Option<u64> {
        let first = self.recording.as_ref()?;
        let others = self.others.iter().map(Recording::bytes);
        Some(first.bytes() + others.sum::<u64>())
    }

    /// The name of the call's recording, or of the first of several.
    pub(in crate::targets) fn name(&self) -> &str {
        self.recording.as_ref().map_or("", |one| &one.name)
    }

    /// What is to be told when the recording has another size than when it was sent.
    pub(in crate::targets) fn change_of(&self, state: &CallState) -> Option<String> {
        let (sent, now) = (state.source?, self.bytes()?);
        let is_sent = matches!(state.upload, UploadState::Done { .. });
        (is_sent && sent != now).then(|| {
            format!("it had {sent} bytes when it was sent and has {now} now; it is not sent again")
        })
    }

    /// The same for a call that is rejected or cannot be decided yet, also where it could not be told
    /// which one is its own.
    pub(in crate::targets) fn into_candidates(self) -> Option<Box<RecordingUse>> {
        let grade = self.grade.unwrap_or(Grade::Inexact);
        let recordings = self.recording.into_iter().chain(self.others);
        RecordingUse::named(recordings.collect(), self.call, grade)
    }
}

/// The recordings of a call, as the ledger knows them.
pub(in crate::targets) fn sent_files(used: &RecordingUse) -> impl Iterator<Item = SentFile> {
    used.recordings().map(sent_file)
}

pub(in crate::targets) fn sent_file(recording: &Recording) -> SentFile {
    SentFile {
        name: recording.name.clone(),
        bytes: recording.bytes(),
    }
}
