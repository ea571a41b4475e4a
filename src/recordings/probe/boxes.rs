//! What the boxes of an MPEG-4 file cost the library that reads it.
//!
//! The library keeps the tables of a file whole, and its tags in a form that takes a multiple of
//! their bytes. None of it has a bound of its own, so the boxes are weighed first, in the order in
//! which the library passes over them. Tags are hidden from it instead: nobody asks for them.

use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// The most memory that boxes may take: tables of 32 MB, which a day of speech has not.
const MOST_WEIGHT: u64 = 96 << 20;
/// What is kept of any box that is read.
const BOX: u64 = 512;
/// A box that is passed over takes time alone.
const PASSED: u64 = 64;
/// How often the bytes of a table count: a list doubles as it grows, and some entries become wider.
const TABLE: u64 = 3;
/// What is kept of each track for each fragment.
const TRACK_IN_FRAGMENT: u64 = 48;
/// The library goes through all tracks for each packet…
const MOST_TRACKS: u64 = 64;
/// … and through all fragments for each track that has none.
const MOST_TRACKS_BY_FRAGMENTS: u64 = 200_000;

/// Boxes of boxes.
const PARENTS: [&[u8; 4]; 9] = [
    b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf",
];
/// Boxes of which something is kept.
const READ: [&[u8; 4]; 19] = [
    b"ftyp", b"sidx", b"mvhd", b"tkhd", b"elst", b"mdhd", b"hdlr", b"smhd", b"stsd", b"stts",
    b"stsc", b"stsz", b"stco", b"co64", b"trex", b"mehd", b"mfhd", b"tfhd", b"trun",
];
/// The file itself, among the boxes that hold others.
const FILE: [u8; 4] = [0; 4];

/// The boxes of a file that may be read.
#[derive(Default)]
pub(super) struct Boxes {
    /// Bytes of memory that they take at the most.
    pub(super) weight: u64,
    /// Where the names of the boxes stand that hold tags.
    pub(super) tags: Vec<u64>,
    /// Where the box begins by which the library knows the format.
    pub(super) start: Option<u64>,
    tracks: u64,
    tracks_extended: u64,
    fragments: u64,
}

/// A box that holds others, until it ends.
struct Parent {
    name: [u8; 4],
    end: u64,
}

/// The beginning of a box.
struct Head {
    name: [u8; 4],
    content: u64,
    /// `None`: it says that it reaches to the end of the file.
    end: Option<u64>,
}

/// Weighs the boxes of a file; `None` when they are too many or too large to be read.
pub(super) fn weigh(reader: impl Read + Seek, length: u64) -> io::Result<Option<Boxes>> {
    let mut reader = BufReader::new(reader);
    reader.seek(SeekFrom::Start(0))?;
    let mut boxes = Boxes::default();
    let mut parents = vec![Parent {
        name: FILE,
        end: length,
    }];
    // Where the next box begins, and where the reader stands.
    let (mut at, mut below) = (0, 0);
    while let Some(parent) = parents.last() {
        let head = if parent.end.saturating_sub(at) < 8 {
            None
        } else {
            reader.seek_relative(at.wrapping_sub(below).cast_signed())?;
            below = at;
            head(&mut reader, at, &mut below)?
        };
        // A box that is none, or that is longer than what holds it, is the last of it for the library.
        let fits = |head: &Head| head.end.is_none_or(|end| end <= parent.end);
        let Some(head) = head.filter(fits) else {
            at = parent.end;
            parents.pop();
            continue;
        };
        boxes.add(&head, at, parent);
        if boxes.is_too_heavy() {
            return Ok(None);
        }
        // The library goes on within a box that does not say where it ends.
        at = head.content;
        if PARENTS.contains(&&head.name) {
            let (name, end) = (head.name, head.end.unwrap_or(length));
            parents.push(Parent { name, end });
        } else if let Some(end) = head.end {
            at = end;
        }
    }
    Ok(Some(boxes))
}

/// The box that begins at `at`; `None` where none is.
fn head(reader: &mut impl Read, at: u64, below: &mut u64) -> io::Result<Option<Head>> {
    let mut bytes = Vec::with_capacity(16);
    *below += reader.take(8).read_to_end(&mut bytes)? as u64;
    let Some((size, name)) = bytes.split_first_chunk::<4>() else {
        return Ok(None);
    };
    let Ok(name) = <[u8; 4]>::try_from(name) else {
        return Ok(None);
    };
    let (header, size) = match u32::from_be_bytes(*size) {
        0 => (8, None),
        1 => {
            *below += reader.take(8).read_to_end(&mut bytes)? as u64;
            let size = bytes.get(8..16).and_then(|size| size.try_into().ok());
            (16, size.map(u64::from_be_bytes).or(Some(0)))
        }
        size => (8, Some(u64::from(size))),
    };
    if size.is_some_and(|size| size < header) {
        return Ok(None);
    }
    Ok(Some(Head {
        name,
        content: at + header,
        end: size.map(|size| at.saturating_add(size)),
    }))
}

