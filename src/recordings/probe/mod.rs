//! What is in a recording, read from its header.
//!
//! RIFF, RF64, Wave64, AU, AIFF, Ogg, FLAC and ASF are read here, because the libraries do not know the
//! codecs of telephony (GSM, G.726, …) and do not notice cut files; MPEG audio and MPEG-4 are left
//! to a library. Nothing is decoded. Any bytes give an answer or an error.

mod ahead;
mod answer;
mod asf;
mod boxes;
mod bytes;
mod compressed;
mod depth;
mod encrypted;
mod hollow;
mod library;
mod other;
mod plain_wave;
mod riff;
mod sniff;
#[cfg(test)]
mod tests;
mod uncompressed;
mod view;
mod watched;
mod xiph;

use std::io::{self, Read, Seek};
use std::path::Path;

pub use answer::{FileEnd, Probe, ProbeError};
pub(super) use compressed::MOST_PACKETS;
pub use depth::Depth;
pub(super) use library::open;
pub(super) use plain_wave::{PlainFormat, PlainWave};

use super::container::Container;
use super::extension::contradicts;
use super::{Recording, RecordingError};
use ahead::Ahead;
use bytes::read_at;
use watched::WatchedReader;

/// Looks into a recording, if it is still the file that was found. A header that could not be fetched
/// whole says nothing of the recording.
pub fn probe_found(
    recording: &Recording,
    depth: Depth,
) -> Result<Result<Probe, ProbeError>, RecordingError> {
    let (reader, failure) = WatchedReader::new(recording.open_parts()?);
    let probed = probe_reader(reader, recording.bytes(), &recording.name, depth);
    failure.take().map_or(Ok(probed), Err)
}

/// Reads the header of a file that somebody named, and more where that does not tell its length.
pub fn probe(path: &Path) -> Result<Probe, ProbeError> {
    let (file, metadata) = super::open_regular(path)?;
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    probe_reader(file, metadata.len(), &name, Depth::Length)
}

/// Reads the header of `length` bytes that would be in a file of this name.
pub(super) fn probe_reader<R>(
    reader: R,
    length: u64,
    name: &str,
    depth: Depth,
) -> Result<Probe, ProbeError>
where
    R: Read + Seek + Send + Sync + 'static,
{
    if length == 0 {
        return Err(ProbeError::Empty);
    }
    let mut reader = Ahead::new(reader, sniff::HEAD)?;
    let head = reader.head().to_vec();
    let container = match sniff::sniff(&head, name) {
        Err(ProbeError::Blank) if !hollow::is_blank(&mut reader, length)? => {
            Err(ProbeError::Unknown)
        }
        sniffed => sniffed,
    }?;
    let may_be_hollow = hollow::may_be_hollow(&head);
    if may_be_hollow
        && !hollow::may_be_silence(container, &head)
        && hollow::is_blank(&mut reader, length)?
    {
        return Err(hollow::soundless(container));
    }
    let mut probe = match container {
        Container::Wav => riff::wav(&mut reader, length)?,
        Container::Wave64 => riff::wave64(&mut reader, length)?,
        Container::Au => uncompressed::au(&head, length)?,
        Container::Aiff => uncompressed::aiff(&mut reader, length)?,
        Container::Gsm => uncompressed::gsm(length),
        Container::Ogg => xiph::ogg(&mut reader, &head, length)?,
        Container::Flac => return Ok(named(xiph::flac(reader, &head, length, depth)?, name)),
        Container::Mpeg | Container::Adts | Container::Mp4 => {
            return Ok(named(
                compressed::read(reader, length, container, depth)?,
                name,
            ));
        }
        Container::Asf => asf::asf(&mut reader, length)?,
        Container::Matroska | Container::Amr | Container::Caf => {
            Probe::new(container, container.name())
        }
    };
    let is_silence = hollow::is_silence(&probe);
    // What may be silence is sent all the same, and a run needs no more than the header for that.
    if may_be_hollow
        && (depth == Depth::Length || !is_silence)
        && hollow::is_blank(&mut reader, length)?
    {
        if !is_silence {
            return Err(hollow::soundless(container));
        }
        probe.is_silent = true;
    }
    Ok(named(probe, name))
}

/// Says whether the name of the file promises another format.
fn named(mut probe: Probe, name: &str) -> Probe {
    probe.mislabelled = contradicts(name, probe.container);
    probe
}

/// The format of a file of this name by its first bytes; `None` where nothing tells it.
pub(super) fn container_of(
    reader: &mut (impl Read + Seek),
    name: &str,
) -> io::Result<Option<Container>> {
    let head = read_at(reader, 0, sniff::HEAD)?;
    Ok((!head.is_empty())
        .then(|| sniff::sniff(&head, name).ok())
        .flatten())
}
