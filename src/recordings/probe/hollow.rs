//! Files whose space was reserved and never written: zeros, with or without a header before them.

use std::io::{self, Read, Seek};

use super::answer::{Probe, ProbeError};
use super::bytes::read_at;
use crate::recordings::container::Container;

/// Headers of which the rest is zeros are shorter; whatever is longer is not taken for hollow.
const LONGEST_HEADER: usize = 128;

/// Whether a file is blank in its middle and at its end as well.
pub(super) fn is_blank(reader: &mut (impl Read + Seek), length: u64) -> io::Result<bool> {
    const PLACES: u64 = 8;
    const BYTES: usize = 512;
    for place in 1..=PLACES {
        let at = (length / PLACES * place).min(length.saturating_sub(BYTES as u64));
        if read_at(reader, at, BYTES)?.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Whether nothing but zeros follows a header in the first bytes. A file with any sound there costs
/// nothing more.
pub(super) fn may_be_hollow(head: &[u8]) -> bool {
    let rest = head.get(LONGEST_HEADER..).unwrap_or_default();
    !rest.is_empty() && rest.iter().all(|byte| *byte == 0)
}

/// Whether a file of this format may hold samples as they are, of which zeros can be silence.
pub(super) fn may_be_silence(container: Container, head: &[u8]) -> bool {
    use Container::{Aiff, Au, Caf, Wav, Wave64};
    match container {
        // The chunk of this name comes first.
        Caf => head.get(8..12) == Some(b"desc"),
        container => matches!(container, Wav | Wave64 | Au | Aiff),
    }
}

/// Whether zeros are silence in this sound. In the bytes of A-law and µ-law silence is another number, as
/// in PCM of 8 bits, which only AU files keep with a sign. What is compressed has headers between, but in
/// the blocks of these two ADPCMs zeros are a step of nothing from nothing.
pub(super) fn is_silence(probe: &Probe) -> bool {
    let is_of_samples = match &*probe.codec {
        "PCM 8 bit" => probe.container == Container::Au,
        "IMA ADPCM" | "Microsoft ADPCM" => true,
        codec => codec.starts_with("PCM"),
    };
    probe.container == Container::Caf
        || is_of_samples
        || probe.seconds.is_some_and(|seconds| seconds <= 0.0)
}

pub(super) fn soundless(container: Container) -> ProbeError {
    ProbeError::Soundless {
        container,
        what: "nothing but zeros follows its header",
    }
}
