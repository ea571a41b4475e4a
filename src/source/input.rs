//! One export as the operator names it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::input_copy::InputCopy;

/// Extensions of exports; each also with `.gz` and `.zst`.
const KNOWN: [&str; 9] = [
    "csv", "tsv", "tab", "txt", "json", "ndjson", "jsonl", "xlsx", "xlsm",
];

/// One export to read: a file or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    name: Arc<str>,
    path: Option<PathBuf>,
    is_found: bool,
    /// What is read in its place, and goes with the last user of this.
    copy: Option<Arc<InputCopy>>,
}

impl Input {
    /// Standard input, called `-`.
    pub fn stdin() -> Self {
        Input {
            name: "-".into(),
            path: None,
            is_found: false,
            copy: None,
        }
    }

    /// The file at `path`, whatever its extension.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Input {
            name: path.to_string_lossy().into(),
            path: Some(path),
            is_found: false,
            copy: None,
        }
    }

    /// A file that nobody named: a folder or a pattern has it.
    pub(super) fn found(path: PathBuf) -> Self {
        Input {
            is_found: true,
            ..Input::file(path)
        }
    }

    /// Whether a folder or a pattern was named, and not this very file. What lies beside the exports may
    /// be something else.
    pub fn is_found(&self) -> bool {
        self.is_found
    }

    /// An export of a store, by its address, of which a copy is read.
    pub fn copied(name: &str, is_found: bool, copy: InputCopy) -> Self {
        Input {
            name: name.into(),
            path: Some(copy.path().to_owned()),
            is_found,
            copy: Some(Arc::new(copy)),
        }
    }

    /// This input, of which a copy is read: it can be read twice.
    #[must_use]
    pub fn copied_to(&self, copy: InputCopy) -> Self {
        Input {
            name: Arc::clone(&self.name),
            path: Some(copy.path().to_owned()),
            is_found: self.is_found,
            copy: Some(Arc::new(copy)),
        }
    }

    /// What the operator calls it; `-` for standard input.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The file as the operator has it; nothing for standard input, and for what is read from a copy.
    pub fn own_path(&self) -> Option<&Path> {
        self.path().filter(|_| self.copy.is_none())
    }

    /// The file that is read; `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Whether its extension is that of an export.
    pub fn is_of_export(&self) -> bool {
        is_of_export(&self.name)
    }

    /// Lower-case extension of the content: that of `calls.csv.gz` is `csv`.
    pub(super) fn extension(&self) -> String {
        extension(&self.name)
    }
}

/// Whether a file of this name has the extension of an export.
pub(super) fn is_of_export(name: &str) -> bool {
    KNOWN.contains(&extension(name).as_str())
}

fn extension(name: &str) -> String {
    let name = name.to_lowercase();
    let name = name
        .strip_suffix(".gz")
        .or_else(|| name.strip_suffix(".zst"))
        .unwrap_or(&name);
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    match name.rsplit_once('.') {
        Some((_, extension)) => extension.to_owned(),
        None => String::new(),
    }
}