impl Boxes {
    /// Counts a box that begins at `at`.
    fn add(&mut self, head: &Head, at: u64, parent: &Parent) {
        let bytes = head.end.unwrap_or(parent.end).saturating_sub(at);
        self.weight += match &head.name {
            name if READ.contains(&name) => BOX.saturating_add(TABLE.saturating_mul(bytes)),
            name if PARENTS.contains(&name) => BOX,
            _ => PASSED,
        };
        match (&parent.name, &head.name) {
            (&FILE, b"meta") | (b"moov", b"udta") => self.tags.push(at + 4),
            (&FILE, b"ftyp") => self.start = self.start.or(Some(at)),
            (_, b"trak") => self.tracks += 1,
            (_, b"trex") => self.tracks_extended += 1,
            (_, b"moof") => self.fragments += 1,
            _ => {}
        }
    }

    fn is_too_heavy(&self) -> bool {
        let tracks = self.tracks.max(self.tracks_extended);
        let in_fragments = tracks.saturating_mul(self.fragments);
        let weight = self
            .weight
            .saturating_add(TRACK_IN_FRAGMENT * in_fragments.min(1 << 40));
        weight > MOST_WEIGHT || tracks > MOST_TRACKS || in_fragments > MOST_TRACKS_BY_FRAGMENTS
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    fn a_box(name: &str, content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap();
        [&size.to_be_bytes(), name.as_bytes(), content].concat()
    }

    fn long_box(name: &str, content: &[u8]) -> Vec<u8> {
        let size = content.len() as u64 + 16;
        [&[0, 0, 0, 1], name.as_bytes(), &size.to_be_bytes(), content].concat()
    }

    fn boxes(file: &[u8]) -> Option<Boxes> {
        weigh(Cursor::new(file), file.len() as u64).unwrap()
    }

    #[test]
    fn tables_weigh_wherever_the_library_reads_them() {
        let table = a_box("stts", &[0; 992]);
        let weight = |file: &[u8]| boxes(file).unwrap().weight;
        assert_eq!(weight(&table), BOX + 3000);
        let nested = a_box("moov", &a_box("trak", &table));
        assert_eq!(weight(&nested), 3 * BOX + 3000);
        // Sizes of 64 bits, none, and one that is longer than what holds it.
        let long = long_box("moov", &table);
        assert_eq!(weight(&long), 2 * BOX + 3000);
        let open = [&[0; 4], &b"mdat"[..], &table].concat();
        assert_eq!(weight(&open), PASSED + BOX + 3000);
        let mut over = a_box("moov", &a_box("udta", &[0; 8]));
        over[11] += 1;
        over.extend(&table);
        assert_eq!(weight(&over), 2 * BOX + 3000);
        // What is no box ends what holds it.
        let broken = [a_box("moov", &[0, 0, 0, 3, 0, 0, 0, 0, 9]), table].concat();
        assert_eq!(weight(&broken), 2 * BOX + 3000);
        assert_eq!(weight(b"\0\0"), 0);
    }

    #[test]
    fn tags_are_found_where_the_library_looks_for_them() {
        let tags = a_box("udta", b"abc");
        let track = a_box("trak", &tags);
        let movie = a_box("moov", &[&track[..], &tags].concat());
        let file = [&a_box("ftyp", b"M4A ")[..], &movie, &a_box("meta", b"")].concat();
        let boxes = boxes(&file).unwrap();
        assert_eq!(boxes.start, Some(0));
        let names: Vec<&[u8]> = boxes
            .tags
            .iter()
            .map(|at| &file[usize::try_from(*at).unwrap()..][..4])
            .collect();
        assert_eq!(names, [b"udta", b"meta"]);
        assert_eq!(boxes.tags[0], 12 + 8 + track.len() as u64 + 4);
    }

    #[test]
    fn too_many_boxes_are_refused() {
        let tracks = |count| a_box("trak", b"").repeat(count);
        assert!(boxes(&tracks(64)).is_some());
        assert!(boxes(&tracks(65)).is_none());
        let fragments = |count| [tracks(50), a_box("moof", b"").repeat(count)].concat();
        assert!(boxes(&fragments(4000)).is_some());
        assert!(boxes(&fragments(4001)).is_none());
        assert!(boxes(&a_box("free", b"").repeat(1_000_000)).is_some());
        assert!(boxes(&a_box("free", b"").repeat(1_600_000)).is_none());
        let stated = [&u32::MAX.to_be_bytes()[..], b"stsz"].concat();
        let length = u64::from(u32::MAX);
        assert!(weigh(Cursor::new(stated), length).unwrap().is_none());
    }
}
