//! Keeps a ZIP archive from exploding in the hands of a library that trusts it.
//!
//! Every entry is unpacked once to nowhere and counted, because the sizes that an archive states are
//! what its maker wanted them to be. The archive is taken apart by the same library that the reader of
//! workbooks uses: a second opinion on where its entries are would be a way past this check.

use std::collections::HashMap;
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
pub(in crate::source) fn unweighed(workbook: &File) -> HashMap<u64, u64> {
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
