//! Channels in which nobody is heard.
//!
//! Plain WAV is read here, MPEG audio, FLAC and AAC by a library; other codecs are not decoded, and
//! that is said. Samples stream through a buffer, and reading ends as soon as something has been
//! heard in every channel, so that only a silent recording is read to its end.

use std::io::{BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use symphonia::core::codecs::audio::AudioDecoderOptions;
use symphonia::core::errors::Error;
use symphonia::core::formats::TrackType;

use super::container::Container;
use super::probe::{self, MOST_PACKETS, PlainFormat, PlainWave};
use super::{OpenRecording, Recording};

/// What is louder counts as heard: -50 dB of full scale, ten times the noise of a telephone line and
/// a tenth of a quiet voice.
const LOUD: f32 = 0.003_162;
/// A click is no voice: so many loud samples of a second must there be, in all.
const PART_OF_A_SECOND: u32 = 20;
/// More channels than any recorder writes.
const MOST_CHANNELS: usize = 64;

/// Which channels are silent from beginning to end, counted from 1, and how many there are; `None`
/// when the codec is not one that is decoded here, or the file cannot be read.
pub fn silent_channels(recording: &Recording) -> Option<(Vec<usize>, usize)> {
    let (file, length) = (recording.open().ok()?, recording.bytes());
    let mut file = BufReader::with_capacity(1 << 16, file);
    let meter = if let Ok(Some(wave)) = PlainWave::read(&mut file, length) {
        plain(&mut file, &wave)?
    } else {
        let mut file = file.into_inner();
        let container = probe::container_of(&mut file, &recording.name).ok()?;
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
        catch_unwind(AssertUnwindSafe(|| by_library(file, length, container))).ok()??
    };
    let silent = meter.silent().map(|channel| channel + 1).collect();
    Some((silent, meter.loud.len()))
}

/// Counts the loud samples of each channel.
struct Meter {
    loud: Vec<u32>,
    enough: u32,
}

impl Meter {
    fn new(channels: usize, rate: u32) -> Option<Meter> {
        (1..=MOST_CHANNELS).contains(&channels).then(|| Meter {
            loud: vec![0; channels],
            enough: (rate / PART_OF_A_SECOND).max(1),
        })
    }

    fn hear(&mut self, channel: usize, sample: f32) {
        if sample.abs() > LOUD {
            self.loud[channel] = self.loud[channel].saturating_add(1);
        }
    }

    fn silent(&self) -> impl Iterator<Item = usize> + '_ {
        let counts = self.loud.iter().enumerate();
        let silent = counts.filter(|(_, count)| **count < self.enough);
        silent.map(|(channel, _)| channel)
    }

    fn has_heard_all(&self) -> bool {
        self.silent().next().is_none()
    }
}

