//! What is kept of a canary beside the ledger: which calls it was, for which mapping and destination, how
//! it came out, and who approved it.
//!
//! A file of its own and no table of the ledger, because a ledger holds no people, and an approval is the
//! name of one; and because it says something of a mapping and nothing of a call. It is private, and is
//! replaced as a whole. Whoever can write it can as well change the ledger beside it.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::ledger::{beside, foreign_owner};

/// The most bytes of the file; a canary has at most some hundred calls.
const LONGEST: u64 = 1 << 20;
/// The most letters of a name.
const LONGEST_NAME: usize = 80;

/// What is kept of a canary.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CanaryRecord {
    /// The hash of the mapping, in hex.
    pub mapping: String,
    /// The destination, as the ledger knows it.
    pub destination: String,
    /// The ids of the picked calls.
    pub calls: Vec<String>,
    /// When it was last looked at.
    pub at: Timestamp,
    /// Calls that were sent whole and read back once worked on.
    pub complete: usize,
    /// Findings that stand against it.
    pub against: usize,
    /// Who approved it.
    pub approval: Option<Approval>,
}

/// A person's word that the calls are as they should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Approval {
    /// The name or the initials that were given.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// Why the record of a canary cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// It cannot be read or written.
    #[error("{}: {source}", path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is no record of a canary.
    #[error("{} holds no record of a canary; move it away and run the canary again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
    },
    /// Another user may have written it.
    #[error("{} belongs to another user (number {owner}), whose approval does not count", path.display())]
    OfOthers {
        /// The file.
        path: PathBuf,
        /// The number of that user.
        owner: u32,
    },
    /// There is none.
    #[error("no canary of this destination has been run with this ledger ({})", path.display())]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// It went elsewhere.
    #[error(
        "no canary of this destination has been run with this ledger: the last one went to {theirs}. Add the \
         --base-url (or --sandbox) that the canary had"
    )]
    Elsewhere {
        /// Where it went.
        theirs: String,
    },
    /// Not all calls were sent and read back.
    #[error("the canary is not complete: {complete} of {picked} calls were sent and read back")]
    Incomplete {
        /// Calls that were.
        complete: usize,
        /// All picked calls.
        picked: usize,
    },
    /// What was given is no name.
    #[error("--approve needs a name or initials of at most {LONGEST_NAME} letters")]
    NoName,
}

impl CanaryRecord {
    /// Beside this ledger.
    pub fn path(ledger: &Path) -> PathBuf {
        beside(ledger, ".canary")
    }

    /// The record beside this ledger, if there is one.
    pub fn read(ledger: &Path) -> Result<Option<CanaryRecord>, RecordError> {
        let path = CanaryRecord::path(ledger);
        let failed = |source| RecordError::Io {
            path: path.clone(),
            source,
        };
        // A link or a pipe in its place is not followed and not waited for.
        let found = match fs::symlink_metadata(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found.map_err(failed)?,
        };
        if !found.is_file() {
            return Err(RecordError::Damaged { path });
        }
        if let Some(owner) = foreign_owner(&found, &path) {
            return Err(RecordError::OfOthers { path, owner });
        }
        let mut text = Vec::new();
        let file = File::open(&path).map_err(failed)?;
        file.take(LONGEST).read_to_end(&mut text).map_err(failed)?;
        let read = serde_json::from_slice(&text);
        read.map(Some).map_err(|_| RecordError::Damaged { path })
    }

