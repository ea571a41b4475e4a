//! From what the operator names to the files that are read, and to those that are not.

use std::collections::{HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::file_pattern::matching;
use super::{Error, FileId, Input, by_name};

/// Extensions of files that somebody is still writing, and of locks.
const TRANSIENT: [&str; 11] = [
    "part",
    "filepart",
    "partial",
    "crdownload",
    "download",
    "tmp",
    "temp",
    "swp",
    "lock",
    "lck",
    "unfinished",
];

/// What a system puts into folders by itself.
const OF_SYSTEMS: [&str; 2] = ["thumbs.db", "desktop.ini"];

/// Why an empty file is not read.
pub const EMPTY: &str = "it is empty, without even a header";

/// Why there is nothing to read in a folder.
pub(super) const NO_EXPORTS: &str = "the folder holds no CSV, JSON or XLSX files";
/// Why there is nothing to read by a pattern.
pub(super) const NO_MATCH: &str = "no file matches the pattern";
/// Why a file that lies in a folder is not read.
pub(super) const NO_EXTENSION: &str =
    "its extension is none of an export; name the file to have it read";

/// What is to become of a file that may be an export.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileDecision {
    /// It is read.
    Read,
    /// It is passed over, and nobody needs to know.
    PassOver,
    /// It is passed over, and that is told with this reason.
    Name(&'static str),
}

/// A file or folder that lies among the exports and is not read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// What it is called.
    pub name: Arc<str>,
    /// Why it is not read.
    pub reason: &'static str,
}

impl Unread {
    /// What to say where there is nothing else.
    pub(super) fn refused(&self) -> Error {
        match self.reason {
            EMPTY => Error::Empty {
                file: self.name.to_string(),
            },
            reason => Error::NoInput {
                argument: self.name.to_string(),
                reason: reason.to_owned(),
            },
        }
    }
}

/// The files behind some arguments.
#[derive(Debug, Default)]
pub struct Expansion {
    /// What is read, in order, each file once.
    pub inputs: Vec<Input>,
    /// What is not.
    pub unread: Vec<Unread>,
}

/// The inputs that `arguments` name: files, globs, folders (not their subfolders) and `-`. The files
/// of a folder or glob come in the order of their names ([`by_name`]), and no file comes twice, by whatever name.
/// `treat` is asked about each file, and told whether it was only found; what is passed over among
/// others is named.
pub fn expand(
    arguments: &[OsString],
    treat: &dyn Fn(&Path, bool) -> FileDecision,
) -> Result<Expansion, Error> {
    let each = arguments.iter().map(|argument| expand_one(argument, treat));
    joined(each.collect::<Result<_, Error>>()?)
}

/// What several arguments name, in their order.
pub fn joined(parts: Vec<Expansion>) -> Result<Expansion, Error> {
    let mut all = Expansion::default();
    let mut known = KnownInputs::default();
    for found in parts {
        all.inputs
            .extend(found.inputs.into_iter().filter(|input| known.is_new(input)));
        all.unread.extend(found.unread);
    }
    // What one argument passes over may be what another names.
    all.unread
        .retain(|unread| !known.has(Path::new(&*unread.name)));
    match (all.inputs.is_empty(), all.unread.first()) {
        (true, Some(unread)) => Err(unread.refused()),
        _ => Ok(all),
    }
}

/// The inputs so far, by all their names.
#[derive(Default)]
struct KnownInputs {
    names: HashSet<Arc<str>>,
    paths: HashSet<PathBuf>,
    nodes: HashMap<(u64, u64), Vec<FileId>>,
}

impl KnownInputs {
    /// Whether this input is none of those before; from now on it is one of them.
    fn is_new(&mut self, input: &Input) -> bool {
        // A copy is known by the name of what was copied.
        let Some(file) = input.own_path().and_then(FileId::of) else {
            return self.names.insert(Arc::clone(input.name()));
        };
        if self.has_file(&file) {
            return false;
        }
        self.paths.insert(file.path().to_owned());
        if let Some(node) = file.node() {
            self.nodes.entry(node).or_default().push(file);
        }
        true
    }

