//! Keeps a ZIP archive from exploding in the hands of a library that trusts it.
//!
//! Every entry is unpacked once to nowhere and counted, because the sizes that an archive states are
//! what its maker wanted them to be. The archive is taken apart by the same library that the reader of
//! workbooks uses: a second opinion on where its entries are would be a way past this check.

use std::fs::File;
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use memchr::{memchr, memrchr};
use zip::ZipArchive;

use crate::source::{Error, Limits};

/// What the worksheets of a workbook are called; they alone are read piece by piece.
const SHEETS: &str = "worksheets/";

/// An error when the entries of the archive come to more than the limits allow. What is no archive
/// is left to be found by who reads it.
pub(in crate::source) fn refuse_bomb(
    path: &Path,
    file: &str,
    limits: &Limits,
) -> Result<(), Error> {
    let content = File::open(path).map_err(|error| Error::io(file, error))?;
    let length = content.metadata().map_err(|error| Error::io(file, error))?;
    let most = limits
        .expansion_free
        .max(length.len().saturating_mul(limits.max_expansion));
    let Ok(mut archive) = ZipArchive::new(BufReader::new(content)) else {
        return Ok(());
    };
    let (mut sum, mut texts) = (0_u64, 0_u64);
    for index in 0..archive.len() {
        // What this library cannot unpack, the reader cannot either.
        let Ok(entry) = archive.by_index(index) else {
            continue;
        };
        let is_sheet = entry.name().is_ok_and(|name| name.contains(SHEETS));
        let mut measure = Measure::default();
        // A damaged entry is told by who reads it; so much came out.
        let _ = io::copy(&mut entry.take(most - sum), &mut measure);
        sum += measure.bytes;
        if sum >= most {
            return Err(Error::Expansion {
                file: file.to_owned(),
                ratio: limits.max_expansion,
                bytes: sum,
            });
        }
        if measure.longest > limits.max_record as u64 {
            return Err(unreadable(file, "has a cell", limits.max_record as u64));
        }
        texts += if is_sheet { 0 } else { measure.bytes };
        if texts > limits.max_texts {
            return Err(unreadable(file, "has a list of texts", limits.max_texts));
        }
    }
    Ok(())
}

fn unreadable(file: &str, what: &str, most: u64) -> Error {
    Error::Unreadable {
        file: file.to_owned(),
        reason: format!("{what} of more than {most} bytes"),
    }
}

/// Counts bytes, and how many stand between two tags.
#[derive(Default)]
struct Measure {
    bytes: u64,
    longest: u64,
    since_tag: u64,
}

impl Write for Measure {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.bytes += bytes.len() as u64;
        let first = memchr(b'<', bytes).unwrap_or(bytes.len());
        self.longest = self.longest.max(self.since_tag + first as u64);
        // Between two tags of one piece stands less than a piece.
        self.since_tag = match memrchr(b'<', bytes) {
            Some(last) => (bytes.len() - last) as u64,
            None => self.since_tag + bytes.len() as u64,
        };
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
