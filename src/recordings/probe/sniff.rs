//! The format of a file by its first bytes.

use super::answer::ProbeError;
use super::encrypted::encrypted;
use super::other::known_other;
use crate::recordings::container::Container;
use crate::recordings::extension::promises_no_header;

/// How many bytes are looked at. Enough to find the first frame of MPEG audio behind padding.
pub(super) const HEAD: usize = 4096;

/// The first bytes of formats with a signature: offset, bytes, format.
const SIGNATURES: &[(usize, &[u8], Container)] = &[
    (0, b"OggS", Container::Ogg),
    (0, b"fLaC", Container::Flac),
    (4, b"ftyp", Container::Mp4),
    (4, b"moov", Container::Mp4),
    (0, b"ID3", Container::Mpeg),
    (0, b".snd", Container::Au),
    (0, b"riff\x2e\x91\xcf\x11", Container::Wave64),
    (0, b"\x1a\x45\xdf\xa3", Container::Matroska),
    (0, b"#!AMR", Container::Amr),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", Container::Asf),
    (0, b"caff", Container::Caf),
];

pub(super) fn sniff(head: &[u8], name: &str) -> Result<Container, ProbeError> {
    if let Some(container) = riff_like(head)? {
        return Ok(container);
    }
    let signed = SIGNATURES
        .iter()
        .find(|(at, bytes, _)| head.get(*at..).is_some_and(|rest| rest.starts_with(bytes)));
    if let Some((_, _, container)) = signed {
        return Ok(*container);
    }
    if let Some(with) = encrypted(head) {
        return Err(ProbeError::Encrypted(with));
    }
    if head[0] >> 4 == 0xD && name.to_ascii_lowercase().ends_with(".gsm") {
        return Ok(Container::Gsm);
    }
    if let Some(container) = stream(head) {
        return Ok(container);
    }
    let is_headerless = promises_no_header(name);
    if let Some(what) = known_other(head, is_headerless) {
        return Err(ProbeError::NotSound(what));
    }
    if is_headerless {
        return Err(ProbeError::Unknown);
    }
    let is_blank = head.iter().all(|byte| *byte == 0);
    Err(match begun_frame(head) {
        _ if is_blank => ProbeError::Blank,
        _ if head.len() < LEAST_SOUND => ProbeError::NotSound("too short to be sound"),
        Some(container) => ProbeError::Cut(container),
        None => ProbeError::Unknown,
    })
}

/// Fewer bytes are less than a tenth of a second of the most compressed speech, and shorter than the
/// headers of nearly all formats.
const LEAST_SOUND: usize = 64;

/// The formats that are a list of chunks. One of no form that can be read is none of them.
fn riff_like(head: &[u8]) -> Result<Option<Container>, ProbeError> {
    let container = match head.get(..4) {
        Some(b"RIFF" | b"RIFX" | b"RF64" | b"BW64") => Container::Wav,
        Some(b"FORM") => Container::Aiff,
        _ => return Ok(None),
    };
    match (container, head.get(8..12)) {
        (_, None) => Err(ProbeError::Cut(container)),
        (Container::Wav, Some(b"WAVE")) | (Container::Aiff, Some(b"AIFF" | b"AIFC")) => {
            Ok(Some(container))
        }
        (Container::Wav, Some(b"WEBP")) => Err(ProbeError::NotSound("a picture")),
        (_, Some(form)) if form.iter().all(|byte| (32..127).contains(byte)) => Ok(None),
        _ => Err(ProbeError::Soundless {
            container,
            what: "its header makes no sense",
        }),
    }
}

/// The format of a file that ends within its first frame.
fn begun_frame(head: &[u8]) -> Option<Container> {
    let (container, length) = frame_length(head.get(..6)?)?;
    (head.len() < HEAD && length > head.len()).then_some(container)
}

