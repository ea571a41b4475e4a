//! The folder for the files, and how a file gets its name there.
//!
//! Every file is readable by its owner only. What a person may have worked on (`rejected.csv`) or
//! may need later (`accepted.csv`) is never overwritten: the file of an earlier run is moved aside
//! under the time of its last change. A file that is being read as input is left alone, and so is one
//! that this program did not write: what would replace it gets a number. So does what would replace a
//! list that another run is still writing.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Once;

use jiff::Timestamp;

use crate::ledger::{foreign_owner, is_open_to_all};
use crate::report::{Error, is_report};
use crate::source::FileId;

/// Stands beside a list while its run goes on, and after it where the run was killed.
const UNFINISHED: &str = ".unfinished";

/// Names that are tried for one file before giving up.
const MOST_NAMES: u32 = 10_000;

/// An existing folder to write to.
#[derive(Debug)]
pub(in crate::report) struct OutputFolder {
    path: PathBuf,
    inputs: Vec<FileId>,
    /// Whether another run is writing its lists here.
    is_in_use: bool,
}

impl OutputFolder {
    /// The folder, made if it is not there; `inputs` are files that must stay as they are.
    pub(in crate::report) fn open(path: &Path, inputs: &[PathBuf]) -> Result<Self, Error> {
        let mut builder = DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(path).map_err(|source| Error::Folder {
            path: path.to_owned(),
            source,
        })?;
        expect_trusted(path)?;
        let inputs = inputs.iter().filter_map(|input| FileId::of(input));
        Ok(OutputFolder {
            path: path.to_owned(),
            inputs: inputs.collect(),
            is_in_use: is_in_use(path),
        })
    }

    /// Finds out whether files can be made here, before anything is done that only they tell of.
    pub(in crate::report) fn probe(&self) -> Result<(), Error> {
        tempfile::tempfile_in(&self.path)
            .map(drop)
            .map_err(Error::write(&self.path))
    }

