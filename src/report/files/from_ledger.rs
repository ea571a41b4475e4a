//! The files of a migration made again from its ledger.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::call::Field;
use crate::domain::{Code, Location, Problem};
use crate::events::Delivered;
use crate::report::files::output_folder::OutputFolder;
use crate::report::files::run_files::Files;
use crate::report::format::often;
use crate::report::{DestinationLabel, Error, ListForm, MergeView, Mode, ResentView, StatusView};

/// `accepted.csv`, `problems.csv` and `status.json` of all runs together. The records themselves are
/// not in a ledger, so `rejected.csv` stays as it is.
#[derive(Debug)]
pub struct Rewrite {
    files: Files,
}

impl Rewrite {
    /// New files in this folder, which is made if it is not there, for what this ledger knows of its
    /// destination; `mode` says whether that was a rehearsal, `lists` in which form lists are written.
    pub fn create(
        folder: &Path,
        mode: Mode,
        destination: &DestinationLabel,
        lists: ListForm,
    ) -> Result<Self, Error> {
        let folder = OutputFolder::open(folder, std::slice::from_ref(&destination.ledger))?;
        let files = Files::create(folder, mode, Some(destination), lists)?;
        Ok(Rewrite { files })
    }

    /// Adds what was delivered for a call, and when, where that is still known.
    pub fn accepted(
        &mut self,
        delivered: &Delivered,
        when: Option<Timestamp>,
    ) -> Result<(), Error> {
        self.files.accepted(delivered, when)
    }

    /// What arrived and is added from now on is known by this ledger.
    pub fn of_ledger(&mut self, ledger: &Path) {
        self.files.of_ledger(ledger);
    }

    /// Adds a problem.
    pub fn problem(&mut self, problem: &Problem) -> Result<(), Error> {
        self.files.problem(problem)
    }

    /// Adds a recording that was sent again in doubt, by whichever run. No row is known any more, so
    /// it stands in the ledger of this name.
    pub fn resent(&mut self, ledger: &str, resent: &ResentView) -> Result<(), Error> {
        let location = Location::on_line(ledger, 0);
        let message = format!(
            "the upload got no reliable answer and was sent again {}",
            often(resent.times)
        );
        let problem = Problem::new(Code::UploadInDoubt, location, message);
        self.problem(&problem.at(Field::ExternalIdentity.name(), &resent.identity))
    }

    /// Completes the files and returns their names.
    pub fn finish(self, view: &StatusView) -> Result<Vec<PathBuf>, Error> {
        let (folder, written) = self.files.finish()?;
        let mut paths = written.files;
        let (path, file) = folder.replace("status", "json")?;
        write_json(file, view).map_err(Error::write(&path))?;
        paths.push(path);
        Ok(paths)
    }

    /// The same for the ledgers of all shards.
    pub fn finish_merge(self, view: &mut MergeView) -> Result<(), Error> {
        let (folder, written) = self.files.finish()?;
        let (path, file) = folder.replace("summary", "json")?;
        view.files = written.files;
        view.files.push(path.clone());
        write_json(file, view).map_err(Error::write(&path))
    }
}

fn write_json(mut file: File, value: &impl Serialize) -> std::io::Result<()> {
    serde_json::to_writer_pretty(&mut file, value)?;
    file.write_all(b"\n")
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn the_files_are_made_again_and_rejected_records_stay() {
        let out = tempfile::tempdir().unwrap();
        fs::write(out.path().join("rejected.csv"), "edited").unwrap();
        let destination = DestinationLabel {
            name: "https://api.example.com".to_owned(),
            ledger: "a.db".into(),
            is_new_ledger: false,
            settings: None,
            read_api: None,
            shard: None,
        };
        let lists = ListForm::Plain;
        let mut rewrite = Rewrite::create(out.path(), Mode::Run, &destination, lists).unwrap();
        let delivered = Delivered {
            kind: crate::events::DeliveryKind::Call,
            identity: "=1".to_owned(),
            uid: None,
            recording: None,
            bytes: 0,
            was_there: false,
            in_doubt: 0,
            is_unproved: false,
        };
        let when = Some(Timestamp::UNIX_EPOCH);
        rewrite.accepted(&delivered, when).unwrap();
        rewrite.accepted(&delivered, None).unwrap();
        let paths = rewrite.finish(&StatusView::default()).unwrap();
        assert_eq!(paths.len(), 3);
        let read = |name: &str| fs::read_to_string(out.path().join(name)).unwrap();
        let accepted = read("accepted.csv");
        let lines: Vec<&str> = accepted.lines().skip(1).collect();
        let rest = "call,https://api.example.com,a.db";
        assert_eq!(lines[0], format!("'=1,,,0,1970-01-01T00:00:00.000Z,{rest}"));
        assert_eq!(lines[1], format!("'=1,,,0,,{rest}"));
        assert_eq!(read("rejected.csv"), "edited");
    }

    #[test]
    fn a_run_that_is_going_keeps_its_files() {
        let out = tempfile::tempdir().unwrap();
        let destination = DestinationLabel {
            name: "https://api.example.com".to_owned(),
            ledger: "a.db".into(),
            is_new_ledger: false,
            settings: None,
            read_api: None,
            shard: None,
        };
        let create = || {
            let lists = ListForm::Plain;
            Rewrite::create(out.path(), Mode::Run, &destination, lists).unwrap()
        };
        let (going, beside) = (create(), create());
        beside.finish(&StatusView::default()).unwrap();
        assert!(crate::report::is_unfinished(
            &out.path().join("accepted.csv")
        ));
        // A mark that somebody took away spoils nothing.
        let third = create();
        fs::remove_file(out.path().join("accepted.csv.unfinished")).unwrap();
        third.finish(&StatusView::default()).unwrap();
        going.finish(&StatusView::default()).unwrap();
        for name in ["accepted.csv", "accepted-2.csv", "problems.csv"] {
            assert!(out.path().join(name).exists(), "{name}");
        }
        assert!(!out.path().join("accepted.csv.unfinished").exists());
    }
}
