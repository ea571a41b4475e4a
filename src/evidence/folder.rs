//! The files of a folder of evidence.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::error::EvidenceError;

/// One line of JSON for each call.
pub(super) const MANIFEST: &str = "manifest.ndjson";
/// The leaf hash of each line, 32 bytes each: by them a changed line is named.
pub(super) const LEAVES: &str = "leaves.bin";
/// How many lines there are, and their root; this is what is signed.
pub(super) const ROOT: &str = "root.txt";
/// The statement and the sums, for programs.
pub(super) const SUMMARY: &str = "evidence.json";
/// The page for people.
pub(super) const CERTIFICATE: &str = "certificate.html";
/// The signature of [`ROOT`], 64 bytes.
pub(super) const SIGNATURE: &str = "root.sig";
/// The public key that belongs to it, in DER.
pub(super) const PUBLIC_KEY: &str = "public-key.der";

/// The largest of the small files.
const LARGEST: u64 = 1 << 20;

/// Whether a path is a folder of evidence.
pub fn is_evidence(path: &Path) -> bool {
    path.join(MANIFEST).is_file() && path.join(ROOT).is_file()
}

/// A new folder, or one with nothing in it. Only its owner can look into it.
pub(super) fn create(path: &Path) -> Result<(), EvidenceError> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(EvidenceError::file(path))?;
    let mut entries = fs::read_dir(path).map_err(EvidenceError::file(path))?;
    match entries.next() {
        None => Ok(()),
        Some(_) => Err(EvidenceError::NotEmpty { path: path.into() }),
    }
}

/// A new file that only its owner can read.
pub(super) fn new_file(folder: &Path, name: &str) -> Result<(PathBuf, File), EvidenceError> {
    let path = folder.join(name);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let file = options.open(&path).map_err(EvidenceError::file(&path))?;
    Ok((path, file))
}

/// The content of a small file.
pub(super) fn read_small(path: &Path) -> Result<Vec<u8>, EvidenceError> {
    let mut bytes = Vec::new();
    let read = File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_end(&mut bytes));
    read.map_err(EvidenceError::file(path))?;
    if bytes.len() as u64 > LARGEST {
        return Err(EvidenceError::wrong(
            path,
            "the file is too large for its kind",
        ));
    }
    Ok(bytes)
}

/// The same, or nothing where there is no such file.
pub(super) fn read_if_there(path: &Path) -> Result<Option<Vec<u8>>, EvidenceError> {
    match read_small(path) {
        Err(EvidenceError::File { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
            Ok(None)
        }
        read => read.map(Some),
    }
}
