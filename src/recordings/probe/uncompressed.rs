//! AU and AIFF headers, and GSM frames that have none.

use std::borrow::Cow;
use std::io::{Read, Seek};

use super::answer::{FileEnd, Probe, ProbeError};
use super::bytes::{read_at, seconds};
use super::riff::stated;
use crate::recordings::container::Container;

fn u16_be(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_be_bytes(bytes.get(at..at + 2)?.try_into().ok()?))
}

fn u32_be(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn soundless(container: Container, what: &'static str) -> ProbeError {
    ProbeError::Soundless { container, what }
}

/// Sun's header: six big-endian words, of which the second and third are where the sound starts
/// and its bytes, all ones when the writer did not know.
pub(super) fn au(head: &[u8], length: u64) -> Result<Probe, ProbeError> {
    let word = |position: usize| u32_be(head, position * 4).ok_or(ProbeError::Cut(Container::Au));
    let (start, size, encoding) = (word(1)?, word(2)?, word(3)?);
    let (rate, channels) = (word(4)?, word(5)?);
    let (codec, bits) = match encoding {
        1 => ("µ-law", 8),
        2 => ("PCM 8 bit", 8),
        3 => ("PCM 16 bit", 16),
        4 => ("PCM 24 bit", 24),
        5 => ("PCM 32 bit", 32),
        6 => ("PCM float", 32),
        7 => ("PCM float", 64),
        23 => ("G.721", 4),
        24 => ("G.722", 4),
        25 => ("G.723 ADPCM", 3),
        27 => ("A-law", 8),
        _ => ("unknown", 0),
    };
    let channels = u16::try_from(channels)
        .ok()
        .filter(|channels| *channels > 0 && rate > 0)
        .ok_or_else(|| soundless(Container::Au, "it has no channels or no sample rate"))?;
    let there = length.saturating_sub(u64::from(start));
    let declared = stated(size, length);
    let bytes = declared.map_or(there, |declared| declared.min(there));
    let frames = (bytes * 8).checked_div(u64::from(channels) * bits);
    Ok(Probe {
        channels: Some(channels),
        rate: Some(rate),
        seconds: frames.and_then(|frames| seconds(frames, rate)),
        end: FileEnd::cut_if(declared.is_some_and(|declared| declared > there)),
        ..Probe::new(Container::Au, codec)
    })
}

/// AIFF has its length in the `COMM` chunk, in frames.
pub(super) fn aiff(reader: &mut (impl Read + Seek), length: u64) -> Result<Probe, ProbeError> {
    let mut probe = None;
    let mut at = 12;
    for _ in 0..1000 {
        let head = read_at(reader, at, 8)?;
        let (Some(id), Some(size)) = (head.get(..4), u32_be(&head, 4)) else {
            break;
        };
        let end = at + 8 + u64::from(size);
        match id {
            b"COMM" => probe = Some(common(&read_at(reader, at + 8, 32.min(size as usize))?)?),
            b"SSND" => {
                if let Some(probe) = &mut probe {
                    let is_cut = stated(size, length).is_some() && end > length;
                    probe.end = FileEnd::cut_if(is_cut);
                }
            }
            _ => {}
        }
        at = end + u64::from(size & 1);
    }
    probe.ok_or(ProbeError::Cut(Container::Aiff))
}

fn common(chunk: &[u8]) -> Result<Probe, ProbeError> {
    let cut = || ProbeError::Cut(Container::Aiff);
    let channels = u16_be(chunk, 0).ok_or_else(cut)?;
    let frames = u32_be(chunk, 2).ok_or_else(cut)?;
    let rate = extended(chunk.get(8..18).ok_or_else(cut)?);
    let codec = match chunk.get(18..22) {
        None | Some(b"NONE" | b"sowt" | b"twos") => Cow::Borrowed("PCM"),
        Some(b"ulaw" | b"ULAW") => Cow::Borrowed("µ-law"),
        Some(b"alaw" | b"ALAW") => Cow::Borrowed("A-law"),
        Some(b"ima4") => Cow::Borrowed("IMA ADPCM"),
        Some(name) => Cow::Owned(format!("AIFC {}", name.escape_ascii())),
    };
    let rate = rate.ok_or_else(|| soundless(Container::Aiff, "it has no sample rate"))?;
    Ok(Probe {
        channels: Some(channels).filter(|channels| *channels > 0),
        rate: Some(rate),
        seconds: seconds(u64::from(frames), rate),
        ..Probe::new(Container::Aiff, codec)
    })
}

/// The whole part of an 80-bit float, which is how AIFF writes the sample rate.
fn extended(bytes: &[u8]) -> Option<u32> {
    let exponent = u32::from(u16_be(bytes, 0)?).checked_sub(16_383)?;
    let mantissa = u64::from_be_bytes(bytes.get(2..10)?.try_into().ok()?);
    let shift = 63_u32.checked_sub(exponent)?;
    u32::try_from(mantissa >> shift)
        .ok()
        .filter(|rate| *rate > 0)
}

/// GSM 06.10 is 33 bytes for every 20 ms of one channel at 8000 samples a second.
pub(super) fn gsm(length: u64) -> Probe {
    Probe {
        channels: Some(1),
        rate: Some(8000),
        seconds: seconds(length / 33 * 160, 8000),
        end: if length.is_multiple_of(33) {
            FileEnd::Fine
        } else {
            FileEnd::Unmarked
        },
        ..Probe::new(Container::Gsm, "GSM 06.10")
    }
}
