//! Whether the ledger can be read, and its disk written.

use std::path::Path;

use crate::ledger::{Ledger, LedgerOpenError};
use crate::report::DoctorLine;

/// What is too little for a run: its log alone takes 16 MB.
const LEAST: u64 = 64 << 20;
/// What may become too little: a million calls take some 400 MB.
const SCARCE: u64 = 1 << 30;

/// Reads the ledger, if there is one.
pub fn check_ledger(path: &Path, destination: &str) -> Result<DoctorLine, LedgerOpenError> {
    const SUBJECT: &str = "ledger";
    let name = path.display();
    let reader = match Ledger::read(path) {
        Err(LedgerOpenError::Missing { .. }) => {
            let found = format!("{name} is not there yet; the first run makes it");
            return Ok(DoctorLine::ok(SUBJECT, found));
        }
        Err(LedgerOpenError::Older { found, known, .. }) => {
            let found = format!("{name} has schema {found}; the next run upgrades it to {known}");
            return Ok(DoctorLine::ok(SUBJECT, found));
        }
        reader => reader?,
    };
    reader.expect_destination(destination)?;
    Ok(DoctorLine::ok(
        SUBJECT,
        match Ledger::holder(path) {
            Some(holder) => format!("{name} is in use by a run ({holder})"),
            None => format!("{name} belongs to {destination}"),
        },
    ))
}

/// Writes a file beside the ledger, which has no name and is gone at once, and looks at the disk.
pub fn check_disk(ledger: &Path) -> DoctorLine {
    const SUBJECT: &str = "disk";
    let place = Ledger::place(ledger);
    let folder = place.folder.display();
    let written = tempfile::tempfile_in(&place.folder)
        .and_then(|mut file| std::io::Write::write_all(&mut file, b"x").map(|()| file))
        .and_then(|file| file.sync_all());
    if let Err(error) = written {
        return DoctorLine::fault(
            SUBJECT,
            format!("{folder} cannot be written: {error}"),
            Some(
                "Make the folder writable for this user, or name another ledger with --ledger."
                    .to_owned(),
            ),
        );
    }
    if place.is_remote {
        return DoctorLine::warning(
            SUBJECT,
            format!(
                "{folder} is on a network share, where locks and durable writes are unreliable"
            ),
            "Put the ledger on a local disk with --ledger.",
        );
    }
    let Some(free) = place.free_bytes else {
        return DoctorLine::ok(SUBJECT, format!("{folder} can be written"));
    };
    let found = format!("{folder} can be written; {} MB are free", free >> 20);
    if free < LEAST {
        let cure = "Make room, or name another ledger with --ledger.".to_owned();
        DoctorLine::fault(SUBJECT, found, Some(cure))
    } else if free < SCARCE {
        DoctorLine::warning(
            SUBJECT,
            found,
            "Make room before a large import: a million calls take some 400 MB.",
        )
    } else {
        DoctorLine::ok(SUBJECT, found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::DoctorLevel;

    #[test]
    fn a_ledger_that_is_not_there_is_no_fault_and_is_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        let line = check_ledger(&path, "https://example.com").unwrap();
        assert_eq!(line.level, DoctorLevel::Ok);
        assert_ne!(check_disk(&path).level, DoctorLevel::Fault);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        let none = folder.path().join("no/such/a.db");
        assert_eq!(check_disk(&none).level, DoctorLevel::Fault);
    }

    #[test]
    fn a_ledger_of_another_destination_is_a_fault() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.db");
        Ledger::open(&path, "https://example.com")
            .unwrap()
            .close()
            .unwrap();
        assert!(check_ledger(&path, "https://example.com").is_ok());
        let other = check_ledger(&path, "https://example.org");
        assert!(matches!(
            other,
            Err(LedgerOpenError::OtherDestination { .. })
        ));
    }
}
