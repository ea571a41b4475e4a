//! The formats of recordings.

use std::fmt;

/// The format of a file, by its content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Container {
    /// RIFF WAVE, also RIFX and RF64.
    Wav,
    /// Sony's 64-bit relative of WAV.
    Wave64,
    /// Sun/NeXT audio.
    Au,
    /// AIFF and AIFC.
    Aiff,
    /// An MPEG audio stream: MP3, MP2.
    Mpeg,
    /// An AAC stream.
    Adts,
    /// Ogg: Opus, Vorbis, Speex, FLAC.
    Ogg,
    /// FLAC.
    Flac,
    /// MPEG-4 and relatives: M4A, 3GP.
    Mp4,
    /// Matroska and `WebM`.
    Matroska,
    /// AMR.
    Amr,
    /// Windows Media.
    Asf,
    /// Apple's Core Audio.
    Caf,
    /// GSM 06.10 frames without a header.
    Gsm,
}

impl Container {
    /// The name for people.
    pub const fn name(self) -> &'static str {
        match self {
            Container::Wav => "WAV",
            Container::Wave64 => "Wave64",
            Container::Au => "AU",
            Container::Aiff => "AIFF",
            Container::Mpeg => "MPEG audio",
            Container::Adts => "AAC",
            Container::Ogg => "Ogg",
            Container::Flac => "FLAC",
            Container::Mp4 => "MPEG-4",
            Container::Matroska => "Matroska",
            Container::Amr => "AMR",
            Container::Asf => "Windows Media",
            Container::Caf => "Core Audio",
            Container::Gsm => "raw GSM",
        }
    }
}

impl fmt::Display for Container {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
