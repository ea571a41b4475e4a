//! WAV, RF64 and Wave64 headers.
//!
//! Recorders write WAV headers before they know the length (0 or 0xFFFFFFFF then stands for "to the
//! end of the file") and are killed before they write the rest; both are told apart here by the
//! length of the file.

use std::borrow::Cow;
use std::io::{Read, Seek};

use super::answer::{FileEnd, Probe, ProbeError};
use super::bytes::{read_at, seconds};
use crate::recordings::container::Container;

/// More chunks before the sound than any writer makes.
const MOST_CHUNKS: usize = 1000;
/// A format chunk is 16 to some 60 bytes; MPEG ones are the longest.
const LONGEST_FORMAT: usize = 256;

const EXTENSIBLE: u16 = 0xFFFE;

/// No equipment records more than this: a header that says so is random bytes.
const MOST_CHANNELS: u16 = 1024;
const HIGHEST_RATE: u32 = 10_000_000;

/// How the numbers of a file are written.
#[derive(Clone, Copy, PartialEq)]
enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    fn u16(self, bytes: &[u8], at: usize) -> Option<u16> {
        let bytes = bytes.get(at..at + 2)?.try_into().ok()?;
        Some(match self {
            ByteOrder::Little => u16::from_le_bytes(bytes),
            ByteOrder::Big => u16::from_be_bytes(bytes),
        })
    }

    fn u32(self, bytes: &[u8], at: usize) -> Option<u32> {
        let bytes = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(match self {
            ByteOrder::Little => u32::from_le_bytes(bytes),
            ByteOrder::Big => u32::from_be_bytes(bytes),
        })
    }
}

fn u64_le(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

/// The `fmt ` chunk, which other formats hold as well.
pub(super) struct WaveFormat {
    pub(super) tag: u16,
    pub(super) channels: u16,
    pub(super) rate: u32,
    bytes_a_second: u32,
    block: u16,
    pub(super) bits: u16,
    samples_a_block: u16,
}

impl WaveFormat {
    pub(super) fn little(bytes: &[u8]) -> Option<WaveFormat> {
        WaveFormat::read(bytes, ByteOrder::Little)
    }

    fn read(bytes: &[u8], order: ByteOrder) -> Option<WaveFormat> {
        let mut tag = order.u16(bytes, 0)?;
        if tag == EXTENSIBLE {
            // The first two bytes of the sub-format's GUID are the tag that counts.
            tag = order.u16(bytes, 24).unwrap_or(EXTENSIBLE);
        }
        Some(WaveFormat {
            tag,
            channels: order.u16(bytes, 2)?,
            rate: order.u32(bytes, 4)?,
            bytes_a_second: order.u32(bytes, 8)?,
            block: order.u16(bytes, 12)?,
            bits: order.u16(bytes, 14).unwrap_or(0),
            samples_a_block: order.u16(bytes, 18).unwrap_or(0),
        })
    }

    /// The registered names of format tags (RFC 2361 and its successors).
    pub(super) fn codec(&self) -> Cow<'static, str> {
        Cow::Borrowed(match self.tag {
            0x0001 => match self.bits {
                8 => "PCM 8 bit",
                16 => "PCM 16 bit",
                24 => "PCM 24 bit",
                32 => "PCM 32 bit",
                _ => "PCM",
            },
            0x0002 => "Microsoft ADPCM",
            0x0003 => "PCM float",
            0x0006 => "A-law",
            0x0007 => "µ-law",
            0x0010 => "OKI ADPCM",
            0x0011 => "IMA ADPCM",
            0x0014 => "G.723 ADPCM",
            0x0022 => "TrueSpeech",
            0x0031 => "GSM 06.10",
            0x0040 | 0x0045 | 0x0064 => "G.726",
            0x0041 | 0x0042 => "G.723.1",
            0x0050 => "MP2",
            0x0055 => "MP3",
            0x0065 | 0x028F => "G.722",
            0x0083 | 0x0133 => "G.729",
            0x00FF => "AAC",
            0x0161 => "WMA",
            0x0162 => "WMA Pro",
            0x704F => "Opus",
            0xA109 => "Speex",
            0xF1AC => "FLAC",
            tag => return Cow::Owned(format!("WAV format 0x{tag:04X}")),
        })
    }

    /// How long `bytes` of sound are.
    fn seconds(&self, bytes: u64, fact: Option<u32>) -> Option<f64> {
        let block = u64::from(self.block);
        match self.tag {
            0x0001 | 0x0003 | 0x0006 | 0x0007 => {
                let frame = u64::from(self.channels) * u64::from(self.bits.div_ceil(8));
                let frame = if frame > 0 { frame } else { block };
                return seconds(bytes.checked_div(frame)?, self.rate);
            }
            0x0002 | 0x0011 | 0x0031 if block > 0 && self.samples_a_block > 0 => {
                let frames = (bytes / block).saturating_mul(u64::from(self.samples_a_block));
                return seconds(frames, self.rate);
            }
            _ => {}
        }
        match fact {
            Some(frames) => seconds(u64::from(frames), self.rate),
            None => seconds(bytes, self.bytes_a_second),
        }
    }
}

/// What the chunks before the sound say.
pub(super) struct Chunks {
    pub(super) format: Option<WaveFormat>,
    fact: Option<u32>,
    /// The size of the sound by RF64's `ds64` chunk.
    long_size: Option<u64>,
}

/// The sound of a file: where it starts and how long it claims to be; `None` is "to the end".
pub(super) struct WaveData {
    pub(super) start: u64,
    pub(super) declared: Option<u64>,
}

pub(super) fn wav(reader: &mut (impl Read + Seek), length: u64) -> Result<Probe, ProbeError> {
    let (chunks, sound) = walk(reader, length)?;
    finish(Container::Wav, &chunks, &sound, length)
}

