//! What a ledger looked like when it was closed in order.
//!
//! To look at every page of a ledger takes as long as reading it. When the file is the very one that was
//! closed in order, with the same length and the same time of change, nobody has written to it since, and
//! what was whole then is whole now. After a kill, a copy, or a change by another hand there is
//! no marker that fits, and every page is looked at.

use std::fmt;
use std::path::Path;
use std::time::UNIX_EPOCH;

use super::{filesystem, side_files};

/// The marks of a ledger at rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CleanMarker {
    bytes: u64,
    /// When it was written last, in nanoseconds since 1970.
    changed: u128,
    /// Which file it is, where the system numbers files.
    file: Option<(u64, u64)>,
}

impl CleanMarker {
    /// The marker that fits the ledger as it lies there; `None` while its log or its journal is beside
    /// it, because then the file is not all of the ledger.
    pub(super) fn of(ledger: &Path) -> Option<CleanMarker> {
        let mut logs = side_files::LOGS.into_iter();
        if logs.any(|ending| side_files::beside(ledger, ending).exists()) {
            return None;
        }
        let metadata = std::fs::metadata(ledger).ok()?;
        let changed = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        Some(CleanMarker {
            bytes: metadata.len(),
            changed: changed.as_nanos(),
            file: filesystem::file_number(ledger),
        })
    }

    /// Reads what [`CleanMarker`] writes; `None` for any other text.
    pub(super) fn parse(text: &str) -> Option<CleanMarker> {
        let line = text.lines().find_map(|line| line.strip_prefix("closed "))?;
        let mut words = line.split(' ');
        let bytes = words.next()?.parse().ok()?;
        let changed = words.next()?.parse().ok()?;
        let file = match (words.next(), words.next()) {
            (Some(device), Some(number)) => Some((device.parse().ok()?, number.parse().ok()?)),
            _ => None,
        };
        Some(CleanMarker {
            bytes,
            changed,
            file,
        })
    }
}

impl fmt::Display for CleanMarker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "closed {} {}", self.bytes, self.changed)?;
        if let Some((device, number)) = self.file {
            write!(f, " {device} {number}")?;
        }
        writeln!(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_fits_the_file_that_it_was_made_of_and_no_other() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("calls.db");
        assert_eq!(CleanMarker::of(&ledger), None);
        std::fs::write(&ledger, "four").unwrap();
        let marker = CleanMarker::of(&ledger).unwrap();
        assert_eq!(
            CleanMarker::parse(&marker.to_string()),
            Some(marker.clone())
        );
        let file = std::fs::File::options().write(true).open(&ledger).unwrap();
        file.set_modified(UNIX_EPOCH).unwrap();
        assert_ne!(CleanMarker::of(&ledger).unwrap(), marker);
        let log = folder.path().join("calls.db-wal");
        std::fs::write(log, "").unwrap();
        assert_eq!(CleanMarker::of(&ledger), None);
    }

    #[test]
    fn other_text_is_no_marker() {
        for text in [
            "",
            "closed",
            "closed 1",
            "closed x 2",
            "closed 1 2 x 4",
            "pid 4711\n",
        ] {
            assert_eq!(CleanMarker::parse(text), None, "{text}");
        }
    }
}
