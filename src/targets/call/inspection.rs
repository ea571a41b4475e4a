//! What was found out about the recording of a call, and what that makes of its upload.

use std::time::Duration;

use super::job::RecordingUpload;
use super::recording_match::sent_files;
use crate::domain::call::{Call, Channels};
use crate::events::BETWEEN_RECORDINGS;
use crate::pipeline::RecordingUse;
use crate::recordings::{self, Probe, Recording, Sendable, TranscodeJob};

/// What was found out about the recording of a call.
#[derive(Debug, Default)]
pub(in crate::targets) struct Inspection {
    /// The header of the first file.
    pub(in crate::targets) probe: Option<Probe>,
    /// The length of all.
    pub(in crate::targets) seconds: Option<f64>,
    /// What must be made of it.
    pub(in crate::targets) order: Option<TranscodeJob>,
    pub(in crate::targets) is_unheard: bool,
}

impl Inspection {
    /// How many channels the recording has, where its header says.
    pub(in crate::targets) fn channels(&self) -> Option<u16> {
        self.probe.as_ref()?.channels
    }

    /// How long all of it lasts, in milliseconds.
    fn milliseconds(&self) -> Option<u64> {
        let length = Duration::try_from_secs_f64(self.seconds?).ok()?;
        u64::try_from(length.as_millis()).ok()
    }

    /// The recording as it is sent.
    pub(in crate::targets) fn upload(&self, used: &RecordingUse) -> RecordingUpload {
        let first = &used.recording;
        let file_name = first.name.rsplit('/').next().unwrap_or(&first.name);
        let mut file_name: String = file_name
            .chars()
            // A quote, a backslash or a control character could end the header it stands in.
            .map(|char| {
                if char.is_control() || matches!(char, '"' | '\\') {
                    '_'
                } else {
                    char
                }
            })
            .collect();
        match &self.order {
            Some(order) if order.makes_wav() && content_type(&file_name) != WAV => {
                file_name.push_str(".wav");
            }
            Some(order) if !order.makes_wav() => {
                let plain = recordings::plain_name(&file_name).len();
                file_name.truncate(plain);
            }
            _ => {}
        }
        let names: Vec<&str> = used.recordings().map(|one| &*one.name).collect();
        let bytes = used.recordings().map(Recording::bytes).sum();
        RecordingUpload {
            found: Sendable::Found(first.clone()),
            content_type: content_type(&file_name),
            file_name,
            bytes,
            source_bytes: bytes,
            milliseconds: self.milliseconds(),
            channels: self.channels(),
            kind: self.probe.as_ref().map(Probe::shown),
            seconds: self.seconds,
            files: sent_files(used).collect(),
            name: names.join(BETWEEN_RECORDINGS),
            order: self.order.clone(),
        }
    }

    /// `auto` becomes what the recording says: two channels are an agent and a customer apart, one
    /// channel holds both. A call without a recording says nothing.
    pub(in crate::targets) fn settle(&self, mut call: Call<'static>) -> Call<'static> {
        if call.wants_channels() {
            call.settle_channels(self.channels().map(|channels| {
                if channels == 1 {
                    Channels::Mono2Speaker
                } else {
                    Channels::Stereo
                }
            }));
        }
        call
    }
}

const WAV: &str = "audio/wav";

fn content_type(name: &str) -> &'static str {
    recordings::content_type(name)
}
