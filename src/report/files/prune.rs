//! Deletes reports of old nights. Whoever is in doubt deletes nothing: a folder counts only if it stands beside the
//! one of this run, both are named by a day, it is this user's, holds a summary of this program, nothing but
//! files, and no report that is newer. Of those only reports go, and never a list of what arrived: a lost ledger is
//! made again from it.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use jiff::civil::Date;

use crate::ledger::foreign_owner;
use crate::report::is_report;

/// Deletes the reports in folders beside this one that are older than so long; how many files.
///
/// # Errors
/// When this folder is not named by a day, so that nobody knows what stands beside it.
pub fn prune_reports(out: &Path, keep: Duration, now: Timestamp) -> Result<u64, String> {
    let cannot = |error: io::Error| format!("{}: {error}", out.display());
    let out = fs::canonicalize(out).map_err(cannot)?;
    let name = out.file_name().unwrap_or_default();
    if day_of(&name.to_string_lossy()).is_none() {
        return Err(format!(
            "{} is not named by a day such as 2026-11-30",
            out.display()
        ));
    }
    let Some(parent) = out.parent() else {
        return Ok(0);
    };
    let before = now
        .checked_sub(keep)
        .map_err(|_| "the time is too long".to_owned())?;
    let mut deleted = 0;
    for entry in fs::read_dir(parent).map_err(cannot)?.flatten() {
        let folder = entry.path();
        // By its own kind: a link leads elsewhere.
        let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
        if is_folder && folder != out && is_dated_before(&folder, before) {
            deleted += prune(&folder, before.into());
        }
    }
    Ok(deleted)
}

/// Deletes the reports of a folder, if all of it is certain, and the folder if nothing is left.
fn prune(folder: &Path, before: SystemTime) -> u64 {
    let Some(reports) = old_reports(folder, before) else {
        return 0;
    };
    let deleted = reports.iter().filter(|path| fs::remove_file(path).is_ok());
    let deleted = deleted.count() as u64;
    // Fails while anything is left, and then it stays.
    let _ = fs::remove_dir(folder);
    deleted
}

/// The reports that may go; nothing if anything is in doubt.
fn old_reports(folder: &Path, before: SystemTime) -> Option<Vec<PathBuf>> {
    let found = fs::symlink_metadata(folder).ok()?;
    let is_ours = foreign_owner(&found, folder).is_none();
    if !is_ours || !is_report(&folder.join("summary.json")) {
        return None;
    }
    let mut reports = Vec::new();
    for entry in fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        let found = fs::symlink_metadata(&path).ok()?;
        let name = path.file_name()?.to_string_lossy().into_owned();
        if !found.is_file() || name.ends_with(".unfinished") {
            return None;
        }
        if !is_given_name(&name) || !is_report(&path) || name.to_lowercase().starts_with("accepted")
        {
            continue;
        }
        if !is_older(&found, before) {
            return None;
        }
        reports.push(path);
    }
    Some(reports)
}

/// Whether this program gives such a name: `problems.csv`, `problems-2.csv`, `rejected.20240315T080000Z-2.csv`. A copy
/// that a person has made has another.
fn is_given_name(name: &str) -> bool {
    let Some((stem, _)) = name.rsplit_once('.') else {
        return false;
    };
    let rest = stem.find(['.', '-']).map_or("", |at| &stem[at..]);
    let rest = rest.replace(".sandbox", "");
    let is_number = |char: char| char.is_ascii_digit() || matches!(char, '.' | '-' | 'T' | 'Z');
    rest.chars().all(is_number)
}

fn is_older(found: &Metadata, before: SystemTime) -> bool {
    found.modified().is_ok_and(|modified| modified < before)
}

fn is_dated_before(folder: &Path, before: Timestamp) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    let limit = before.to_zoned(jiff::tz::TimeZone::UTC).date();
    day_of(&name).is_some_and(|day| day < limit)
}

