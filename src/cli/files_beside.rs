//! What lies among the exports and is none: settings, ledgers, reports and recordings.

use std::path::Path;

use crate::config::{self, ExportArgs};
use crate::ledger;
use crate::recordings::{is_audio_extension, plain_name};
use crate::report::{is_report, is_report_called};
use crate::source::{FileDecision, FileId, Input};
use crate::stores::StoreAddress;

/// What a command uses beside its export, and what may lie among the exports.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct FilesBeside<'a> {
    /// The folder of the reports.
    pub(super) out: Option<&'a Path>,
    /// The ledger.
    pub(super) ledger: Option<&'a Path>,
}

/// What lies among the exports and is known to be none.
pub(super) struct FilesAmongExports {
    files: Vec<FileId>,
    /// The folders of reports and of recordings.
    folders: Vec<FileId>,
    out: Option<FileId>,
}

impl FilesAmongExports {
    pub(super) fn of(arguments: &ExportArgs, beside: FilesBeside<'_>) -> Self {
        let files = files_beside(arguments).into_iter().map(Path::to_owned);
        let of_ledger = beside.ledger.into_iter().flat_map(ledger::files_of);
        let recordings = arguments.audio.iter().filter_map(StoreAddress::as_folder);
        let folders = beside.out.into_iter().chain(recordings);
        FilesAmongExports {
            files: files
                .chain(of_ledger)
                .filter_map(|file| FileId::of(&file))
                .collect(),
            folders: folders.filter_map(FileId::of).collect(),
            out: beside.out.and_then(FileId::of),
        }
    }

    /// What becomes of a file that an argument names, or that only lies where one points.
    pub(super) fn treat(&self, path: &Path, is_found: bool) -> FileDecision {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if path.is_file() && is_report(path) {
            return self.treat_report(path, &name, is_found);
        }
        let is_known = |known: &[FileId]| {
            let file = FileId::of(path);
            file.is_some_and(|file| known.iter().any(|known| known.is_same(&file)))
        };
        // An export may be encrypted as well as a recording.
        let plain = Path::new(plain_name(&name)).extension();
        let extension = plain.unwrap_or_default().to_string_lossy();
        if !is_found {
            FileDecision::Read
        } else if is_of_program(&name)
            || is_audio_extension(&extension.to_lowercase())
            || is_known(&self.files)
            || (path.is_dir() && is_known(&self.folders))
        {
            FileDecision::PassOver
        } else {
            FileDecision::Read
        }
    }

    /// The same of the copy of a file that lies in a store.
    pub(super) fn treat_copy(&self, input: &Input) -> FileDecision {
        let name = input.name().rsplit('/').next().unwrap_or_default();
        let is_report = input
            .path()
            .is_some_and(|path| is_report_called(name, path));
        if is_report {
            self.treat_report(Path::new(&**input.name()), name, input.is_found())
        } else {
            FileDecision::Read
        }
    }

    /// Rejected records are there to be fed in again, by name; no other report holds records.
    fn treat_report(&self, path: &Path, name: &str, is_found: bool) -> FileDecision {
        let is_rejected = name.to_lowercase().starts_with("rejected");
        let folder = path.parent().map(|it| {
            if it.as_os_str().is_empty() {
                Path::new(".")
            } else {
                it
            }
        });
        let is_in_out = match (&self.out, folder.and_then(FileId::of)) {
            (Some(out), Some(folder)) => out.is_same(&folder),
            _ => false,
        };
        match (is_rejected, is_found) {
            (true, false) => FileDecision::Read,
            (true, true) if !is_in_out => FileDecision::Name(
                "it holds rejected records of an earlier run; name the file itself to send them",
            ),
            (_, true) => FileDecision::PassOver,
            (false, false) => {
                FileDecision::Name("it is a report of this program and holds no records")
            }
        }
    }
}

/// Whether a file has a name under which this program keeps its own by default: its settings, a ledger
/// or what lies beside one. Any other name, however it begins, may be that of an export.
fn is_of_program(name: &str) -> bool {
    let ledgers = config::LEDGERS.into_iter().map(Path::new);
    name == config::SETTINGS
        || ledgers
            .flat_map(ledger::files_of)
            .any(|own| own.as_os_str() == name)
}

/// The files beside the exports that the command names.
pub(super) fn files_beside(arguments: &ExportArgs) -> Vec<&Path> {
    let lookups = arguments.lookup.iter().map(|(_, file)| file.as_path());
    let agents = arguments.agents.as_deref();
    let mapping = Path::new(&arguments.mapping);
    lookups.chain(agents).chain([mapping]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_whole_names_are_those_of_the_program() {
        for own in [
            "capturi-import.db",
            "capturi-import.db-wal",
            "capturi-import-sandbox.db",
            "capturi-import-sandbox.db.lock",
            "capturi-import.toml",
        ] {
            assert!(is_of_program(own), "{own}");
        }
        for foreign in [
            "capturi-import",
            "capturi-import-november.csv",
            "capturi-import.db.csv",
            "capturi-import.csv",
            "capturi-import.toml.json",
        ] {
            assert!(!is_of_program(foreign), "{foreign}");
        }
    }
}