    /// A new file that replaces one of an earlier run. The name gets a number when an input has it, or
    /// a file that is no report.
    pub(in crate::report) fn replace(
        &self,
        stem: &str,
        extension: &str,
    ) -> Result<(PathBuf, File), Error> {
        for number in 1..=MOST_NAMES {
            let path = self.numbered(stem, extension, number);
            let is_kept = number == 1 && self.is_of_other_run(&path);
            if is_kept || self.is_input(&path) || is_foreign(&path) {
                continue;
            }
            let file = match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
                _ => create_private(&path),
            };
            let file = file.map_err(Error::write(&path))?;
            return Ok((path, file));
        }
        let path = self.path.join(format!("{stem}.{extension}"));
        Err(Error::write(path)(io::ErrorKind::AlreadyExists.into()))
    }

    /// Takes the file of an earlier run away; an input and what is no report stay.
    pub(in crate::report) fn forget(&self, name: &str) -> Result<(), Error> {
        let path = self.path.join(name);
        let is_kept = self.is_of_other_run(&path) || self.is_input(&path);
        if !path.is_file() || is_kept || is_foreign(&path) {
            return Ok(());
        }
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(Error::write(path)(error)),
            _ => Ok(()),
        }
    }

    /// The path of a file that is not there; one of an earlier run is moved aside. The name gets a
    /// number (`rejected-2.csv`) when it is taken by an input or by this run.
    pub(in crate::report) fn free_path(
        &self,
        stem: &str,
        extension: &str,
        taken: &[PathBuf],
    ) -> Result<PathBuf, Error> {
        for number in 1..=MOST_NAMES {
            let path = self.numbered(stem, extension, number);
            let is_kept = is_going(&path) || (number == 1 && self.is_of_other_run(&path));
            if is_kept || taken.contains(&path) || self.is_input(&path) {
                continue;
            }
            self.move_aside(&path, stem, extension)
                .map_err(Error::write(&path))?;
            return Ok(path);
        }
        let path = self.path.join(format!("{stem}.{extension}"));
        Err(Error::write(path)(io::ErrorKind::AlreadyExists.into()))
    }

    /// Moves the files of an earlier run aside, but for inputs and for those that are `new`.
    pub(in crate::report) fn clear(
        &self,
        stem: &str,
        extension: &str,
        new: &[PathBuf],
    ) -> Result<(), Error> {
        for number in 1..=MOST_NAMES {
            let path = self.numbered(stem, extension, number);
            if fs::symlink_metadata(&path).is_err() {
                break;
            }
            let is_kept = self.is_of_other_run(&path) || self.is_input(&path);
            if !is_kept && !new.contains(&path) {
                self.move_aside(&path, stem, extension)
                    .map_err(Error::write(&path))?;
            }
        }
        Ok(())
    }

    fn numbered(&self, stem: &str, extension: &str, number: u32) -> PathBuf {
        self.path.join(match number {
            1 => format!("{stem}.{extension}"),
            _ => format!("{stem}-{number}.{extension}"),
        })
    }

    /// Whether a file of the command is meant by this path.
    pub(in crate::report) fn is_input(&self, path: &Path) -> bool {
        FileId::of(path).is_some_and(|file| self.inputs.iter().any(|input| input.may_be(&file)))
    }

    /// Whether this is a list, and may be one that another run is still writing.
    fn is_of_other_run(&self, path: &Path) -> bool {
        let extension = path.extension().unwrap_or_default();
        let is_list = extension == "csv" || extension == "ndjson";
        self.is_in_use && is_list && path.exists()
    }

    fn move_aside(&self, path: &Path, stem: &str, extension: &str) -> io::Result<()> {
        let changed = match fs::symlink_metadata(path) {
            Ok(metadata) => metadata.modified()?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        let time = Timestamp::try_from(changed).unwrap_or(Timestamp::UNIX_EPOCH);
        let stamp = time.strftime("%Y%m%dT%H%M%SZ");
        for number in 1..=MOST_NAMES {
            let number = match number {
                1 => String::new(),
                _ => format!("-{number}"),
            };
            let aside = self
                .path
                .join(format!("{stem}.{stamp}{number}.{extension}"));
            if fs::symlink_metadata(&aside).is_err() {
                fs::rename(path, &aside)?;
                // What a killed run left stays known as that.
                let _ = fs::rename(unfinished(path), unfinished(&aside));
                return Ok(());
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }
}

/// Says once who else can exchange the files in the folder: its owner, or everybody. An error if both can.
fn expect_trusted(path: &Path) -> Result<(), Error> {
    static TOLD: Once = Once::new();
    let Ok(found) = fs::metadata(path) else {
        // What is wrong with it is told when a file is made.
        return Ok(());
    };
    let name = path.display();
    match (foreign_owner(&found, path), is_open_to_all(&found)) {
        (Some(owner), true) => {
            let path = path.to_owned();
            return Err(Error::FolderOfOthers { path, owner });
        }
        (Some(owner), false) => TOLD.call_once(|| {
            tracing::warn!(
                "the folder {name} belongs to another user (number {owner}), who can replace the reports in it"
            );
        }),
        (None, true) => TOLD.call_once(|| {
            tracing::warn!("all users can replace the reports in the folder {name} (chmod 700)");
        }),
        (None, false) => {}
    }
    Ok(())
}

/// Whether this is a file with content that this program did not write.
fn is_foreign(path: &Path) -> bool {
    let has_content = fs::metadata(path).is_ok_and(|found| found.is_file() && found.len() > 0);
    has_content && !is_report(path)
}

/// The file that stands beside a list whose run has not ended.
pub(in crate::report) fn unfinished(list: &Path) -> PathBuf {
    let mut name = list.as_os_str().to_owned();
    name.push(UNFINISHED);
    name.into()
}

/// Marks a list as one whose run has not ended. The mark is locked as long as the file is open, by which
/// a run that is going is told from one that was killed.
pub(in crate::report) fn mark_unfinished(list: &Path) -> io::Result<File> {
    let path = unfinished(list);
    let _ = fs::remove_file(&path);
    let mark = create_private(&path)?;
    // Where there are no locks, the mark says that much less.
    let _ = mark.try_lock();
    Ok(mark)
}

/// Whether the run that writes this list is going.
fn is_going(list: &Path) -> bool {
    is_locked(&unfinished(list))
}

/// Whether a run that is going has its list in this folder.
fn is_in_use(folder: &Path) -> bool {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    let mut paths = entries.map(|entry| entry.path());
    paths.any(|path| path.to_string_lossy().ends_with(UNFINISHED) && is_locked(&path))
}

fn is_locked(mark: &Path) -> bool {
    // To open a pipe of this name would be to wait for its writer.
    let is_mark = fs::symlink_metadata(mark).is_ok_and(|found| found.is_file());
    is_mark
        && File::open(mark)
            .is_ok_and(|mark| matches!(mark.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// A new file that only its owner can read; an existing one, or a link in its place, is an error.
pub(in crate::report) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn nobody_waits_for_a_pipe_in_place_of_a_mark() {
        let home = tempfile::tempdir().unwrap();
        let mark = unfinished(&home.path().join("rejected.csv"));
        let made = std::process::Command::new("mkfifo").arg(&mark).status();
        assert!(made.unwrap().success());
        assert!(!is_in_use(home.path()));
    }

    #[test]
    fn the_file_of_an_earlier_run_is_moved_aside_and_not_lost() {
        let home = tempfile::tempdir().unwrap();
        let folder = OutputFolder::open(home.path(), &[]).unwrap();
        for content in ["one", "two", "three"] {
            let path = folder.free_path("rejected", "csv", &[]).unwrap();
            fs::write(path, content).unwrap();
        }
        let mut contents: Vec<String> = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        contents.sort();
        assert_eq!(contents, ["one", "three", "two"]);
        assert_eq!(
            fs::read_to_string(home.path().join("rejected.csv")).unwrap(),
            "three"
        );
    }

    #[test]
    fn what_another_run_still_writes_is_neither_replaced_nor_moved() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        for list in ["accepted.csv", "problems.csv", "rejected.csv"] {
            fs::write(at(list), "").unwrap();
        }
        let mark = mark_unfinished(&at("accepted.csv")).unwrap();
        let folder = OutputFolder::open(home.path(), &[]).unwrap();
        let accepted = folder.free_path("accepted", "csv", &[]).unwrap();
        let (problems, _) = folder.replace("problems", "csv").unwrap();
        let (status, _) = folder.replace("status", "json").unwrap();
        folder.forget("problems.csv").unwrap();
        folder.clear("rejected", "csv", &[]).unwrap();
        assert_eq!(accepted, at("accepted-2.csv"));
        assert_eq!(problems, at("problems-2.csv"));
        assert_eq!(status, at("status.json"));
        assert!(at("problems.csv").exists() && at("rejected.csv").exists());
        // The mark of a killed run is nobody's.
        drop(mark);
        let folder = OutputFolder::open(home.path(), &[]).unwrap();
        let accepted = folder.free_path("accepted", "csv", &[]).unwrap();
        assert_eq!(accepted, at("accepted.csv"));
    }

    #[test]
    fn an_input_is_neither_overwritten_nor_moved() {
        let home = tempfile::tempdir().unwrap();
        let input = home.path().join("rejected.csv");
        fs::write(&input, "input").unwrap();
        let folder = OutputFolder::open(home.path(), std::slice::from_ref(&input)).unwrap();
        let path = folder.free_path("rejected", "csv", &[]).unwrap();
        assert_eq!(path, home.path().join("rejected-2.csv"));
        assert_eq!(fs::read_to_string(input).unwrap(), "input");
    }

    #[cfg(unix)]
    #[test]
    fn files_and_folder_are_for_their_owner_only() {
        use std::os::unix::fs::PermissionsExt;
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("deep/out");
        let folder = OutputFolder::open(&path, &[]).unwrap();
        let (file, _) = folder.replace("summary", "json").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&path), mode(&file)), (0o700, 0o600));
    }

    /// Only root can give a folder to somebody else, so elsewhere this shows nothing.
    #[cfg(unix)]
    #[test]
    fn a_folder_of_another_user_that_is_open_to_all_is_refused() {
        use std::os::unix::fs::{PermissionsExt as _, chown};
        let home = tempfile::tempdir().unwrap();
        let refused = |mode: u32| {
            fs::set_permissions(home.path(), fs::Permissions::from_mode(mode)).unwrap();
            let opened = OutputFolder::open(home.path(), &[]);
            matches!(opened, Err(Error::FolderOfOthers { owner: 4_711, .. }))
        };
        assert!(!refused(0o777), "it is our own");
        if chown(home.path(), Some(4_711), None).is_ok() {
            assert!(refused(0o777) && !refused(0o1777) && !refused(0o755));
        }
    }

    #[test]
    fn a_folder_that_is_a_file_is_an_error_with_its_name() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("out");
        fs::write(&path, "").unwrap();
        let error = OutputFolder::open(&path, &[]).unwrap_err();
        assert!(error.to_string().contains("out"), "{error}");
    }
}
