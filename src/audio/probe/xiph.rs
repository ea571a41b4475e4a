//! Ogg pages and the FLAC header.

use std::borrow::Cow;
use std::io::{Read, Seek};

use memchr::memmem;

use super::{Container, Probe, ProbeError, compressed, read_at, seconds};

/// The longest page that a header can describe.
const LONGEST_PAGE: usize = 27 + 255 + 255 * 255;

fn damaged(container: Container) -> ProbeError {
    ProbeError::Damaged {
        container,
        what: Cow::Borrowed("it ends in its header"),
    }
}

fn u16_le(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_le(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

/// What the first packet of a stream says, and the samples that are not to be played at its start.
struct Stream {
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
    let segments = usize::from(*head.get(26).ok_or_else(|| damaged(Container::Ogg))?);
    let packet = head.get(27 + segments..).unwrap_or_default();
    let Stream { mut probe, skip } = stream(packet).ok_or_else(|| damaged(Container::Ogg))?;
    let serial = u32_le(head, 14);
    let from = length.saturating_sub(2 * LONGEST_PAGE as u64);
    let tail = read_at(reader, from, 2 * LONGEST_PAGE)?;
    let Some((granule, closed)) = last_page(&tail, serial) else {
        probe.truncated = true;
        return Ok(probe);
    };
    probe.truncated = !closed;
    let rate = probe.rate.unwrap_or(0);
    probe.seconds = seconds(granule.saturating_sub(skip), rate);
    Ok(probe)
}

fn stream(packet: &[u8]) -> Option<Stream> {
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
    Some(Stream { probe, skip })
}

/// The position of the last whole page of a stream, and whether nothing of it is missing after.
fn last_page(tail: &[u8], serial: Option<u32>) -> Option<(u64, bool)> {
    let mut cut = false;
    for at in memmem::rfind_iter(tail, b"OggS") {
        let page = &tail[at..];
        let whole = page.get(27..).is_some_and(|rest| {
            let count = usize::from(page[26]);
            let lengths = rest
                .get(..count)
                .map(|lacing| lacing.iter().map(|n| usize::from(*n)));
            lengths.is_some_and(|lengths| rest.len() >= count + lengths.sum::<usize>())
        });
        if !whole {
            cut = true;
            continue;
        }
        let granule = u64::from_le_bytes(page.get(6..14)?.try_into().ok()?);
        // All ones: no packet ends on this page.
        if u32_le(page, 14) == serial && granule != u64::MAX {
            return Some((granule, page[5] & 4 != 0 && !cut));
        }
    }
    None
}

/// The header block that every FLAC stream starts with.
struct StreamInfo {
    rate: u32,
    channels: u16,
    samples: u64,
}

impl StreamInfo {
    fn read(block: &[u8]) -> Option<StreamInfo> {
        let packed = u64::from_be_bytes(block.get(10..18)?.try_into().ok()?);
        Some(StreamInfo {
            rate: u32::try_from(packed >> 44).ok()?,
            channels: u16::try_from((packed >> 41) & 7).ok()? + 1,
            samples: packed & ((1 << 36) - 1),
        })
    }
}

/// FLAC states its length in its first block, unless it was written to a pipe.
pub(super) fn flac<R>(reader: R, head: &[u8], length: u64) -> Result<Probe, ProbeError>
where
    R: Read + Seek + Send + Sync + 'static,
{
    let block = head.get(8..).and_then(StreamInfo::read);
    let info = block.ok_or_else(|| damaged(Container::Flac))?;
    if info.rate == 0 {
        return Err(damaged(Container::Flac));
    }
    if info.samples == 0 {
        return compressed::read(reader, length, Container::Flac);
    }
    Ok(Probe {
        channels: Some(info.channels),
        rate: Some(info.rate),
        seconds: seconds(info.samples, info.rate),
        ..Probe::new(Container::Flac, "FLAC")
    })
}