fn plain(file: &mut BufReader<OpenRecording>, wave: &PlainWave) -> Option<Meter> {
    let PlainFormat {
        channels,
        rate,
        bits,
        ..
    } = wave.format;
    let mut meter = Meter::new(usize::from(channels), rate)?;
    let width = usize::from(bits / 8);
    let frame = width * usize::from(channels);
    file.seek(SeekFrom::Start(wave.start)).ok()?;
    let mut samples = file.take(wave.bytes);
    let mut buffer = vec![0; frame * 4096];
    loop {
        let mut filled = 0;
        while filled < buffer.len() {
            match samples.read(&mut buffer[filled..]).ok()? {
                0 => break,
                count => filled += count,
            }
        }
        for frame in buffer[..filled].chunks_exact(frame) {
            for (channel, sample) in frame.chunks_exact(width).enumerate() {
                meter.hear(channel, level(wave.format.tag, sample));
            }
        }
        if filled < buffer.len() || meter.has_heard_all() {
            return Some(meter);
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

fn by_library(file: OpenRecording, length: u64, container: Container) -> Option<Meter> {
    let mut opened = probe::open(file, length, container, u64::MAX).ok()?;
    let track = opened.format.default_track(TrackType::Audio)?;
    let id = track.id;
    let parameters = track.codec_params.as_ref()?.audio()?.clone();
    let mut decoder = symphonia::default::get_codecs()
        .make_audio_decoder(&parameters, &AudioDecoderOptions::default())
        .ok()?;
    let mut meter: Option<Meter> = None;
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
            Ok(None) | Err(_) => return meter,
        };
        let sound = match decoder.decode(&packet) {
            Ok(sound) => sound,
            Err(Error::DecodeError(_)) => continue,
            Err(_) => return None,
        };
        let channels = sound.num_planes();
        let meter = match &mut meter {
            Some(meter) if meter.loud.len() == channels => meter,
            Some(_) => return None,
            none => none.insert(Meter::new(channels, sound.spec().rate())?),
        };
        samples.clear();
        sound.copy_to_vec_interleaved(&mut samples);
        for frame in samples.chunks_exact(channels) {
            for (channel, sample) in frame.iter().enumerate() {
                meter.hear(channel, *sample);
            }
        }
        if meter.has_heard_all() {
            let heard = std::mem::take(&mut meter.loud);
            let enough = meter.enough;
            return Some(Meter {
                loud: heard,
                enough,
            });
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::store::tests::in_folder;

    /// A WAV file of two channels: `left` and `right` by the number of the frame.
    fn stereo(tag: u16, frames: u32, sample: impl Fn(u32) -> [Vec<u8>; 2]) -> Vec<u8> {
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

    fn silent(bytes: &[u8]) -> Option<(Vec<usize>, usize)> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.wav"), bytes).unwrap();
        silent_channels(&in_folder(folder.path(), "x.wav"))
    }

    #[test]
    fn the_silent_channel_is_named() {
        let tone = |at: u32| i16::try_from(at % 40 * 300).unwrap().to_le_bytes().to_vec();
        let hiss = |at: u32| i16::try_from(at % 3).unwrap().to_le_bytes().to_vec();
        let right = stereo(1, 9000, |at| [tone(at), hiss(at)]);
        assert_eq!(silent(&right), Some((vec![2], 2)));
        let both = stereo(1, 9000, |at| [tone(at), tone(at)]);
        assert_eq!(silent(&both), Some((vec![], 2)));
        let none = stereo(1, 9000, |at| [hiss(at), hiss(at)]);
        assert_eq!(silent(&none), Some((vec![1, 2], 2)));
    }

    #[test]
    fn a_click_is_no_voice_and_a_word_at_the_end_is_one() {
        let click = |at: u32| {
            if at == 77 {
                vec![0xFF, 0x7F]
            } else {
                vec![0, 0]
            }
        };
        let word = |at: u32| if at > 8500 { vec![0, 0x20] } else { vec![0, 0] };
        let file = stereo(1, 9000, |at| [click(at), word(at)]);
        assert_eq!(silent(&file), Some((vec![1], 2)));
    }

    #[test]
    fn the_laws_of_telephony_have_their_own_zero() {
        let file = stereo(6, 9000, |at| {
            [vec![0xD5], vec![if at % 2 == 0 { 0xAA } else { 0x2A }]]
        });
        assert_eq!(silent(&file), Some((vec![1], 2)));
        let file = stereo(7, 9000, |_| [vec![0xFF], vec![0x80]]);
        assert_eq!(silent(&file), Some((vec![1], 2)));
        assert_eq!((of_a_law(0xD5), of_a_law(0x55)), (8, -8));
        assert_eq!((of_a_law(0xAA), of_mu_law(0x80)), (32_256, 32_124));
        assert_eq!((of_mu_law(0xFF), of_mu_law(0x00)), (0, -32_124));
    }

    #[test]
    fn wide_and_narrow_samples_are_read() {
        let loud = f32::to_le_bytes(0.5).to_vec();
        let file = stereo(3, 9000, |_| [loud.clone(), vec![0; 4]]);
        assert_eq!(silent(&file), Some((vec![2], 2)));
        let file = stereo(1, 9000, |_| [vec![0x80], vec![0xC0]]);
        assert_eq!(silent(&file), Some((vec![1], 2)));
        let file = stereo(1, 9000, |_| [vec![0xFF, 0, 0], vec![0, 0, 0x20]]);
        assert_eq!(silent(&file), Some((vec![1], 2)));
    }

    #[test]
    fn what_is_not_decoded_is_not_judged() {
        assert_eq!(silent(b"OggS"), None);
        assert_eq!(silent(b""), None);
        let gsm = stereo(0x31, 10, |_| [vec![0], vec![0]]);
        assert_eq!(silent(&gsm), None);
    }
}
