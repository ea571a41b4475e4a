//! Windows Media headers.

use std::io::{Read, Seek};

use super::answer::{FileEnd, Probe, ProbeError};
use super::bytes::read_at;
use super::riff::WaveFormat;
use crate::recordings::container::Container;

/// A header object is some kB; more is looked at only as far as this.
const HEADER: usize = 64 << 10;

const FILE_PROPERTIES: &[u8] = b"\xa1\xdc\xab\x8c\x47\xa9\xcf\x11\x8e\xe4\0\xc0\x0c\x20\x53\x65";
const STREAM_PROPERTIES: &[u8] = b"\x91\x07\xdc\xb7\xb7\xa9\xcf\x11\x8e\xe6\0\xc0\x0c\x20\x53\x65";
const AUDIO: &[u8] = b"\x40\x9e\x69\xf8\x4d\x5b\xcf\x11\xa8\xfd\0\x80\x5f\x5c\x44\x2b";

fn u64_le(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at.checked_add(8)?)?;
    Some(u64::from_le_bytes(bytes.try_into().ok()?))
}

/// The header is a list of objects, each a GUID and its size; two of them tell what is wanted.
pub(super) fn asf(reader: &mut (impl Read + Seek), length: u64) -> Result<Probe, ProbeError> {
    let header = read_at(reader, 0, HEADER)?;
    let mut probe = None;
    let mut properties = None;
    let mut at = 30;
    // An object may say that it reaches to the end of all numbers.
    let size_at = |at: usize| u64_le(&header, at.checked_add(16)?);
    while let Some(size) = size_at(at).filter(|size| *size >= 24) {
        let Ok(size) = usize::try_from(size) else {
            break;
        };
        let object = &header[at..header.len().min(at.saturating_add(size))];
        if object.starts_with(FILE_PROPERTIES) {
            properties = Properties::read(object);
        } else if object.starts_with(STREAM_PROPERTIES) && object.get(24..40) == Some(AUDIO) {
            probe = object
                .get(78..)
                .and_then(WaveFormat::little)
                .map(|format| Probe {
                    channels: Some(format.channels).filter(|channels| *channels > 0),
                    rate: Some(format.rate).filter(|rate| *rate > 0),
                    ..Probe::new(Container::Asf, format.codec())
                });
        }
        at = at.saturating_add(size);
    }
    let mut probe = probe.ok_or(ProbeError::Soundless {
        container: Container::Asf,
        what: "its header names none",
    })?;
    if let Some(properties) = properties.filter(|properties| !properties.broadcast) {
        probe.seconds = Some(properties.seconds);
        probe.end = FileEnd::cut_if(properties.bytes > length);
    }
    Ok(probe)
}

struct Properties {
    bytes: u64,
    seconds: f64,
    /// The writer did not know the rest.
    broadcast: bool,
}

impl Properties {
    #[expect(
        clippy::cast_precision_loss,
        reason = "no recording has 2^53 ticks of 100 ns"
    )]
    fn read(object: &[u8]) -> Option<Properties> {
        let ticks = u64_le(object, 64)? as f64 / 1e7;
        let lead = u64_le(object, 80)? as f64 / 1e3;
        Some(Properties {
            bytes: u64_le(object, 40)?,
            seconds: (ticks - lead).max(0.0),
            broadcast: object.get(88)? & 1 == 1,
        })
    }
}
