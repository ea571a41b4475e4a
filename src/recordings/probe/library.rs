//! Recordings that a library opens, within a bound of memory.
//!
//! The library keeps tags, pictures and tables of a file whole, in a form that may take forty times
//! their bytes, and has no bound of its own. Tags are hidden from it (`view`), the boxes of MPEG-4 are
//! weighed before (`boxes`), and of all other headers it may read so much and no more.

use std::io::{self, Read, Seek};
use std::sync::Arc;

use symphonia::core::errors::Error;
use symphonia::core::formats::FormatOptions;
use symphonia::core::formats::FormatReader;
use symphonia::core::formats::probe::{Hint, Probe};
use symphonia::core::formats::well_known::{FORMAT_ID_ISOMP4, FORMAT_ID_OGG};
use symphonia::core::io::{MediaSourceStream, MediaSourceStreamOptions};
use symphonia::core::meta::MetadataOptions;
use symphonia::default::formats::{
    AdtsReader, FlacReader, IsoMp4Reader, MpaReader, OggReader, WavReader,
};

use super::boxes::weigh;
use super::bytes::read_at;
use super::view::{HeaderAllowance, RecordingView};
use crate::recordings::container::Container;

/// The most bytes of a header without its tags. As many are looked through for the first frame of a
/// stream that has no header.
const MOST_HEADER: u64 = 4 << 20;
/// Of a piece of Ogg as much may become tags.
const MOST_OGG: u64 = 4 << 20;
/// A packet of MPEG-4, or what stands between two.
const MOST_PACKET: u64 = 8 << 20;
/// Boxes that weigh more wait for each other.
const LIGHT: u64 = 8 << 20;
/// More tags or blocks of them before the sound than any writer makes.
const MOST_TAGS: usize = 1000;

/// A recording that the library has opened.
pub(in crate::recordings) struct OpenedTrack {
    pub(in crate::recordings) format: Box<dyn FormatReader>,
    allowance: Arc<HeaderAllowance>,
}

/// Why the library does not have a recording.
#[derive(Debug)]
pub(in crate::recordings) enum NotOpened {
    /// It cannot be read.
    Io(io::Error),
    /// Its tables would take too much memory.
    TooHeavy,
    /// The library does not take it.
    Refused(Error),
}

impl From<io::Error> for NotOpened {
    fn from(error: io::Error) -> Self {
        NotOpened::Io(error)
    }
}

/// Has the library open a recording of `length` bytes. Of MPEG-4 it may read `most` bytes to find the
/// tables, which often stand behind the sound.
pub(in crate::recordings) fn open<R>(
    mut reader: R,
    length: u64,
    container: Container,
    most: u64,
) -> Result<OpenedTrack, NotOpened>
where
    R: Read + Seek + Send + Sync + 'static,
{
    let mut probe = Probe::default();
    if container == Container::Mp4 {
        let boxes = weigh(&mut reader, length)?.ok_or(NotOpened::TooHeavy)?;
        probe.register_format::<IsoMp4Reader<'_>>();
        let allowance = HeaderAllowance::new(most, false);
        let blank = boxes.start.unwrap_or(length);
        let view = RecordingView::new(reader, length, Arc::clone(&allowance));
        let view = view.without_boxes(blank, boxes.tags);
        let view = if boxes.weight > LIGHT {
            view.in_turn()
        } else {
            view
        };
        return open_view(view, &probe, allowance);
    }
    probe.register_format::<AdtsReader<'_>>();
    probe.register_format::<FlacReader<'_>>();
    probe.register_format::<MpaReader<'_>>();
    probe.register_format::<WavReader<'_>>();
    probe.register_format::<OggReader<'_>>();
    let (before, start) = without_tags(&mut reader, length)?;
    let allowance = HeaderAllowance::new(MOST_HEADER.min(most), true);
    let view = RecordingView::new(reader, length, Arc::clone(&allowance)).behind(before, start);
    open_view(view, &probe, allowance)
}

fn open_view<R>(
    view: RecordingView<R>,
    probe: &Probe,
    allowance: Arc<HeaderAllowance>,
) -> Result<OpenedTrack, NotOpened>
where
    R: Read + Seek + Send + Sync + 'static,
{
    let stream = MediaSourceStream::new(Box::new(view), MediaSourceStreamOptions::default());
    let (format, metadata) = (FormatOptions::default(), MetadataOptions::default());
    let format = probe
        .probe(&Hint::new(), stream, format, metadata)
        .map_err(NotOpened::Refused)?;
    // An Ogg stream may be followed by others with tags of their own.
    if format.format_info().format != FORMAT_ID_OGG {
        allowance.end_header();
    }
    Ok(OpenedTrack { format, allowance })
}

