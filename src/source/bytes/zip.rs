//! Keeps a ZIP archive from exploding in the hands of a library that trusts it.
//!
//! Every entry is unpacked once to nowhere and counted, because the sizes that an archive states are
//! what its maker wanted them to be. The archive is taken apart by the same library that the reader of
//! workbooks uses: a second opinion on where its entries are would be a way past this check.

use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::Path;

use zip::ZipArchive;

use super::markup::{LOOKED_AT, Scale};
use crate::source::{Error, Limits};

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
    let Ok(mut archive) = ZipArchive::new(BufReader::new(content)) else {
        return Ok(growth);
    };
    let mut scale = Scale::new(limits.max_texts, limits.max_record as u64);
    for index in 0..archive.len() {
        // What this library cannot unpack, the reader cannot either.
        let Ok(entry) = archive.by_index(index) else {
            continue;
        };
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

fn unreadable(file: &str, reason: String) -> Error {
    Error::Unreadable {
        file: file.to_owned(),
        reason,
    }
}
