//! Reads the lines of a manifest and their hashes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};

use super::error::EvidenceError;
use super::merkle::TreeHash;

/// The longest line. One that this program writes has some hundred bytes and its id.
const LONGEST: u64 = 64 << 20;

/// The lines of a manifest.
pub(super) struct Lines {
    path: PathBuf,
    reader: BufReader<File>,
    line: Vec<u8>,
    is_ended: bool,
}

impl Lines {
    pub(super) fn open(path: &Path) -> Result<Lines, EvidenceError> {
        let file = File::open(path).map_err(EvidenceError::file(path))?;
        Ok(Lines {
            path: path.to_owned(),
            reader: BufReader::new(file),
            line: Vec::new(),
            is_ended: true,
        })
    }

    /// The next line without its line feed.
    pub(super) fn next(&mut self) -> Result<Option<&[u8]>, EvidenceError> {
        self.line.clear();
        let mut bounded = self.reader.by_ref().take(LONGEST);
        let read = bounded.read_until(b'\n', &mut self.line);
        if read.map_err(EvidenceError::file(&self.path))? == 0 {
            return Ok(None);
        }
        if self.line.len() as u64 == LONGEST {
            let why = format!("a line is longer than {LONGEST} bytes");
            return Err(EvidenceError::wrong(&self.path, why));
        }
        self.is_ended = self.line.ends_with(b"\n");
        Ok(Some(self.line.strip_suffix(b"\n").unwrap_or(&self.line)))
    }

    /// Whether the line that was read last has its end.
    pub(super) fn is_ended(&self) -> bool {
        self.is_ended
    }
}

/// The hashes of all lines.
pub(super) fn leaves_of(path: &Path) -> Result<Vec<TreeHash>, EvidenceError> {
    let bytes = std::fs::read(path).map_err(EvidenceError::file(path))?;
    match bytes.as_chunks::<32>() {
        (hashes, []) => Ok(hashes.to_vec()),
        _ => Err(EvidenceError::wrong(path, "its size is no multiple of 32")),
    }
}
