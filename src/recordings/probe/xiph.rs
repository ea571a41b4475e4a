//! Ogg pages and the FLAC header.

use std::io::{Read, Seek};

use memchr::memmem;

use super::answer::{FileEnd, Probe, ProbeError};
use super::bytes::{read_at, seconds};
use super::compressed::read;
use super::depth::Depth;
use crate::recordings::container::Container;

/// The longest page that a header can describe.
const LONGEST_PAGE: usize = 27 + 255 + 255 * 255;

/// It ends in its header.
fn cut(container: Container) -> ProbeError {
    ProbeError::Cut(container)
}

fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// What the first packet of a stream says, and the samples that are not to be played at its start.
struct OggStream {
    probe: Probe,
    skip: u64,
}

/// The first packet names the codec; the last page that is whole tells how many samples were before
/// its end, and whether the stream was closed there.
pub(super) fn ogg(
    reader: &mut (impl Read + Seek),
    head: &[u8],
    length: u64,
) -> Result<Probe, ProbeError> {
    let segments = usize::from(*head.get(26).ok_or_else(|| cut(Container::Ogg))?);
    // The version of the format is 0, and the first page holds the header of the codec.
    if head[4] != 0 || segments == 0 {
        return Err(ProbeError::Soundless {
            container: Container::Ogg,
            what: "its first page is none",
        });
    }
    let packet = head.get(27 + segments..).unwrap_or_default();
    let OggStream { mut probe, skip } = stream(packet).ok_or_else(|| cut(Container::Ogg))?;
    let serial = u32_le(head, 14);
    let from = length.saturating_sub(2 * LONGEST_PAGE as u64);
    let tail = read_at(reader, from, 2 * LONGEST_PAGE)?;
    let Some(last) = last_page(&tail, serial) else {
        probe.end = FileEnd::Cut;
        return Ok(probe);
    };
    probe.end = match last {
        LastPage {
            is_cut_behind: true,
            ..
        } => FileEnd::Cut,
        LastPage {
            is_marked: true, ..
        } => FileEnd::Fine,
        // Recorders that stream do not always mark the last page.
        _ => FileEnd::Unmarked,
    };
    let rate = probe.rate.unwrap_or(0);
    probe.seconds = seconds(last.granule.saturating_sub(skip), rate);
    Ok(probe)
}

fn stream(packet: &[u8]) -> Option<OggStream> {
    let (codec, channels, rate, skip) = if packet.starts_with(b"OpusHead") {
        // Opus always counts at 48 kHz, whatever was put in.
        (
            "Opus",
            u16::from(*packet.get(9)?),
            48_000,
            u64::from(u16_le(packet, 10)?),
        )
    } else if packet.starts_with(b"\x01vorbis") {
        (
            "Vorbis",
            u16::from(*packet.get(11)?),
            u32_le(packet, 12)?,
            0,
        )
    } else if packet.starts_with(b"Speex   ") {
        let channels = u16::try_from(u32_le(packet, 48)?).ok()?;
        ("Speex", channels, u32_le(packet, 36)?, 0)
    } else if packet.starts_with(b"\x7fFLAC") {
        let info = StreamInfo::read(packet.get(17..)?)?;
        ("FLAC", info.channels, info.rate, 0)
    } else {
        ("unknown", 0, 0, 0)
    };
    let probe = Probe {
        channels: Some(channels).filter(|channels| *channels > 0),
        rate: Some(rate).filter(|rate| *rate > 0),
        ..Probe::new(Container::Ogg, codec)
    };
    Some(OggStream { probe, skip })
}

/// The last whole page of a stream.
struct LastPage {
    /// The samples before its end.
    granule: u64,
    /// It is marked as the last.
    is_marked: bool,
    /// A piece of another page follows.
    is_cut_behind: bool,
}

fn last_page(tail: &[u8], serial: Option<u32>) -> Option<LastPage> {
    let mut is_cut = false;
    let mut is_last = true;
    for at in memmem::rfind_iter(tail, b"OggS") {
        let page = &tail[at..];
        let length = page.get(27..).and_then(|rest| {
            let count = usize::from(page[26]);
            let lacing = rest.get(..count)?.iter().map(|n| usize::from(*n));
            let length = count + lacing.sum::<usize>();
            (rest.len() >= length).then_some(27 + length)
        });
        let Some(length) = length else {
            is_cut = true;
            continue;
        };
        is_cut |= std::mem::take(&mut is_last) && begins_page(&page[length..]);
        let granule = u64::from_le_bytes(page.get(6..14)?.try_into().ok()?);
        // All ones: no packet ends on this page.
        if u32_le(page, 14) == serial && granule != u64::MAX {
            return Some(LastPage {
                granule,
                is_marked: page[5] & 4 != 0,
                is_cut_behind: is_cut,
            });
        }
    }
    None
}

/// Whether this is too little of a page to be found as one.
fn begins_page(rest: &[u8]) -> bool {
    !rest.is_empty() && b"OggS".starts_with(&rest[..rest.len().min(4)])
}

