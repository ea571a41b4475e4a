//! Reads the small files that the operator names: settings, tokens, certificates, mappings, faults.
//!
//! A wrong name may lead to an export or a disk image. No more is read of it than such a file may have, so
//! that the program refuses the file by its name and does not fill the memory.

use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// The longest settings file or list of faults.
pub(crate) const LONGEST_TEXT: u64 = 1 << 20;
/// The longest file of a token.
pub(super) const LONGEST_TOKEN: u64 = 64 << 10;
/// The longest file of certificates; those of operating systems have less than 1 MiB.
pub(super) const LONGEST_BUNDLE: u64 = 16 << 20;

/// Reads a whole file of at most `most` bytes. The size is counted and not asked for, since pipes and devices
/// have none.
pub(super) fn read(path: &Path, most: u64) -> Result<Vec<u8>> {
    let bytes = read_head(path, most.saturating_add(1))?;
    if bytes.len() as u64 > most {
        let reason = format!("the file is larger than the limit of {most} bytes");
        return Err(Error::new(ErrorKind::FileTooLarge, reason));
    }
    Ok(bytes)
}

/// Reads a whole text of at most `most` bytes.
pub(crate) fn read_text(path: &Path, most: u64) -> Result<String> {
    String::from_utf8(read(path, most)?)
        .map_err(|_| Error::new(ErrorKind::InvalidData, "the file is not valid UTF-8"))
}

/// Reads the first `most` bytes of a file, or all of a shorter one.
pub(crate) fn read_head(path: &Path, most: u64) -> Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_up_to_its_limit_and_refused_beyond() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        for (size, is_read) in [(0, true), (8, true), (9, false), (3 << 30, false)] {
            // Sparse: it takes no room on the disk.
            File::create(&path).unwrap().set_len(size).unwrap();
            let found = read(&path, 8);
            assert_eq!(found.is_ok(), is_read, "{size}");
            if let Err(error) = found {
                assert_eq!(error.kind(), ErrorKind::FileTooLarge);
                assert!(error.to_string().contains("limit of 8 bytes"), "{error}");
            }
        }
        assert_eq!(read_head(&path, 5).unwrap(), [0; 5]);
    }

    #[test]
    fn a_text_cut_within_a_letter_is_too_large_and_not_broken() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        std::fs::write(&path, "aéé").unwrap();
        assert_eq!(read_text(&path, 5).unwrap(), "aéé");
        let too_large = read_text(&path, 3).unwrap_err();
        assert_eq!(too_large.kind(), ErrorKind::FileTooLarge);
        std::fs::write(&path, [0xff]).unwrap();
        let broken = read_text(&path, 3).unwrap_err();
        assert_eq!(broken.kind(), ErrorKind::InvalidData);
    }

    #[cfg(unix)]
    #[test]
    fn a_device_without_an_end_is_refused() {
        let error = read(Path::new("/dev/zero"), 8).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
    }
}
