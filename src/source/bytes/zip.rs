//! Keeps a ZIP archive from exploding in the hands of a library that trusts it.
//!
//! Every entry is unpacked once to nowhere and counted, because the sizes that an archive states are
//! what its maker wanted them to be.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

use crate::source::{Error, Limits};

/// The end of the central directory is at most this far from the end of the file.
const TAIL: u64 = 22 + 65_535;

/// An error when the entries of the archive come to more than the limits allow. What is no archive
/// is left to be found by who reads it.
pub(in crate::source) fn refuse_bomb(
    path: &Path,
    file: &str,
    limits: &Limits,
) -> Result<(), Error> {
    let expanded = || -> io::Result<Option<u64>> {
        let mut content = File::open(path)?;
        let length = content.metadata()?.len();
        let most = limits
            .expansion_free
            .max(length.saturating_mul(limits.max_expansion));
        let mut sum = 0_u64;
        for offset in entries(&mut content, length)? {
            sum += expanded_length(&mut content, offset, most.saturating_sub(sum))?;
            if sum >= most {
                return Ok(Some(sum));
            }
        }
        Ok(None)
    };
    match expanded() {
        Ok(None) => Ok(()),
        Ok(Some(bytes)) => Err(Error::Expansion {
            file: file.to_owned(),
            ratio: limits.max_expansion,
            bytes,
        }),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(()),
        Err(error) => Err(Error::io(file, error)),
    }
}

/// Offsets of the local headers.
fn entries(content: &mut File, length: u64) -> io::Result<Vec<u64>> {
    let start = length.saturating_sub(TAIL);
    content.seek(SeekFrom::Start(start))?;
    let mut tail = Vec::new();
    Read::by_ref(content).take(TAIL).read_to_end(&mut tail)?;
    let Some(end) = memchr::memmem::rfind(&tail, b"PK\x05\x06") else {
        return Ok(Vec::new());
    };
    let field = |at: usize| {
        tail.get(end + at..end + at + 4)
            .map(number)
            .unwrap_or_default()
    };
    let (size, offset) = (field(12), field(16));
    content.seek(SeekFrom::Start(offset))?;
    let mut directory = Vec::new();
    Read::by_ref(content)
        .take(size.min(16 << 20))
        .read_to_end(&mut directory)?;
    let mut found = Vec::new();
    let mut rest = directory.as_slice();
    while rest.len() >= 46 && rest.starts_with(b"PK\x01\x02") {
        found.push(number(&rest[42..46]));
        let variable = number(&rest[28..30]) + number(&rest[30..32]) + number(&rest[32..34]);
        let next = usize::try_from(46 + variable).unwrap_or(usize::MAX);
        rest = rest.get(next..).unwrap_or_default();
    }
    Ok(found)
}

/// How much the entry at `offset` unpacks to, counted up to `most`.
fn expanded_length(content: &mut File, offset: u64, most: u64) -> io::Result<u64> {
    content.seek(SeekFrom::Start(offset))?;
    let mut header = [0; 30];
    content.read_exact(&mut header)?;
    let deflated = number(&header[8..10]) == 8;
    if !header.starts_with(b"PK\x03\x04") || !deflated {
        // What is stored is no longer than the file.
        return Ok(0);
    }
    let skip = number(&header[26..28]) + number(&header[28..30]);
    content.seek(SeekFrom::Start(offset + 30 + skip))?;
    let mut unpacked = flate2::read::DeflateDecoder::new(BufReader::new(content)).take(most);
    match io::copy(&mut unpacked, &mut io::sink()) {
        Ok(count) => Ok(count),
        // A damaged entry is told by who reads it; this much came out.
        Err(_) => Ok(most - unpacked.limit()),
    }
}

/// The little-endian number in up to eight bytes.
fn number(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}
