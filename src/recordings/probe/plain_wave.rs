//! WAV files whose sound is a plain row of samples: PCM, A-law, µ-law. Of these more can be done than
//! to read their header: samples can be put behind those of another file, and looked at.

use std::io::{Read, Seek};

use super::answer::ProbeError;
use super::bytes::read_at;
use super::riff::walk;

/// A WAV file whose sound is a plain row of samples, and where they are.
pub(crate) struct PlainWave {
    pub(crate) format: PlainFormat,
    pub(crate) start: u64,
    /// Whole frames that are really there.
    pub(crate) bytes: u64,
    /// Whether the file ends before its header says.
    pub(crate) is_cut: bool,
}

/// What must be equal for samples of one file to follow those of another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PlainFormat {
    pub(crate) tag: u16,
    pub(crate) channels: u16,
    pub(crate) rate: u32,
    pub(crate) bits: u16,
}

impl PlainFormat {
    /// Bytes of one sample of every channel.
    pub(crate) fn frame(&self) -> u64 {
        u64::from(self.channels) * u64::from(self.bits.div_ceil(8))
    }
}

impl PlainWave {
    /// Finds the samples of a file; `None` when they are of another kind.
    pub(crate) fn read(
        reader: &mut (impl Read + Seek),
        length: u64,
    ) -> Result<Option<PlainWave>, ProbeError> {
        let head = read_at(reader, 0, 12)?;
        if !(head.starts_with(b"RIFF") || head.starts_with(b"RF64")) || !head.ends_with(b"WAVE") {
            return Ok(None);
        }
        let (chunks, sound) = walk(reader, length)?;
        let Some(format) = chunks.format else {
            return Ok(None);
        };
        let there = length.saturating_sub(sound.start);
        let is_plain = match format.tag {
            0x0001 => matches!(format.bits, 8 | 16 | 24 | 32),
            0x0003 => matches!(format.bits, 32 | 64),
            0x0006 | 0x0007 => format.bits == 8,
            _ => false,
        };
        if !is_plain || format.channels == 0 || format.rate == 0 {
            return Ok(None);
        }
        let format = PlainFormat {
            tag: format.tag,
            channels: format.channels,
            rate: format.rate,
            bits: format.bits,
        };
        let bytes = sound.declared.map_or(there, |declared| declared.min(there));
        Ok(Some(PlainWave {
            is_cut: sound.declared.is_some_and(|declared| declared > there),
            format,
            start: sound.start,
            bytes: bytes - bytes % format.frame(),
        }))
    }

    /// A header before so many bytes of such samples.
    pub(crate) fn header(&self, bytes: u64) -> Vec<u8> {
        let PlainFormat {
            tag,
            channels,
            rate,
            bits,
        } = self.format;
        let frame = self.format.frame();
        let size = |bytes: u64| u32::try_from(bytes).unwrap_or(u32::MAX).to_le_bytes();
        let mut fmt = Vec::new();
        fmt.extend(tag.to_le_bytes());
        fmt.extend(channels.to_le_bytes());
        fmt.extend(rate.to_le_bytes());
        fmt.extend(size(u64::from(rate) * frame));
        fmt.extend(u16::try_from(frame).unwrap_or(u16::MAX).to_le_bytes());
        fmt.extend(bits.to_le_bytes());
        let mut chunks = Vec::new();
        if tag != 1 {
            // Everything but PCM has an extension, of no bytes here, and says how many samples.
            fmt.extend([0, 0]);
        }
        chunks.extend(b"fmt ");
        chunks.extend(size(fmt.len() as u64));
        chunks.extend(fmt);
        if tag != 1 {
            chunks.extend(b"fact");
            chunks.extend(size(4));
            chunks.extend(size(bytes / frame.max(1)));
        }
        chunks.extend(b"data");
        chunks.extend(size(bytes));
        let mut header = b"RIFF".to_vec();
        header.extend(size(4 + chunks.len() as u64 + bytes + bytes % 2));
        header.extend(b"WAVE");
        header.extend(chunks);
        header
    }
}
