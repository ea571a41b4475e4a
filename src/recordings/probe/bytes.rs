//! Bytes at a place, and the length of so many frames.

use std::io::{self, Read, Seek, SeekFrom};

/// Up to `count` bytes from `offset`; fewer at the end of the file.
pub(super) fn read_at(
    reader: &mut (impl Read + Seek),
    offset: u64,
    count: usize,
) -> io::Result<Vec<u8>> {
    reader.seek(SeekFrom::Start(offset))?;
    let mut bytes = Vec::with_capacity(count);
    reader.take(count as u64).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Seconds of `frames` at `rate`.
#[expect(
    clippy::cast_precision_loss,
    reason = "no recording has 2^53 frames, and a damaged header that says so may be imprecise"
)]
pub(super) fn seconds(frames: u64, rate: u32) -> Option<f64> {
    (rate > 0).then(|| frames as f64 / f64::from(rate))
}
