//! What is in a recording, read from its header.
//!
//! RIFF, RF64, Wave64, AU, AIFF, Ogg, FLAC and ASF are read here, because the libraries do not know the
//! codecs of telephony (GSM, G.726, …) and do not notice cut files; MPEG audio and MPEG-4 are left
//! to a library. Nothing is decoded. Any bytes give an answer or an error.

mod ahead;
mod asf;
mod boxes;
mod compressed;
mod hollow;
mod library;
mod other;
mod plain_wave;
mod riff;
mod sniff;
#[cfg(test)]
mod tests;
mod uncompressed;
mod view;
mod xiph;

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;

pub(super) use compressed::MOST_PACKETS;
pub(super) use library::open;
pub(super) use plain_wave::{PlainFormat, PlainWave};

use super::extension::contradicts;
use super::{OpenError, Recording};
use ahead::Ahead;

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

/// What a file says about where it ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// That it is there, or nothing.
    Fine,
    /// Its format marks the end, and here no mark is.
    Unmarked,
    /// That it is farther than the file reaches.
    Cut,
}

impl End {
    fn cut_if(is_cut: bool) -> End {
        if is_cut { End::Cut } else { End::Fine }
    }
}

/// What the header of a recording says.
#[derive(Debug, Clone, PartialEq)]
pub struct Probe {
    /// The format of the file.
    pub container: Container,
    /// The name of the codec for people (`PCM 16 bit`, `A-law`, `MP3`, …).
    pub codec: Cow<'static, str>,
    /// How many channels; `None` when the header does not say.
    pub channels: Option<u16>,
    /// Samples a second; `None` when the header does not say.
    pub rate: Option<u32>,
    /// Length in seconds of what is really there; `None` when the header does not say.
    pub seconds: Option<f64>,
    /// What the file says about where it ends.
    pub end: End,
    /// Whether the file's name promises another format.
    pub mislabelled: bool,
    /// Whether its sound is nothing but zeros, as far as a few places tell.
    pub is_silent: bool,
}

impl Probe {
    fn new(container: Container, codec: impl Into<Cow<'static, str>>) -> Self {
        Probe {
            container,
            codec: codec.into(),
            channels: None,
            rate: None,
            seconds: None,
            end: End::Fine,
            mislabelled: false,
            is_silent: false,
        }
    }
}

impl Probe {
    /// Whether the file ends before its header says.
    pub fn is_cut(&self) -> bool {
        self.end == End::Cut
    }

    /// Whether the format is one of those that every program for speech reads. Others the server may
    /// not take: the codecs of telephone exchanges, and formats that went out of use.
    pub fn is_common(&self) -> bool {
        match self.container {
            Container::Wav => {
                self.codec.starts_with("PCM") || matches!(&*self.codec, "A-law" | "µ-law" | "MP3")
            }
            Container::Mpeg | Container::Adts | Container::Flac => true,
            Container::Ogg => matches!(&*self.codec, "Opus" | "Vorbis" | "FLAC"),
            Container::Mp4 => matches!(&*self.codec, "AAC" | "ALAC" | "MP3" | "unknown"),
            _ => false,
        }
    }

    /// Container and codec in a few words.
    pub fn shown(&self) -> String {
        if self.codec.contains(self.container.name())
            || self.container.name().contains(&*self.codec)
        {
            self.codec.clone().into_owned()
        } else {
            format!("{} in {}", self.codec, self.container)
        }
    }
}

