//! What is to be made of which recordings, and by what means.

use super::splice::WaveFile;
use crate::recordings::Recording;
use crate::recordings::container::Container;
use crate::recordings::probe::Probe;
use crate::recordings::spelling::split_extension;

/// One recording to be made of one or several.
#[derive(Debug, Clone, PartialEq)]
pub struct TranscodeJob {
    pub(super) parts: Vec<TranscodePart>,
    pub(super) means: TranscodeTool,
    /// How long the result must be, where that is known.
    pub(super) seconds: Option<f64>,
    /// How large it was found to be by the same means before.
    pub(super) bytes: Option<u64>,
}

/// What goes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TranscodePart {
    pub(super) recording: Recording,
    pub(super) input: FfmpegInput,
}

/// How `ffmpeg` is to read a part. It is always told, and never finds out by itself: among the
/// formats that it knows are lists of other files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum FfmpegInput {
    /// A format with a header.
    Format(&'static str),
    /// One channel of 8000 samples a second without any header.
    Raw(&'static str),
}

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TranscodeTool {
    /// The bytes of equal parts are put behind each other here.
    Splice,
    Ffmpeg,
    /// The command of the user's that decrypts.
    Decrypt,
}

/// Why something cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTranscodable {
    /// The parts have different numbers of channels, so nobody knows who speaks where.
    #[error("the parts have different numbers of channels")]
    Channels,
    /// A part of which nothing is known that would say how to read it.
    #[error("{name}: its format is not known")]
    Format {
        /// Its name below the audio folder.
        name: String,
    },
}

impl TranscodeJob {
    /// One file of all these, one after the other.
    pub fn join(parts: &[(&Recording, Option<&Probe>)]) -> Result<TranscodeJob, NotTranscodable> {
        let known = |(_, probe): &(&Recording, Option<&Probe>)| probe.and_then(|it| it.channels);
        let channels = known(&parts[0]);
        if parts.iter().any(|part| known(part) != channels) {
            return Err(NotTranscodable::Channels);
        }
        let order = TranscodeJob::by_ffmpeg(parts)?;
        let layout = |one: &Recording| WaveFile::of(one.open_parts().ok()?, one.bytes());
        let first = layout(parts[0].0);
        let is_same = first.is_some_and(|first| {
            let mut others = parts[1..].iter().map(|(one, _)| layout(one));
            others.all(|other| other.is_some_and(|other| other.is_like(&first)))
        });
        let means = if is_same {
            TranscodeTool::Splice
        } else {
            TranscodeTool::Ffmpeg
        };
        Ok(TranscodeJob { means, ..order })
    }

    /// The same recording in a format that everybody reads.
    pub fn convert(
        recording: &Recording,
        probe: Option<&Probe>,
    ) -> Result<TranscodeJob, NotTranscodable> {
        TranscodeJob::by_ffmpeg(&[(recording, probe)])
    }

    /// The plain sound of a recording that is encrypted, and that was found to be so large.
    pub fn decrypt(recording: &Recording, bytes: u64) -> TranscodeJob {
        TranscodeJob {
            parts: vec![TranscodePart {
                recording: recording.clone(),
                input: FfmpegInput::Format(""),
            }],
            means: TranscodeTool::Decrypt,
            seconds: None,
            bytes: Some(bytes),
        }
    }

    /// Whether what comes out is WAV, whatever went in.
    pub fn makes_wav(&self) -> bool {
        self.means != TranscodeTool::Decrypt
    }

    /// Whether an `ffmpeg` is needed.
    pub fn needs_ffmpeg(&self) -> bool {
        self.means == TranscodeTool::Ffmpeg
    }

    fn by_ffmpeg(parts: &[(&Recording, Option<&Probe>)]) -> Result<TranscodeJob, NotTranscodable> {
        let seconds = parts.iter().map(|(_, probe)| {
            let probe = probe.filter(|probe| !probe.is_cut())?;
            probe.seconds
        });
        let seconds = seconds.sum();
        let parts = parts.iter().map(|(recording, probe)| {
            let input = match probe {
                Some(probe) => Some(FfmpegInput::Format(demuxer(probe.container))),
                None => raw(&recording.name).map(FfmpegInput::Raw),
            };
            let unknown = || NotTranscodable::Format {
                name: recording.name.clone(),
            };
            Ok(TranscodePart {
                recording: (*recording).clone(),
                input: input.ok_or_else(unknown)?,
            })
        });
        Ok(TranscodeJob {
            parts: parts.collect::<Result<_, NotTranscodable>>()?,
            means: TranscodeTool::Ffmpeg,
            seconds,
            bytes: None,
        })
    }
}

/// What `ffmpeg` calls a format.
const fn demuxer(container: Container) -> &'static str {
    match container {
        Container::Wav => "wav",
        Container::Wave64 => "w64",
        Container::Au => "au",
        Container::Aiff => "aiff",
        Container::Mpeg => "mp3",
        Container::Adts => "aac",
        Container::Ogg => "ogg",
        Container::Flac => "flac",
        Container::Mp4 => "mov",
        Container::Matroska => "matroska",
        Container::Amr => "amr",
        Container::Asf => "asf",
        Container::Caf => "caf",
        Container::Gsm => "gsm",
    }
}

/// What `ffmpeg` calls the content of a file without a header, by its name.
fn raw(name: &str) -> Option<&'static str> {
    let extension = split_extension(name).1?.to_ascii_lowercase();
    Some(match extension.as_str() {
        "sln" => "s16le",
        "alaw" => "alaw",
        "ulaw" => "mulaw",
        "g729" => "g729",
        _ => return None,
    })
}