    fn has(&self, path: &Path) -> bool {
        FileId::of(path).is_some_and(|file| self.has_file(&file))
    }

    fn has_file(&self, file: &FileId) -> bool {
        let alike = file.node().and_then(|node| self.nodes.get(&node));
        self.paths.contains(file.path())
            || alike.is_some_and(|alike| alike.iter().any(|one| one.is_same(file)))
    }
}

/// The inputs that one argument names.
pub fn expand_one(
    argument: &OsString,
    treat: &dyn Fn(&Path, bool) -> FileDecision,
) -> Result<Expansion, Error> {
    let nothing = |reason: &str| Error::NoInput {
        argument: argument.to_string_lossy().into_owned(),
        reason: reason.to_owned(),
    };
    if argument == "-" {
        return Ok(Expansion {
            inputs: vec![Input::stdin()],
            unread: Vec::new(),
        });
    }
    let path = Path::new(argument);
    let failed = |source| Error::io(&path.to_string_lossy(), source);
    let mut found = Expansion::default();
    if path.is_dir() {
        for entry in std::fs::read_dir(path).map_err(failed)? {
            let entry = entry.map_err(failed)?.path();
            found.sort(entry, Among::Folder, treat);
        }
        if found.inputs.is_empty() {
            found.refuse_empty()?;
            return Err(nothing(&found.of_nothing(NO_EXPORTS)));
        }
    } else if path.exists() {
        // A name like `calls [march].csv` is a file before it is a pattern.
        match treat(path, false) {
            FileDecision::Name(reason) => found.leave(path, reason),
            FileDecision::Read | FileDecision::PassOver => found.inputs.push(Input::file(path)),
        }
        return Ok(found);
    } else if !argument.to_string_lossy().contains(['*', '?', '[']) {
        return Err(nothing("no such file or folder"));
    } else {
        let paths = matching(path).map_err(|error| error.into_error(argument))?;
        for path in paths {
            found.sort(path, Among::Matches(argument), treat);
        }
        if found.inputs.is_empty() {
            found.refuse_empty()?;
            return Err(nothing(&found.of_nothing(NO_MATCH)));
        }
    }
    found
        .inputs
        .sort_by(|one, other| by_name(one.name(), other.name()));
    found
        .unread
        .sort_by(|one, other| by_name(&one.name, &other.name));
    Ok(found)
}

/// Where a file was found.
#[derive(Clone, Copy)]
pub(super) enum Among<'a> {
    Folder,
    Matches(&'a OsStr),
}

impl Expansion {
    fn leave(&mut self, path: &Path, reason: &'static str) {
        self.unread.push(Unread {
            name: path.to_string_lossy().into(),
            reason,
        });
    }

    /// Takes a file that was found to those that are read or to those that are named, if to any.
    fn sort(
        &mut self,
        path: PathBuf,
        among: Among<'_>,
        treat: &dyn Fn(&Path, bool) -> FileDecision,
    ) {
        if is_passed_over(&path, among) {
            return;
        }
        match treat(&path, true) {
            FileDecision::PassOver => return,
            FileDecision::Name(reason) => return self.leave(&path, reason),
            FileDecision::Read => {}
        }
        let Ok(metadata) = std::fs::metadata(&path) else {
            return self.leave(&path, "it cannot be looked at");
        };
        let input = Input::found(path);
        let Some(path) = input.path() else { return };
        let is_known = input.is_of_export();
        match among {
            _ if metadata.is_dir() => self.leave(path, "it is a folder; name it to have it read"),
            _ if metadata.is_file() && metadata.len() == 0 && is_known => {
                self.leave(path, EMPTY);
            }
            // Nobody knows what another program does when its pipe is read.
            _ if !metadata.is_file() => self.leave(path, "it is no regular file"),
            Among::Folder if !is_known => {
                self.leave(path, NO_EXTENSION);
            }
            Among::Folder | Among::Matches(_) => self.inputs.push(input),
        }
    }

    /// Says of an empty file that it is one, where there is no other.
    pub(super) fn refuse_empty(&self) -> Result<(), Error> {
        let empty = self.unread.iter().find(|unread| unread.reason == EMPTY);
        empty.map_or(Ok(()), |unread| Err(unread.refused()))
    }

