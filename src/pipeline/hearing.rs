//! What is in the recording of a call, by its header, and how that fits what the call says.

use super::Want;
use super::desk::Desk;
use crate::audio;
use crate::call::{Call, Channels, Code, Field, Place, Problem, Severity};

impl Desk<'_> {
    /// Reads the recording's header where somebody wants to know: a check tells its length and
    /// what is wrong with it, and a run needs it to settle `auto`.
    pub(super) fn probe(
        &self,
        recording: &audio::Recording,
        call: &Call<'_>,
        problems: &mut Vec<Problem>,
        place: &Place,
    ) -> Option<audio::Probe> {
        if self.road.want == Want::Run && !call.wants_channels() {
            return None;
        }
        let mut tell = |code: Code, severity: Severity, message: String| {
            problems.push(
                Problem::new(code, place.clone(), message)
                    .at("recording", &recording.name)
                    .with_severity(severity),
            );
        };
        let warning = Severity::Warning;
        let probe = match audio::probe(&recording.path) {
            Ok(probe) => probe,
            Err(error) if call.wants_channels() => {
                let message = format!("its channels cannot be told: {error}");
                tell(Code::RecordingChannels, Severity::Error, message);
                return None;
            }
            Err(error) => {
                tell(
                    Code::RecordingFormat,
                    warning,
                    format!("its header cannot be read: {error}"),
                );
                return None;
            }
        };
        if probe.truncated {
            let message = "the file ends before its header says";
            tell(Code::RecordingTruncated, warning, message.to_owned());
        }
        if probe.mislabelled {
            let message = format!("the content is {}", probe.container);
            tell(Code::RecordingMislabelled, warning, message);
        }
        match (call.text(Field::AudioChannels), probe.channels) {
            ("" | "Stereo", Some(1)) => {
                let message = "it counts as stereo, but the recording has one channel";
                tell(Code::RecordingChannels, warning, message.to_owned());
            }
            ("Mono1Speaker" | "Mono2Speaker", Some(channels)) if channels > 1 => {
                let message = format!("sent as mono, but the recording has {channels} channels");
                tell(Code::RecordingChannels, warning, message);
            }
            (Call::AUTO, None) => {
                let message = "its header does not say how many channels it has";
                tell(Code::RecordingChannels, Severity::Error, message.to_owned());
            }
            _ => {}
        }
        Some(probe)
    }
}

/// `auto` becomes what the recording says: two channels are an agent and a customer apart, one
/// channel holds both. A call without a recording says nothing.
pub(super) fn settle_channels(
    mut call: Call<'static>,
    probe: Option<&audio::Probe>,
) -> Call<'static> {
    if call.wants_channels() {
        let channels = probe.and_then(|probe| probe.channels);
        call.settle_channels(channels.map(|channels| {
            if channels == 1 {
                Channels::Mono2Speaker
            } else {
                Channels::Stereo
            }
        }));
    }
    call
}
