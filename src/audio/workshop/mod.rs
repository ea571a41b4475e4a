//! Recordings that are made fit to be sent: several of one call put together, and kinds that the
//! server may not take turned into plain WAV.
//!
//! Parts that are plain WAV of one format are put together here, byte for byte; everything else is
//! left to an installed `ffmpeg`. What comes out is PCM WAV of 16 bits at the rate and with the
//! channels of what went in: larger than other formats, and read by everything that reads sound at
//! all, which is the reason to convert anything. It lies in a private folder that is removed with
//! the workshop, and each file as soon as nobody needs it.

mod environment;
mod ffmpeg;
mod order;
mod splice;

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::{TempDir, TempPath};

pub use environment::ProgramEnvironment;
pub use ffmpeg::{Ffmpeg, NoFfmpeg};
pub use order::{Order, Unfit};

use super::probe;
use order::Means;

/// Where recordings are made fit to be sent.
#[derive(Debug)]
pub struct Workshop {
    folder: TempDir,
    ffmpeg: Option<Ffmpeg>,
    largest: u64,
}

/// A recording that was made; its file goes with it.
#[derive(Debug)]
pub struct Made {
    file: TempPath,
    /// Its size.
    pub bytes: u64,
}

impl Made {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.file
    }
}

/// Tells a worker that nobody waits for its work.
#[derive(Debug, Default)]
pub struct Recall(AtomicBool);

impl Recall {
    /// The work is not wanted any more.
    pub fn call(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn is_called(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a recording could not be made. No message names a path: names of recordings hold the numbers
/// of people.
#[derive(Debug, thiserror::Error)]
pub enum WorkError {
    /// A part cannot be read, or the temporary file not written.
    #[error("it cannot be made fit to be sent: {0}")]
    Io(#[from] io::Error),
    /// There is no `ffmpeg`.
    #[error("ffmpeg is needed for it, and there is none")]
    NoFfmpeg,
    /// `ffmpeg` ended with an error.
    #[error("ffmpeg cannot convert it: {0}")]
    Refused(String),
    /// `ffmpeg` did not come to an end.
    #[error("ffmpeg took longer than {0} minutes for it and was ended")]
    TooLong(u64),
    /// What came out is larger than the server takes.
    #[error("it has {0} bytes as WAV, which are more than the API takes")]
    TooLarge(u64),
    /// What came out is shorter than what went in.
    #[error("only {found:.1} of its {expected:.1} seconds can be converted")]
    Shorter {
        /// Seconds of what went in.
        expected: f64,
        /// Seconds of what came out.
        found: f64,
    },
    /// Nobody waits for it.
    #[error("stopped")]
    Recalled,
}

impl Workshop {
    /// A workshop in a private folder of the system's temporary one, which must not get larger files
    /// than `largest`.
    pub fn open(ffmpeg: Option<Ffmpeg>, largest: u64) -> io::Result<Workshop> {
        let folder = tempfile::Builder::new()
            .prefix("capturi-import-")
            .tempdir()?;
        Ok(Workshop {
            folder,
            ffmpeg,
            largest,
        })
    }

    /// Makes what was ordered; takes as long as it takes, so not for a thread that others need.
    pub fn make(&self, order: &Order, recall: &Recall) -> Result<Made, WorkError> {
        let file = tempfile::Builder::new()
            .prefix("recording-")
            .suffix(".wav")
            .tempfile_in(self.folder.path())?
            .into_temp_path();
        match order.means {
            Means::Splice => splice::splice(&order.parts, &file, (self.largest, recall))?,
            Means::Ffmpeg => {
                let ffmpeg = self.ffmpeg.as_ref().ok_or(WorkError::NoFfmpeg)?;
                ffmpeg.convert(&order.parts, &file, (self.largest, recall))?;
            }
        }
        let bytes = file.metadata()?.len();
        if bytes > self.largest {
            return Err(WorkError::TooLarge(bytes));
        }
        let made = probe(&file).map_err(|error| WorkError::Refused(error.to_string()))?;
        let found = made.seconds.unwrap_or(0.0);
        // Codecs pad and lead in, by some frames a part.
        let parts = u32::try_from(order.parts.len()).unwrap_or(u32::MAX);
        let few = 1.0 + f64::from(parts) * 0.1;
        match order.seconds {
            Some(expected) if found + few < expected * 0.99 => {
                Err(WorkError::Shorter { expected, found })
            }
            _ => Ok(Made { file, bytes }),
        }
    }

    /// The folder, for tests.
    #[cfg(test)]
    fn folder(&self) -> &Path {
        self.folder.path()
    }
}

#[cfg(test)]
mod tests;
