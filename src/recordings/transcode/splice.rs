//! WAV files of one format put together: the bytes of their sound behind each other, under a header
//! of their own.

use std::fs::File;
use std::io::{self, BufReader, BufWriter, Read, Seek, SeekFrom, Write};

use super::error::{CancelFlag, TranscodeFailure};
use crate::recordings::OpenRecording;
use crate::recordings::probe::PlainWave;

/// The bytes copied at once, and between two looks at whether the work is still wanted.
const CHUNK: u64 = 1 << 20;

/// A WAV file whose sound is a plain row of samples: PCM, A-law or µ-law.
pub(super) struct WaveFile {
    wave: PlainWave,
    file: BufReader<OpenRecording>,
}

impl WaveFile {
    /// This file, if it is such a one and whole.
    pub(super) fn of(file: OpenRecording, length: u64) -> Option<WaveFile> {
        let mut file = BufReader::new(file);
        let wave = PlainWave::read(&mut file, length).ok()??;
        (!wave.is_cut).then_some(WaveFile { wave, file })
    }

    /// Whether samples of the other may follow samples of this one.
    pub(super) fn is_like(&self, other: &WaveFile) -> bool {
        self.wave.format == other.wave.format
    }
}

/// Puts the parts together.
pub(super) fn splice(
    mut layouts: Vec<WaveFile>,
    to: &File,
    largest: u64,
    recall: &CancelFlag,
) -> Result<(), TranscodeFailure> {
    let bytes: u64 = layouts.iter().map(|layout| layout.wave.bytes).sum();
    if bytes > largest.min(u64::from(u32::MAX) - 100) {
        return Err(TranscodeFailure::TooLarge(bytes));
    }
    let mut out = BufWriter::new(to);
    if let Some(first) = layouts.first() {
        out.write_all(&first.wave.header(bytes))?;
    }
    for layout in &mut layouts {
        layout.file.seek(SeekFrom::Start(layout.wave.start))?;
        let mut left = layout.wave.bytes;
        while left > 0 {
            if recall.is_called() {
                return Err(TranscodeFailure::Recalled);
            }
            let mut some = (&mut layout.file).take(left.min(CHUNK));
            let copied = io::copy(&mut some, &mut out)?;
            if copied == 0 {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            left -= copied;
        }
    }
    if bytes % 2 == 1 {
        out.write_all(&[0])?;
    }
    out.flush()?;
    Ok(())
}