/// Why a recording says nothing about itself.
#[derive(Debug, thiserror::Error)]
pub enum ProbeError {
    /// It could not be opened or read.
    #[error("cannot be read: {0}")]
    Io(#[from] io::Error),
    /// It has no byte.
    #[error("the file is empty")]
    Empty,
    /// Its content is known to be something else than sound.
    #[error("the content is {0}")]
    NotSound(&'static str),
    /// It holds nothing but zeros where its header should be.
    #[error("the content is nothing but zeros")]
    Blank,
    /// It starts as a recording does, and no sound can be in it.
    #[error("a {container} file without sound: {what}")]
    Soundless {
        /// The format that it starts as.
        container: Container,
        /// How that is known.
        what: &'static str,
    },
    /// Its content is of no known kind.
    #[error("the content is of no known format")]
    Unknown,
    /// It ends before its header does, or before what its header promises can be read.
    #[error("a {0} file that ends before it is complete")]
    Cut(Container),
    /// Its header contradicts itself.
    #[error("a damaged {container} file: {what}")]
    Damaged {
        /// The format that it starts as.
        container: Container,
        /// What is wrong.
        what: Cow<'static, str>,
    },
    /// Its tables would fill the memory.
    #[error("the tables of the {0} file are too many or too large, and are not read")]
    TooLarge(Container),
    /// Audio whose header is not read here. The server may still take it.
    #[error("the header of a {0} file is not read")]
    Unread(Container),
}

/// How much of a recording is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Its header and what it points at.
    Header,
    /// All of it where the header does not tell its length.
    Length,
}

/// Looks into a recording, if it is still the file that was found.
pub fn look(recording: &Recording, depth: Depth) -> Result<Result<Probe, ProbeError>, OpenError> {
    let file = recording.open()?;
    Ok(probe_reader(file, recording.bytes, &recording.name, depth))
}

/// Reads the header of a file that somebody named, and more where that does not tell its length.
pub fn probe(path: &Path) -> Result<Probe, ProbeError> {
    let (file, metadata) = super::open_regular(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    probe_reader(file, metadata.len(), &name, Depth::Length)
}

/// Reads the header of `length` bytes that would be in a file of this name.
pub(super) fn probe_reader<R>(
    reader: R,
    length: u64,
    name: &str,
    depth: Depth,
) -> Result<Probe, ProbeError>
where
    R: Read + Seek + Send + Sync + 'static,
{
    if length == 0 {
        return Err(ProbeError::Empty);
    }
    let mut reader = Ahead::new(reader, sniff::HEAD)?;
    let head = reader.head().to_vec();
    let container = match sniff::sniff(&head, name) {
        Err(ProbeError::Blank) if !hollow::is_blank(&mut reader, length)? => {
            Err(ProbeError::Unknown)
        }
        sniffed => sniffed,
    }?;
    let may_be_hollow = hollow::may_be_hollow(&head);
    if may_be_hollow
        && !hollow::may_be_silence(container, &head)
        && hollow::is_blank(&mut reader, length)?
    {
        return Err(hollow::soundless(container));
    }
    let mut probe = match container {
        Container::Wav => riff::wav(&mut reader, length)?,
        Container::Wave64 => riff::wave64(&mut reader, length)?,
        Container::Au => uncompressed::au(&head, length)?,
        Container::Aiff => uncompressed::aiff(&mut reader, length)?,
        Container::Gsm => uncompressed::gsm(length),
        Container::Ogg => xiph::ogg(&mut reader, &head, length)?,
        Container::Flac => return Ok(named(xiph::flac(reader, &head, length, depth)?, name)),
        Container::Mpeg | Container::Adts | Container::Mp4 => {
            return Ok(named(
                compressed::read(reader, length, container, depth)?,
                name,
            ));
        }
        Container::Asf => asf::asf(&mut reader, length)?,
        Container::Matroska | Container::Amr | Container::Caf => {
            Probe::new(container, container.name())
        }
    };
    let is_silence = hollow::is_silence(&probe);
    // What may be silence is sent all the same, and a run needs no more than the header for that.
    if may_be_hollow
        && (depth == Depth::Length || !is_silence)
        && hollow::is_blank(&mut reader, length)?
    {
        if !is_silence {
            return Err(hollow::soundless(container));
        }
        probe.is_silent = true;
    }
    Ok(named(probe, name))
}

/// Says whether the name of the file promises another format.
fn named(mut probe: Probe, name: &str) -> Probe {
    probe.mislabelled = contradicts(name, probe.container);
    probe
}

/// The format of a file of this name by its first bytes; `None` where nothing tells it.
pub(super) fn container_of(
    reader: &mut (impl Read + Seek),
    name: &str,
) -> io::Result<Option<Container>> {
    let head = read_at(reader, 0, sniff::HEAD)?;
    Ok((!head.is_empty())
        .then(|| sniff::sniff(&head, name).ok())
        .flatten())
}

/// Up to `count` bytes from `offset`; fewer at the end of the file.
fn read_at(reader: &mut (impl Read + Seek), offset: u64, count: usize) -> io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::with_capacity(count);
    reader.take(count as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Seconds of `frames` at `rate`.
#[expect(
    clippy::cast_precision_loss,
    reason = "no recording has 2^53 frames, and a damaged header that says so may be imprecise"
)]
fn seconds(frames: u64, rate: u32) -> Option<f64> {
    (rate > 0).then(|| frames as f64 / f64::from(rate))
}