impl OpenedTrack {
    /// Lets the library read so many bytes more.
    pub(in crate::recordings) fn allow(&mut self, bytes: u64) {
        self.allowance.set(bytes.min(self.most_at_once()));
    }

    /// Lets the library read as much as one packet may have. It looks for the next frame of a stream
    /// without keeping what it passes.
    pub(in crate::recordings) fn allow_packet(&mut self) {
        self.allowance.set(self.most_at_once());
    }

    fn most_at_once(&self) -> u64 {
        match self.format.format_info().format {
            FORMAT_ID_OGG => MOST_OGG,
            FORMAT_ID_ISOMP4 => MOST_PACKET,
            _ => u64::MAX,
        }
    }

    /// Drops tags that came among the sound.
    pub(in crate::recordings) fn drop_tags(&mut self) {
        let mut tags = self.format.metadata();
        while tags.pop().is_some() {}
    }
}

/// Where the sound begins behind its tags, and what must stand before it.
fn without_tags(reader: &mut (impl Read + Seek), length: u64) -> io::Result<(Vec<u8>, u64)> {
    let mut start = 0;
    for _ in 0..MOST_TAGS {
        let tag = tag_length(&read_at(reader, start, 10)?);
        if tag == 0 || start + tag > length {
            break;
        }
        start += tag;
    }
    let before = flac_header(reader, &mut start)?;
    Ok((before, start))
}

/// How many bytes an ID3 tag takes that begins with these; 0 where none does.
pub(super) fn tag_length(head: &[u8]) -> u64 {
    let Some([b'I', b'D', b'3', _, _, flags, sizes @ ..]) = head.get(..10) else {
        return 0;
    };
    let size = sizes
        .iter()
        .fold(0, |sum, byte| (sum << 7) | u64::from(byte & 0x7F));
    10 + size + if flags & 0x10 == 0 { 0 } else { 10 }
}

/// The header of a FLAC stream at `start` without tags, pictures and tables, and where its frames begin. What is no
/// FLAC stream stays as it is.
fn flac_header(reader: &mut (impl Read + Seek), start: &mut u64) -> io::Result<Vec<u8>> {
    const MARK: usize = 4;
    const HEAD: usize = 4;
    const INFO: usize = 34;
    const LAST: u8 = 0x80;
    let mut header = read_at(reader, *start, MARK + HEAD + INFO)?;
    let is_stream = header.starts_with(b"fLaC") && header.len() == MARK + HEAD + INFO;
    if !is_stream || header[MARK] & !LAST != 0 || header[MARK + 1..MARK + HEAD] != [0, 0, 34] {
        return Ok(Vec::new());
    }
    let mut at = *start + header.len() as u64;
    let mut is_last = header[MARK] & LAST != 0;
    for _ in 0..MOST_TAGS {
        if is_last {
            header[MARK] |= LAST;
            *start = at;
            return Ok(header);
        }
        let block = read_at(reader, at, HEAD)?;
        let [kind, a, b, c] = block[..] else {
            break;
        };
        is_last = kind & LAST != 0;
        at += HEAD as u64 + u64::from(u32::from_be_bytes([0, a, b, c]));
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::recordings::probe::tests::made::flac;

    fn shown(file: &[u8]) -> Vec<u8> {
        let (mut shown, start) = without_tags(&mut Cursor::new(file), file.len() as u64).unwrap();
        shown.extend(&file[usize::try_from(start).unwrap()..]);
        shown
    }

    #[test]
    fn tags_and_pictures_before_the_sound_are_not_shown() {
        let tag = [&b"ID3\x04\0\0\0\0\x01\x02"[..], &[9; 130]].concat();
        let footed = [&b"ID3\x04\0\x10\0\0\0\x02"[..], &[9; 12]].concat();
        assert_eq!(shown(&[&tag, &footed, &b"sound"[..]].concat()), b"sound");
        // A tag that is longer than the file is none.
        assert_eq!(shown(&tag[..50]), &tag[..50]);

        let plain = flac(44_100);
        let info = &plain[..42];
        let (last, open) = (info[4] | 0x80, info[4] & 0x7F);
        let header = |kind: u8| [&info[..4], &[kind], &info[5..]].concat();
        let picture = [&b"\x06\0\x01\0"[..], &[7; 256]].concat();
        let comments = b"\x84\0\0\x02ab";
        let frames = b"\xFF\xF8frames";
        let whole = [&tag[..], &header(open), &picture, comments, frames].concat();
        assert_eq!(shown(&whole), [&header(last)[..], frames].concat());
        // What is cut in its header, or begins otherwise, stays as it is.
        let cut = [&header(open)[..], &picture].concat();
        assert_eq!(shown(&cut), cut);
        let other = [&b"fLaC"[..], &picture, &[0; 40]].concat();
        assert_eq!(shown(&other), other);
    }
}
