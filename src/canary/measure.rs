//! What is measured in the recording of one call.

use std::sync::Arc;

use super::candidate::Candidate;
use crate::domain::call::{Call, Field};
use crate::recordings::{
    CancelFlag, Depth, Loudness, Sendable, TranscodeJob, Transcoder, loudness, probe_found,
};
use crate::targets::RecordingUpload;

/// Who begins this much earlier, in seconds, has spoken first; an echo takes no longer.
const APART: f64 = 0.3;

/// What was found out about the sound of a call.
#[derive(Debug, Clone, PartialEq)]
pub enum Sound {
    /// The call has no recording.
    Absent,
    /// It was measured.
    Heard(Loudness),
    /// It could not be, and why.
    NotDecoded(String),
}

/// What was measured in the recording of one call.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// Its sound.
    pub sound: Sound,
    /// The channel that the mapping gives to the agent, counted from 0; nothing where the call is sent as mono.
    pub agent: Option<usize>,
}

impl Measured {
    /// The loudness, where it was measured.
    pub fn loudness(&self) -> Option<&Loudness> {
        match &self.sound {
            Sound::Heard(loudness) => Some(loudness),
            _ => None,
        }
    }

    /// The agent's channel and the customer's, where there are two and each is measured.
    pub(super) fn sides(&self) -> Option<(usize, usize)> {
        let agent = self.agent.filter(|agent| *agent < 2)?;
        let loudness = self.loudness()?;
        (loudness.channels.len() == 2).then_some((agent, 1 - agent))
    }

    /// Which channel speaks first, counted from 0; nothing where both begin at once or nobody speaks.
    pub fn first(&self) -> Option<usize> {
        let [left, right] = self.loudness()?.channels.as_slice() else {
            return None;
        };
        match (left.onset(), right.onset()) {
            (Some(left), Some(right)) if (left - right).abs() < APART => None,
            (Some(left), Some(right)) => Some(usize::from(right < left)),
            (Some(_), None) => Some(0),
            (None, Some(_)) => Some(1),
            (None, None) => None,
        }
    }
}

/// Decodes recordings, by an `ffmpeg` where that is needed and there.
#[derive(Debug)]
pub struct SoundReader {
    transcoder: Option<Arc<Transcoder>>,
    /// The `stereoConfig` that the mapping sends with every recording.
    stereo: Option<String>,
}

impl SoundReader {
    /// A reader with this transcoder, for a mapping with this `stereoConfig`.
    pub fn new(transcoder: Option<Arc<Transcoder>>, stereo: Option<String>) -> SoundReader {
        SoundReader { transcoder, stereo }
    }

    /// Measures the recording of a call; takes as long as decoding it does.
    pub fn measure(&self, candidate: &Candidate) -> Measured {
        Measured {
            sound: match &candidate.upload {
                None => Sound::Absent,
                Some(upload) => self.sound(upload),
            },
            agent: self.agent_channel(&candidate.call),
        }
    }

    /// The channel that the agent is said to be on. Sent as mono there is none.
    fn agent_channel(&self, call: &Call<'_>) -> Option<usize> {
        if !matches!(call.text(Field::AudioChannels), "" | "Stereo" | Call::AUTO) {
            return None;
        }
        let by_upload = match self.stereo.as_deref() {
            Some("AgentChannelTwo") => 1,
            _ => 0,
        };
        match call.text(Field::SalesPersonAudioChannel) {
            "1" => Some(0),
            "2" => Some(1),
            _ => Some(by_upload),
        }
    }

    fn sound(&self, upload: &RecordingUpload) -> Sound {
        let heard = match (&upload.order, &upload.found) {
            (Some(order), _) => self.made(order),
            (None, found) => loudness(found)
                .ok_or_else(|| "its codec is not decoded here".to_owned())
                .or_else(|why| match found {
                    Sendable::Found(_) => self.converted(upload, why),
                    Sendable::Made(_) => Err(why),
                }),
        };
        match heard {
            Ok(loudness) => Sound::Heard(loudness),
            Err(why) => Sound::NotDecoded(why),
        }
    }

    fn converted(&self, upload: &RecordingUpload, why: String) -> Result<Loudness, String> {
        let Sendable::Found(recording) = &upload.found else {
            return Err(why);
        };
        if self.transcoder.is_none() {
            return Err(format!("{why}, and there is no ffmpeg"));
        }
        let probe = probe_found(recording, Depth::Header);
        let probe = probe.map_err(|error| error.to_string())?.ok();
        let order = TranscodeJob::convert(recording, probe.as_ref());
        self.made(&order.map_err(|_| why)?)
    }

    fn made(&self, order: &TranscodeJob) -> Result<Loudness, String> {
        let Some(transcoder) = &self.transcoder else {
            return Err("there is no ffmpeg to decode it".to_owned());
        };
        let made = transcoder.make(order, &CancelFlag::default());
        let made = made.map_err(|error| error.to_string())?;
        loudness(&Sendable::Made(Arc::new(made))).ok_or_else(|| "it has no sound".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_record_says_more_of_the_channel_than_the_mapping_as_a_whole() {
        let reader = |stereo: Option<&str>| SoundReader::new(None, stereo.map(str::to_owned));
        let call =
            |fields: &[(Field, &'static str)]| super::super::candidate::tests::call("a", fields);
        let (channel, mono) = (Field::SalesPersonAudioChannel, Field::AudioChannels);
        for (stereo, fields, expected) in [
            (None, vec![], Some(0)),
            (Some("AgentChannelTwo"), vec![], Some(1)),
            (Some("AgentChannelTwo"), vec![(channel, "1")], Some(0)),
            (None, vec![(channel, "2")], Some(1)),
            (None, vec![(channel, "2"), (mono, "Mono2Speaker")], None),
        ] {
            assert_eq!(reader(stereo).agent_channel(&call(&fields)), expected);
        }
    }
}