/// MPEG audio and AAC streams have no signature but a sync word before every frame: two frames in
/// a row are needed to tell one from chance.
fn stream(head: &[u8]) -> Option<Container> {
    let start = head.iter().position(|byte| *byte != 0)?;
    let frame = |at: usize| head.get(at..at + 6).and_then(frame_length);
    // A few recorders start in the middle of a frame.
    (start..head.len().min(start + 2048)).find_map(|at| {
        let (container, length) = frame(at)?;
        let next = frame(at + length);
        let repeated = next.is_some_and(|(next, _)| next == container);
        // A single frame is proof enough only when it is the whole of the file.
        (repeated || at + length == head.len()).then_some(container)
    })
}

/// Whether frames follow one another soon.
pub(super) fn has_frames(bytes: &[u8]) -> bool {
    stream(bytes).is_some()
}

/// The format and length in bytes of the frame that starts here.
fn frame_length(bytes: &[u8]) -> Option<(Container, usize)> {
    if bytes[0] != 0xFF || bytes[1] & 0xE0 != 0xE0 {
        return None;
    }
    if bytes[1] & 0xF6 == 0xF0 {
        let length = (usize::from(bytes[3] & 3) << 11)
            | (usize::from(bytes[4]) << 3)
            | usize::from(bytes[5] >> 5);
        let rate_known = (bytes[2] >> 2) & 15 < 13;
        return (rate_known && length > 7).then_some((Container::Adts, length));
    }
    mpeg_frame_length(bytes).map(|length| (Container::Mpeg, length))
}

/// Bytes of a frame of MPEG audio layer II or III, by ISO 11172-3 and 13818-3.
fn mpeg_frame_length(bytes: &[u8]) -> Option<usize> {
    const RATES: [usize; 3] = [44_100, 48_000, 32_000];
    const VERSION_1_LAYER_3: [usize; 15] = [
        0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];
    const VERSION_1_LAYER_2: [usize; 15] = [
        0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384,
    ];
    const VERSION_2: [usize; 15] = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let version = (bytes[1] >> 3) & 3;
    let layer = (bytes[1] >> 1) & 3;
    let first = version == 3;
    let table = match (first, layer) {
        (true, 1) => VERSION_1_LAYER_3,
        (true, 2) => VERSION_1_LAYER_2,
        (false, 1 | 2) if version != 1 => VERSION_2,
        _ => return None,
    };
    let kilobits = *table.get(usize::from(bytes[2] >> 4))?;
    let halvings = match version {
        3 => 0,
        2 => 1,
        _ => 2,
    };
    let rate = RATES.get(usize::from((bytes[2] >> 2) & 3))? >> halvings;
    let padding = usize::from((bytes[2] >> 1) & 1);
    let slots = if layer == 1 && !first { 72 } else { 144 };
    (kilobits > 0).then(|| slots * kilobits * 1000 / rate + padding)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_without_a_header_is_no_file_of_zeros() {
        assert!(matches!(sniff(&[0; 100], "a.wav"), Err(ProbeError::Blank)));
        assert!(matches!(
            sniff(&[0; 100], "a.sln"),
            Err(ProbeError::Unknown)
        ));
    }

    #[test]
    fn frame_lengths_are_those_of_the_standard() {
        assert_eq!(mpeg_frame_length(&[0xFF, 0xFB, 0x90, 0, 0, 0]), Some(417));
        assert_eq!(mpeg_frame_length(&[0xFF, 0xE3, 0x18, 0, 0, 0]), Some(72));
        assert_eq!(mpeg_frame_length(&[0xFF, 0xFB, 0xF0, 0, 0, 0]), None);
    }

    #[test]
    fn one_chance_sync_word_is_no_stream() {
        let mut head = vec![0x55; 4096];
        head[100..104].copy_from_slice(&[0xFF, 0xFB, 0x90, 0]);
        assert!(sniff(&head, "a.mp3").is_err());
        head[517..521].copy_from_slice(&[0xFF, 0xFB, 0x90, 0]);
        assert_eq!(sniff(&head, "a.mp3").unwrap(), Container::Mpeg);
    }
}
