//! How loud each channel of a recording is over its beginning, and what follows for who speaks when.
//!
//! Sound is measured in steps of 50 ms. A channel speaks in a step that is clearly louder than its own
//! noise and than any line; a single loud step is a click. Where a voice and its echo begin at once, nobody
//! can say from loudness alone who spoke, and nothing is said then.

use std::ops::ControlFlow;

use super::silence::Meter;
use super::sound::{SoundBlock, decode};
use super::store::sendable::Sendable;

/// The length of a step, in seconds.
pub const STEP: f64 = 0.05;
const STEPS_A_SECOND: u32 = 20;
/// Steps that are kept: the first three minutes.
const MOST_STEPS: usize = 180 * STEPS_A_SECOND as usize;
/// What is not louder, in dB of full scale, is no voice.
const FAINT: f32 = -50.0;
/// A voice is so much louder than the noise of its channel, in dB.
const ABOVE_NOISE: f32 = 10.0;
/// The loudness of a step without any sound.
const NOTHING: f32 = -96.0;
/// Of so many steps in a row…
const RUN: usize = 6;
/// … so many must be loud, for a voice to have begun.
const LOUD_OF_RUN: usize = 4;

/// How loud the channels of a recording are.
#[derive(Debug, Clone, PartialEq)]
pub struct Loudness {
    /// Its whole length in seconds, counted by its samples.
    pub seconds: f64,
    /// Its channels, in their order.
    pub channels: Vec<ChannelLoudness>,
}

/// How loud one channel is.
#[derive(Debug, Clone, PartialEq)]
pub struct ChannelLoudness {
    /// In dB of full scale, for each step of the first three minutes.
    levels: Vec<f32>,
    /// How much of the energy is in high tones, in dB, for each step.
    tilts: Vec<f32>,
    /// Nobody is heard in it from beginning to end.
    pub is_silent: bool,
}

/// What a channel sounds like, whatever is said in it: its noise and its voice. Two calls over the same
/// headset are alike in this, two customers seldom are.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct VoiceShape([f32; 4]);

impl VoiceShape {
    /// How far two are apart, in dB.
    pub fn distance(&self, other: &VoiceShape) -> f64 {
        let pairs = self.0.iter().zip(other.0);
        let squares = pairs.map(|(a, b)| f64::from(a - b).powi(2));
        squares.sum::<f64>().sqrt()
    }
}

impl ChannelLoudness {
    /// In dB of full scale, for each step.
    pub fn levels(&self) -> &[f32] {
        &self.levels
    }

    /// When a voice is first heard, in seconds; `None` where there is none in the first three minutes.
    pub fn onset(&self) -> Option<f64> {
        let voice = self.voice_threshold();
        let runs = self.levels.windows(RUN);
        let is_voice = |run: &[f32]| {
            let loud = run.iter().filter(|level| **level > voice).count();
            run[0] > voice && loud >= LOUD_OF_RUN
        };
        let at = runs.into_iter().position(is_voice)?;
        Some(f64::from(u32::try_from(at).ok()?) * STEP)
    }

    /// What the channel sounds like; `None` where there is too little voice or too little rest to tell.
    pub fn shape(&self) -> Option<VoiceShape> {
        let voice = self.voice_threshold();
        let steps = || self.levels.iter().zip(&self.tilts);
        let of = |is_voice: bool| steps().filter(move |(level, _)| (**level > voice) == is_voice);
        let loud = (
            middle(of(true).map(|(level, _)| *level))?,
            middle(of(true).map(|(_, tilt)| *tilt))?,
        );
        let rest = (
            middle(of(false).map(|(level, _)| *level))?,
            middle(of(false).map(|(_, tilt)| *tilt))?,
        );
        Some(VoiceShape([loud.0, loud.1, rest.0, rest.1]))
    }

    /// What is louder is a voice. The noise of a channel is what a tenth of its steps are below.
    fn voice_threshold(&self) -> f32 {
        let mut sorted = self.levels.clone();
        sorted.sort_unstable_by(f32::total_cmp);
        let noise = sorted.get(sorted.len() / 10).copied().unwrap_or(NOTHING);
        // Somebody may speak all the time: then the least that is said is no noise.
        (noise + ABOVE_NOISE).clamp(FAINT, FAINT + 20.0)
    }
}

/// The middle of at least ten values.
fn middle(values: impl Iterator<Item = f32>) -> Option<f32> {
    let mut sorted: Vec<f32> = values.collect();
    sorted.sort_unstable_by(f32::total_cmp);
    let middle = sorted.get(sorted.len() / 2).copied();
    middle.filter(|_| sorted.len() >= 10)
}

/// Listens to a recording; `None` when its codec is not one that is decoded here, or it cannot be read.
pub fn loudness(recording: &Sendable) -> Option<Loudness> {
    let (name, bytes) = match recording {
        Sendable::Found(found) => (found.name.as_str(), found.bytes()),
        Sendable::Made(made) => ("made.wav", made.bytes),
    };
    let mut listener: Option<LoudnessMeter> = None;
    decode(recording.open().ok()?, bytes, name, &mut |block| {
        let listener = listener.get_or_insert_with(|| LoudnessMeter::new(&block));
        listener.hear(&block);
        ControlFlow::Continue(())
    })?;
    listener.map(LoudnessMeter::finish)
}

/// Measures while a recording is decoded.
struct LoudnessMeter {
    rate: u32,
    frames: u64,
    meter: Meter,
    /// Frames of the step under way, and how many make one.
    step: (u32, u32),
    channels: Vec<ChannelEnergy>,
}

/// The energy of one channel in the step under way, and its steps so far.
#[derive(Debug, Clone, Default)]
struct ChannelEnergy {
    last: f32,
    energy: f64,
    /// That of the difference between each sample and the one before.
    high: f64,
    levels: Vec<f32>,
    tilts: Vec<f32>,
}

