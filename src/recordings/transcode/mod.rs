//! Recordings that are made fit to be sent: several of one call put together, and kinds that the
//! server may not take turned into plain WAV.
//!
//! Parts that are plain WAV of one format are put together here, byte for byte; everything else is
//! left to an installed `ffmpeg`, and what is encrypted to a command of the user's. What comes out is PCM WAV of 16 bits at the rate and with the
//! channels of what went in: larger than other formats, and read by everything that reads sound at
//! all, which is the reason to convert anything. Parts are opened once, as the files that were found,
//! and what is made of them is read through the handle that it was written with.

mod child;
mod decryptor;
mod environment;
mod error;
mod ffmpeg;
mod handed;
mod job;
mod open_part;
mod scratch;
mod splice;
#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

pub use decryptor::Decryptor;
pub use environment::ProgramEnvironment;
pub use error::{CancelFlag, TranscodeFailure};
pub use ffmpeg::{Ffmpeg, NoFfmpeg};
pub use job::{NotTranscodable, TranscodeJob};

use super::probe::{Depth, Probe, ProbeError, probe_reader};
use super::spelling::plain_name;
use super::{FileChange, OpenRecording, Recording};
use job::TranscodeTool;
use open_part::OpenPart;
use scratch::{Scratch, ScratchReader};
use splice::WaveFile;

/// Where recordings are made fit to be sent.
#[derive(Debug)]
pub struct Transcoder {
    /// Where temporary files are made.
    folder: PathBuf,
    ffmpeg: Option<Ffmpeg>,
    decryptor: Option<Decryptor>,
    largest: u64,
}

/// A recording that was made; its file goes with it.
#[derive(Debug)]
pub struct Transcoded {
    file: Scratch,
    /// Its size.
    pub bytes: u64,
}

impl Transcoded {
    /// Reads it from its first byte.
    pub(super) fn reader(&self) -> ScratchReader {
        self.file.reader()
    }
}

impl Transcoder {
    /// A transcoder in the system's temporary folder, which makes no larger files than `largest`.
    pub fn open(ffmpeg: Option<Ffmpeg>, largest: u64) -> io::Result<Transcoder> {
        Transcoder::open_in(tempfile::env::temp_dir(), ffmpeg, largest)
    }

    fn open_in(folder: PathBuf, ffmpeg: Option<Ffmpeg>, largest: u64) -> io::Result<Transcoder> {
        // A folder in which nothing can be made is told before anything is sent.
        Scratch::new(&folder)?;
        Ok(Transcoder {
            folder,
            ffmpeg,
            decryptor: None,
            largest,
        })
    }

    /// The same with a command that decrypts.
    #[must_use]
    pub fn with_decryptor(self, decryptor: Option<Decryptor>) -> Transcoder {
        Transcoder { decryptor, ..self }
    }

    /// The command that decrypts, if there is one.
    pub fn decryptor(&self) -> Option<Decryptor> {
        self.decryptor.clone()
    }

    /// Makes what was ordered; takes as long as it takes, so not for a thread that others need.
    pub fn make(
        &self,
        order: &TranscodeJob,
        recall: &CancelFlag,
    ) -> Result<Transcoded, TranscodeFailure> {
        if let (TranscodeTool::Decrypt, [part]) = (order.means, &order.parts[..]) {
            let made = self.decrypted(&part.recording, recall)?;
            return self.checked(made.file, plain_name(&part.recording.name), order);
        }
        let file = Scratch::new(&self.folder)?;
        let parts = order.parts.iter();
        let opened = parts.map(|part| OpenPart::open(part, &self.folder));
        let opened = opened.collect::<Result<Vec<_>, _>>()?;
        match order.means {
            TranscodeTool::Splice => {
                splice::splice(layouts(&opened)?, file.file(), self.largest, recall)?;
            }
            TranscodeTool::Ffmpeg | TranscodeTool::Decrypt => {
                let ffmpeg = self.ffmpeg.as_ref().ok_or(TranscodeFailure::NoFfmpeg)?;
                ffmpeg.convert(&opened, &file, self.largest, recall)?;
            }
        }
        for part in &opened {
            part.verify()?;
        }
        self.checked(file, "made.wav", order)
    }

    /// What the command gives for a recording that is encrypted.
    fn decrypted(
        &self,
        recording: &Recording,
        recall: &CancelFlag,
    ) -> Result<Transcoded, TranscodeFailure> {
        let none = || TranscodeFailure::NotDecrypted("no command is named".to_owned());
        let decryptor = self.decryptor.as_ref().ok_or_else(none)?;
        let file = Scratch::new(&self.folder)?;
        decryptor.decrypt(recording, &file, self.largest, recall)?;
        let bytes = file.file().metadata()?.len();
        Ok(Transcoded { file, bytes })
    }

    /// What was made, if it is a whole recording of the length that it must have: a program that gives half of it
    /// may end well all the same.
    fn checked(
        &self,
        file: Scratch,
        name: &str,
        order: &TranscodeJob,
    ) -> Result<Transcoded, TranscodeFailure> {
        let bytes = file.file().metadata()?.len();
        if bytes > self.largest {
            return Err(TranscodeFailure::TooLarge(bytes));
        }
        if let Some(before) = order.bytes.filter(|before| *before != bytes) {
            return Err(TranscodeFailure::NotDecrypted(format!(
                "the command gave {bytes} bytes now and {before} when the recording was looked into"
            )));
        }
        let made = probe_reader(file.reader(), bytes, name, Depth::Length);
        let made = made.map_err(|error| TranscodeFailure::Refused(error.to_string()))?;
        let found = made.seconds.unwrap_or(0.0);
        // Codecs pad and lead in, by some frames a part.
        let parts = u32::try_from(order.parts.len()).unwrap_or(u32::MAX);
        let few = 1.0 + f64::from(parts) * 0.1;
        match order.seconds {
            Some(expected) if found + few < expected * 0.99 => {
                Err(TranscodeFailure::Shorter { expected, found })
            }
            _ => Ok(Transcoded { file, bytes }),
        }
    }
}

/// Looks into a recording that is encrypted, by decrypting it; also how many bytes it has then.
pub fn probe_encrypted(
    recording: &Recording,
    transcoder: &Transcoder,
    depth: Depth,
) -> Result<Result<(Probe, u64), ProbeError>, TranscodeFailure> {
    let made = transcoder.decrypted(recording, &CancelFlag::default())?;
    let name = plain_name(&recording.name);
    let probe = probe_reader(made.reader(), made.bytes, name, depth);
    Ok(probe.map(|probe| (probe, made.bytes)))
}

/// What each part holds, which was plain sound when the order was given.
fn layouts(opened: &[OpenPart<'_>]) -> Result<Vec<WaveFile>, TranscodeFailure> {
    let layout = |open: &OpenPart<'_>| {
        let file = OpenRecording::File(open.file.try_clone()?);
        let layout = WaveFile::of(file, open.part.recording.bytes());
        layout.ok_or(TranscodeFailure::Changed(FileChange::Written))
    };
    opened.iter().map(layout).collect()
}
