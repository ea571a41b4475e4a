//! The lists from which a ledger is made again: which of them are of this destination.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::cli::error::{Error, Usage};
use crate::config::SANDBOX;
use crate::events::DeliveryKind;
use crate::report::{is_rehearsed, is_unfinished, read_accepted};
use crate::source::{self, Error as SourceError, FileDecision};

/// What the lists hold that may be used.
#[derive(Debug, Default)]
pub(super) struct AcceptedLists {
    pub(super) files: Vec<PathBuf>,
    /// Lines of calls and of messages.
    pub(super) lines: u64,
    /// Lines of cases that went out whole.
    pub(super) whole_cases: u64,
}

/// A list, and whether it was named itself or found by a folder or a pattern.
struct Listed {
    path: PathBuf,
    is_found: bool,
}

impl AcceptedLists {
    /// Reads all lists. One of another destination, or of a rehearsal, is refused where it was named, and
    /// told and left out where it only lies beside others.
    pub(super) fn read(from: &[OsString], destination: &str) -> Result<AcceptedLists, Error> {
        let mut lists = AcceptedLists::default();
        let (mut refused, mut must_stop) = (Vec::new(), false);
        for listed in find(from)? {
            match lists.take(&listed.path, destination)? {
                None => lists.files.push(listed.path),
                Some(theirs) => {
                    must_stop |= !listed.is_found;
                    refused.push(theirs);
                }
            }
        }
        if !refused.is_empty() && (must_stop || lists.files.is_empty()) {
            return Err(Usage::ForeignLists { refused }.into());
        }
        for theirs in refused {
            tracing::warn!("{theirs}; it is left out");
        }
        Ok(lists)
    }

    /// Counts the lines of a list; why it may not be used, if it may not.
    fn take(&mut self, path: &Path, destination: &str) -> Result<Option<String>, Error> {
        let named = path.display();
        if is_rehearsed(path) {
            return Ok(Some(format!("{named} is the list of a rehearsal")));
        }
        let (mut lines, mut whole_cases, mut unnamed) = (0_u64, 0_u64, 0_u64);
        let mut foreign: Option<(u64, String)> = None;
        read_accepted(path, |line| {
            match line.destination {
                None => unnamed += 1,
                Some(theirs) if theirs != destination && foreign.is_none() => {
                    foreign = Some((line.number, theirs));
                }
                Some(_) => {}
            }
            match line.delivered.kind {
                DeliveryKind::Case => whole_cases += 1,
                DeliveryKind::Call | DeliveryKind::Message => lines += 1,
            }
            Ok::<(), Usage>(())
        })?;
        if let Some((line, theirs)) = foreign {
            return Ok(Some(if theirs == SANDBOX {
                format!("{named}:{line} is of a rehearsal")
            } else {
                format!("{named}:{line} is of {theirs} and not of {destination}")
            }));
        }
        if unnamed > 0 {
            tracing::warn!(
                "{named} names no destination: an earlier version wrote it. It is taken for a list of \
                 calls of {destination}"
            );
        }
        if is_unfinished(path) {
            tracing::warn!(
                "the run that wrote {named} did not end: its last calls may be missing in the list"
            );
        }
        self.lines += lines;
        self.whole_cases += whole_cases;
        Ok(None)
    }
}

/// A folder of reports holds other tables as well; what arrived is in these.
fn find(from: &[OsString]) -> Result<Vec<Listed>, Error> {
    let mut all = Vec::new();
    for argument in from {
        let path = Path::new(argument);
        if path.is_dir() {
            let found = in_folder(path).map_err(|source| SourceError::Io {
                file: path.display().to_string(),
                source,
            })?;
            all.extend(found.into_iter().map(|path| (path, true)));
            continue;
        }
        let expanded = source::expand(std::slice::from_ref(argument), &|_, _| FileDecision::Read)?;
        for input in expanded.inputs {
            let Some(path) = input.path() else {
                let name = "standard input".to_owned();
                return Err(Usage::NoFile { name }.into());
            };
            all.push((path.to_owned(), input.is_found()));
        }
    }
    let listed = |(path, is_found)| Listed { path, is_found };
    Ok(all.into_iter().map(listed).collect())
}

fn in_folder(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().to_lowercase();
        let is_list = Path::new(&name).extension().is_some_and(|it| it == "csv");
        if name.starts_with("accepted") && is_list {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}
