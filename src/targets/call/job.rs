//! What it takes to send one call.

use super::call_change::CallChange;
use super::plan::Step;
use super::stated_length::StatedLength;
use crate::domain::call::Call;
use crate::ledger::{CallState, CreateState, RecordOrigin, SentFile};
use crate::recordings::{Sendable, TranscodeJob};

/// The recording of a call, as an upload needs it.
#[derive(Debug, Clone)]
pub struct RecordingUpload {
    /// What is read and sent.
    pub found: Sendable,
    /// Its name below the audio folder, for people.
    pub name: String,
    /// The file name that the destination is told.
    pub file_name: String,
    /// Its content type.
    pub content_type: &'static str,
    /// Its size when it was looked at.
    pub bytes: u64,
    /// The size of the files that it is made of; the same unless something must be made of them.
    pub source_bytes: u64,
    /// How long it lasts, in milliseconds, where the headers of its files say.
    pub milliseconds: Option<u64>,
    /// How many channels it has, where its header says.
    pub channels: Option<u16>,
    /// Container and codec in a few words, where its header says.
    pub kind: Option<String>,
    /// Its length in seconds, where its header says.
    pub seconds: Option<f64>,
    /// The files of which it is made.
    pub files: Vec<SentFile>,
    /// What must be made before it can be sent; the result then takes the place of the file.
    pub order: Option<TranscodeJob>,
}

/// A call with everything that is needed to carry out its step.
#[derive(Debug, Clone)]
pub struct CallJob {
    /// What is sent.
    pub call: Call<'static>,
    /// The hash of what the export says.
    pub fingerprint: u128,
    /// The records that it was made of, where that is kept.
    pub origin: Option<RecordOrigin>,
    /// [`Step::Create`], [`Step::Upload`] or [`Step::Change`].
    pub step: Step,
    /// What changes, of [`Step::Change`].
    pub change: Option<CallChange>,
    /// What the ledger knew when the step was decided.
    pub state: Option<CallState>,
    /// The recording to upload.
    pub upload: Option<RecordingUpload>,
    /// How long the export says that its recording is.
    pub stated: Option<StatedLength>,
    /// Its recording was looked for, and the call is sent without it.
    pub is_recording_missing: bool,
}

impl CallJob {
    /// Whether the conversation is known to be somebody else's.
    pub(in crate::targets) fn was_adopted(&self) -> bool {
        let create = self.state.as_ref().map(|known| &known.create);
        matches!(
            create,
            Some(
                CreateState::LeftAlone
                    | CreateState::Done {
                        is_adopted: true,
                        ..
                    }
            )
        )
    }

    /// The uid of the conversation, where the ledger has it.
    pub(in crate::targets) fn known_uid(&self) -> Option<String> {
        match &self.state.as_ref()?.create {
            CreateState::Done { uid, .. } => uid.clone(),
            _ => None,
        }
    }
}