/// Reads the chunks up to the sound.
pub(super) fn walk(
    reader: &mut (impl Read + Seek),
    length: u64,
) -> Result<(Chunks, WaveData), ProbeError> {
    let order = match &read_at(reader, 0, 4)?[..] {
        b"RIFX" => ByteOrder::Big,
        _ => ByteOrder::Little,
    };
    let mut chunks = Chunks {
        format: None,
        fact: None,
        long_size: None,
    };
    let mut at = 12;
    for _ in 0..MOST_CHUNKS {
        let head = read_at(reader, at, 8)?;
        let (Some(id), Some(size)) = (head.get(..4), order.u32(&head, 4)) else {
            break;
        };
        let body = at + 8;
        match id {
            b"fmt " => {
                let bytes = read_at(reader, body, LONGEST_FORMAT.min(size as usize))?;
                chunks.format = WaveFormat::read(&bytes, order);
            }
            b"fact" => chunks.fact = order.u32(&read_at(reader, body, 4)?, 0),
            b"ds64" => chunks.long_size = u64_le(&read_at(reader, body, 16)?, 8),
            b"data" => {
                let declared = match (size, chunks.long_size) {
                    (u32::MAX, Some(long)) => Some(long),
                    (0, _) if !is_followed(reader, body, length, order)? => None,
                    (size, _) => stated(size, length),
                };
                let start = body;
                return Ok((chunks, WaveData { start, declared }));
            }
            _ => {}
        }
        at = body + u64::from(size) + u64::from(size & 1);
    }
    let promised = read_at(reader, 4, 4)?;
    let promised = order.u32(&promised, 0).map(u64::from);
    let is_whole = promised.is_some_and(|promised| promised != 0 && promised + 8 <= length);
    Err(if is_whole {
        soundless(Container::Wav, "it ends before any sound")
    } else {
        ProbeError::Cut(Container::Wav)
    })
}

/// The bytes of sound by a header of 32 bits, where they are known. A recorder that cannot go back to its
/// header leaves a number there that no file reaches (`FFFFFFFF`, `80000000`, `7FFFF000`); one
/// with a common fault counts its own header as sound.
pub(super) fn stated(size: u32, length: u64) -> Option<u64> {
    let bytes = u64::from(size);
    let counts_header = bytes == length || bytes + 8 == length;
    (size < OPEN && !counts_header).then_some(bytes)
}

/// Twice as much as the API takes of one recording.
const OPEN: u32 = 0x7F00_0000;

/// Whether another chunk follows an empty one: then it is really empty, and not one whose size was
/// never written.
fn is_followed(
    reader: &mut (impl Read + Seek),
    at: u64,
    length: u64,
    order: ByteOrder,
) -> Result<bool, ProbeError> {
    let head = read_at(reader, at, 8)?;
    let name_is_text = head
        .get(..4)
        .is_some_and(|id| id.iter().all(|byte| (32..127).contains(byte)));
    let end = order
        .u32(&head, 4)
        .map(|size| at + 8 + u64::from(size) + u64::from(size & 1));
    Ok(name_is_text && end.is_some_and(|end| end == length || end == length + 1))
}

pub(super) fn wave64(reader: &mut (impl Read + Seek), length: u64) -> Result<Probe, ProbeError> {
    let mut chunks = Chunks {
        format: None,
        fact: None,
        long_size: None,
    };
    let mut at: u64 = 40;
    for _ in 0..MOST_CHUNKS {
        let head = read_at(reader, at, 24)?;
        let (Some(id), Some(size)) = (head.get(..4), u64_le(&head, 16)) else {
            break;
        };
        // A size counts the 24 bytes of its own header.
        let body = at + 24;
        match id {
            b"fmt " => {
                let bytes = read_at(reader, body, LONGEST_FORMAT)?;
                chunks.format = WaveFormat::read(&bytes, ByteOrder::Little);
            }
            b"data" => {
                let declared = (size > 24 && size != u64::MAX).then(|| size - 24);
                let start = body;
                return finish(
                    Container::Wave64,
                    &chunks,
                    &WaveData { start, declared },
                    length,
                );
            }
            _ => {}
        }
        let Some(next) = size
            .checked_next_multiple_of(8)
            .and_then(|size| at.checked_add(size))
        else {
            break;
        };
        if size < 24 {
            break;
        }
        at = next;
    }
    Err(ProbeError::Cut(Container::Wave64))
}

fn finish(
    container: Container,
    chunks: &Chunks,
    sound: &WaveData,
    length: u64,
) -> Result<Probe, ProbeError> {
    let Some(format) = &chunks.format else {
        return Err(soundless(container, "its samples come before their format"));
    };
    if format.channels == 0 || format.rate == 0 {
        return Err(soundless(container, "it has no channels or no sample rate"));
    }
    if format.channels > MOST_CHANNELS || format.rate > HIGHEST_RATE {
        return Err(soundless(container, "its format makes no sense"));
    }
    let there = length.saturating_sub(sound.start);
    let truncated = sound.declared.is_some_and(|declared| declared > there);
    let bytes = sound.declared.map_or(there, |declared| declared.min(there));
    // The number of samples was written for the whole file, and not yet by a recorder that streams.
    let whole = sound.declared.is_some() && !truncated;
    let fact = chunks
        .fact
        .filter(|frames| whole && *frames > 0 && *frames != u32::MAX);
    Ok(Probe {
        channels: Some(format.channels),
        rate: Some(format.rate),
        seconds: format.seconds(bytes, fact),
        end: FileEnd::cut_if(truncated),
        ..Probe::new(container, format.codec())
    })
}

fn soundless(container: Container, what: &'static str) -> ProbeError {
    ProbeError::Soundless { container, what }
}