    /// Why there is nothing to read, with what lies there instead.
    pub(super) fn of_nothing(&self, reason: &str) -> String {
        match self.unread.first() {
            None => reason.to_owned(),
            Some(first) => {
                let more = match self.unread.len() {
                    1 => String::new(),
                    number => format!(", and {} more are not read", number - 1),
                };
                format!("{reason} ({}: {}{more})", first.name, first.reason)
            }
        }
    }
}

/// Whether a file is not for reading by its very name: hidden, a lock, or still being written. A pattern
/// that ends like it asks for it.
pub(super) fn is_passed_over(path: &Path, among: Among<'_>) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.to_lowercase();
    // `~$calls.xlsx` is the lock of an open workbook.
    let is_hidden = name.starts_with('.') || name.starts_with("~$");
    let is_transient = name.ends_with('~')
        || name
            .rsplit_once('.')
            .is_some_and(|(_, extension)| TRANSIENT.contains(&extension));
    match among {
        Among::Folder => is_hidden || is_transient || OF_SYSTEMS.contains(&name.as_str()),
        Among::Matches(pattern) => {
            let pattern = pattern.to_string_lossy().to_lowercase();
            let ending = name.rsplit('.').next().unwrap_or_default();
            is_transient && !pattern.ends_with(ending)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const READ: &dyn Fn(&Path, bool) -> FileDecision = &|_, _| FileDecision::Read;

    fn names(inputs: &[Input]) -> Vec<String> {
        inputs
            .iter()
            .filter_map(|input| input.path()?.file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    fn unread(expansion: &Expansion) -> Vec<String> {
        let names = expansion.unread.iter().map(|unread| &*unread.name);
        names
            .filter_map(|name| Path::new(name).file_name())
            .map(|name| name.to_string_lossy().into_owned())
            .collect()
    }

    #[test]
    fn a_folder_gives_its_exports_in_order_and_names_the_rest() {
        let home = tempfile::tempdir().unwrap();
        for name in [
            "b.csv",
            "a.ndjson.gz",
            "note.pdf",
            "CALLS",
            "calls.log",
            ".hidden.csv",
            "~$x.xlsx",
            "b.csv.part",
            "b.csv.filepart",
            "._b.csv",
            ".~lock.b.csv#",
            "Thumbs.db",
        ] {
            std::fs::write(home.path().join(name), "x").unwrap();
        }
        std::fs::write(home.path().join("empty.csv"), "").unwrap();
        std::fs::create_dir(home.path().join("c.csv")).unwrap();
        let folder = home.path().as_os_str().to_owned();
        let found = expand(std::slice::from_ref(&folder), READ).unwrap();
        assert_eq!(names(&found.inputs), ["a.ndjson.gz", "b.csv"]);
        assert!(found.inputs.iter().all(Input::is_found));
        let rest = ["CALLS", "c.csv", "calls.log", "empty.csv", "note.pdf"];
        assert_eq!(unread(&found), rest);
        let pattern = home.path().join("*.csv").into_os_string();
        let twice = expand(&[pattern, folder.clone()], READ).unwrap();
        assert_eq!(names(&twice.inputs), ["b.csv", "a.ndjson.gz"]);
        // What is named is read, and no longer told.
        let log = home.path().join("calls.log").into_os_string();
        let named = expand(&[folder, log], READ).unwrap();
        assert_eq!(named.inputs.len(), 3);
        assert!(!unread(&named).contains(&"calls.log".to_owned()));
    }

    #[test]
    fn numbers_in_names_count_by_their_value() {
        let home = tempfile::tempdir().unwrap();
        for name in ["calls-10.csv", "calls-9.csv", "calls-08.csv"] {
            std::fs::write(home.path().join(name), "x").unwrap();
        }
        let sorted = ["calls-08.csv", "calls-9.csv", "calls-10.csv"];
        for argument in [home.path().to_owned(), home.path().join("*.csv")] {
            let found = expand(&[argument.into_os_string()], READ).unwrap();
            assert_eq!(names(&found.inputs), sorted);
        }
        // What is named one by one stays in its order.
        let named = ["calls-10.csv", "calls-9.csv"].map(|name| home.path().join(name));
        let found = expand(&named.map(PathBuf::into_os_string), READ).unwrap();
        assert_eq!(names(&found.inputs), ["calls-10.csv", "calls-9.csv"]);
    }

    #[test]
    fn what_matches_nothing_is_named() {
        for argument in ["/nowhere/calls.csv", "/nowhere/*.csv"] {
            let error = expand(&[argument.into()], READ).unwrap_err();
            assert!(error.to_string().contains(argument), "{error}");
        }
        let empty = tempfile::tempdir().unwrap();
        let folder = empty.path().as_os_str().to_owned();
        assert!(expand(std::slice::from_ref(&folder), READ).is_err());
        std::fs::write(empty.path().join("CALLS"), "x").unwrap();
        let error = expand(&[folder], READ).unwrap_err();
        assert!(error.to_string().contains("CALLS"), "{error}");
        assert_eq!(
            expand(&["-".into()], READ).unwrap().inputs,
            [Input::stdin()]
        );
    }

    #[test]
    fn a_bracket_in_a_file_name_is_no_pattern() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("calls [march].csv");
        std::fs::write(&path, "").unwrap();
        let found = expand(&[path.into_os_string()], READ).unwrap();
        assert_eq!(names(&found.inputs), ["calls [march].csv"]);
        assert!(!found.inputs[0].is_found());
    }

    #[cfg(unix)]
    #[test]
    fn a_file_is_read_once_whatever_it_is_called() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        std::fs::write(at("a.csv"), "a").unwrap();
        std::fs::hard_link(at("a.csv"), at("b.csv")).unwrap();
        std::os::unix::fs::symlink(at("a.csv"), at("c.csv")).unwrap();
        let arguments = ["a.csv", "./a.csv", "b.csv", "c.csv", "*.csv", ""].map(at);
        let arguments = arguments.map(PathBuf::into_os_string);
        assert_eq!(names(&expand(&arguments, READ).unwrap().inputs), ["a.csv"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_that_a_pattern_finds_is_named_and_not_read() {
        let home = tempfile::tempdir().unwrap();
        let at = |name: &str| home.path().join(name);
        let made = std::process::Command::new("mkfifo")
            .arg(at("b.csv"))
            .status();
        assert!(made.unwrap().success());
        std::os::unix::fs::symlink("/dev/zero", at("c.csv")).unwrap();
        let pattern = [at("*.csv").into_os_string()];
        let alone = expand(&pattern, READ).unwrap_err();
        assert!(alone.to_string().contains("no regular file"), "{alone}");
        std::fs::write(at("a.csv"), "x").unwrap();
        let found = expand(&pattern, READ).unwrap();
        assert_eq!(names(&found.inputs), ["a.csv"]);
        assert_eq!(unread(&found), ["b.csv", "c.csv"]);
        // Whoever names a pipe itself means it.
        let named = expand(&[at("b.csv").into_os_string()], READ).unwrap();
        assert_eq!(names(&named.inputs), ["b.csv"]);
    }

    #[test]
    fn whoever_asks_decides_what_is_passed_over() {
        let home = tempfile::tempdir().unwrap();
        for name in ["a.csv", "b.csv", "c.csv"] {
            std::fs::write(home.path().join(name), "x").unwrap();
        }
        let treat = |path: &Path, is_found: bool| match path.file_name().unwrap().to_str() {
            Some("a.csv") if is_found => FileDecision::PassOver,
            Some("b.csv") => FileDecision::Name("it is something else"),
            _ => FileDecision::Read,
        };
        let found = expand(&[home.path().as_os_str().to_owned()], &treat).unwrap();
        assert_eq!(
            (names(&found.inputs), unread(&found)),
            (vec!["c.csv".into()], vec!["b.csv".into()])
        );
        let only = expand(&[home.path().join("b.csv").into_os_string()], &treat).unwrap_err();
        assert!(only.to_string().ends_with("it is something else"), "{only}");
    }
}
