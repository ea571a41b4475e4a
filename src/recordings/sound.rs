//! The samples of a recording, block by block.
//!
//! Plain WAV is read here, MPEG audio, FLAC and AAC by a library; other codecs are not decoded, and
//! that is said. Samples stream through a buffer, and whoever hears them may have enough at any time.

use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::ops::ControlFlow;
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::TrackType;

use super::OpenRecording;
use super::container::Container;
use super::probe::{self, MOST_PACKETS, PlainFormat, PlainWave};

/// More channels than any recorder writes.
const MOST_CHANNELS: usize = 64;
/// Frames of plain samples in a block.
const FRAMES: usize = 4096;

/// Some samples of all channels.
#[derive(Debug, Clone, Copy)]
pub(super) struct SoundBlock<'s> {
    /// Frames a second.
    pub(super) rate: u32,
    /// How many channels; the same in all blocks of a recording.
    pub(super) channels: usize,
    /// Parts of full scale, a sample of each channel in turn.
    samples: &'s [f32],
}

impl SoundBlock<'_> {
    /// The samples that belong to one moment.
    pub(super) fn frames(&self) -> impl Iterator<Item = &[f32]> {
        self.samples.chunks_exact(self.channels.max(1))
    }
}

/// Who hears the blocks, until it has had enough.
pub(super) type Hear<'h> = &'h mut dyn FnMut(SoundBlock<'_>) -> ControlFlow<()>;

/// Decodes a recording of so many bytes and of this name. `None` when the codec is not one that is
/// decoded here, or the file cannot be read; a file that is cut is decoded as far as it goes.
pub(super) fn decode(file: OpenRecording, length: u64, name: &str, hear: Hear<'_>) -> Option<()> {
    let mut file = BufReader::with_capacity(1 << 16, file);
    if let Ok(Some(wave)) = PlainWave::read(&mut file, length) {
        return plain(&mut file, &wave, hear);
    }
    let mut file = file.into_inner();
    let container = probe::container_of(&mut file, name).ok()?;
    // What the library does not decode is not opened by it.
    let container = match container {
        None => Container::Mpeg,
        Some(
            container @ (Container::Mpeg
            | Container::Adts
            | Container::Mp4
            | Container::Flac
            | Container::Ogg),
        ) => container,
        Some(_) => return None,
    };
    // As in the probe: a panic of the library costs the knowledge about this recording.
    catch_unwind(AssertUnwindSafe(|| {
        by_library(file, length, container, hear)
    }))
    .ok()?
}

fn plain(file: &mut BufReader<OpenRecording>, wave: &PlainWave, hear: Hear<'_>) -> Option<()> {
    let PlainFormat {
        tag,
        channels,
        rate,
        bits,
    } = wave.format;
    let channels = usize::from(channels);
    if !(1..=MOST_CHANNELS).contains(&channels) {
        return None;
    }
    let width = usize::from(bits / 8);
    let frame = width * channels;
    file.seek(SeekFrom::Start(wave.start)).ok()?;
    let mut bytes = file.take(wave.bytes);
    let mut buffer = vec![0; frame * FRAMES];
    let mut samples = Vec::with_capacity(channels * FRAMES);
    loop {
        let mut filled = 0;
        while filled < buffer.len() {
            match bytes.read(&mut buffer[filled..]).ok()? {
                0 => break,
                count => filled += count,
            }
        }
        samples.clear();
        let whole = &buffer[..filled - filled % frame];
        samples.extend(whole.chunks_exact(width).map(|sample| level(tag, sample)));
        let block = SoundBlock {
            rate,
            channels,
            samples: &samples,
        };
        if hear(block).is_break() || filled < buffer.len() {
            return Some(());
        }
    }
}

/// A sample as a part of full scale.
fn level(tag: u16, sample: &[u8]) -> f32 {
    const FULL: f32 = 32_768.0;
    if tag == 3 {
        return float(sample);
    }
    match (tag, sample) {
        (1, [byte]) => (f32::from(*byte) - 128.0) / 128.0,
        // Of wider samples the two upper bytes are more than fine enough.
        (1, [.., low, high]) => f32::from(i16::from_le_bytes([*low, *high])) / FULL,
        (6, [byte]) => f32::from(of_a_law(*byte)) / FULL,
        (7, [byte]) => f32::from(of_mu_law(*byte)) / FULL,
        _ => 0.0,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "only its size is asked, and roughly"
)]
fn float(sample: &[u8]) -> f32 {
    let narrow = sample.try_into().map(f32::from_le_bytes);
    let wide = || sample.try_into().map(f64::from_le_bytes);
    narrow
        .or_else(|_| wide().map(|wide| wide as f32))
        .unwrap_or(0.0)
}

/// ITU-T G.711: a sign, three bits of exponent, four of mantissa, every other bit turned.
fn of_a_law(byte: u8) -> i16 {
    let byte = byte ^ 0x55;
    let mantissa = i16::from(byte & 0x0F);
    let exponent = (byte >> 4) & 7;
    let size = match exponent {
        0 => (mantissa << 4) + 8,
        exponent => ((mantissa << 4) + 0x108) << (exponent - 1),
    };
    if byte & 0x80 == 0 { -size } else { size }
}

/// The same for µ-law, where all bits are turned.
fn of_mu_law(byte: u8) -> i16 {
    let byte = !byte;
    let size = (((i16::from(byte & 0x0F) << 3) + 0x84) << ((byte >> 4) & 7)) - 0x84;
    if byte & 0x80 == 0 { size } else { -size }
}

fn by_library(
    file: OpenRecording,
    length: u64,
    container: Container,
    hear: Hear<'_>,
) -> Option<()> {
    let mut opened = probe::open(file, length, container, u64::MAX).ok()?;
    let track = opened.format.default_track(TrackType::Audio)?;
    let id = track.id;
    let parameters = track.codec_params.as_ref()?.audio()?.clone();
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .ok()?;
    let mut known: Option<usize> = None;
    let mut samples: Vec<f32> = Vec::new();
    for _ in 0..MOST_PACKETS {
        opened.drop_tags();
        opened.allow_packet();
        let packet = match opened.format.next_packet() {
            Ok(Some(packet)) if packet.track_id == id => packet,
            Ok(Some(_)) => continue,
            // What is too large to be read has not been heard.
            Err(Error::IoError(error)) if error.kind() == ErrorKind::QuotaExceeded => return None,
            // A file that is cut is told by its header; what is there has been heard.
            Ok(None) | Err(_) => return Some(()),
        };
        let sound = match decoder.decode(&packet) {
            Ok(sound) => sound,
            Err(Error::DecodeError(_)) => continue,
            Err(_) => return None,
        };
        let channels = sound.num_planes();
        let is_same = *known.get_or_insert(channels) == channels;
        if !is_same || !(1..=MOST_CHANNELS).contains(&channels) {
            return None;
        }
        samples.clear();
        sound.copy_to_vec_interleaved(&mut samples);
        let block = SoundBlock {
            rate: sound.spec().rate(),
            channels,
            samples: &samples,
        };
        if hear(block).is_break() {
            return Some(());
        }
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A WAV file of two channels: `left` and `right` by the number of the frame.
    pub(in crate::recordings) fn stereo(
        tag: u16,
        frames: u32,
        sample: impl Fn(u32) -> [Vec<u8>; 2],
    ) -> Vec<u8> {
        let bits = u16::try_from(sample(0)[0].len() * 8).unwrap();
        let format = PlainFormat {
            tag,
            channels: 2,
            rate: 8000,
            bits,
        };
        let wave = PlainWave {
            format,
            start: 0,
            bytes: 0,
            is_cut: false,
        };
        let sound: Vec<u8> = (0..frames).flat_map(|at| sample(at).concat()).collect();
        let mut file = wave.header(sound.len() as u64);
        file.extend(sound);
        file
    }

    #[test]
    fn the_laws_of_telephony_are_those_of_the_standard() {
        assert_eq!((of_a_law(0xD5), of_a_law(0x55)), (8, -8));
        assert_eq!((of_a_law(0xAA), of_mu_law(0x80)), (32_256, 32_124));
        assert_eq!((of_mu_law(0xFF), of_mu_law(0x00)), (0, -32_124));
    }
}
