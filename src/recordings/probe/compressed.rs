//! MPEG audio, AAC and MPEG-4 by a library.
//!
//! The library estimates the length of MPEG audio without a Xing header and does not know that of
//! fragmented MPEG-4; for these the packets are walked, without decoding. It also does not notice
//! cut files, so each format's own end is looked for here.

use std::borrow::Cow;
use std::io::{self, Read, Seek};
use std::panic::{AssertUnwindSafe, catch_unwind};

use memchr::memmem;
use symphonia::core::codecs::CodecParameters;
use symphonia::core::codecs::audio::{AudioCodecId, well_known as codec};
use symphonia::core::errors::Error;
use symphonia::core::formats::well_known as formats;
use symphonia::core::formats::{FormatReader, TrackType};
use symphonia::core::units::Duration;

use super::answer::{FileEnd, Probe, ProbeError};
use super::bytes::read_at;
use super::depth::Depth;
use super::library::{NotOpened, open, tag_length};
use super::sniff::has_frames;
use crate::recordings::container::Container;

/// The most bytes that are read of one file; at 32 kbit/s an MP3 of four hours.
const BUDGET: u64 = 64 << 20;

pub(super) fn read<R>(
    mut reader: R,
    length: u64,
    container: Container,
    depth: Depth,
) -> Result<Probe, ProbeError>
where
    R: Read + Seek + Send + Sync + 'static,
{
    let ending = ending(&mut reader, length, container)?;
    // The library is not ours and reads files that nobody has checked: a panic of it must cost the
    // knowledge about one recording and not the run. Nothing is shared with it.
    catch_unwind(AssertUnwindSafe(|| {
        read_by_library(reader, length, container, &ending, depth)
    }))
    .unwrap_or(Err(ProbeError::Damaged {
        container,
        what: Cow::Borrowed("its header makes no sense"),
    }))
}

fn read_by_library<R>(
    reader: R,
    length: u64,
    container: Container,
    ending: &FileTail,
    depth: Depth,
) -> Result<Probe, ProbeError>
where
    R: Read + Seek + Send + Sync + 'static,
{
    let mut opened = open(reader, length, container, BUDGET).map_err(|error| match error {
        NotOpened::Io(error) => ProbeError::Io(error),
        NotOpened::TooHeavy => ProbeError::TooLarge(container),
        NotOpened::Refused(error) => damaged(error, container, ending),
    })?;
    opened.allow(BUDGET);
    let format = &mut opened.format;
    let Some(track) = format.default_track(TrackType::Audio) else {
        return Err(if ending.is_missing() {
            ProbeError::Cut(container)
        } else {
            let what = "it has no track of sound";
            ProbeError::Soundless { container, what }
        });
    };
    let (id, base, frames) = (track.id, track.time_base, track.duration);
    // A tag before the sound hides what follows it.
    let container = match format.format_info().format {
        formats::FORMAT_ID_FLAC => Container::Flac,
        formats::FORMAT_ID_ADTS => Container::Adts,
        formats::FORMAT_ID_WAVE => Container::Wav,
        formats::FORMAT_ID_OGG => Container::Ogg,
        _ if ending.is_frameless() => {
            let what = NO_FRAME;
            return Err(ProbeError::Soundless { container, what });
        }
        _ => container,
    };
    let mut probe = Probe::new(container, "unknown");
    probe.end = FileEnd::cut_if(ending.is_missing());
    if let Some(CodecParameters::Audio(parameters)) = &track.codec_params {
        probe.codec = codec_name(parameters.codec);
        probe.rate = parameters.sample_rate.filter(|rate| *rate > 0);
        probe.channels = parameters
            .channels
            .as_ref()
            .and_then(|channels| u16::try_from(channels.count()).ok())
            .filter(|channels| *channels > 0);
    }
    // What a header states is true of a file that is whole.
    let stated = frames.filter(|frames| *frames != Duration::ZERO && ending.is_fine());
    let frames = match stated {
        Some(frames) => Some(frames),
        None if depth == Depth::Length => walk(&mut **format, id),
        None => None,
    };
    probe.seconds = frames
        .zip(base)
        .and_then(|(frames, base)| base.calc_duration(frames))
        .map(|time| time.as_secs_f64());
    Ok(probe)
}

/// What an error of the library says of a file with this ending.
fn damaged(error: Error, container: Container, ending: &FileTail) -> ProbeError {
    match error {
        Error::IoError(error) if error.kind() == io::ErrorKind::QuotaExceeded => {
            ProbeError::Unread(container)
        }
        Error::IoError(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
            ProbeError::Io(error)
        }
        _ if ending.is_missing() => ProbeError::Cut(container),
        _ if ending.is_frameless() => ProbeError::Soundless {
            container,
            what: NO_FRAME,
        },
        error => ProbeError::Damaged {
            container,
            what: Cow::Owned(error.to_string()),
        },
    }
}

/// More packets than a day of speech has. A damaged table can promise billions of empty ones.
pub(in crate::recordings) const MOST_PACKETS: usize = 6_000_000;