impl LoudnessMeter {
    fn new(block: &SoundBlock<'_>) -> LoudnessMeter {
        LoudnessMeter {
            rate: block.rate.max(1),
            frames: 0,
            meter: Meter::new(block.channels, block.rate),
            step: (0, (block.rate / STEPS_A_SECOND).max(1)),
            channels: vec![ChannelEnergy::default(); block.channels],
        }
    }

    fn hear(&mut self, block: &SoundBlock<'_>) {
        self.meter.hear(block);
        for frame in block.frames() {
            self.frames += 1;
            if self.channels[0].levels.len() == MOST_STEPS {
                continue;
            }
            for (channel, sample) in self.channels.iter_mut().zip(frame) {
                channel.add(*sample);
            }
            self.step.0 += 1;
            if self.step.0 == self.step.1 {
                let frames = f64::from(self.step.1);
                self.channels.iter_mut().for_each(|it| it.end(frames));
                self.step.0 = 0;
            }
        }
    }

    fn finish(self) -> Loudness {
        let silent: Vec<usize> = self.meter.silent().collect();
        let channels = self.channels.into_iter().enumerate();
        #[expect(
            clippy::cast_precision_loss,
            reason = "no recording has more frames than a double can count"
        )]
        let frames = self.frames as f64;
        Loudness {
            seconds: frames / f64::from(self.rate),
            channels: channels
                .map(|(at, channel)| ChannelLoudness {
                    levels: channel.levels,
                    tilts: channel.tilts,
                    is_silent: silent.contains(&at),
                })
                .collect(),
        }
    }
}

impl ChannelEnergy {
    fn add(&mut self, sample: f32) {
        // A float file may hold what is no number.
        let sample = if sample.is_finite() { sample } else { 0.0 };
        self.energy += f64::from(sample).powi(2);
        self.high += f64::from(sample - self.last).powi(2);
        self.last = sample;
    }

    fn end(&mut self, frames: f64) {
        let level = decibels(self.energy / frames);
        let tilt = if self.energy > 0.0 {
            decibels(self.high / self.energy)
        } else {
            0.0
        };
        self.levels.push(level);
        self.tilts.push(tilt);
        (self.energy, self.high) = (0.0, 0.0);
    }
}

/// A power as decibels, no less than those of nothing.
#[expect(
    clippy::cast_possible_truncation,
    reason = "decibels are small, and shown rounded"
)]
fn decibels(power: f64) -> f32 {
    if power > 0.0 {
        ((10.0 * power.log10()) as f32).max(NOTHING)
    } else {
        NOTHING
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recordings::sound::tests::stereo;
    use crate::recordings::store::tests::in_folder;

    /// Rows of a sawtooth of this height and period.
    fn tone(at: u32, height: i32, period: u32) -> Vec<u8> {
        let part =
            i32::try_from(at % period).unwrap() * 2 * height / i32::try_from(period).unwrap();
        i16::try_from(part - height).unwrap().to_le_bytes().to_vec()
    }

    fn heard(left: impl Fn(u32) -> Vec<u8>, right: impl Fn(u32) -> Vec<u8>) -> Loudness {
        let folder = tempfile::tempdir().unwrap();
        let bytes = stereo(1, 8000 * 6, |at| [left(at), right(at)]);
        std::fs::write(folder.path().join("x.wav"), bytes).unwrap();
        loudness(&Sendable::Found(in_folder(folder.path(), "x.wav"))).unwrap()
    }

    fn from_second(start: u32, height: i32, period: u32) -> impl Fn(u32) -> Vec<u8> {
        move |at| {
            let height = if at / 8000 >= start { height } else { 20 };
            tone(at, height, period)
        }
    }

    #[test]
    fn who_begins_is_told_to_the_step() {
        let heard = heard(from_second(1, 9000, 40), from_second(3, 2000, 40));
        assert!((heard.seconds - 6.0).abs() < 0.001, "{}", heard.seconds);
        let onsets: Vec<Option<f64>> = heard.channels.iter().map(ChannelLoudness::onset).collect();
        assert_eq!(onsets, [Some(1.0), Some(3.0)]);
        assert!(heard.channels.iter().all(|channel| !channel.is_silent));
        assert_eq!(heard.channels[0].levels().len(), 120);
    }

    #[test]
    fn a_click_begins_nothing_and_noise_is_silent() {
        let click = |at: u32| tone(at, if at / 400 == 40 { 9000 } else { 20 }, 40);
        let heard = heard(click, from_second(9, 9000, 40));
        assert_eq!(heard.channels[0].onset(), None);
        let silent: Vec<bool> = heard.channels.iter().map(|one| one.is_silent).collect();
        assert_eq!(silent, [true, true]);
        assert_eq!(heard.channels[1].shape(), None);
    }

    #[test]
    fn the_same_voice_is_nearer_to_itself_than_to_another() {
        let agent = || from_second(1, 9000, 40);
        let one = heard(agent(), from_second(2, 3000, 20));
        let other = heard(from_second(3, 9000, 40), from_second(1, 1200, 70));
        let shape = |heard: &Loudness, at: usize| heard.channels[at].shape().unwrap();
        let same = shape(&one, 0).distance(&shape(&other, 0));
        let apart = shape(&one, 1).distance(&shape(&other, 1));
        assert!(same < 1.0 && apart > 5.0, "{same} {apart}");
    }

    #[test]
    fn what_is_not_decoded_is_not_measured() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("x.wav"), b"OggS").unwrap();
        let recording = Sendable::Found(in_folder(folder.path(), "x.wav"));
        assert_eq!(loudness(&recording), None);
    }
}