/// Enough for the last frames of any recording of speech.
const FLAC_TAIL: usize = 128 << 10;

/// The samples before the end of the last frame whose header is there, where these are fewer than the
/// stream has. A frame tells its number, or its first sample, and a checksum of its header tells it
/// from chance; but that has eight bits, so one frame that ends where the stream does is believed
/// against whatever looks like an earlier one behind it.
fn last_frame(tail: &[u8], info: &StreamInfo) -> Option<u64> {
    let ends = || memmem::rfind_iter(tail, b"\xFF").filter_map(|at| frame_end(&tail[at..], info));
    let last = ends().next().filter(|end| *end < info.samples)?;
    ends().all(|end| end < info.samples).then_some(last)
}

fn frame_end(frame: &[u8], info: &StreamInfo) -> Option<u64> {
    let [0xFF, kind @ (0xF8 | 0xF9), sizes, layout, coded @ ..] = frame else {
        return None;
    };
    // The checksum has eight bits alone, so what else is known of a header must fit as well. From 8 to
    // 10 two channels are coded by their difference.
    let channels = match layout >> 4 {
        code @ 0..=7 => u16::from(code) + 1,
        8..=10 => 2,
        _ => return None,
    };
    if channels != info.channels || layout & 1 != 0 {
        return None;
    }
    // The number is written as UTF-8 writes characters, with up to six further bytes.
    let ones = coded.first()?.leading_ones();
    let length = match ones {
        0 => 1,
        2..=7 => ones as usize,
        _ => return None,
    };
    let first = u64::from(coded[0] & (0x7F >> ones));
    let number = coded
        .get(1..length)?
        .iter()
        .try_fold(first, |number, byte| {
            (byte & 0xC0 == 0x80).then_some(number << 6 | u64::from(byte & 0x3F))
        })?;
    let (block, width) = match sizes >> 4 {
        1 => (192, 0),
        code @ 2..=5 => (576 << (code - 2), 0),
        6 => (u64::from(*coded.get(length)?) + 1, 1),
        7 => {
            let bytes = coded.get(length..length + 2)?;
            (u64::from(bytes[0]) << 8 | u64::from(bytes[1]), 2)
        }
        code @ 8..=15 => (256 << (code - 8), 0),
        _ => return None,
    };
    let width = width
        + match sizes & 15 {
            12 => 1,
            13 | 14 => 2,
            15 => return None,
            _ => 0,
        };
    let end = 4 + length + width;
    if *frame.get(end)? != crc8(&frame[..end]) {
        return None;
    }
    // Frames of equal size are counted, others tell where they begin.
    let begin = if *kind == 0xF8 {
        number.checked_mul(u64::from(info.block))?
    } else {
        number
    };
    Some(begin + block)
}

/// The checksum of FLAC's frame headers: polynomial 0x07.
fn crc8(bytes: &[u8]) -> u8 {
    bytes.iter().fold(0, |sum, byte| {
        (0..8).fold(sum ^ byte, |sum: u8, _| {
            let next = sum << 1;
            if sum & 0x80 == 0 { next } else { next ^ 0x07 }
        })
    })
}

/// The header block that every FLAC stream starts with.
struct StreamInfo {
    /// Samples of a frame, where all have as many.
    block: u16,
    rate: u32,
    channels: u16,
    samples: u64,
}

impl StreamInfo {
    fn read(block: &[u8]) -> Option<StreamInfo> {
        let packed = u64::from_be_bytes(block.get(10..18)?.try_into().ok()?);
        Some(StreamInfo {
            block: u16::from_be_bytes(block.get(..2)?.try_into().ok()?),
            rate: u32::try_from(packed >> 44).ok()?,
            channels: u16::try_from((packed >> 41) & 7).ok()? + 1,
            samples: packed & ((1 << 36) - 1),
        })
    }
}

/// FLAC states its length in its first block, unless it was written to a pipe.
pub(super) fn flac<R>(
    mut reader: R,
    head: &[u8],
    length: u64,
    depth: Depth,
) -> Result<Probe, ProbeError>
where
    R: Read + Seek + Send + Sync + 'static,
{
    let block = head.get(8..).and_then(StreamInfo::read);
    let info = block.ok_or_else(|| cut(Container::Flac))?;
    if info.rate == 0 {
        return Err(cut(Container::Flac));
    }
    if info.samples == 0 {
        return read(reader, length, Container::Flac, depth);
    }
    let tail = read_at(
        &mut reader,
        length.saturating_sub(FLAC_TAIL as u64),
        FLAC_TAIL,
    )?;
    let there = last_frame(&tail, &info);
    Ok(Probe {
        channels: Some(info.channels),
        rate: Some(info.rate),
        seconds: seconds(there.unwrap_or(info.samples), info.rate),
        end: FileEnd::cut_if(there.is_some()),
        ..Probe::new(Container::Flac, "FLAC")
    })
}