    /// Puts the record in the place of an earlier one.
    pub fn write(&self, ledger: &Path) -> Result<(), RecordError> {
        let path = CanaryRecord::path(ledger);
        let write = || {
            let folder = match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => folder,
                _ => Path::new("."),
            };
            // Only its owner can read a temporary file.
            let mut file = tempfile::NamedTempFile::new_in(folder)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.as_file().sync_all()?;
            file.persist(&path)?;
            Ok(())
        };
        write().map_err(|source| RecordError::Io {
            path: path.clone(),
            source,
        })
    }

    /// Approves the last canary with this ledger in the name of a person. Findings against it do not forbid
    /// that: to judge them is what the person is for.
    pub fn approve(
        ledger: &Path,
        destination: &str,
        name: &str,
    ) -> Result<CanaryRecord, RecordError> {
        let name = name.trim();
        let is_name = (1..=LONGEST_NAME).contains(&name.chars().count())
            && !name.chars().any(char::is_control);
        if !is_name {
            return Err(RecordError::NoName);
        }
        let missing = || RecordError::Missing {
            path: CanaryRecord::path(ledger),
        };
        let mut record = CanaryRecord::read(ledger)?.ok_or_else(missing)?;
        if record.destination != destination {
            return Err(RecordError::Elsewhere {
                theirs: record.destination,
            });
        }
        let picked = record.calls.len();
        if record.complete < picked || picked == 0 {
            return Err(RecordError::Incomplete {
                complete: record.complete,
                picked,
            });
        }
        record.approval = Some(Approval {
            by: name.to_owned(),
            at: Timestamp::now(),
        });
        record.write(ledger)?;
        Ok(record)
    }

    /// Whether it is of this mapping and this destination.
    pub fn is_of(&self, mapping: &str, destination: &str) -> bool {
        self.mapping == mapping && self.destination == destination
    }

    /// The hash of a mapping: of its text, and of the flags that change what it means. Second files are no part
    /// of it: a table of agents changes with every agent.
    pub fn hash_of(text: &str, flags: &[(&str, Option<&str>)]) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |part: &str| {
            hasher.update(&(part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        };
        add(text);
        for (name, value) in flags {
            if let Some(value) = value {
                add(name);
                add(value);
            }
        }
        hasher.finalize().to_hex().to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record() -> CanaryRecord {
        CanaryRecord {
            mapping: "m".to_owned(),
            destination: "d".to_owned(),
            calls: vec!["a".to_owned(), "b".to_owned()],
            at: Timestamp::UNIX_EPOCH,
            complete: 2,
            against: 1,
            approval: None,
        }
    }

    #[test]
    fn an_approval_is_kept_with_its_canary() {
        let home = tempfile::tempdir().unwrap();
        let ledger = home.path().join("x.db");
        assert_eq!(CanaryRecord::read(&ledger).unwrap(), None);
        let missing = CanaryRecord::approve(&ledger, "d", "AB");
        assert!(matches!(missing, Err(RecordError::Missing { .. })));
        record().write(&ledger).unwrap();
        let other = CanaryRecord::approve(&ledger, "elsewhere", "AB");
        assert!(matches!(other, Err(RecordError::Elsewhere { theirs }) if theirs == "d"));
        let approved = CanaryRecord::approve(&ledger, "d", " AB ").unwrap();
        assert_eq!(approved.approval.as_ref().unwrap().by, "AB");
        assert_eq!(CanaryRecord::read(&ledger).unwrap(), Some(approved));
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let mode = CanaryRecord::path(&ledger).metadata().unwrap();
            assert_eq!(mode.permissions().mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn half_a_canary_and_no_name_are_refused() {
        let home = tempfile::tempdir().unwrap();
        let ledger = home.path().join("x.db");
        let half = CanaryRecord {
            complete: 1,
            ..record()
        };
        half.write(&ledger).unwrap();
        let refused = CanaryRecord::approve(&ledger, "d", "AB");
        assert!(matches!(refused, Err(RecordError::Incomplete { .. })));
        for name in ["", "  ", "a\nb", &"x".repeat(81)] {
            let refused = CanaryRecord::approve(&ledger, "d", name);
            assert!(matches!(refused, Err(RecordError::NoName)), "{name:?}");
        }
    }

    #[test]
    fn what_is_no_record_is_told_and_a_link_is_not_followed() {
        let home = tempfile::tempdir().unwrap();
        let ledger = home.path().join("x.db");
        for text in ["", "{}", "approved"] {
            fs::write(CanaryRecord::path(&ledger), text).unwrap();
            let read = CanaryRecord::read(&ledger);
            assert!(matches!(read, Err(RecordError::Damaged { .. })), "{text}");
        }
        #[cfg(unix)]
        {
            let path = CanaryRecord::path(&ledger);
            record().write(&home.path().join("y.db")).unwrap();
            fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink(home.path().join("y.db.canary"), &path).unwrap();
            let read = CanaryRecord::read(&ledger);
            assert!(matches!(read, Err(RecordError::Damaged { .. })));
        }
    }

    #[test]
    fn the_hash_follows_text_and_flags() {
        let zone = |zone| CanaryRecord::hash_of("text", &[("timezone", zone)]);
        assert_eq!(
            zone(None),
            CanaryRecord::hash_of("text", &[("region", None)])
        );
        assert_ne!(zone(None), zone(Some("UTC")));
        assert_ne!(
            zone(Some("UTC")),
            CanaryRecord::hash_of("text", &[("region", Some("UTC"))])
        );
        assert_ne!(zone(None), CanaryRecord::hash_of("text ", &[]));
    }
}
