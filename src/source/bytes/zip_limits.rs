//! Keeps a ZIP archive from exploding in the hands of a library that trusts it.
//!
//! Every entry is unpacked once to nowhere and counted, because the sizes that an archive states are
//! what its maker wanted them to be. The archive is taken apart by the same library that the reader of
//! workbooks uses: a second opinion on where its entries are would be a way past this check.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek};
use std::path::Path;

use memchr::memmem;
use zip::ZipArchive;

use super::xml_limits::{LOOKED_AT, XmlScale};
use crate::source::{Error, Limits};

/// The most memory that the list of parts may take. The library reads all of it before it can be asked.
const LONGEST_LIST: u64 = 64 << 20;
/// Memory for a part in the list…
const PART: u64 = 512;
/// … and how often the bytes of its texts count.
const PART_TEXT: u64 = 3;
/// An archive of fewer bytes has no list that takes so much.
const SHORT_ARCHIVE: u64 = 4 << 20;
/// How much of an archive is looked through at once.
const PIECE: usize = 1 << 20;

/// How much may still come out of a workbook.
pub(in crate::source) struct Growth {
    bytes: u64,
    most: u64,
    ratio: u64,
}

impl Growth {
    /// So many bytes more came out; an error once that is more than the limits allow.
    pub(in crate::source) fn add(&mut self, bytes: u64, file: &str) -> Result<(), Error> {
        self.bytes = self.bytes.saturating_add(bytes);
        if self.bytes < self.most {
            return Ok(());
        }
        Err(Error::Expansion {
            file: file.to_owned(),
            ratio: self.ratio,
            bytes: self.bytes,
        })
    }
}

/// An error when the entries of the archive come to more than the limits allow. What is no archive
/// is left to be found by who reads it. What the entries came to counts in what is given back.
pub(in crate::source) fn refuse_bomb(
    path: &Path,
    file: &str,
    limits: &Limits,
) -> Result<Growth, Error> {
    let content = File::open(path).map_err(|error| Error::io(file, error))?;
    let length = content.metadata().map_err(|error| Error::io(file, error))?;
    let most = limits
        .expansion_free
        .max(length.len().saturating_mul(limits.max_expansion));
    let mut growth = Growth {
        bytes: 0,
        most,
        ratio: limits.max_expansion,
    };
    let is_too_long =
        has_long_list(&content, length.len()).map_err(|error| Error::io(file, error))?;
    if is_too_long {
        let what = "has a list of parts that takes more than 64 MiB of memory";
        return Err(unreadable(file, what.to_owned()));
    }
    let Ok(mut archive) = ZipArchive::new(BufReader::new(content)) else {
        return Ok(growth);
    };
    let mut scale = XmlScale::new(limits.max_texts, limits.max_record as u64);
    for index in 0..archive.len() {
        // What this library cannot unpack, the reader cannot either.
        let Ok(entry) = archive.by_index(index) else {
            continue;
        };
        if !entry.name().is_ok_and(|name| is_weighed(&name)) {
            continue;
        }
        scale.begin_part();
        // A damaged entry is told by who reads it; so much came out.
        let copied = io::copy(&mut entry.take(most - scale.weight.bytes), &mut scale);
        scale.end_part();
        growth.add(scale.weight.bytes - growth.bytes, file)?;
        if scale.has_long_tag() {
            let what = format!("has an XML tag of more than {LOOKED_AT} bytes");
            return Err(unreadable(file, what));
        }
        if scale.is_too_long() {
            let what = format!("has a cell of more than {} bytes", limits.max_record);
            return Err(unreadable(file, what));
        }
        if scale.is_too_heavy() {
            let what = format!(
                "needs more than {} bytes of memory for its texts, styles and open tags; \
                 `max_texts` in [source.limits] allows more",
                limits.max_texts
            );
            return Err(unreadable(file, what));
        }
        if copied.is_ok() && scale.has_open_sheet() {
            let what = "has a sheet with an XML tag that nothing closes";
            return Err(unreadable(file, what.to_owned()));
        }
    }
    Ok(growth)
}

