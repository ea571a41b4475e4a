//! The file that tells a script the token of this start.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::auth;

/// A longer file holds no token.
const LONGEST: u64 = 4096;

/// A file with the token that only its owner can read. It goes when this is dropped.
pub struct TokenFile {
    path: PathBuf,
    token: String,
}

/// Why the token cannot be written.
#[derive(Debug, thiserror::Error)]
pub enum TokenFileError {
    /// There is something else, which may be needed, or a link.
    #[error("{} already exists; choose another file name", .0.display())]
    Exists(PathBuf),
    /// The system refuses.
    #[error("the token cannot be written to {}: {source}", path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl TokenFile {
    /// Writes the token. Only the token of an earlier start is replaced, and no link is followed.
    pub fn write(path: &Path, token: &str) -> Result<Self, TokenFileError> {
        let unwritable = |source| TokenFileError::Unwritable {
            path: path.to_owned(),
            source,
        };
        let is_there = fs::symlink_metadata(path).is_ok();
        if is_there && !holds(path, |text| text == token || auth::is_random(text)) {
            return Err(TokenFileError::Exists(path.to_owned()));
        }
        let folder = path.parent().filter(|folder| *folder != Path::new(""));
        // Its name comes when it is whole: a script that sees the file sees all of the token.
        let mut file = tempfile::Builder::new()
            .prefix(".sandbox-token-")
            .tempfile_in(folder.unwrap_or(Path::new(".")))
            .map_err(unwritable)?;
        writeln!(file, "{token}").map_err(unwritable)?;
        let named = if is_there {
            file.persist(path)
        } else {
            file.persist_noclobber(path)
        };
        named.map_err(|error| match error.error.kind() {
            io::ErrorKind::AlreadyExists => TokenFileError::Exists(path.to_owned()),
            _ => unwritable(error.error),
        })?;
        Ok(Self {
            path: path.to_owned(),
            token: token.to_owned(),
        })
    }
}

impl Drop for TokenFile {
    /// Takes the file away, unless another start has written its own.
    fn drop(&mut self) {
        if holds(&self.path, |text| text == self.token) {
            // What stays is the token of a sandbox that has ended.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Whether this is a file, and no link to one, whose one line is such a token.
fn holds(path: &Path, is_meant: impl Fn(&str) -> bool) -> bool {
    let is_small_file =
        fs::symlink_metadata(path).is_ok_and(|found| found.is_file() && found.len() <= LONGEST);
    is_small_file && fs::read_to_string(path).is_ok_and(|text| is_meant(text.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn random() -> String {
        auth::random()
    }

    #[test]
    fn the_token_is_there_as_long_as_the_sandbox_and_replaces_that_of_an_earlier_start() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("token");
        let (first, second) = (random(), random());
        let killed = TokenFile::write(&path, &first).expect("written");
        std::mem::forget(killed);
        let started = TokenFile::write(&path, &second).expect("replaced");
        let text = fs::read_to_string(&path).expect("a file");
        assert_eq!(text, format!("{second}\n"));
        drop(started);
        assert!(!path.exists());
        assert_eq!(fs::read_dir(home.path()).expect("a folder").count(), 0);
    }

    #[test]
    fn a_file_of_another_start_stays() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("token");
        let first = TokenFile::write(&path, &random()).expect("written");
        let second = TokenFile::write(&path, &random()).expect("written");
        drop(first);
        assert!(path.exists());
        drop(second);
        assert!(!path.exists());
    }

    #[test]
    fn nothing_that_somebody_may_need_is_replaced() {
        let home = tempfile::tempdir().expect("a folder");
        let path = home.path().join("token");
        for text in ["", "a real token\n", "sandbox\n", "sandbox-0\n"] {
            fs::write(&path, text).expect("written");
            let refused = TokenFile::write(&path, &random()).err();
            assert!(matches!(refused, Some(TokenFileError::Exists(_))), "{text}");
            assert_eq!(fs::read_to_string(&path).expect("a file"), text);
        }
        fs::write(&path, "typed\n").expect("written");
        drop(TokenFile::write(&path, "typed").expect("the same"));
        let refused = TokenFile::write(home.path(), &random()).err();
        assert!(matches!(refused, Some(TokenFileError::Exists(_))));
        let nowhere = home.path().join("nowhere/token");
        let refused = TokenFile::write(&nowhere, &random()).err();
        assert!(matches!(refused, Some(TokenFileError::Unwritable { .. })));
    }

    #[cfg(unix)]
    #[test]
    fn only_its_owner_can_read_it_and_no_link_is_followed() {
        use std::os::unix::fs::{PermissionsExt as _, symlink};

        let home = tempfile::tempdir().expect("a folder");
        let (path, elsewhere) = (home.path().join("token"), home.path().join("elsewhere"));
        let file = TokenFile::write(&path, &random()).expect("written");
        let mode = fs::metadata(&path).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        drop(file);
        // To nothing, and to what would itself be replaced.
        for text in [None, Some(random())] {
            if let Some(text) = &text {
                fs::write(&elsewhere, text).expect("written");
            }
            symlink(&elsewhere, &path).expect("a link");
            let refused = TokenFile::write(&path, &random()).err();
            assert!(matches!(refused, Some(TokenFileError::Exists(_))));
            assert_eq!(fs::read_to_string(&elsewhere).ok(), text);
            fs::remove_file(&path).expect("the link");
        }
    }
}
