//! From what the operator names to the files that are read.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;

/// One export to read: a file or standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    name: Arc<str>,
    path: Option<PathBuf>,
}

impl Input {
    /// Standard input, called `-`.
    pub fn stdin() -> Self {
        Input {
            name: "-".into(),
            path: None,
        }
    }

    /// The file at `path`, whatever its extension.
    pub fn file(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        Input {
            name: path.to_string_lossy().into(),
            path: Some(path),
        }
    }

    /// This input, whose bytes were copied to `path` so that they can be read twice.
    #[must_use]
    pub fn copied_to(&self, path: PathBuf) -> Self {
        Input {
            name: Arc::clone(&self.name),
            path: Some(path),
        }
    }

    /// What the operator calls it; `-` for standard input.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The file; `None` for standard input.
    pub fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    /// Lower-case extension of the content: that of `calls.csv.gz` is `csv`.
    pub(super) fn extension(&self) -> String {
        let name = self.name.to_lowercase();
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
}

/// Extensions that a folder is searched for; each also with `.gz` and `.zst`.
const KNOWN: [&str; 9] = [
    "csv", "tsv", "tab", "txt", "json", "ndjson", "jsonl", "xlsx", "xlsm",
];

/// The inputs that `arguments` name: files, globs, folders (not their subfolders) and `-`. The files
/// of a folder or glob come in the order of their names, and no file comes twice.
pub fn expand(arguments: &[String]) -> Result<Vec<Input>, Error> {
    let mut inputs: Vec<Input> = Vec::new();
    for argument in arguments {
        let found = expand_one(argument)?;
        for input in found {
            if !inputs.contains(&input) {
                inputs.push(input);
            }
        }
    }
    Ok(inputs)
}

fn expand_one(argument: &str) -> Result<Vec<Input>, Error> {
    let nothing = |reason| Error::NoInput {
        argument: argument.to_owned(),
        reason,
    };
    if argument == "-" {
        return Ok(vec![Input::stdin()]);
    }
    let path = Path::new(argument);
    if path.is_dir() {
        let found = folder(path).map_err(|source| Error::io(argument, source))?;
        return if found.is_empty() {
            Err(nothing("the folder holds no CSV, JSON or XLSX files"))
        } else {
            Ok(found)
        };
    }
    // A name like `calls [march].csv` is a file before it is a pattern.
    if path.exists() {
        return Ok(vec![Input::file(path)]);
    }
    if !argument.contains(['*', '?', '[']) {
        return Err(nothing("no such file or folder"));
    }
    let hidden_by_name_only = glob::MatchOptions {
        require_literal_leading_dot: true,
        ..glob::MatchOptions::new()
    };
    let paths = glob::glob_with(argument, hidden_by_name_only)
        .map_err(|_| nothing("not a valid pattern"))?;
    let mut found = Vec::new();
    for path in paths {
        let path = path.map_err(|unreadable| Error::io(argument, unreadable.into()))?;
        if !path.is_dir() {
            found.push(Input::file(path));
        }
    }
    if found.is_empty() {
        return Err(nothing("no file matches the pattern"));
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn folder(path: &Path) -> std::io::Result<Vec<Input>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let input = Input::file(entry?.path());
        let hidden = input.path().and_then(Path::file_name).is_none_or(|name| {
            // `~$calls.xlsx` is the lock of an open workbook.
            let name = name.to_string_lossy();
            name.starts_with('.') || name.starts_with("~$")
        });
        if !hidden
            && KNOWN.contains(&input.extension().as_str())
            && input.path().is_some_and(Path::is_file)
        {
            found.push(input);
        }
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(inputs: &[Input]) -> Vec<String> {
        inputs
            .iter()
            .filter_map(|input| input.path()?.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_folder_gives_its_exports_in_order_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "b.csv",
            "a.ndjson.gz",
            "note.pdf",
            ".hidden.csv",
            "~$x.xlsx",
        ] {
            std::fs::write(folder.path().join(name), "").unwrap();
        }
        std::fs::create_dir(folder.path().join("c.csv")).unwrap();
        let folder = folder.path().to_string_lossy().into_owned();
        let found = expand(std::slice::from_ref(&folder)).unwrap();
        assert_eq!(names(&found), ["a.ndjson.gz", "b.csv"]);
        let twice = expand(&[format!("{folder}/*.csv"), folder]).unwrap();
        assert_eq!(names(&twice), ["b.csv", "a.ndjson.gz"]);
    }

    #[test]
    fn what_matches_nothing_is_named() {
        for argument in ["/nowhere/calls.csv", "/nowhere/*.csv"] {
            let error = expand(&[argument.to_owned()]).unwrap_err();
            assert!(error.to_string().contains(argument), "{error}");
        }
        let empty = tempfile::tempdir().unwrap();
        assert!(expand(&[empty.path().to_string_lossy().into_owned()]).is_err());
        assert_eq!(expand(&["-".to_owned()]).unwrap(), [Input::stdin()]);
    }

    #[test]
    fn a_bracket_in_a_file_name_is_no_pattern() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls [march].csv");
        std::fs::write(&path, "").unwrap();
        let found = expand(&[path.to_string_lossy().into_owned()]).unwrap();
        assert_eq!(names(&found), ["calls [march].csv"]);
    }
}