/// The summed length of all packets of a track; `None` when there are too many to read.
fn walk(format: &mut dyn FormatReader, track: u32) -> Option<Duration> {
    let mut sum = Duration::ZERO;
    for _ in 0..MOST_PACKETS {
        match format.next_packet() {
            Ok(Some(packet)) if packet.track_id == track => sum = sum.saturating_add(packet.dur),
            Ok(Some(_)) => {}
            Err(Error::IoError(error)) if error.kind() == io::ErrorKind::QuotaExceeded => {
                return None;
            }
            Ok(None) | Err(_) => return (sum != Duration::ZERO).then_some(sum),
        }
    }
    None
}

fn codec_name(id: AudioCodecId) -> Cow<'static, str> {
    Cow::Borrowed(match id {
        codec::CODEC_ID_MP1 => "MP1",
        codec::CODEC_ID_MP2 => "MP2",
        codec::CODEC_ID_MP3 => "MP3",
        codec::CODEC_ID_AAC => "AAC",
        codec::CODEC_ID_OPUS => "Opus",
        codec::CODEC_ID_VORBIS => "Vorbis",
        codec::CODEC_ID_SPEEX => "Speex",
        codec::CODEC_ID_FLAC => "FLAC",
        codec::CODEC_ID_ALAC => "ALAC",
        codec::CODEC_ID_AC3 => "AC-3",
        codec::CODEC_ID_PCM_ALAW => "A-law",
        codec::CODEC_ID_PCM_MULAW => "µ-law",
        _ => "unknown",
    })
}

const NO_FRAME: &str = "no frame is in it";

/// Behind a tag come padding and a frame that is cut, at the most.
const BEHIND_TAG: usize = 16 << 10;

/// What a format says about its own end.
enum FileTail {
    /// Nothing, or it is there.
    Fine,
    /// The file ends before.
    Missing,
    /// A tag stands at its start, and no two frames follow one another soon behind it.
    Frameless,
    /// MPEG audio without a header that tells its length.
    Estimate,
}

impl FileTail {
    fn is_missing(&self) -> bool {
        matches!(self, FileTail::Missing)
    }

    fn is_frameless(&self) -> bool {
        matches!(self, FileTail::Frameless)
    }

    fn is_fine(&self) -> bool {
        matches!(self, FileTail::Fine)
    }
}

fn ending(
    reader: &mut (impl Read + Seek),
    length: u64,
    container: Container,
) -> io::Result<FileTail> {
    match container {
        Container::Mpeg => mpeg_ending(reader, length),
        Container::Mp4 => mp4_ending(reader, length),
        _ => Ok(FileTail::Fine),
    }
}

/// A Xing, Info or VBRI header in the first frame tells the number of frames, and usually of bytes.
fn mpeg_ending(reader: &mut (impl Read + Seek), length: u64) -> io::Result<FileTail> {
    let start = tag_length(&read_at(reader, 0, 10)?);
    if start >= length {
        return Ok(FileTail::Missing);
    }
    if start > 0 && !has_frames(&read_at(reader, start, BEHIND_TAG)?) {
        return Ok(FileTail::Frameless);
    }
    let frame = read_at(reader, start, 2048)?;
    let word = |at: usize| {
        let bytes = frame.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_be_bytes(bytes)))
    };
    let bytes = match memmem::find(&frame, b"Xing").or_else(|| memmem::find(&frame, b"Info")) {
        Some(at) => match word(at + 4) {
            Some(flags) if flags & 3 == 3 => word(at + 12),
            Some(flags) if flags & 1 == 1 => None,
            _ => return Ok(FileTail::Estimate),
        },
        None => match memmem::find(&frame, b"VBRI") {
            Some(at) => word(at + 10),
            None => return Ok(FileTail::Estimate),
        },
    };
    // Writers differ in whether the header's own frame counts; a frame is at most 1.5 kB.
    let there = length.saturating_sub(start) + 2048;
    Ok(match bytes {
        Some(bytes) if bytes > there => FileTail::Missing,
        _ => FileTail::Fine,
    })
}

/// The outermost boxes fill the file exactly.
fn mp4_ending(reader: &mut (impl Read + Seek), length: u64) -> io::Result<FileTail> {
    let mut at: u64 = 0;
    for _ in 0..10_000 {
        let head = read_at(reader, at, 16)?;
        let Some(size) = head.get(..4) else {
            return Ok(FileTail::Fine);
        };
        let size = size
            .iter()
            .fold(0, |sum, byte| (sum << 8) | u64::from(*byte));
        let size = match (size, head.get(8..16)) {
            (0, _) => return Ok(FileTail::Fine),
            (1, Some(long)) => long
                .iter()
                .fold(0, |sum, byte| (sum << 8) | u64::from(*byte)),
            (size, _) => size,
        };
        match at.checked_add(size) {
            Some(end) if end <= length && size >= 8 => at = end,
            Some(end) if end > length => return Ok(FileTail::Missing),
            _ => return Ok(FileTail::Fine),
        }
    }
    Ok(FileTail::Fine)
}
