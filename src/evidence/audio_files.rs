//! The files of a folder of recordings, by the hashes of their bytes.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use sha2::{Digest as _, Sha256};
use walkdir::WalkDir;

use super::error::EvidenceError;

/// Bytes that are read at once.
const CHUNK: usize = 256 << 10;

/// A file of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AudioFile {
    /// Its size.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub sha256: [u8; 32],
}

/// The files of a folder, by BLAKE3 of their bytes.
#[derive(Debug, Default)]
pub struct AudioFiles(HashMap<[u8; 32], AudioFile>);

impl AudioFiles {
    /// Reads every file below a folder. Links are not followed.
    pub fn read(folder: &Path) -> Result<AudioFiles, EvidenceError> {
        let mut files = HashMap::new();
        for entry in WalkDir::new(folder) {
            let entry = entry.map_err(|error| EvidenceError::File {
                path: error.path().unwrap_or(folder).to_owned(),
                source: error.into(),
            })?;
            if entry.file_type().is_file() {
                let path = entry.path();
                let (blake3, file) = hash_file(path).map_err(EvidenceError::file(path))?;
                files.insert(blake3, file);
            }
        }
        Ok(AudioFiles(files))
    }

    /// The file with this BLAKE3.
    pub fn find(&self, blake3: &[u8; 32]) -> Option<AudioFile> {
        self.0.get(blake3).copied()
    }

    /// How many different files there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

fn hash_file(path: &Path) -> io::Result<([u8; 32], AudioFile)> {
    let mut file = File::open(path)?;
    let (mut blake3, mut sha256) = (blake3::Hasher::new(), Sha256::new());
    let (mut chunk, mut bytes) = (vec![0; CHUNK], 0);
    loop {
        match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(read) => {
                blake3.update(&chunk[..read]);
                sha256.update(&chunk[..read]);
                bytes += read as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let sha256 = sha256.finalize().into();
    Ok((*blake3.finalize().as_bytes(), AudioFile { bytes, sha256 }))
}