/// The day of `2026-11-30`, also with a time behind it.
fn day_of(name: &str) -> Option<Date> {
    let (day, rest) = name.split_at_checked(10)?;
    let is_time = |char: char| char.is_ascii_digit() || matches!(char, 'T' | 'Z' | '-' | '_' | '.');
    let day = day.parse().ok()?;
    rest.chars().all(is_time).then_some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Duration = Duration::from_secs(86_400);

    struct Reports(tempfile::TempDir);

    impl Reports {
        fn new() -> Self {
            let reports = Reports(tempfile::tempdir().unwrap());
            fs::create_dir(reports.path("2026-11-30")).unwrap();
            reports
        }

        fn path(&self, name: &str) -> PathBuf {
            self.0.path().join(name)
        }

        /// The reports of a night, as old as its name says.
        fn night(&self, name: &str) -> PathBuf {
            let folder = self.path(name);
            fs::create_dir(&folder).unwrap();
            let program = concat!("{\n  \"program\": \"", env!("CARGO_PKG_NAME"), "\",\n");
            self.old(&format!("{name}/summary.json"), program);
            self.old(&format!("{name}/problems.csv"), "file,line,column,code\n");
            let accepted = "external_id,uid,recording,bytes\n";
            self.old(&format!("{name}/accepted.csv"), accepted);
            folder
        }

        fn old(&self, name: &str, text: &str) {
            let path = self.path(name);
            fs::write(&path, text).unwrap();
            let file = fs::File::options().append(true).open(path).unwrap();
            let day: SystemTime = now().into();
            file.set_modified(day - DAY * 200).unwrap();
        }

        fn prune(&self) -> Result<u64, String> {
            prune_reports(&self.path("2026-11-30"), DAY * 90, now())
        }
    }

    fn now() -> Timestamp {
        "2026-11-30T02:15:00Z".parse().unwrap()
    }

    #[test]
    fn old_reports_go_and_the_lists_of_what_arrived_stay() {
        let reports = Reports::new();
        let night = reports.night("2026-05-01");
        let bare = reports.night("2026-05-02T021500Z");
        fs::remove_file(bare.join("accepted.csv")).unwrap();
        let new = reports.night("2026-11-29");
        assert_eq!(reports.prune(), Ok(4));
        let left: Vec<_> = fs::read_dir(&night).unwrap().flatten().collect();
        assert_eq!(left.len(), 1);
        assert_eq!(left[0].file_name(), "accepted.csv");
        assert!(!bare.exists());
        assert!(new.join("problems.csv").exists());
    }

    #[test]
    fn whatever_is_in_doubt_stays() {
        let reports = Reports::new();
        // No summary of ours; another name; a file of a person among them, which alone stays.
        let foreign = reports.night("2026-05-01");
        fs::write(foreign.join("summary.json"), "[]").unwrap();
        let named = reports.night("may");
        // A folder inside, a run that goes on, and a report that was written since.
        let deep = reports.night("2026-05-02");
        fs::create_dir(deep.join("more")).unwrap();
        let going = reports.night("2026-05-03");
        fs::write(going.join("accepted.csv.unfinished"), "").unwrap();
        let recent = reports.night("2026-05-04");
        fs::write(recent.join("problems.csv"), "file,line,column,code\n").unwrap();
        let noted = reports.night("2026-05-05");
        reports.old(
            "2026-05-05/problems-annotated.csv",
            "file,line,column,code\n",
        );
        reports.old("2026-05-05/notes.txt", "mine");
        #[cfg(unix)]
        {
            let elsewhere = reports.night("elsewhere");
            std::os::unix::fs::symlink(&elsewhere, reports.path("2026-05-06")).unwrap();
            let linked = reports.night("2026-05-07");
            let real = elsewhere.join("problems.csv");
            std::os::unix::fs::symlink(real, linked.join("report.html")).unwrap();
        }
        assert_eq!(reports.prune(), Ok(2));
        for folder in [&foreign, &named, &deep, &going, &recent] {
            assert!(folder.join("problems.csv").exists(), "{}", folder.display());
        }
        assert!(noted.join("notes.txt").exists());
        assert!(noted.join("problems-annotated.csv").exists());
        #[cfg(unix)]
        for name in ["elsewhere", "2026-05-06", "2026-05-07"] {
            assert!(reports.path(name).join("problems.csv").exists(), "{name}");
        }
    }

    #[test]
    fn a_folder_that_is_not_named_by_a_day_says_nothing_of_its_neighbours() {
        let reports = Reports::new();
        reports.night("2026-05-01");
        fs::create_dir(reports.path("out")).unwrap();
        let refused = prune_reports(&reports.path("out"), DAY, now()).unwrap_err();
        assert!(refused.contains("is not named by a day"), "{refused}");
        assert!(reports.path("2026-05-01/problems.csv").exists());
        assert_eq!(day_of("2026-13-01"), None);
        assert_eq!(day_of("2026-11-30-copy"), None);
    }
}