/// Whether the list of parts at the end of an archive takes too much memory, wherever the library finds it. Each of its lines begins
/// with a signature and states how long its texts are.
fn has_long_list(content: &File, length: u64) -> io::Result<bool> {
    const SIGNATURE: &[u8] = b"PK\x01\x02";
    const LINE: usize = 46;
    /// Where the lengths of a name, further fields and a comment stand.
    const LENGTHS: [usize; 3] = [28, 30, 32];
    if length < SHORT_ARCHIVE {
        return Ok(false);
    }
    let mut content = content;
    let mut cost = 0;
    let mut buffer = Vec::with_capacity(PIECE + LINE);
    loop {
        let read = content.take(PIECE as u64).read_to_end(&mut buffer)?;
        for at in memmem::find_iter(&buffer, SIGNATURE) {
            // The beginning of a line at the end is looked at with what follows.
            let Some(line) = buffer.get(at..at + LINE) else {
                break;
            };
            let texts = LENGTHS.map(|at| u64::from(u16::from_le_bytes([line[at], line[at + 1]])));
            cost += PART + PART_TEXT * texts.iter().sum::<u64>();
        }
        if read == 0 || cost > LONGEST_LIST {
            content.rewind()?;
            return Ok(cost > LONGEST_LIST);
        }
        let kept = buffer.len().saturating_sub(LINE - 1);
        buffer.drain(..kept);
    }
}

/// Whether a part of this name may be one that a workbook is read from. Pictures and other binary parts keep no rule of XML.
fn is_weighed(name: &str) -> bool {
    let ends_with = |ending: &str| {
        let start = name.len().checked_sub(ending.len());
        let end = start.and_then(|start| name.as_bytes().get(start..));
        end.is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
    };
    ends_with(".xml") || ends_with(".rels")
}

/// Where the contents of the parts begin that [`refuse_bomb`] did not weigh, by where their headers do. Who reads the
/// workbook must leave them alone.
pub(in crate::source) fn without_size(workbook: &File) -> HashMap<u64, u64> {
    let Ok(mut archive) = ZipArchive::new(BufReader::new(workbook)) else {
        return HashMap::new();
    };
    let mut parts = HashMap::new();
    for index in 0..archive.len() {
        let entry = archive.by_index_raw(index);
        let Ok(entry) = entry else { continue };
        if !entry.name().is_ok_and(|name| is_weighed(&name)) {
            parts.extend(entry.data_start().map(|data| (entry.header_start(), data)));
        }
    }
    parts
}

fn unreadable(file: &str, reason: String) -> Error {
    Error::Unreadable {
        file: file.to_owned(),
        reason,
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// An archive of so many parts, each with a comment of so many bytes.
    fn parts(count: u32, comment: u16) -> File {
        let mut file = tempfile::tempfile().unwrap();
        let mut line = b"PK\x01\x02".to_vec();
        line.resize(46, 0);
        line[32..34].copy_from_slice(&comment.to_le_bytes());
        line.resize(46 + usize::from(comment), b'x');
        let list = line.repeat(count as usize);
        file.write_all(&list).unwrap();
        // The rest of an archive that is long enough to be looked at.
        file.write_all(&vec![b'P'; 5 << 20]).unwrap();
        file.rewind().unwrap();
        file
    }

    fn is_refused(mut file: File) -> bool {
        let length = file.metadata().unwrap().len();
        let is_long = has_long_list(&file, length).unwrap();
        assert_eq!(file.stream_position().unwrap(), 0);
        is_long
    }

    #[test]
    fn a_list_of_too_many_or_too_long_parts_is_refused() {
        assert!(!is_refused(parts(131_072, 0)));
        assert!(is_refused(parts(131_073, 0)));
        assert!(!is_refused(parts(300, u16::MAX)));
        assert!(is_refused(parts(350, u16::MAX)));
        assert!(!is_refused(parts(1, 0)));
    }
}
