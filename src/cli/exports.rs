//! The exports that a command names: files of this machine, and copies of those that lie in stores.

use std::collections::HashMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use super::error::{Error, Usage};
use super::files_beside::FilesAmongExports;
use crate::config::{self, StoreArgs};
use crate::source::{self, CopyForm, Expansion, FileDecision, Input, SortedFiles, Unread};
use crate::stores::{AddressError, ExportAddress, ListedExports, OutagePolicy, open_exports};

/// Copies of one command that keep a handle open each; with more of them handles could run out.
const MOST_OPEN: usize = 100;

/// The exports behind the arguments of a command.
pub(super) struct ExportFinder<'a> {
    pub(super) stores: &'a StoreArgs,
    /// What lies among exports and is none; a command that looks at one export only reads what it is told.
    pub(super) others: Option<&'a FilesAmongExports>,
}

impl ExportFinder<'_> {
    /// The exports, in the order of the arguments, each once.
    pub(super) fn find(&self, arguments: &[OsString]) -> Result<Expansion, Error> {
        let mut parts = Vec::new();
        let mut copies = 0;
        let mut shown = HashMap::new();
        for argument in arguments {
            let address = ExportAddress::parse(argument).map_err(unusable)?;
            let name = address.as_ref().map(ToString::to_string);
            if let Some(name) = name
                && let Some(before) = shown.insert(name.clone(), argument)
                && before != argument
            {
                let why = format!(
                    "two addresses are {name}, and differ only behind `?`; read them in two commands"
                );
                return Err(Usage::Unusable {
                    what: "EXPORT",
                    why,
                }
                .into());
            }
            let part = match address {
                None => source::expand_one(argument, &|path, is_found| self.treat(path, is_found))?,
                Some(address) => self.copied(&address, copies)?,
            };
            copies += part.inputs.len();
            parts.push(part);
        }
        Ok(source::joined(parts)?)
    }

    fn treat(&self, path: &Path, is_found: bool) -> FileDecision {
        let of = |others: &FilesAmongExports| others.treat(path, is_found);
        self.others.map_or(FileDecision::Read, of)
    }

    /// Copies of what lies in a store; `before` were copied already.
    fn copied(&self, address: &ExportAddress, before: usize) -> Result<Expansion, Error> {
        let settings = config::store_settings(
            self.stores,
            std::slice::from_ref(address.store()),
            OutagePolicy::GiveUp,
        )?;
        let store = open_exports(address, &settings)?;
        let (found, is_found) = match store.list()? {
            ListedExports::Named(file) => (
                SortedFiles {
                    wanted: vec![file],
                    unread: Vec::new(),
                },
                false,
            ),
            ListedExports::Found { files, unread } => {
                let treat = |path: &Path, is_found| self.treat(path, is_found);
                let mut sorted = source::sort_listed(files, &store.address().place(), &treat)?;
                sorted.unread.extend(unread);
                (sorted, true)
            }
        };
        let form = if before + found.wanted.len() > MOST_OPEN {
            CopyForm::Closed
        } else {
            CopyForm::Open
        };
        let mut expansion = Expansion {
            inputs: Vec::new(),
            unread: found.unread,
        };
        for input in store.copy(&found.wanted, form, is_found)? {
            match self.others.map(|others| others.treat_copy(&input)) {
                Some(FileDecision::Name(reason)) => expansion.unread.push(Unread {
                    name: input.name().clone(),
                    reason,
                }),
                Some(FileDecision::PassOver) => {}
                Some(FileDecision::Read) | None => expansion.inputs.push(input),
            }
        }
        if expansion.inputs.is_empty() && expansion.unread.is_empty() {
            let reason = "it holds only reports of this program".to_owned();
            let argument = address.to_string();
            return Err(source::Error::NoInput { argument, reason }.into());
        }
        Ok(expansion)
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for map_err")]
fn unusable(error: AddressError) -> Usage {
    Usage::Unusable {
        what: "EXPORT",
        why: error.to_string(),
    }
}

/// An argument as it may be shown: the address of a store may hold a signature.
pub(super) fn shown(argument: &str) -> String {
    match ExportAddress::parse(argument.as_ref()) {
        Ok(Some(address)) => address.to_string(),
        _ => argument.to_owned(),
    }
}

/// The folder of the first export, where a preset finds its second files; for what lies in a store the
/// folder where the program was started.
pub(super) fn folder_of(exports: &[OsString]) -> Option<PathBuf> {
    let first = exports.first()?;
    if !matches!(ExportAddress::parse(first), Ok(None)) {
        return Some(PathBuf::from("."));
    }
    let first = Path::new(first);
    if first.is_dir() {
        Some(first.to_owned())
    } else {
        first.parent().map(Path::to_owned)
    }
}

/// The files that are read and that the operator has, for the report to protect.
pub(super) fn own_files(inputs: &[Input]) -> impl Iterator<Item = &Path> {
    inputs.iter().filter_map(Input::own_path)
}
