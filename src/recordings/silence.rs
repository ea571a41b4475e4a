//! Channels in which nobody is heard.
//!
//! Reading ends as soon as something has been heard in every channel, so that only a silent recording is
//! read to its end.

use std::ops::ControlFlow;

use super::Recording;
use super::sound::{SoundBlock, decode};

/// What is louder counts as heard: -50 dB of full scale, ten times the noise of a telephone line and
/// a tenth of a quiet voice.
const LOUD: f32 = 0.003_162;
/// A click is no voice: so many loud samples of a second must there be, in all.
const PART_OF_A_SECOND: u32 = 20;

/// Which channels are silent from beginning to end, counted from 1, and how many there are; `None`
/// when the codec is not one that is decoded here, or the file cannot be read.
pub fn silent_channels(recording: &Recording) -> Option<(Vec<usize>, usize)> {
    let file = recording.open().ok()?;
    let mut meter: Option<Meter> = None;
    decode(file, recording.bytes(), &recording.name, &mut |block| {
        let meter = meter.get_or_insert_with(|| Meter::new(block.channels, block.rate));
        meter.hear(&block);
        if meter.has_heard_all() {
            ControlFlow::Break(())
        } else {
            ControlFlow::Continue(())
        }
    })?;
    let meter = meter?;
    let silent = meter.silent().map(|channel| channel + 1).collect();
    Some((silent, meter.loud.len()))
}

/// Counts the loud samples of each channel.
#[derive(Debug)]
pub(super) struct Meter {
    loud: Vec<u32>,
    enough: u32,
}

impl Meter {
    /// Nothing was heard yet in so many channels, of so many samples a second.
    pub(super) fn new(channels: usize, rate: u32) -> Meter {
        Meter {
            loud: vec![0; channels],
            enough: (rate / PART_OF_A_SECOND).max(1),
        }
    }

    /// Hears a block of all channels.
    pub(super) fn hear(&mut self, block: &SoundBlock<'_>) {
        for frame in block.frames() {
            for (loud, sample) in self.loud.iter_mut().zip(frame) {
                if sample.abs() > LOUD {
                    *loud = loud.saturating_add(1);
                }
            }
        }
    }

    /// The channels in which nobody has been heard so far, counted from 0.
    pub(super) fn silent(&self) -> impl Iterator<Item = usize> + '_ {
        let counts = self.loud.iter().enumerate();
        let silent = counts.filter(|(_, count)| **count < self.enough);
        silent.map(|(channel, _)| channel)
    }

    fn has_heard_all(&self) -> bool {
        self.silent().next().is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::sound::tests::stereo;
    use crate::recordings::store::tests::in_folder;

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
